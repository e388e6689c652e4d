package schedule

import (
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/boostermq/booster/internal/configmanager"
)

// offsets is how far each level is delivered, and what of it is in delayOffset.json.
//
// Law: what is written was in the table before everything in the log up to
// pendingEnd was durable. A power cut then costs no message whose delivery the
// file claims.
type offsets struct {
	mu      sync.Mutex
	table   map[int32]int64 // level → offset
	written map[int32]int64 // content of the file
	// pending is a copy of table that waits until the log is durable up to pendingEnd.
	pending    map[int32]int64
	pendingEnd int64
}

func (o *offsets) get(number int32) int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.table[number]
}

func (o *offsets) set(number int32, offset int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.table == nil {
		o.table = make(map[int32]int64)
	}
	o.table[number] = offset
}

func (o *offsets) snapshot() map[int32]int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return maps.Clone(o.table)
}

// Load takes over delayOffset.json, or its .bak when the file is damaged. No
// file at all is fine. Call it before Start. Levels the file knows and
// messageDelayLevel does not are delivered too: their messages were there before
// the configuration.
func (s *Service) Load() error {
	var table map[int32]int64
	source, err := configmanager.LoadFrom(s.o.FS, s.o.Path, func(data []byte) (err error) {
		table, err = decodeOffsets(data)
		return err
	})
	if err != nil {
		return fmt.Errorf("delay offsets: %w", err)
	}
	if source.Damaged != nil {
		s.log.Warn("delay offsets taken from the backup", "file", source.Path, "damage", source.Damaged)
	}
	s.takeOver(table)
	if source.Damaged == nil {
		s.offsets.written = table
	}
	return nil
}

func (s *Service) takeOver(table map[int32]int64) {
	for number := range table {
		for int(number) > len(s.levels) {
			s.addLevel(unknownDelay)
		}
	}
	s.offsets.mu.Lock()
	defer s.offsets.mu.Unlock()
	s.offsets.table = maps.Clone(table)
}

// Replace makes data, the answer of a master to 45 GET_ALL_DELAY_OFFSET, the
// offsets of this broker, in the file too. For slaves: the service must not run.
func (s *Service) Replace(data []byte) error {
	table, err := decodeOffsets(data)
	if err != nil {
		return fmt.Errorf("delay offsets of the master: %w", err)
	}
	s.takeOver(table)
	return s.write(table)
}

// Encode returns the offsets as compact JSON, the answer to 45 GET_ALL_DELAY_OFFSET.
func (s *Service) Encode() ([]byte, error) { return encodeOffsets(s.offsets.snapshot(), false) }

// persistLoop writes delayOffset.json every FlushInterval.
func (s *Service) persistLoop() {
	const flushWait = time.Second
	for {
		wait := max(s.o.FlushInterval(), time.Millisecond)
		if s.offsets.waiting() {
			wait = min(wait, flushWait)
		}
		select {
		case <-s.stop:
			return
		case <-time.After(wait):
		}
		if _, err := s.persist(); err != nil {
			s.log.Error("delay offsets not written; the next round tries again", "err", err)
		}
	}
}

func (o *offsets) waiting() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.pending != nil
}

// persist writes the newest offsets that may be written, if they are not in the
// file. current tells that these are those of now.
func (s *Service) persist() (current bool, err error) {
	now := s.offsets.snapshot()
	end, flushed := s.store.MaxPhyOffset(), s.store.FlushedWhere() // after the snapshot: its puts are before end
	table := now
	o := &s.offsets
	o.mu.Lock()
	switch {
	case flushed >= end:
		o.pending = nil
	case o.pending != nil && flushed >= o.pendingEnd:
		table = o.pending
		o.pending, o.pendingEnd = now, end
	default:
		table = nil
		if o.pending == nil && !maps.Equal(now, o.written) {
			o.pending, o.pendingEnd = now, end
		}
	}
	unchanged := maps.Equal(now, o.written)
	o.mu.Unlock()
	if table == nil {
		return unchanged, nil
	}
	return flushed >= end, s.write(table)
}

// write makes table the content of the file. One at a time: the persist loop,
// or who stopped it.
func (s *Service) write(table map[int32]int64) error {
	s.offsets.mu.Lock()
	same := s.offsets.written != nil && maps.Equal(table, s.offsets.written)
	s.offsets.mu.Unlock()
	if same {
		return nil
	}
	text, err := encodeOffsets(table, true)
	if err == nil {
		err = configmanager.Persist(s.o.FS, s.o.Path, text)
	}
	if err != nil {
		return fmt.Errorf("delay offsets: %w", err)
	}
	s.offsets.mu.Lock()
	s.offsets.written = table
	s.offsets.mu.Unlock()
	return nil
}

// ErrNotFlushed: the store could not make durable what was delivered last.
var ErrNotFlushed = errors.New("delay offsets: the log is not flushed, the last delayed messages will be delivered again")

// Persist writes delayOffset.json at the stop: after Shutdown, and after the
// store's, which flushes the log. Then a clean stop delivers nothing twice.
func (s *Service) Persist() error {
	if s.store == nil {
		return nil
	}
	current, err := s.persist()
	if err == nil && !current {
		err = ErrNotFlushed
	}
	return err
}
