package remoting

import (
	"net/netip"
	"sync/atomic"
	"time"
)

// Channel is one connection, accepted or dialled (Java: io.netty.channel.Channel).
//
// The reading goroutine (the event loop of the connection, or the goroutine of
// ServeConn) owns in; everything else is safe from any goroutine.
type Channel struct {
	id         uint64
	remote     netip.AddrPort
	remoteText string
	localPort  int
	ep         *endpoint
	routes     *RouteTable
	transport  transport

	// Of the reading goroutine.
	in       *buffer   // a frame that is not complete yet; nil between frames
	received time.Time // when the batch at hand was read

	out        outBuffer
	futures    futures
	lastActive atomic.Int64 // endpoint ticks at the last read or write
	unanswered atomic.Int32 // requests of the peer without an answer yet
	dead       atomic.Bool
	slot       int // place in endpoint.channels, guarded by it
}

// transport moves a channel's bytes to its peer. The channel's out lock is held
// during all calls but relieve, and the channel is open.
type transport interface {
	// wake makes sure that the out buffer is written soon. It does not block.
	wake()
	// runBatch runs f soon on the event loop and flushes then what it answered.
	// false: there is no event loop, f is not run.
	runBatch(f func()) bool
	// relieve is called by the reading goroutine when many answers wait to be
	// written: it writes them. False: the peer does not read, the transport has
	// copied rest, the undispatched part of the batch, and brings it back later.
	relieve(rest []byte) bool
	// close ends the connection soon; the reading goroutine then calls endpoint.closed.
	close()
	// closeWhenFlushed ends the connection as soon as everything is written.
	closeWhenFlushed()
	// closeIfIdle ends the connection unless bytes still move that the channel cannot see.
	closeIfIdle()
}

// ID is unique in its Server or Client.
func (ch *Channel) ID() uint64 { return ch.id }

// Remote is the peer's address; IPv4 addresses are plain, not mapped.
func (ch *Channel) Remote() netip.AddrPort { return ch.remote }

// RemoteAddr is the peer's address as "ip:port", the form RocketMQ logs and stores.
func (ch *Channel) RemoteAddr() string { return ch.remoteText }

// LocalPort is the port the peer connected to (tells the VIP port from the listen port).
func (ch *Channel) LocalPort() int { return ch.localPort }

// Alive tells whether the connection is open and nobody called Close.
func (ch *Channel) Alive() bool { return !ch.dead.Load() }

// Close ends the connection. It does not wait; OnClose follows.
func (ch *Channel) Close() {
	ch.dead.Store(true)
	ch.out.mu.Lock()
	defer ch.out.mu.Unlock()
	if !ch.out.mu.closed {
		ch.transport.close()
	}
}

// closeWhenFlushed ends the connection after what was replied has left.
func (ch *Channel) closeWhenFlushed() {
	ch.out.mu.Lock()
	defer ch.out.mu.Unlock()
	if !ch.out.mu.closed {
		ch.transport.closeWhenFlushed()
	}
}

func (ch *Channel) closeIfIdle() {
	ch.out.mu.Lock()
	defer ch.out.mu.Unlock()
	if !ch.out.mu.closed {
		ch.transport.closeIfIdle()
	}
}

// touch marks the channel as used. It costs two atomic accesses and no clock.
func (ch *Channel) touch() { ch.lastActive.Store(ch.ep.ticks.Load()) }
