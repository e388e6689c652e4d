package store

import (
	"encoding/binary"
	"log/slog"
	"strings"

	"github.com/boostermq/booster/codec"
)

// logScan reads the log record by record to find its end.
type logScan struct {
	log      *CommitLog
	checkCRC bool
	// durableMs: records stored before then had been made durable. Damage before
	// such a record is no torn end but a disk that lost bytes: it is passed over
	// instead of throwing away everything behind it.
	durableMs int64
	slog      *slog.Logger

	buf  []byte
	last int64 // where the last valid record begins, −1 = none was met
}

const (
	scanChunkBytes = 1 << 20
	// scanDamageBytes is how far behind damage a record is looked for: more than
	// any record is long.
	scanDamageBytes = 16 << 20
)

// run returns the end of the log: the first offset from start on where no valid record begins.
func (s *logScan) run(start int64) (int64, error) {
	s.buf, s.last = make([]byte, scanChunkBytes), -1
	at := start
	for {
		next, ok, err := s.chunk(at)
		if err != nil {
			return 0, err
		}
		if !ok {
			if next = s.passDamage(next); next < 0 {
				return -next - 1, nil
			}
		}
		at = next
	}
}

// chunk goes over the records that are whole in one piece of the log; ok=false:
// no valid record begins at next.
func (s *logScan) chunk(at int64) (next int64, ok bool, err error) {
	if s.log.files.find(at) == nil {
		return at, false, nil
	}
	fileEnd := s.log.files.fileStart(at) + s.log.files.fileBytes
	n, err := s.log.readAt(s.buf[:min(int64(len(s.buf)), fileEnd-at)], at)
	if err != nil {
		return 0, false, err
	}
	for pos := 0; pos < n; {
		st, size := codec.CheckRecord(s.buf[pos:n], s.checkCRC)
		switch {
		case st == codec.RecordOK && codec.RecordPhysicalOffset(s.buf[pos:]) == at+int64(pos):
			s.last = at + int64(pos)
			pos += size
		case st == codec.RecordBlank:
			return fileEnd, true, nil
		case st == codec.RecordBad && int64(n) < fileEnd-at && pos+max(size, minRecordBytes) > n && at+int64(pos+size) <= fileEnd:
			if pos == 0 { // longer than the buffer
				s.buf = make([]byte, max(size, 2*len(s.buf)))
			}
			return at + int64(pos), true, nil
		default:
			return at + int64(pos), false, nil
		}
	}
	return at + int64(n), true, nil
}

// passDamage is asked where no valid record begins at offset bad. It returns
// where to go on, or −1−bad when the log ends there.
func (s *logScan) passDamage(bad int64) int64 {
	var head [blankBytes]byte
	n, err := s.log.readAt(head[:], bad)
	if err != nil || n < blankBytes || head == [blankBytes]byte{} {
		return -1 - bad // never written
	}
	limit := min(bad+scanDamageBytes, s.log.files.end())
	next := s.log.findRecord(bad+1, limit)
	if next >= limit {
		return -1 - bad
	}
	rec := make([]byte, minRecordBytes)
	if n, err := s.log.readAt(rec, next); err != nil || n < minRecordBytes || codec.RecordStoreTimestampMs(rec) >= s.durableMs {
		return -1 - bad
	}
	s.slog.Error("the commit log is damaged where it had been durable, recovery goes on behind",
		"from", bad, "to", next, "size", int32(binary.BigEndian.Uint32(head[:])))
	return next
}

// tornLast returns the end of the log without the last record, when that one is
// what a killed broker left of a write: all but the end of its properties, which
// no checksum covers. Nothing that is stored ends in a zero byte, see encoder.
func (s *logScan) tornLast(end int64) (int64, error) {
	if s.last < 0 || end-s.last > int64(len(s.buf)) {
		return end, nil // the rest of its file follows
	}
	rec := s.buf[:end-s.last]
	n, err := s.log.readAt(rec, s.last)
	if err != nil || n < len(rec) {
		return end, err
	}
	if st, size := codec.CheckRecord(rec, false); st != codec.RecordOK || size != len(rec) {
		return end, nil // the rest of its file follows
	}
	if properties, _ := codec.RecordProperties(rec); !strings.HasSuffix(properties, "\x00") || codec.RecordStoreTimestampMs(rec) < s.durableMs {
		return end, nil
	}
	s.slog.Warn("the last record of the commit log is torn, it is cut off", "offset", s.last, "size", len(rec))
	return s.last, nil
}
