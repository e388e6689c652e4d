package longpolling

// Channel is the connection a held pull came from: what *remoting.Channel offers.
type Channel interface{ Alive() bool }

// MessageFilter decides whether an arrived message is what a held pull waits
// for. It has the methods of store.MessageFilter.
type MessageFilter interface {
	// MatchQueue looks at the tag code, and at the bit map unless it is empty:
	// false = surely no match.
	MatchQueue(tagsCode, storeTimestampMs int64, bitMap []byte) bool
	// MatchRecord looks at the properties text; called when MatchQueue was true.
	MatchRecord(properties string) bool
}

// PullRequest is one held pull (Java: PullRequest). It is the holder's from
// Suspend until Wake or Drop gets it.
type PullRequest struct {
	// Request is the caller's own: what it needs to run the pull again.
	Request any
	Channel Channel // nil = never dies
	// PullFromThisOffset is the queue offset asked for.
	PullFromThisOffset int64
	// MaxOffset is the end of the queue that the unsuccessful read saw; 0 =
	// PullFromThisOffset. Only what arrived after that read wakes the request at once.
	MaxOffset int64
	// SuspendTimestampMs is when the hold began; Suspend sets it when it is 0.
	SuspendTimestampMs int64
	TimeoutMs          int64         // hold time (suspendTimeoutMillis)
	Filter             MessageFilter // nil = all messages
	SizeBytes          int64         // what holding it costs; a peer decides how long its requests are
}

// expired tells that the hold time has passed.
func (r *PullRequest) expired(nowMs int64) bool {
	return nowMs-r.SuspendTimestampMs >= r.TimeoutMs
}

// dead tells that nobody waits for the answer any more.
func (r *PullRequest) dead() bool { return r.Channel != nil && !r.Channel.Alive() }
