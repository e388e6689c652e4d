package store

import (
	"encoding/binary"
	"hash/crc32"
)

// The checkpoint file is 4096 bytes; Java reads and writes the first three
// numbers only and leaves the rest alone.
//
//	 0        8        16       24        2048   2056     2064     2072      2080     2084
//	+--------+--------+--------+- - - - -+------+--------+--------+---------+--------+- - -+
//	| physic | logics | index  | zeros   |"BOOS | physic | logics | safe    | crc32  | 0   |
//	| Ms     | Ms     | Ms     |         | TER1"| Ms     | Ms     | offset  | IEEE   |     |
//	+--------+--------+--------+- - - - -+------+--------+--------+---------+--------+- - -+
//
//	physic, logics, index   store time up to which log, consume queues and
//	                        index files are durable; 0 = nothing known
//	safe offset             physical offset of a record boundary up to which log
//	                        and consume queues are durable
//
// The second part is Booster's own: it names the place that the times only
// circumscribe, so recovery after a crash need not read a whole log file. It
// counts only while both its times equal those of the first part, that is, as
// long as no Java broker has written the file since.
const (
	checkpointBytes   = 4096
	checkpointMarkPos = 2048
	checkpointMark    = "BOOSTER1"
	checkpointMarkEnd = checkpointMarkPos + 8 + 3*8 + 4
)

type checkpointValue struct {
	physicMs, logicsMs, indexMs int64
	safeOffset                  int64 // < 0 = unknown
}

// appendCheckpoint appends the whole file.
func appendCheckpoint(dst []byte, v checkpointValue) []byte {
	start := len(dst)
	dst = append(dst, make([]byte, checkpointBytes)...)
	b := dst[start:]
	be := binary.BigEndian
	be.PutUint64(b, uint64(v.physicMs))
	be.PutUint64(b[8:], uint64(v.logicsMs))
	be.PutUint64(b[16:], uint64(v.indexMs))
	if v.safeOffset >= 0 {
		m := b[checkpointMarkPos:checkpointMarkEnd]
		copy(m, checkpointMark)
		be.PutUint64(m[8:], uint64(v.physicMs))
		be.PutUint64(m[16:], uint64(v.logicsMs))
		be.PutUint64(m[24:], uint64(v.safeOffset))
		be.PutUint32(m[32:], crc32.ChecksumIEEE(m[:32]))
	}
	return dst
}

// parseCheckpoint reads a file of any length; what is not there or negative is 0.
func parseCheckpoint(b []byte) checkpointValue {
	b = append(append(make([]byte, 0, checkpointBytes), b...), make([]byte, max(0, checkpointBytes-len(b)))...)
	be := binary.BigEndian
	v := checkpointValue{
		physicMs:   max(0, int64(be.Uint64(b))),
		logicsMs:   max(0, int64(be.Uint64(b[8:]))),
		indexMs:    max(0, int64(be.Uint64(b[16:]))),
		safeOffset: -1,
	}
	m := b[checkpointMarkPos:checkpointMarkEnd]
	if string(m[:8]) == checkpointMark && be.Uint32(m[32:]) == crc32.ChecksumIEEE(m[:32]) &&
		int64(be.Uint64(m[8:])) == v.physicMs && int64(be.Uint64(m[16:])) == v.logicsMs {
		v.safeOffset = max(-1, int64(be.Uint64(m[24:])))
	}
	return v
}
