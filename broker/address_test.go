package broker

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestChooseAddress(t *testing.T) {
	f := func(want, why string, addrs ...InterfaceAddr) {
		t.Helper()
		addr, reason := chooseAddress(addrs)
		require.Equal(t, want, addr.String())
		require.Contains(t, reason, why)
	}
	at := func(name, addr string) InterfaceAddr {
		return InterfaceAddr{Interface: name, Addr: netip.MustParseAddr(addr)}
	}
	lo := at("lo", "127.0.0.1")
	f("127.0.0.1", "loopback")
	f("127.0.0.1", "loopback", lo, at("lo", "::1"))
	f("127.0.0.1", "loopback", lo, at("docker0", "172.17.0.1"), at("br-0a1b", "172.18.0.1"), at("eth0", "169.254.3.4"))
	f("192.168.1.20", "eth1", lo, at("docker0", "172.17.0.1"), at("eth1", "192.168.1.20"), at("eth2", "10.0.0.3"))
	f("172.17.0.3", "eth0", lo, at("eth0", "172.17.0.3"))
	f("10.1.2.3", "eth1", at("eth0", "2001:db8::5"), at("eth1", "::ffff:10.1.2.3"))
	f("2001:db8::5", "eth0", lo, at("eth0", "fe80::1"), at("eth0", "2001:db8::5"))
}

func TestHostPort(t *testing.T) {
	require.Equal(t, "10.0.0.1:10911", hostPort("10.0.0.1", 10911))
	require.Equal(t, "broker-0.local:10911", hostPort("broker-0.local", 10911))
	require.Equal(t, "[2001:db8::5]:10911", hostPort("2001:db8::5", 10911))
	require.Equal(t, "[2001:db8::5]:10911", hostPort("[2001:db8::5]", 10911))
}

func TestReachWarning(t *testing.T) {
	require.Contains(t, reachWarning("127.0.0.1", true, false), "only clients on this machine")
	require.Contains(t, reachWarning("[::1]", false, false), "only clients on this machine")
	require.Contains(t, reachWarning("172.17.0.3", true, true), "in a container")
	require.Empty(t, reachWarning("172.17.0.3", false, true), "who sets it knows")
	require.Empty(t, reachWarning("10.0.0.3", true, false))
	require.Empty(t, reachWarning("broker-0.local", false, false))
}
