package store

import (
	"errors"
	"io"
	"io/fs"
	"sync"

	"github.com/boostermq/booster/codec"
)

// GetMessage reads matching records from queue offset on into res. It may wait
// for the disk: not for event loops. See spec/store.md §11 for the states.
func (s *MessageStore) GetMessage(topic string, queueID int32, offset int64, maxNums int, filter MessageFilter, res *GetResult) {
	s.getMessage(topic, queueID, offset, maxNums, filter, res, false)
}

// GetMessageCached is GetMessage for event loops: it never waits. Of records
// that are in memory only in part it reads those in front. false: it would have
// to wait, and res is of no use.
func (s *MessageStore) GetMessageCached(topic string, queueID int32, offset int64, maxNums int, filter MessageFilter, res *GetResult) bool {
	return s.getMessage(topic, queueID, offset, maxNums, filter, res, true)
}

func (s *MessageStore) getMessage(topic string, queueID int32, offset int64, maxNums int, filter MessageFilter, res *GetResult, cached bool) bool {
	res.Reset()
	cfg := s.cfg.Load()
	q := s.queues.find(topic, queueID)
	if q != nil {
		// max first: min never passes a max that was read before it.
		res.MaxOffset = q.max.Load()
		res.MinOffset = q.min.Load()
	}
	switch lo, hi := res.MinOffset, res.MaxOffset; {
	case hi == 0:
		res.Status, res.NextBeginOffset = NoMessageInQueue, correctOffset(cfg, offset, 0)
	case offset < lo:
		res.Status, res.NextBeginOffset = OffsetTooSmall, correctOffset(cfg, offset, lo)
	case offset == hi:
		res.Status, res.NextBeginOffset = OffsetOverflowOne, offset
	case offset > hi:
		res.Status, res.NextBeginOffset = OffsetOverflowBadly, correctOffset(cfg, offset, hi)
	default:
		g := s.scans.get()
		defer s.scans.put(g)
		g.cfg, g.filter, g.maxNums, g.res, g.cached = cfg, filter, maxNums, res, cached
		g.reader.log, g.reader.cached = s.commitLog, cached
		g.ext.q = q
		g.maxPhy, g.inDisk, g.rollTo = s.commitLog.maxPhyOffset(), s.inMemoryBytes(cfg), noRollOffset
		done := g.read(q, offset)
		if g.trouble != nil {
			s.log.Error("messages of a queue cannot be read", "queue", q.String(), "asked", offset, "next", res.NextBeginOffset, "status", res.Status.String(), "err", g.trouble)
		}
		return done
	}
	return true
}

// correctOffset is where a reader should go on that asked for the impossible. A
// slave may just be late, so it lets him ask again (Java: nextOffsetCorrection).
func correctOffset(cfg *Config, asked, better int64) int64 {
	if cfg.BrokerRole == Slave && !cfg.OffsetCheckInSlave {
		return asked
	}
	return better
}

const (
	getScanBytes    = 16000 // entries looked at in one call, in bytes
	getFirstEntries = 64    // read at first; more only when the filter refuses many
	getMaxEntries   = 300_000
	noRollOffset    = -1
)

// getScan is one GetMessage under way.
type getScan struct {
	cfg     *Config
	filter  MessageFilter
	maxNums int
	res     *GetResult
	cached  bool // must not wait
	reader  recordReader
	maxPhy  int64
	inDisk  int64 // records this far behind maxPhy are taken to be on disk only
	entries []byte
	ext     extReader
	pos     int   // in entries
	seenPhy int64 // physical offset of the last entry looked at
	rollTo  int64 // entries below point into a log file that is gone
	full    bool
	cold    bool // ended where it would have to wait
	failed  bool // ended where the disk failed
	trouble error
}

type scanPool struct{ p sync.Pool }

func (p *scanPool) get() *getScan {
	if g, ok := p.p.Get().(*getScan); ok {
		return g
	}
	return new(getScan)
}

func (p *scanPool) put(g *getScan) {
	g.reader.reset()
	*g = getScan{entries: g.entries[:0], reader: g.reader, ext: extReader{buf: g.ext.buf[:0]}}
	p.p.Put(g)
}

