package transaction

import "sync"

// endings remembers the half messages this process has ended, by queue offset,
// until maxEndings later ones were ended: for the moments before an op message
// can be read from its queue, and for two producers, or a producer and its
// checked self, that end one message at the same time.
type endings struct {
	mu   sync.Mutex
	done map[int64]struct{}
	ring []int64 // the keys of done, a ring once it is full
	next int     // in ring, when it is full
	busy map[int64]chan struct{}
}

const maxEndings = 1 << 18

// claim makes the caller the one who ends root, unless it has been ended. It
// waits for another one who is at it. Not ended: release follows.
func (e *endings) claim(root int64) (ended bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for {
		if _, ended := e.done[root]; ended {
			return true
		}
		other, busy := e.busy[root]
		if !busy {
			if e.busy == nil {
				e.busy = make(map[int64]chan struct{})
			}
			e.busy[root] = make(chan struct{})
			return false
		}
		e.mu.Unlock()
		<-other
		e.mu.Lock()
	}
}

func (e *endings) release(root int64, ended bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if ended {
		e.add(root)
	}
	close(e.busy[root])
	delete(e.busy, root)
}

// mark remembers a half message as ended; it returns false when it was already.
func (e *endings) mark(halfOffset int64) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.add(halfOffset)
}

// add is mark; the lock is held.
func (e *endings) add(halfOffset int64) bool {
	if _, there := e.done[halfOffset]; there {
		return false
	}
	if e.done == nil {
		e.done = make(map[int64]struct{})
	}
	e.done[halfOffset] = struct{}{}
	if len(e.ring) < maxEndings {
		e.ring = append(e.ring, halfOffset)
		return true
	}
	delete(e.done, e.ring[e.next])
	e.ring[e.next] = halfOffset
	e.next = (e.next + 1) % maxEndings
	return true
}

// has tells whether a half message was ended.
func (e *endings) has(halfOffset int64) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	_, done := e.done[halfOffset]
	return done
}
