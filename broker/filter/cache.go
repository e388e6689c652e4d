package filter

import "sync"

// Bounds of the cache, in expressions and in bytes of their text.
const (
	maxCached      = 256
	maxCachedBytes = 1 << 20
)

// cache keeps compiled expressions of pulls that bring theirs along (Java: the
// PARSE_CACHE of SelectorParser). When it is full any of them goes.
type cache struct {
	mu    sync.RWMutex
	table map[string]*Expression
	bytes int
}

func (c *cache) get(text string) *Expression {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.table[text]
}

func (c *cache) put(x *Expression) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.table[x.text] != nil {
		return
	}
	for text := range c.table {
		if len(c.table) < maxCached && c.bytes+len(x.text) <= maxCachedBytes {
			break
		}
		delete(c.table, text)
		c.bytes -= len(text)
	}
	if c.table == nil {
		c.table = make(map[string]*Expression)
	}
	c.table[x.text] = x
	c.bytes += len(x.text)
}
