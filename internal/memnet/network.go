package memnet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"
)

func isEOF(err error) bool { return errors.Is(err, io.EOF) }

// Network is a set of listening addresses that can be dialled.
type Network struct {
	mu struct {
		sync.Mutex
		listeners   map[string]*Listener
		conns       map[string][]*Conn // server ends by listening address
		partitioned map[string]chan struct{}
		delay       time.Duration
		nextPort    int
	}
}

// New returns an empty network.
func New() *Network {
	n := &Network{}
	n.mu.listeners = map[string]*Listener{}
	n.mu.conns = map[string][]*Conn{}
	n.mu.partitioned = map[string]chan struct{}{}
	n.mu.nextPort = 40000
	return n
}

// Listen takes an address of the form "ip:port"; it must be free.
func (n *Network) Listen(addr string) (*Listener, error) {
	ap, err := netip.ParseAddrPort(addr)
	if err != nil {
		return nil, fmt.Errorf("memnet: listen: %w", err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.mu.listeners[addr] != nil {
		return nil, fmt.Errorf("memnet: listen %s: %w", addr, syscall.EADDRINUSE)
	}
	l := &Listener{network: n, addr: net.TCPAddrFromAddrPort(ap), name: addr,
		backlog: make(chan *Conn, 128), done: make(chan struct{})}
	n.mu.listeners[addr] = l
	return l, nil
}

// Dial connects to a listening address. Without a listener it is refused; while
// the address is partitioned it waits for ctx.
func (n *Network) Dial(ctx context.Context, addr string) (net.Conn, error) {
	n.mu.Lock()
	healed := n.mu.partitioned[addr]
	n.mu.Unlock()
	if healed != nil {
		select {
		case <-healed:
		case <-ctx.Done():
			return nil, fmt.Errorf("memnet: dial %s: %w", addr, ctx.Err())
		}
	}
	client, server, l, err := n.connect(addr)
	if err != nil {
		return nil, err
	}
	select {
	case l.backlog <- server:
		return client, nil
	case <-l.done:
		return nil, fmt.Errorf("memnet: dial %s: %w", addr, syscall.ECONNREFUSED)
	case <-ctx.Done():
		return nil, fmt.Errorf("memnet: dial %s: %w", addr, ctx.Err())
	}
}

func (n *Network) connect(addr string) (client, server *Conn, l *Listener, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	l = n.mu.listeners[addr]
	if l == nil {
		return nil, nil, nil, fmt.Errorf("memnet: dial %s: %w", addr, syscall.ECONNREFUSED)
	}
	n.mu.nextPort++
	client, server = pipe(&net.TCPAddr{IP: net.IPv4(10, 0, 0, 1), Port: n.mu.nextPort}, l.addr)
	client.SetDelay(n.mu.delay)
	n.mu.conns[addr] = append(n.mu.conns[addr], server)
	return client, server, l, nil
}

// SetDelay is the delay of connections made from now on.
func (n *Network) SetDelay(d time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.mu.delay = d
}

// Partition cuts an address off: its connections hold their bytes back, dialling it hangs.
func (n *Network) Partition(addr string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.mu.partitioned[addr] == nil {
		n.mu.partitioned[addr] = make(chan struct{})
	}
	for _, c := range n.mu.conns[addr] {
		c.SetPartitioned(true)
	}
}

// Heal ends a Partition; held bytes arrive.
func (n *Network) Heal(addr string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if healed := n.mu.partitioned[addr]; healed != nil {
		close(healed)
		delete(n.mu.partitioned, addr)
	}
	for _, c := range n.mu.conns[addr] {
		c.SetPartitioned(false)
	}
}

// Reset resets every connection to an address.
func (n *Network) Reset(addr string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, c := range n.mu.conns[addr] {
		c.Reset()
	}
	delete(n.mu.conns, addr)
}

// Listener is a net.Listener of a Network.
type Listener struct {
	network *Network
	addr    net.Addr
	name    string
	backlog chan *Conn
	once    sync.Once
	done    chan struct{}
}

var _ net.Listener = (*Listener)(nil)

// Accept implements net.Listener.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.backlog:
		return c, nil
	case <-l.done:
		return nil, fmt.Errorf("memnet: accept %s: %w", l.name, net.ErrClosed)
	}
}

// Close frees the address; connections that nobody accepted are reset.
func (l *Listener) Close() error {
	l.once.Do(func() {
		l.network.mu.Lock()
		delete(l.network.mu.listeners, l.name)
		l.network.mu.Unlock()
		close(l.done)
		for {
			select {
			case c := <-l.backlog:
				c.Reset()
			default:
				return
			}
		}
	})
	return nil
}

// Addr implements net.Listener.
func (l *Listener) Addr() net.Addr { return l.addr }
