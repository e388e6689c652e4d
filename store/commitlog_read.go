package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/boostermq/booster/codec"
)

// errNoData is returned for offsets that the log does not hold (any more).
var errNoData = errors.New("not in the commit log")

// readAt fills p with the log from phyOffset on and stops at the end of the
// file. It serves the sequential readers, dispatch and recovery: they read in
// big pieces and must hear of a disk error as an error.
func (l *CommitLog) readAt(p []byte, phyOffset int64) (n int, err error) {
	f := l.files.find(phyOffset)
	if f == nil || !f.acquire() {
		return 0, errNoData
	}
	pos := phyOffset - f.startOffset
	n, err = f.file.ReadAt(p[:min(int64(len(p)), l.files.fileBytes-pos)], pos)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	if errRelease := f.release(); err == nil {
		err = errRelease
	}
	return n, err
}

// readCached fills p with the log from phyOffset on, which lies in one file, if
// that is in memory. It never waits for the disk.
func (l *CommitLog) readCached(p []byte, phyOffset int64) bool {
	f := l.files.find(phyOffset)
	if f == nil || !f.acquire() {
		return false
	}
	ok := f.file.ReadCached(p, phyOffset-f.startOffset)
	if f.refs.Add(-1) == 0 {
		go l.closeDeleted(f)
	}
	return ok
}

// closeDeleted closes a file whose last reader must not wait for that.
func (l *CommitLog) closeDeleted(f *logFile) {
	if err := f.close(); err != nil {
		l.log.Warn("a deleted commit log file could not be closed", "err", err)
	}
}

// logReader reads records through the mapping and holds one file at a time.
// It is used inside guardFault; close it outside.
type logReader struct {
	log  *CommitLog
	file *logFile
	data []byte
}

// at returns the n bytes at phyOffset, or fewer at the end of the log or file.
// They alias the mapping and are valid until the next call.
func (r *logReader) at(phyOffset int64, n int) ([]byte, error) {
	limit := r.log.committed.Load()
	if phyOffset < 0 || phyOffset >= limit {
		return nil, errNoData
	}
	if err := r.open(phyOffset); err != nil {
		return nil, err
	}
	pos := phyOffset - r.file.startOffset
	end := min(pos+int64(n), int64(len(r.data)), limit-r.file.startOffset)
	return r.data[pos:end:end], nil
}

func (r *logReader) open(phyOffset int64) error {
	if r.file != nil && phyOffset >= r.file.startOffset && phyOffset < r.file.startOffset+r.log.files.fileBytes {
		return nil
	}
	if err := r.close(); err != nil {
		return err
	}
	f := r.log.files.find(phyOffset)
	if f == nil || !f.acquire() {
		return errNoData
	}
	data, err := f.bytes(r.log.files.fileBytes)
	if err != nil {
		return errors.Join(err, f.release())
	}
	r.file, r.data = f, data
	return nil
}

func (r *logReader) close() error {
	if r.file == nil {
		return nil
	}
	f := r.file
	r.file, r.data = nil, nil
	return f.release()
}

// record returns the record an entry points at. What the bytes say must agree
// with the entry, else the entry is damaged or the record gone.
func (r *logReader) record(e cqEntry) ([]byte, error) {
	b, err := r.at(e.phyOffset, int(e.sizeBytes))
	if err != nil {
		return nil, err
	}
	if len(b) != int(e.sizeBytes) || !isRecordOf(b, e) {
		return nil, fmt.Errorf("%w: no record of %d bytes at %d", errNoData, e.sizeBytes, e.phyOffset)
	}
	return b, nil
}

// minRecordBytes is a record with nothing variable in it.
const minRecordBytes = 91

// storeTimestampMs is the store time of the record an entry points at; -1 = unreadable.
func (l *CommitLog) storeTimestampMs(e cqEntry) int64 {
	storeMs := int64(-1)
	r := logReader{log: l}
	err := guardFault(func() error {
		rec, err := r.record(e)
		if err == nil {
			storeMs = codec.RecordStoreTimestampMs(rec)
		}
		return err
	})
	if errClose := r.close(); err != nil || errClose != nil {
		return -1
	}
	return storeMs
}

// copyRecord copies the whole record that begins at phyOffset, if its bytes are
// consistent and say that they begin there. v aliases the copy.
func (l *CommitLog) copyRecord(phyOffset int64, v *codec.DispatchView) (rec []byte, ok bool) {
	r := logReader{log: l}
	err := guardFault(func() error {
		b, err := r.consistent(phyOffset, v)
		rec = append([]byte(nil), b...)
		return err
	})
	if errClose := r.close(); err != nil || errClose != nil {
		return nil, false
	}
	st, _ := codec.ParseDispatch(rec, v)
	return rec, st == codec.RecordOK && v.CommitLogOffset == phyOffset && int(v.SizeBytes) == len(rec)
}

// consistent returns the record at phyOffset when its lengths agree: nothing is
// copied, or waited for, because garbage claims to be long.
func (r *logReader) consistent(phyOffset int64, v *codec.DispatchView) ([]byte, error) {
	head, err := r.at(phyOffset, minRecordBytes)
	if err != nil || len(head) < minRecordBytes || binary.BigEndian.Uint32(head[magicPos:]) != recordMagic {
		return nil, errNoData
	}
	b, err := r.at(phyOffset, max(minRecordBytes, int(int32(binary.BigEndian.Uint32(head)))))
	if err != nil {
		return nil, err
	}
	if st, size := codec.ParseDispatch(b, v); st != codec.RecordOK || size != len(b) {
		return nil, errNoData
	}
	return b, nil
}

// findRecord returns the offset of the first whole record at or behind at that
// says itself that it stands there; limit when there is none. What cannot be
// read is passed over.
func (l *CommitLog) findRecord(at, limit int64) int64 {
	var v codec.DispatchView
	var magic [4]byte
	binary.BigEndian.PutUint32(magic[:], recordMagic)
	buf := make([]byte, reputChunkBytes)
	for at < limit {
		n, err := l.readAt(buf[:min(int64(len(buf)), limit-at)], at)
		if err != nil || n == 0 {
			at += pageBytes - at%pageBytes
			continue
		}
		for pos := 0; ; pos++ {
			i := bytes.Index(buf[pos:n], magic[:])
			if i < 0 {
				break
			}
			pos += i
			if start := at + int64(pos) - magicPos; start >= at {
				if rec, ok := l.copyRecord(start, &v); ok && start+int64(len(rec)) <= limit {
					return start
				}
			}
		}
		if n <= magicPos+len(magic) {
			at += int64(n)
		} else {
			at += int64(n - magicPos - len(magic)) // a magic may lie across the end
		}
	}
	return limit
}

// A record's magic number and where it stands, see codec/message_format.go.
const (
	magicPos    = 4
	recordMagic = 0xDAA320A7
)
