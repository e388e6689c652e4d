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
	require.True(t, f.MatchQueue(7, 0, nil))
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
	require.True(t, f.MatchQueue(7, 0, nil))
	require.False(t, f.MatchQueue(8, 0, nil))
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
		bits := m.AppendBitMap([]byte("before"), "T", props("a", a), later)[len("before"):]
		require.Len(t, bits, m.BloomFilter().M()/8)
		require.Equal(t, want, [2]bool{m.MatchBitMap(g, later, bits), m.MatchBitMap(h, later, bits)}, a)
		require.True(t, m.MatchBitMap(h, h.BornTimeMs, bits), "the message was there before")
		require.True(t, m.MatchBitMap(h, later, bits[:2]), "of other settings")
		require.True(t, m.MatchBitMap(h, later, nil))
	}
	require.Empty(t, m.AppendBitMap(nil, "U", props("a", "5"), later))
}
