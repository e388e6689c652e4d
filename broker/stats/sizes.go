package stats

import "sync/atomic"

// SizeLimits are the upper bounds in bytes of the classes of message sizes,
// those of RocketMQ 5.x; the last class has none.
func SizeLimits() [sizeClasses - 1]int64 { return sizeLimits }

const sizeClasses = 7

var sizeLimits = [sizeClasses - 1]int64{1 << 10, 4 << 10, 512 << 10, 1 << 20, 2 << 20, 4 << 20}

// SizeBuckets is how many messages were put, by class of size.
type SizeBuckets [sizeClasses]int64

// sizeCounters counts them. The messages of one put count with their mean size.
type sizeCounters [sizeClasses]atomic.Int64

func (c *sizeCounters) add(messages, sizeBytes int) {
	mean, class := int64(sizeBytes)/int64(max(1, messages)), 0
	for class < len(sizeLimits) && mean > sizeLimits[class] {
		class++
	}
	c[class].Add(int64(messages))
}

// MessageSizes returns the sizes of what was put, by topic.
func (m *Manager) MessageSizes() map[string]SizeBuckets {
	sizes := make(map[string]SizeBuckets)
	for i := range m.counters {
		s := &m.counters[i]
		s.mu.RLock()
		for k, c := range s.puts {
			sum := sizes[k.topic]
			for class := range c.sizes {
				sum[class] += c.sizes[class].Load()
			}
			sizes[k.topic] = sum
		}
		s.mu.RUnlock()
	}
	return sizes
}