// read reads from index offset of q on; false: it would have to wait.
func (g *getScan) read(q *ConsumeQueue, offset int64) bool {
	read := q.read
	if g.cached {
		read = q.readCached
	}
	g.res.Status = NoMatchedMessage
	index, step := offset, getFirstEntries
	left := min(max(getScanBytes/cqEntryBytes, g.maxNums), getMaxEntries)
	for left > 0 && !g.full {
		var n int
		var err error
		g.entries, n, err = read(g.entries[:0], index, min(left, step))
		g.pos = 0
		if n == 0 && g.cached {
			g.cold = true // or the end: whoever may wait finds out
			break
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, io.EOF) {
			g.fail(err)
			break
		}
		if err != nil || n == 0 {
			if index == offset { // the file is gone, or cut
				g.res.Status, g.res.NextBeginOffset = OffsetFoundNull, correctOffset(g.cfg, offset, q.nextFileIndex(offset))
				return true
			}
			break
		}
		g.scan()
		index += int64(g.pos / cqEntryBytes)
		left -= n
		step *= 2
	}
	g.res.NextBeginOffset = index
	if g.failed && index == offset {
		g.res.Status = ReadFailed
	}
	g.res.SuggestSlave = g.maxPhy-g.seenPhy > g.inDisk
	return !g.cold || g.res.MsgCount > 0
}

// scan handles the entries that were read until the batch is full.
func (g *getScan) scan() {
	for ; g.pos < len(g.entries); g.pos += cqEntryBytes {
		e := parseCQEntry(g.entries[g.pos:])
		if e.filler() {
			continue
		}
		g.seenPhy = e.phyOffset
		if e.phyOffset < g.rollTo {
			continue
		}
		if g.batchFull(e) {
			g.full = true
			return
		}
		if g.cached && g.filter != nil && isExtAddress(e.tagsCode) {
			g.full, g.cold = true, true // units may have to be waited for
			return
		}
		matched, known := g.matchEntry(e)
		if !matched {
			g.noMatch()
			continue
		}
		rec, err := g.reader.record(g.entries[g.pos:], min(g.maxNums, g.cfg.MaxTransferCountOnMessageInMemory)-g.res.MsgCount)
		switch {
		case err == errWouldWait:
			g.full, g.cold = true, true
			return
		case errors.Is(err, errNoData):
			g.removed()
			g.rollTo = g.reader.log.files.fileStart(e.phyOffset) + g.reader.log.files.fileBytes
		case errors.Is(err, errDamaged): // it will not get better
			g.trouble = err
			g.removed()
		case err != nil:
			g.fail(err)
			return
		case !g.matchRecord(rec, known):
			g.noMatch()
		default:
			g.res.Buf = append(g.res.Buf, rec...)
			g.res.MsgCount++
			g.res.Status = Found
			g.rollTo = noRollOffset
		}
	}
}

// matchEntry asks the filter about a queue entry. known = false: its tag slot is
// an address in consumequeue_ext where there is no unit, so the record has to tell.
func (g *getScan) matchEntry(e cqEntry) (matched, known bool) {
	switch {
	case g.filter == nil:
		return true, true
	case !isExtAddress(e.tagsCode):
		return g.filter.MatchQueue(e.tagsCode, 0, nil), true
	}
	var u cqExtUnit
	if !g.ext.unit(e.tagsCode, &u) {
		return true, false
	}
	return g.filter.MatchQueue(u.tagsCode, u.storeTimeMs, u.filterBitMap), true
}

// matchRecord asks the filter about the record itself, and about its tags unless
// the entry was known.
func (g *getScan) matchRecord(rec []byte, known bool) bool {
	if g.filter == nil {
		return true
	}
	props, ok := codec.RecordProperties(rec)
	if !ok {
		return false
	}
	if !known {
		tags, _ := codec.GetProperty(props, codec.PropertyTags)
		if !g.filter.MatchQueue(codec.TagsCode(tags), 0, nil) {
			return false
		}
	}
	return g.filter.MatchRecord(props)
}

// fail ends the batch before what the disk could not read: a reader must not go
// past it, for it may be read another time.
func (g *getScan) fail(err error) { g.full, g.failed, g.trouble = true, true, err }

func (g *getScan) noMatch() {
	if g.res.MsgCount == 0 {
		g.res.Status = NoMatchedMessage
	}
}

func (g *getScan) removed() {
	if g.res.MsgCount == 0 {
		g.res.Status = MessageWasRemoving
	}
}

// batchFull tells that the record of e would be too much (Java: isTheBatchFull).
// One message always fits.
func (g *getScan) batchFull(e cqEntry) bool {
	if g.res.MsgCount == 0 {
		return false
	}
	if g.res.MsgCount >= g.maxNums {
		return true
	}
	maxBytes, maxCount := g.cfg.MaxTransferBytesOnMessageInMemory, g.cfg.MaxTransferCountOnMessageInMemory
	if g.maxPhy-e.phyOffset > g.inDisk {
		maxBytes, maxCount = g.cfg.MaxTransferBytesOnMessageInDisk, g.cfg.MaxTransferCountOnMessageInDisk
	}
	return int64(len(g.res.Buf))+int64(e.sizeBytes) > int64(maxBytes) || g.res.MsgCount >= maxCount
}
