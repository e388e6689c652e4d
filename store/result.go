package store

import "strconv"

// PutStatus is the outcome of an append (Java: PutMessageStatus).
type PutStatus int

// Outcomes of PutMessage; String gives Java's names.
const (
	PutOK PutStatus = iota
	FlushDiskTimeout
	FlushSlaveTimeout
	SlaveNotAvailable
	ServiceNotAvailable
	CreateMappedFileFailed
	MessageIllegal
	PropertiesSizeExceeded
	OSPageCacheBusy
	UnknownError
	LMQConsumeQueueNumExceeded
)

var putStatusNames = [...]string{
	"PUT_OK", "FLUSH_DISK_TIMEOUT", "FLUSH_SLAVE_TIMEOUT", "SLAVE_NOT_AVAILABLE", "SERVICE_NOT_AVAILABLE",
	"CREATE_MAPEDFILE_FAILED", "MESSAGE_ILLEGAL", "PROPERTIES_SIZE_EXCEEDED", "OS_PAGECACHE_BUSY", "UNKNOWN_ERROR",
	"LMQ_CONSUME_QUEUE_NUM_EXCEEDED",
}

func (s PutStatus) String() string {
	if s >= 0 && int(s) < len(putStatusNames) {
		return putStatusNames[s]
	}
	return "PutStatus(" + strconv.Itoa(int(s)) + ")"
}

// Stored tells that the message is in the log, whatever the wait for disk or slave said.
func (s PutStatus) Stored() bool {
	return s == PutOK || s == FlushDiskTimeout || s == FlushSlaveTimeout || s == SlaveNotAvailable
}

// PutResult is what an append answers (Java: PutMessageResult, AppendMessageResult).
// It is valid during PutDone only.
type PutResult struct {
	Status           PutStatus
	PhysicalOffset   int64   // of the first record
	SizeBytes        int32   // of all records
	QueueOffset      int64   // of the first record
	StoreTimestampMs int64   //
	BatchOffsets     []int64 // physical offset of each record of a batch; nil for a single message
}

// PutCallback receives the outcome of PutMessage exactly once, from any
// goroutine, possibly before PutMessage returns. It must not block.
type PutCallback interface{ PutDone(r *PutResult) }

// GetStatus is the outcome of a read (Java: GetMessageStatus).
type GetStatus int

// Outcomes of GetMessage; String gives Java's names, the remark of a pull answer.
const (
	Found GetStatus = iota
	NoMatchedMessage
	MessageWasRemoving
	OffsetFoundNull
	OffsetOverflowBadly
	OffsetOverflowOne
	OffsetTooSmall
	NoMatchedLogicQueue
	NoMessageInQueue
	ReadFailed // not of Java, whose broker gets a fault: the disk failed at NextBeginOffset, which is the offset asked for
)

var getStatusNames = [...]string{
	"FOUND", "NO_MATCHED_MESSAGE", "MESSAGE_WAS_REMOVING", "OFFSET_FOUND_NULL", "OFFSET_OVERFLOW_BADLY",
	"OFFSET_OVERFLOW_ONE", "OFFSET_TOO_SMALL", "NO_MATCHED_LOGIC_QUEUE", "NO_MESSAGE_IN_QUEUE", "READ_FAILED",
}

func (s GetStatus) String() string {
	if s >= 0 && int(s) < len(getStatusNames) {
		return getStatusNames[s]
	}
	return "GetStatus(" + strconv.Itoa(int(s)) + ")"
}

// GetResult is what GetMessage fills (Java: GetMessageResult).
type GetResult struct {
	Status          GetStatus
	NextBeginOffset int64
	MinOffset       int64
	MaxOffset       int64
	Buf             []byte // matching records, appended one after the other
	MsgCount        int
	SuggestSlave    bool // the reader is far behind: a slave could serve it
}

// Reset empties r and keeps its buffer.
func (r *GetResult) Reset() { *r = GetResult{Buf: r.Buf[:0]} }

// MessageFilter decides which records of a queue a reader gets (Java: MessageFilter). nil = all.
type MessageFilter interface {
	// MatchQueue looks at the queue entry only, and what it has in
	// consumequeue_ext: false = surely no match. bitMap is empty when there is
	// none (storeTimestampMs has no meaning then), and good during the call.
	MatchQueue(tagsCode, storeTimestampMs int64, bitMap []byte) bool
	// MatchRecord looks at the record's properties text; called when MatchQueue was true.
	MatchRecord(properties string) bool
}

// QueryResult is what QueryMessage answers (Java: QueryMessageResult).
type QueryResult struct {
	Records                  [][]byte // sorted by physical offset
	IndexLastUpdateTimestamp int64    // ms
	IndexLastUpdatePhyOffset int64
}

// ArrivingListener hears of every record that became readable in a queue
// (Java: MessageArrivingListener). Called on the dispatch goroutine: it must not block.
type ArrivingListener interface {
	// Arriving: nextOffset is the record's queue offset + 1. bitMap is what the
	// BitMapper said of it. properties aliases the log; both die with the call.
	Arriving(topic string, queueID int32, nextOffset int64, tagsCode int64, storeTimestampMs int64, bitMap []byte, properties string)
}

// BitMapper knows which groups want a record (Java: CommitLogDispatcherCalcBitMap).
// It is asked on the dispatch goroutine, and while Open recovers: it must not block.
type BitMapper interface {
	// AppendBitMap appends the bit map of the groups whose filter matches the
	// record; nothing = none. The strings alias the log and die with the call.
	AppendBitMap(dst []byte, topic, properties string, storeTimestampMs int64) []byte
}
