package acl

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// peers are matched, in this order, by the rows of TestAddressList: a bit a peer.
var peers = []string{
	"10.1.2.3", "10.1.2.4", "10.1.3.3", "10.1.2.100", "11.0.0.1", "1050::5:600:300c:326b", "1050::5:600:300c:1", "::1",
}

// TestAddressList: what 4.9.8 answered, but for the rows marked otherwise.
func TestAddressList(t *testing.T) {
	const all, none = "11111111", "00000000"
	for _, row := range []struct{ text, want string }{
		{"*", all}, {"*.*.*.*", all}, {"*:*:*:*:*:*:*:*", all}, {"10.1.2.3,*", all},
		{"", none}, {"  ", none}, {"10.1.2.{}", none},
		{"10.1.2.3", "10000000"},
		{"10.1.2.{3,4}", "11000000"}, {"10.1.2.{3}", "10000000"}, {"10.1.2.{3,}", "10000000"},
		{"10.1.2.3,10.1.3.3", "10100000"},
		{"10.1.2.3-100", "11010000"},
		{"10.1.2-3.*", "11110000"}, {"10.1.*.*", "11110000"}, {"10.*.*.*", "11110000"}, {"10.1.2.*", "11010000"},
		{"::1", "00000001"}, {"::1,10.1.2.3", "10000001"},
		{"1050::5:600:300c:1", "00000010"}, {"1050:0000:0000:0000:0005:0600:300C:326B", "00000100"},
		{"1050::5:600:300c:{1,2}", "00000010"}, {"1050::0005:0600:300c:*", "00000110"}, {"1050:0:0:0:5:600:300c:*", "00000110"},
		{"1050:0:0:0:5:600:300c:1-ffff", "00000110"}, {"1050::5:600:300c:1-200", "00000010"},
		// 4.9.8 ignores what stands behind the first range.
		{"10.1.*.3", "10100000"}, {"10.*.2.*", "11010000"}, {"10.1.2-3.3", "10100000"},
		// 4.9.8 does not accept these.
		{" 10.1.2.3 ", "10000000"}, {"10.1.2.3, 10.1.2.4", "11000000"}, {"10.1.2.{3,4},11.0.0.1", "11001000"},
		{"1050:0:0:0:5:600:*:*", "00000110"}, {"1050:*:*:*:*:*:*:*", "00000110"}, {"::ffff:10.1.2.3", "10000000"},
	} {
		var l addressList
		require.NoError(t, l.add(row.text), row.text)
		got := ""
		for _, p := range peers {
			got += map[bool]string{true: "1", false: "0"}[l.matches(netip.MustParseAddr(p))]
		}
		require.Equal(t, row.want, got, row.text)
		require.Equal(t, row.want == all, l.matches(netip.Addr{}), row.text)
	}
}

func TestAddressListRefuses(t *testing.T) {
	for _, text := range []string{
		"10.1.*", "10.1.2", "10.1.2.300", "10.1.2.03", "10.1.2.100-3", "10.1.2.3-*", "10.1.2.1-256", "10.1.2.a-b", "10.1.2.*.*",
		"10.1.{2,3}.3", "10.1.{2,3}.*", "{1,2}", "10.1.2.{3", "10.1.2.3}", "10.1.2{3,4}", "10.1.2.{{3}}", "10.1.2.3;10.1.2.4", "10.1.2.0/24",
		"localhost", "null", "-", "10.1.2.-", "fe80::1%eth0", "1050::5::*", "1:2:3:4:5:6:7:8:*", "1050::5:600:300c:g-h", "::ffff:10.1.2.*",
		"1:2:3:4:5:6:7::*", "1050::{*", "10.1.2.3,bogus",
	} {
		l := addressList{exact: []netip.Addr{elsewhere}}
		require.ErrorIs(t, l.add(text), ErrAddress, text)
		require.Equal(t, addressList{exact: []netip.Addr{elsewhere}}, l, text)
	}
}

// FuzzAddress: no panic, no doubt; an address alone matches just itself, and a
// list matches what its parts match.
func FuzzAddress(f *testing.F) {
	for _, s := range []string{"*", "10.1.2.{3,4}", "10.1.2.3-100,::1", "1050::5:600:300c:1-200", "10.1.*.*", "{", "::*"} {
		f.Add(s, []byte{10, 1, 2, 3})
		f.Add(s, []byte("0123456789abcdef"))
	}
	f.Fuzz(func(t *testing.T, text string, raw []byte) {
		peer, ok := netip.AddrFromSlice(raw)
		if !ok {
			return
		}
		peer = peer.Unmap()
		var l addressList
		if l.add(text) != nil {
			return
		}
		matches, partMatches := l.matches(peer), false
		for _, part := range splitOutsideBraces(text) {
			var one addressList
			require.NoError(t, one.add(part))
			partMatches = partMatches || one.matches(peer)
		}
		require.Equal(t, matches, partMatches)
		if addr, err := netip.ParseAddr(strings.TrimSpace(text)); err == nil {
			require.Equal(t, addr.Unmap() == peer, matches)
		}
		var joined addressList
		joined.join(&l)
		require.Equal(t, matches, joined.matches(peer))
	})
}
