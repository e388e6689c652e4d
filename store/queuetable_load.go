package store

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// load finds all queues. Folders whose names are no topic or no number are
// left alone.
func (t *queueTable) load(clean bool) error {
	topics, err := t.fs.ReadDir(t.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("list consume queues: %w", err)
	}
	for _, topic := range topics {
		if !topic.IsDir() {
			continue
		}
		ids, err := t.fs.ReadDir(filepath.Join(t.dir, topic.Name()))
		if err != nil {
			return fmt.Errorf("list queues of a topic: %w", err)
		}
		for _, id := range ids {
			if err := t.loadQueue(topic.Name(), id.Name(), id.IsDir()); err != nil {
				return err
			}
		}
	}
	return t.keepDamaged(func(q *ConsumeQueue) error { return q.load(clean) })
}

// keepDamaged runs do for every queue and remembers the damaged ones.
func (t *queueTable) keepDamaged(do func(*ConsumeQueue) error) error {
	return t.forAll(func(q *ConsumeQueue) error {
		if q.damaged {
			return nil
		}
		err := do(q)
		if errors.Is(err, errQueueDamaged) {
			t.log.Warn("a consume queue is damaged, all will be rebuilt from the commit log", "queue", q.String(), "err", err)
			q.damaged, err = true, nil
		}
		return err
	})
}

func (t *queueTable) loadQueue(topic, id string, isDir bool) error {
	n, ok := parseQueueID(id)
	switch {
	case isDir && strings.HasPrefix(id, deletedPrefix): // the process died while it deleted the topic
		return t.fs.RemoveAll(filepath.Join(t.dir, topic, id))
	case !isDir || !ok:
		return nil
	}
	if t.findOrCreate(topic, n) == nil {
		t.log.Warn("a folder that is no topic is left alone", "folder", filepath.Join(t.dir, topic))
	}
	return nil
}

// parseQueueID reads the name of a queue's folder; false for other names.
func parseQueueID(name string) (id int32, ok bool) {
	n, err := strconv.ParseInt(name, 10, 32)
	return int32(n), err == nil && n >= 0 && strconv.FormatInt(n, 10) == name
}

// forAll runs do for every queue, several at a time.
func (t *queueTable) forAll(do func(*ConsumeQueue) error) error {
	list := t.all()
	var wg sync.WaitGroup
	var next atomic.Int64
	errs := make([]error, runtime.GOMAXPROCS(0))
	for w := range errs {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(list) || errs[w] != nil {
					return
				}
				errs[w] = do(list[i])
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// recover makes every queue end before cut, see ConsumeQueue.recover.
func (t *queueTable) recover(cut int64, zeroRest bool) error {
	return t.keepDamaged(func(q *ConsumeQueue) error {
		if zeroRest {
			if err := q.recoverStray(cut); err != nil {
				return err
			}
		}
		return q.recover(cut, zeroRest)
	})
}

// anyDamaged tells that a queue cannot be used as it is.
func (t *queueTable) anyDamaged() bool {
	return slices.ContainsFunc(t.all(), func(q *ConsumeQueue) bool { return q.damaged })
}

// gapsAreDamage is asked after the log was dispatched again: a queue that had
// to be filled up lost entries from its files, or the log lost records.
func (t *queueTable) gapsAreDamage() (any bool) {
	for _, q := range t.all() {
		if q.mu.gap {
			t.log.Warn("a consume queue lacks entries, all will be rebuilt from the commit log", "queue", q.String())
			q.damaged, q.mu.gap, any = true, false, true
		}
	}
	return any
}

// discardDamaged empties the damaged queues.
func (t *queueTable) discardDamaged() error {
	return t.forAll(func(q *ConsumeQueue) error {
		if !q.damaged {
			return nil
		}
		q.damaged = false
		return q.discard()
	})
}

// last is the queue whose last record is the furthest in the log; nil = no entries.
func (t *queueTable) last() (q *ConsumeQueue) {
	furthest := int64(0)
	for _, c := range t.all() {
		if !c.damaged && c.mu.maxPhy > furthest {
			q, furthest = c, c.mu.maxPhy
		}
	}
	return q
}
