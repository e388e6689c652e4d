package filter

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/broker/longpolling"
	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/vfs"
	"github.com/boostermq/booster/store"
)

// Both filters fit where pulls and held pulls want one.
var (
	_ store.MessageFilter       = (*Expression)(nil)
	_ store.MessageFilter       = (*RetryMessageFilter)(nil)
	_ longpolling.MessageFilter = (*Expression)(nil)
	_ longpolling.MessageFilter = (*RetryMessageFilter)(nil)
)

func aliasOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

type oneTag int64

func (o oneTag) MatchQueue(tagsCode int64) bool { return tagsCode == int64(o) }

// TestRetryMessageFilter: a message of the retry topic is judged by the topic it came from.
func TestRetryMessageFilter(t *testing.T) {
	m := newManager(t, options(vfs.NewMemFS()))
	m.Register("G", []codec.SubscriptionData{subscription("T", "a > 1", 1)})
	m.Register("H", []codec.SubscriptionData{subscription("T", "a > 100", 1)})
	f := &RetryMessageFilter{Filters: m, Group: "G"}
	require.True(t, f.MatchQueue(7))
	for properties, want := range map[string]bool{
		props("a", "2", "RETRY_TOPIC", "T"): true,
		props("a", "1", "RETRY_TOPIC", "T"): false,
		props("RETRY_TOPIC", "T"):           false,
		props("a", "1", "RETRY_TOPIC", "U"): true, // no filter there
		props("a", "1"):                     true, // from nowhere
	} {
		require.Equal(t, want, f.MatchRecord(properties), "%q", properties)
	}
	m.Unregister("G")
	require.True(t, f.MatchRecord(props("a", "1", "RETRY_TOPIC", "T")), "the group filters no longer")
	f.Queue = oneTag(7)
	require.True(t, f.MatchQueue(7))
	require.False(t, f.MatchQueue(8))
}

// TestBitMaps: the bits of those groups are set whose expression matches; what
// is older than a filter may match.
func TestBitMaps(t *testing.T) {
	m := newManager(t, options(vfs.NewMemFS()))
	m.Register("G", []codec.SubscriptionData{subscription("T", "a > 1", 1)})
	m.Register("H", []codec.SubscriptionData{subscription("T", "a > 3", 1)})
	g, h := m.Get("T", "G"), m.Get("T", "H")
	later := max(g.BornTimeMs, h.BornTimeMs) + 1
	for a, want := range map[string][2]bool{"1": {false, false}, "2": {true, false}, "5": {true, true}, "x": {false, false}} {
		bits := NewBitsArray(m.BloomFilter().M())
		require.True(t, m.CalcBitMap("T", props("a", a), bits))
		require.Equal(t, want, [2]bool{m.MatchBitMap(g, bits, later), m.MatchBitMap(h, bits, later)}, a)
		require.True(t, m.MatchBitMap(h, bits, h.BornTimeMs), "the message was there before")
		require.True(t, m.MatchBitMap(h, bits[:2], later), "of other settings")
		require.True(t, m.MatchBitMap(h, nil, later))
	}
	require.False(t, m.CalcBitMap("U", props("a", "5"), nil))
}
