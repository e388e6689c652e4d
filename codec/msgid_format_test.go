package codec

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOffsetMsgID(t *testing.T) {
	for id, host := range map[string]string{ // by Java 4.9.7
		"7F000001000078BF0000000000000669":                         "127.0.0.1:30911",
		"FD00000000000000000000000000000200002A9F0000000000000669": "[fd00::2]:10911",
	} {
		require.Equal(t, "x"+id, string(AppendOffsetMsgID([]byte("x"), netip.MustParseAddrPort(host), 1641)))
		for _, text := range []string{id, strings.ToLower(id)} {
			got, offset, err := DecodeOffsetMsgID(text)
			require.NoError(t, err)
			require.Equal(t, host, got.String())
			require.EqualValues(t, 1641, offset)
		}
		require.Zero(t, testing.AllocsPerRun(10, func() {
			var buf [offsetMsgIDCharsV6]byte
			AppendOffsetMsgID(buf[:0], netip.AddrPort{}, 1)
		}))
	}
	for _, bad := range []string{"", "7F", strings.Repeat("G", 32), "7F000001000178BF0000000000000669", "7F000001FFFFFFFF0000000000000669", strings.Repeat("0", 33)} {
		_, _, err := DecodeOffsetMsgID(bad)
		require.ErrorIs(t, err, ErrMsgID, bad)
	}
}

// TestOffsetMsgIDs: a batch is answered with the id of each of its messages.
func TestOffsetMsgIDs(t *testing.T) {
	offsets := []int64{0, 1641, 1 << 62}
	for _, text := range []string{"127.0.0.1:30911", "[fd00::2]:10911"} {
		host := netip.MustParseAddrPort(text)
		var ids []string
		for _, offset := range offsets {
			ids = append(ids, string(AppendOffsetMsgID(nil, host, offset)))
		}
		require.Equal(t, "x"+strings.Join(ids, ","), string(AppendOffsetMsgIDs([]byte("x"), host, offsets)))
		require.Equal(t, ids[0], string(AppendOffsetMsgIDs(nil, host, offsets[:1])))
	}
	require.Empty(t, AppendOffsetMsgIDs(nil, netip.AddrPort{}, nil))
}

func FuzzOffsetMsgID(f *testing.F) {
	f.Add("7F000001000078BF0000000000000669")
	f.Add("FD00000000000000000000000000000200002A9F0000000000000669")
	f.Fuzz(func(t *testing.T, s string) {
		host, offset, err := DecodeOffsetMsgID(s)
		if err == nil && !host.Addr().Is4In6() {
			require.Equal(t, strings.ToUpper(s), string(AppendOffsetMsgID(nil, host, offset)))
		}
	})
}
