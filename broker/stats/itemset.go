package stats

import (
	"strings"
	"sync"
)

// itemSet is the items of one name by key (Java: StatsItemSet).
type itemSet struct {
	mu    sync.RWMutex
	items map[string]*Item
}

func newItemSet() *itemSet { return &itemSet{items: make(map[string]*Item)} }

// get returns the item of key, nil when there is none.
func (s *itemSet) get(key string) *Item {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.items[key]
}

// getOrCreate returns the item of key; key may alias a request.
func (s *itemSet) getOrCreate(key string) *Item {
	if item := s.get(key); item != nil {
		return item
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	item := s.items[key]
	if item == nil {
		item = new(Item)
		s.items[strings.Clone(key)] = item
	}
	return item
}

// removeIf forgets the items whose key remove approves of.
func (s *itemSet) removeIf(remove func(key string) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key := range s.items {
		if remove(key) {
			delete(s.items, key)
		}
	}
}

// each visits the items there were when it was called, without the lock.
func (s *itemSet) each(visit func(key string, item *Item)) {
	type pair struct {
		key  string
		item *Item
	}
	s.mu.RLock()
	all := make([]pair, 0, len(s.items))
	for key, item := range s.items {
		all = append(all, pair{key, item})
	}
	s.mu.RUnlock()
	for _, p := range all {
		visit(p.key, p.item)
	}
}
