package store

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/boostermq/booster/codec"
)

// errWouldWait is returned to who must not wait for what is not in memory.
var errWouldWait = errors.New("not in memory")

// errDamaged is returned for an entry that points at no record, and for a record
// that is not what its entry says.
var errDamaged = errors.New("damaged entry or record")

// recordReader reads the records that queue entries point at. It reads files,
// no mapping: a read that waits for the disk then holds up nobody else, and a
// bad sector is an error. Records that lie close together come with one read.
type recordReader struct {
	log    *CommitLog
	cached bool // read only what is in memory
	piece  []byte
	at     int64 // piece is the log from here on
}

const (
	pieceBytes = 64 << 10
	// pieceGapBytes: reading so much for nothing costs less than another call.
	pieceGapBytes = 2 << 10
)

func (r *recordReader) reset() {
	r.piece = r.piece[:0]
	if cap(r.piece) > pieceBytes {
		r.piece = nil
	}
	r.log, r.cached, r.at = nil, false, 0
}

// record returns the record the first of entries points at; it is good until
// the next call. The records of up to n entries are expected to be asked for in
// turn. Errors: errNoData when its file is gone, errDamaged, errWouldWait; any
// other means that it is there and cannot be read now.
func (r *recordReader) record(entries []byte, n int) ([]byte, error) {
	e := parseCQEntry(entries)
	if e.phyOffset < 0 || e.sizeBytes < minRecordBytes || e.end() < 0 {
		return nil, fmt.Errorf("%w: %d bytes at %d", errDamaged, e.sizeBytes, e.phyOffset)
	}
	if e.phyOffset < r.at || e.end() > r.at+int64(len(r.piece)) {
		if err := r.read(e, entries, n); err != nil {
			return nil, err
		}
	}
	b := r.piece[e.phyOffset-r.at:][:e.sizeBytes]
	return b, checkRecordOf(b, e)
}

// checkRecordOf is errDamaged unless b begins with the record of e.
func checkRecordOf(b []byte, e cqEntry) error {
	if !isRecordOf(b, e) {
		return fmt.Errorf("%w: no record of %d bytes at %d", errDamaged, e.sizeBytes, e.phyOffset)
	}
	return nil
}

// read reads the record of e, and more where that works.
func (r *recordReader) read(e cqEntry, entries []byte, n int) error {
	start := r.log.files.fileStart(e.phyOffset)
	limit := min(r.log.committed.Load(), start+r.log.files.fileBytes)
	if e.end() > limit {
		return fmt.Errorf("%w: %d bytes at %d end behind %d", errDamaged, e.sizeBytes, e.phyOffset, limit)
	}
	if e.sizeBytes > pieceBytes {
		if r.cached {
			return errWouldWait // to copy that much takes its time, too
		}
		// An entry alone does not get that much memory.
		if err := r.fill(e.phyOffset, e.phyOffset+minRecordBytes); err != nil {
			return err
		}
		if err := checkRecordOf(r.piece, e); err != nil {
			return err
		}
	}
	end := pieceEnd(e, entries, n, limit)
	err := r.fill(e.phyOffset, end)
	if err != nil && end > e.end() {
		err = r.fill(e.phyOffset, e.end())
	}
	return err
}

// pieceEnd is how far to read for e and the entries that follow it.
func pieceEnd(e cqEntry, entries []byte, n int, limit int64) int64 {
	end := e.end()
	for i := cqEntryBytes; n > 1 && i < len(entries); i += cqEntryBytes {
		next := parseCQEntry(entries[i:])
		if next.phyOffset < end || next.phyOffset > end+pieceGapBytes || next.sizeBytes <= 0 ||
			next.end() > min(limit, e.phyOffset+pieceBytes) {
			break
		}
		end = next.end()
		n--
	}
	return end
}

// fill makes piece the log of [from, to), which lie in one file.
func (r *recordReader) fill(from, to int64) error {
	n := int(to - from)
	if cap(r.piece) < n {
		r.piece = make([]byte, max(n, pieceBytes))
	}
	b := r.piece[:n]
	r.piece, r.at = r.piece[:0], 0
	if r.cached {
		if !r.log.readCached(b, from) {
			return errWouldWait
		}
	} else if got, err := r.log.readAt(b, from); err != nil {
		return err
	} else if got < n {
		return errNoData // somebody cut the file
	}
	r.piece, r.at = b, from
	return nil
}

// isRecordOf tells that the record that begins with b has the size of e.
func isRecordOf(b []byte, e cqEntry) bool {
	return len(b) >= minRecordBytes && int32(binary.BigEndian.Uint32(b)) == e.sizeBytes &&
		int32(binary.BigEndian.Uint32(b[magicPos:])) == codec.MessageMagic
}
