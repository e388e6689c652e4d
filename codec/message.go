package codec

import "net/netip"

// Message is one record of the commit log as a value (Java: MessageExt,
// MessageExtBrokerInner). Times are ms since the epoch, offsets are bytes in
// the log (CommitLogOffset) or positions in the queue (QueueOffset).
type Message struct {
	Topic      string
	QueueID    int32
	Flag       int32
	Body       []byte
	Properties string // encoded: name \x01 value \x02 …, see properties_format.go

	SysFlag                   int32
	BornTimestampMs           int64
	BornHost                  netip.AddrPort
	StoreTimestampMs          int64
	StoreHost                 netip.AddrPort
	ReconsumeTimes            int32
	PreparedTransactionOffset int64

	// Filled by the store or by decode.
	StoreSizeBytes  int32
	BodyCRC         int32
	QueueOffset     int64
	CommitLogOffset int64
}
