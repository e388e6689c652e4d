package store

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestQueueEntries: entries of several files and of those not flushed yet.
func TestQueueEntries(t *testing.T) {
	s := openStore(t, testOptions(testConfig(t.TempDir())))
	var want []QueueEntry
	for range 250 {
		r := put(t, s, "T", 0, "b")
		want = append(want, QueueEntry{PhyOffset: r.PhysicalOffset, SizeBytes: r.SizeBytes, TagsCode: 97})
	}
	waitDispatched(t, s)
	s.makeCheckpoint()
	for range 10 {
		r := put(t, s, "T", 0, "b")
		want = append(want, QueueEntry{PhyOffset: r.PhysicalOffset, SizeBytes: r.SizeBytes, TagsCode: 97})
	}
	waitDispatched(t, s)
	entries := func(index int64, maxNum int) []QueueEntry {
		got, known := s.QueueEntries("T", 0, index, maxNum)
		require.True(t, known)
		return got
	}
	require.Equal(t, want, entries(0, math.MaxInt))
	require.Equal(t, want[90:255], entries(90, 165))
	for _, index := range []int64{-1, 260, math.MaxInt64} {
		require.Empty(t, entries(index, 10))
	}
	require.Empty(t, entries(0, -1))
	_, known := s.QueueEntries("T", 1, 0, 1)
	require.False(t, known)
}
