package stats

import (
	"fmt"
	"math/bits"
	"strings"
	"sync/atomic"
	"time"
)

// histogram counts durations, lock-free, in buckets of a quarter power of two
// of microseconds, and in the classes of putMessageDistributeTime.
type histogram struct {
	buckets [bucketCount]atomic.Int64
	classes [classCount]atomic.Int64
}

// histogramCounts is a histogram at one moment.
type histogramCounts struct {
	buckets [bucketCount]int64
	classes [classCount]int64
}

const (
	bucketCount = 4 * 40 // up to 2^40 µs
	classCount  = 13
)

// classNames and classLimitsMs are those of Java; a class holds durations below
// its limit, the first those below 1 ms.
func classNames() [classCount]string {
	return [...]string{"<=0ms", "0~10ms", "10~50ms", "50~100ms", "100~200ms", "200~500ms", "500ms~1s",
		"1~2s", "2~3s", "3~4s", "4~5s", "5~10s", "10s~"}
}

func classOf(ms int64) int {
	for i, limit := range [...]int64{1, 10, 50, 100, 200, 500, 1000, 2000, 3000, 4000, 5000, 10000} {
		if ms < limit {
			return i
		}
	}
	return classCount - 1
}

func (h *histogram) add(d time.Duration) {
	h.buckets[bucketOf(d.Microseconds())].Add(1)
	h.classes[classOf(d.Milliseconds())].Add(1)
}

// load returns the counts, take also starts them anew.
func (h *histogram) load() (c histogramCounts) {
	for i := range h.buckets {
		c.buckets[i] = h.buckets[i].Load()
	}
	for i := range h.classes {
		c.classes[i] = h.classes[i].Load()
	}
	return c
}

func (h *histogram) take() (c histogramCounts) {
	for i := range h.buckets {
		c.buckets[i] = h.buckets[i].Swap(0)
	}
	for i := range h.classes {
		c.classes[i] = h.classes[i].Swap(0)
	}
	return c
}

// bucketOf: 0…3 µs have a bucket each, then four per power of two.
func bucketOf(us int64) int {
	if us < 4 {
		return int(max(0, us))
	}
	power := bits.Len64(uint64(us)) - 1
	return min(4*(power-1)+int(us>>(power-2)&3), bucketCount-1)
}

// bucketLimitUs is the lowest duration above bucket i.
func bucketLimitUs(i int) int64 {
	if i < 4 {
		return int64(i) + 1
	}
	return int64(5+i%4) << (i/4 - 1)
}

// percentileMs is the duration in ms that share of all stay below, 0 when there
// are none.
func (c *histogramCounts) percentileMs(share float64) float64 {
	var total, below int64
	for _, n := range c.buckets {
		total += n
	}
	for i, n := range c.buckets {
		if below += n; n > 0 && float64(below) >= share*float64(total) {
			return float64(bucketLimitUs(i)) / 1000
		}
	}
	return 0
}

// formatDistribution renders putMessageDistributeTime, the blank at the end included.
func formatDistribution(classes [classCount]int64) string {
	var b strings.Builder
	for i, name := range classNames() {
		fmt.Fprintf(&b, "[%s]:%d ", name, classes[i])
	}
	return b.String()
}
