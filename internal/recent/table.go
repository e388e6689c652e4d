// Package recent finds what belongs to a queue that many ask for without lock and map.
package recent

import "sync/atomic"

// slots of a table; a power of two.
const slots = 64

// Table remembers one thing of a queue in each slot, the last that was kept
// there. The zero Table is empty. Whoever finds something has to see whether it
// is of his queue, and whoever deletes something has to take it out.
type Table[T any] struct{ slots [slots]atomic.Pointer[T] }

// Slot is the one for a queue. It keeps nothing of topic.
func (t *Table[T]) Slot(topic string, queueID int32) *atomic.Pointer[T] {
	n := uint32(len(topic))
	if n == 0 {
		return &t.slots[0]
	}
	return &t.slots[(31*(31*n+uint32(topic[n-1]))+uint32(queueID))%slots]
}
