package store

import "encoding/binary"

// A consume queue file is an array of entries; entry i of the queue lies at
// byte i·20 of the queue's files taken as one (file name = its first byte).
//
//	+--------+------+----------+
//	| phy  8 | sz 4 | tags   8 |   big endian
//	+--------+------+----------+
//	phy   physical offset of the record in the commit log
//	sz    size of the record; > 0 in every written entry
//	tags  tag code (schedule topic: delivery time in ms; with
//	      enableConsumeQueueExt: address in consumequeue_ext, see consumequeueext_format.go)
//
// Filler entry (0, 0x7FFFFFFF, 0): stands before the first entry of a queue
// that did not begin at 0, back to the start of the file. An unwritten entry is
// all zeros.
const (
	cqEntryBytes     = 20
	cqFillerSize     = 0x7FFFFFFF
	cqMaxQueueOffset = (1<<63 - 1) / cqEntryBytes
)

// cqEntry is one entry as a value.
type cqEntry struct {
	phyOffset int64
	sizeBytes int32
	tagsCode  int64
}

func appendCQEntry(dst []byte, e cqEntry) []byte {
	dst = binary.BigEndian.AppendUint64(dst, uint64(e.phyOffset))
	dst = binary.BigEndian.AppendUint32(dst, uint32(e.sizeBytes))
	return binary.BigEndian.AppendUint64(dst, uint64(e.tagsCode))
}

// parseCQEntry reads the entry at the start of b, which holds 20 bytes or more.
func parseCQEntry(b []byte) cqEntry {
	_ = b[cqEntryBytes-1]
	return cqEntry{
		phyOffset: int64(binary.BigEndian.Uint64(b)),
		sizeBytes: int32(binary.BigEndian.Uint32(b[8:])),
		tagsCode:  int64(binary.BigEndian.Uint64(b[12:])),
	}
}

// written tells a written entry, filler included, from an unwritten one.
func (e cqEntry) written() bool { return e.phyOffset >= 0 && e.sizeBytes > 0 }

// filler tells a filler entry.
func (e cqEntry) filler() bool {
	return e.phyOffset == 0 && e.sizeBytes == cqFillerSize && e.tagsCode == 0
}

// end is the physical offset behind the record.
func (e cqEntry) end() int64 { return e.phyOffset + int64(e.sizeBytes) }
