package codec

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// javaBatch is what Java 4.9.7 makes of two messages.
const javaBatch = "0000003700000000000000000000000300000005626f647931001c4b455953016b657902574149540174727565025441475301546167420000001b00000000000000000000000000000005626f6479320000"

func TestBatch(t *testing.T) {
	want := unhex(t, javaBatch)
	items := []BatchItem{
		{Flag: 3, Body: []byte("body1"), Properties: "KEYS\x01key\x02WAIT\x01true\x02TAGS\x01TagB"},
		{Body: []byte("body2")},
	}
	var b []byte
	for _, it := range items {
		b = AppendBatchItem(b, it)
	}
	require.Equal(t, want, b)
	for i, rest := 0, b; len(rest) > 0; i++ {
		var it BatchItem
		var err error
		it, rest, err = NextBatchItem(rest)
		require.NoError(t, err)
		require.Equal(t, items[i], it)
	}
	first := 0x37
	for cut := range first {
		_, rest, err := NextBatchItem(want[:cut])
		require.ErrorIs(t, err, ErrBatchCorrupt, "cut at %d", cut)
		require.Len(t, rest, cut)
	}
	for _, at := range []int{16, 25} { // negative lengths of body and properties
		bad := unhex(t, javaBatch)
		bad[at] = 0xFF
		_, _, err := NextBatchItem(bad)
		require.ErrorIs(t, err, ErrBatchCorrupt)
	}
}

func FuzzBatch(f *testing.F) {
	f.Add(unhex(f, javaBatch))
	f.Fuzz(func(t *testing.T, b []byte) {
		for len(b) > 0 {
			it, rest, err := NextBatchItem(b)
			if err != nil {
				return
			}
			require.Less(t, len(rest), len(b))
			again := AppendBatchItem(nil, it)
			copy(again[:12], b) // size, magic and crc are not looked at
			require.Equal(t, b[:len(b)-len(rest)], again)
			b = rest
		}
	})
}
