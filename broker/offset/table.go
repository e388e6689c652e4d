package offset

import (
	"cmp"
	"hash/maphash"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/boostermq/booster/codec"
)

// shardCount spreads the table over locks; a power of two.
const shardCount = 64

// key names the offsets of one group in one topic (Java: "topic@group").
type key struct{ topic, group string }

// table is the offset table in shards by (topic, group).
type table struct {
	seed   maphash.Seed
	shards [shardCount]shard
}

type shard struct {
	mu      sync.Mutex
	offsets map[key]map[int32]int64 // queue id → next offset to consume
	changed bool                    // since the last write that succeeded
}

func newTable() *table {
	t := &table{seed: maphash.MakeSeed()}
	for i := range t.shards {
		t.shards[i].offsets = make(map[key]map[int32]int64)
	}
	return t
}

// shard returns where (topic, group) lives.
func (t *table) shard(topic, group string) *shard {
	h := maphash.String(t.seed, topic) ^ maphash.String(t.seed, group)<<1
	return &t.shards[h>>32%shardCount]
}

// put stores an offset and returns the one before, -1 when there was none. A
// key that could not stand in the file as it is does not enter the table.
func (t *table) put(topic, group string, queueID int32, offset int64) (before int64) {
	s := t.shard(topic, group)
	s.mu.Lock()
	defer s.mu.Unlock()
	queues := s.offsets[key{topic, group}]
	if queues == nil {
		if !legalKey(topic, group) {
			return -1
		}
		queues = make(map[int32]int64)
		s.offsets[key{strings.Clone(topic), strings.Clone(group)}] = queues
	}
	before, known := queues[queueID]
	if !known {
		before = -1
	}
	if !known || before != offset {
		queues[queueID] = offset
		s.changed = true
	}
	return before
}

// get returns an offset, -1 when there is none.
func (t *table) get(topic, group string, queueID int32) int64 {
	s := t.shard(topic, group)
	s.mu.Lock()
	defer s.mu.Unlock()
	if offset, ok := s.offsets[key{topic, group}][queueID]; ok {
		return offset
	}
	return -1
}

// getAll returns a copy of the offsets of (topic, group), nil when there are none.
func (t *table) getAll(topic, group string) map[int32]int64 {
	s := t.shard(topic, group)
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.offsets[key{topic, group}])
}

// putAll replaces the offsets of (topic, group); queues becomes the table's.
func (t *table) putAll(topic, group string, queues map[int32]int64) {
	if !legalKey(topic, group) {
		return
	}
	s := t.shard(topic, group)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.offsets[key{strings.Clone(topic), strings.Clone(group)}] = queues
	s.changed = true
}

// legalKey tells that both are names. Callers check that too, with an answer to
// the client; here one slip would cost the whole file.
func legalKey(topic, group string) bool {
	return codec.ValidateGroup(topic) == "" && codec.ValidateGroup(group) == ""
}

// each visits all entries, one shard after the other under its lock. visit must
// neither keep nor modify queues.
func (t *table) each(visit func(k key, queues map[int32]int64)) {
	for i := range t.shards {
		s := &t.shards[i]
		s.mu.Lock()
		for k, queues := range s.offsets {
			visit(k, queues)
		}
		s.mu.Unlock()
	}
}

// removeIf forgets the entries remove approves of and returns how many. remove
// is called under the shard's lock and must not wait.
func (t *table) removeIf(remove func(k key, queues map[int32]int64) bool) (removed int) {
	for i := range t.shards {
		s := &t.shards[i]
		s.mu.Lock()
		for k, queues := range s.offsets {
			if remove(k, queues) {
				delete(s.offsets, k)
				s.changed = true
				removed++
			}
		}
		s.mu.Unlock()
	}
	return removed
}

// remove forgets one entry and returns how many that were.
func (t *table) remove(k key) int {
	s := t.shard(k.topic, k.group)
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.offsets[k]; !ok {
		return 0
	}
	delete(s.offsets, k)
	s.changed = true
	return 1
}

// takeChanged tells whether anything changed and forgets it; markChanged takes
// that back after a failed write.
func (t *table) takeChanged() bool {
	changed := false
	for i := range t.shards {
		s := &t.shards[i]
		s.mu.Lock()
		changed = changed || s.changed
		s.changed = false
		s.mu.Unlock()
	}
	return changed
}

func (t *table) markChanged() {
	s := &t.shards[0]
	s.mu.Lock()
	s.changed = true
	s.mu.Unlock()
}

// tableCopy is a copy of the table in three allocations or so, however many
// entries there are.
type tableCopy struct {
	entries []entry
	queues  []queueOffset
}

// entry is one (topic, group); its offsets are queues[from:to], by queue id.
type entry struct {
	key      key
	from, to int
}

type queueOffset struct {
	queueID int32
	offset  int64
}

// copy copies the table. Each shard is of one moment, all of them are not: as
// every offset stands for itself that is as good.
func (t *table) copy() *tableCopy {
	c := &tableCopy{}
	t.each(func(k key, queues map[int32]int64) {
		from := len(c.queues)
		for queueID, offset := range queues {
			c.queues = append(c.queues, queueOffset{queueID, offset})
		}
		slices.SortFunc(c.queues[from:], func(a, b queueOffset) int { return cmp.Compare(a.queueID, b.queueID) })
		c.entries = append(c.entries, entry{k, from, len(c.queues)})
	})
	return c
}
