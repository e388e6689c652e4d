package broker

import (
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// InterfaceAddr is one address of the machine.
type InterfaceAddr struct {
	Interface string
	Addr      netip.Addr
}

// bridgePrefixes are names of interfaces that only containers or virtual
// machines of this host can reach.
var bridgePrefixes = []string{"docker", "br-", "veth", "virbr", "vmnet", "vboxnet", "cni", "flannel", "cali", "podman", "lxc", "lxd", "kube-", "nerdctl"}

// chooseAddress picks what is advertised when brokerIP1 is not set, and says
// why. Order: the first global IPv4 address that is not a container bridge's,
// the first such IPv6 address, loopback.
//
// Difference from Java (RemotingUtil.getLocalAddress), which may pick a bridge
// and puts 192.168/16 last: a client elsewhere can use what is chosen here.
func chooseAddress(addrs []InterfaceAddr) (addr netip.Addr, why string) {
	var v6 *InterfaceAddr
	for i := range addrs {
		a := &addrs[i]
		ip := a.Addr.Unmap()
		if !ip.IsGlobalUnicast() || isBridge(a.Interface) {
			continue
		}
		if ip.Is4() {
			return ip, "first usable address, of interface " + a.Interface
		}
		if v6 == nil {
			v6 = a
		}
	}
	if v6 != nil {
		return v6.Addr.WithZone(""), "first usable IPv6 address, of interface " + v6.Interface
	}
	return netip.AddrFrom4([4]byte{127, 0, 0, 1}), "no other address than loopback is usable"
}

// reachWarning says who cannot reach an advertised address; "" when nothing is
// known against it. chosen means that brokerIP1 was not set.
func reachWarning(host string, chosen, inContainer bool) string {
	if ip, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil && ip.IsLoopback() {
		return "only clients on this machine can reach it; set brokerIP1 for others"
	}
	if chosen && inContainer {
		return "in a container: clients outside its network cannot reach it; set brokerIP1 to an address of the host"
	}
	return ""
}

func isBridge(name string) bool {
	for _, p := range bridgePrefixes {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}

// machineAddrs lists the addresses of the interfaces that are up.
func machineAddrs() ([]InterfaceAddr, error) {
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	var out []InterfaceAddr
	for _, it := range interfaces {
		if it.Flags&net.FlagUp == 0 {
			continue
		}
		addrs, err := it.Addrs()
		if err != nil {
			return nil, err
		}
		for _, a := range addrs {
			if n, ok := a.(*net.IPNet); ok {
				if ip, ok := netip.AddrFromSlice(n.IP); ok {
					out = append(out, InterfaceAddr{Interface: it.Name, Addr: ip.Unmap()})
				}
			}
		}
	}
	return out, nil
}

// hostPort joins host and port; an IPv6 host gets its brackets unless it has them.
func hostPort(host string, port int) string {
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return net.JoinHostPort(host, strconv.Itoa(port))
}
