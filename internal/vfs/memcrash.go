package vfs

import (
	"math/rand/v2"
	"slices"
	"strings"
)

// Crash says what a power cut leaves of what was not durable.
type Crash struct {
	// UnsyncedPercent of the unsynced 4 KiB blocks, lengths and names survive,
	// each by its own chance. 100 is a killed process: the page cache lives on.
	UnsyncedPercent int
	// Torn lets a block survive in part, in sectors of 512 bytes.
	Torn bool
}

const memSector = 512

// CrashClone returns the file system as a power cut at this moment may leave
// it. The same rng on the same state gives the same clone. m itself goes on; it
// may be in use meanwhile.
func (m *MemFS) CrashClone(rng *rand.Rand, c Crash) *MemFS {
	clone := NewMemFS()
	clone.capacity.Store(m.capacity.Load())
	clone.now.Store(m.now.Load())
	m.mu.Lock()
	defer m.mu.Unlock()
	clone.mu.usage = m.mu.usage
	cr := &crash{Crash: c, rng: rng, to: clone, ops: make(map[*dirOp]bool), nodes: make(map[*memNode]*memNode)}
	clone.mu.root = cr.node(m.mu.root)
	return clone
}

// crash is one CrashClone under way.
type crash struct {
	Crash
	rng   *rand.Rand
	to    *MemFS
	ops   map[*dirOp]bool       // which changes of names survive
	nodes map[*memNode]*memNode // what was cloned: a rename in doubt may leave two names
}

func (c *crash) survives() bool { return c.rng.IntN(100) < c.UnsyncedPercent }

func (c *crash) opSurvives(o *dirOp) bool {
	s, decided := c.ops[o]
	if !decided {
		s = c.survives()
		c.ops[o] = s
	}
	return s
}

func (c *crash) node(n *memNode) *memNode {
	if done := c.nodes[n]; done != nil {
		return done
	}
	if n.file != nil {
		clone := &memNode{file: c.file(n.file)}
		c.nodes[n] = clone
		return clone
	}
	entries := copyEntries(n.synced)
	for _, o := range n.ops {
		if c.opSurvives(o) {
			o.apply(n, entries)
		}
	}
	clone := newMemDir()
	c.nodes[n] = clone
	names := make([]string, 0, len(entries))
	for name := range entries {
		names = append(names, name)
	}
	slices.SortFunc(names, strings.Compare)
	for _, name := range names {
		clone.entries[name] = c.node(entries[name])
	}
	clone.synced = copyEntries(clone.entries)
	return clone
}

// file clones a content: durable blocks whole, the others by chance.
func (c *crash) file(d *memData) *memData {
	d.mu.RLock()
	defer d.mu.RUnlock()
	clone := newMemData(c.to)
	clone.modTime = d.modTime
	now, was := d.content(), d.durable()
	size := d.durableSize
	if size != int64(len(now)) && c.survives() {
		size = int64(len(now))
	}
	clone.buf = make([]byte, size)
	copy(clone.buf, was)
	for at := int64(0); at < size && at < int64(len(now)); at += memBlock {
		end := min(at+memBlock, size, int64(len(now)))
		if !equalAt(now[at:end], was, at) {
			c.block(clone.buf[at:end], now[at:end])
		}
	}
	if int64(len(now)) < size && c.UnsyncedPercent < 100 { // a cut that did not survive; what lay behind may have gone
		c.holes(clone.buf[len(now):])
	}
	clone.durableSize = size
	for b := range d.allocated {
		if b*memBlock < size {
			clone.allocated[b] = struct{}{}
		}
	}
	c.to.used.Add(memBlock * int64(len(clone.allocated)))
	return clone
}

// block lets a changed block survive, or some of its sectors.
func (c *crash) block(dst, now []byte) {
	if !c.Torn || c.UnsyncedPercent >= 100 || c.rng.IntN(4) != 0 {
		if c.survives() {
			copy(dst, now)
		}
		return
	}
	for at := 0; at < len(now); at += memSector {
		if c.survives() {
			copy(dst[at:min(at+memSector, len(dst))], now[at:])
		}
	}
}

// holes clears blocks that a truncation had given back already.
func (c *crash) holes(b []byte) {
	for at := 0; at < len(b); at += memBlock {
		if c.survives() {
			clear(b[at:min(at+memBlock, len(b))])
		}
	}
}

// equalAt tells that block stands at position at of b, zeros standing behind the end of b.
func equalAt(block, b []byte, at int64) bool {
	for i, v := range block {
		w := byte(0)
		if p := at + int64(i); p < int64(len(b)) {
			w = b[p]
		}
		if v != w {
			return false
		}
	}
	return true
}

// durable is the content that survives any power cut; mu is held.
func (d *memData) durable() []byte {
	if d.shadow != nil {
		return append([]byte(nil), d.shadow...)
	}
	b := make([]byte, d.durableSize)
	copy(b, d.buf)
	for i, was := range d.old {
		from := i * memBlock
		if from >= d.durableSize {
			continue
		}
		end := min(from+memBlock, d.durableSize)
		clear(b[from:end])
		copy(b[from:end], was)
	}
	return b
}
