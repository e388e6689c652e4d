// Package freeport finds ports of the loopback interface for servers under test.
package freeport

import (
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
)

// Ports are taken below the range from which the kernel gives ports to outgoing connections: nobody takes them in between.
const (
	firstPort = 20000
	lastPort  = 32000
)

var given = struct {
	sync.Mutex
	ports map[int]bool
}{ports: make(map[int]bool)}

// Find returns a port p of 127.0.0.1 such that p−2 (a broker's VIP listener), p and p+1 (its HA listener) are free and
// have not been returned before.
func Find() (int, error) {
	given.Lock()
	defer given.Unlock()
	for range 1000 {
		p := firstPort + rand.IntN(lastPort-firstPort)
		if allFree(p-2, p-1, p, p+1) {
			for q := p - 2; q <= p+1; q++ {
				given.ports[q] = true
			}
			return p, nil
		}
	}
	return 0, errors.New("no four free ports in a row")
}

func allFree(ports ...int) bool {
	for _, p := range ports {
		if given.ports[p] {
			return false
		}
		l, err := net.Listen("tcp", Addr(p))
		if err != nil {
			return false
		}
		if l.Close() != nil {
			return false
		}
	}
	return true
}

// Addr is port on the loopback interface, host:port.
func Addr(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// Listening tells whether somebody accepts connections at addr.
func Listening(addr string) bool {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return false
	}
	return c.Close() == nil
}
