package remoting

import (
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// What a zero in the configuration stands for.
const (
	defaultMaxIdle        = 120 * time.Second
	defaultMaxOutBytes    = 64 << 20
	defaultHighWaterBytes = 8 << 20
	maxTick               = time.Second
)

// endpoint is what Server and Client share: limits, hooks and the open channels.
//
// Time is kept in ticks, counted by the one housekeeping goroutine that runs
// while there are channels: marking a channel as used needs no clock, and ten
// thousand idle connections cost one scan a second and no timer.
type endpoint struct {
	name           string
	log            *slog.Logger
	maxFrameBytes  int
	maxOutBytes    int
	highWaterBytes int
	hooks          []RPCHook
	batchEnd       func()
	onConnect      func(*Channel)
	onClose        func(*Channel)

	tick      time.Duration
	idleTicks int64 // 0: never idle
	ticks     atomic.Int64
	opaque    atomic.Int32
	lastID    atomic.Uint64
	draining  atomic.Bool // new requests are dropped

	buffers  bufferPool
	requests sync.Pool
	channels channelSet
	stop     chan struct{}
	keepers  sync.WaitGroup
}

// RPCHook sees every request before its processor, where the processor runs.
type RPCHook interface {
	// BeforeRequest returning an error answers the request with code 1 and the error's text.
	BeforeRequest(r *Request) error
}

// init fills what is zero; maxIdle below zero means never.
func (ep *endpoint) init(maxIdle time.Duration) {
	if ep.log == nil {
		ep.log = slog.New(slog.DiscardHandler)
	}
	if ep.name != "" {
		ep.log = ep.log.With("remoting", ep.name)
	}
	if maxIdle == 0 {
		maxIdle = defaultMaxIdle
	}
	ep.tick = maxTick
	if maxIdle > 0 {
		ep.tick = max(min(maxIdle/120, maxTick), time.Millisecond)
		ep.idleTicks = int64(maxIdle/ep.tick) + 1 // the tick of the last use was under way already
	}
	ep.requests.New = func() any { return &Request{} }
	ep.stop = make(chan struct{})
}

func orDefault(v, byDefault int) int {
	if v <= 0 {
		return byDefault
	}
	return v
}

func (ep *endpoint) nextOpaque() int32 { return ep.opaque.Add(1) }

// newChannel describes a connection; opened makes it visible.
func (ep *endpoint) newChannel(remote net.Addr, localPort int, routes *RouteTable) *Channel {
	ap := addrPort(remote)
	text := ap.String()
	if !ap.IsValid() {
		text = remote.String()
	}
	return &Channel{id: ep.lastID.Add(1), remote: ap, remoteText: text, localPort: localPort, ep: ep, routes: routes}
}

// addrPort returns the address of a TCP peer, the zero value for others.
func addrPort(a net.Addr) netip.AddrPort {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	ap := tcp.AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}

// opened is called once by the reading goroutine before the first byte. False:
// the endpoint is closed, and so is the channel.
func (ep *endpoint) opened(ch *Channel) bool {
	ch.touch()
	if !ep.channels.add(ch, ep) {
		ch.dead.Store(true)
		ch.closeOut()
		ch.futures.close()
		return false
	}
	if ep.onConnect != nil {
		ep.guard("OnConnect", func() { ep.onConnect(ch) })
	}
	return true
}

// closed is called by the reading goroutine after the last byte; only the first call counts.
func (ep *endpoint) closed(ch *Channel, reason error) {
	if !ep.channels.remove(ch) {
		return
	}
	ch.dead.Store(true)
	ch.closeOut()
	if ch.in != nil {
		ep.buffers.put(ch.in)
		ch.in = nil
	}
	ch.futures.close()
	ep.log.Debug("channel closed", "channel", ch.remoteText, "reason", reason)
	if ep.onClose != nil {
		ep.guard("OnClose", func() { ep.onClose(ch) })
	}
}

// guard runs foreign code; a panic is logged and ends there.
func (ep *endpoint) guard(what string, f func()) {
	defer func() {
		if p := recover(); p != nil {
			ep.log.Error("panic in "+what, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
		}
	}()
	f()
}

// keepHouse counts ticks and closes idle channels until none is left.
func (ep *endpoint) keepHouse() {
	defer ep.keepers.Done()
	ticker := time.NewTicker(ep.tick)
	defer ticker.Stop()
	var idle []*Channel
	for {
		select {
		case <-ep.stop:
			return
		case <-ticker.C:
		}
		now, more := ep.ticks.Add(1), false
		idle, more = ep.channels.idleSince(now-ep.idleTicks, ep.idleTicks > 0, idle[:0])
		for _, ch := range idle {
			ch.closeIfIdle()
		}
		clear(idle)
		if !more {
			return
		}
	}
}

// channelSet is the open channels. A slice with back references: adding,
// removing and scanning are cheap.
type channelSet struct {
	mu struct {
		sync.Mutex
		list    []*Channel
		kept    bool // keepHouse runs
		refused bool
	}
}

func (s *channelSet) add(ch *Channel, ep *endpoint) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mu.refused {
		return false
	}
	ch.slot = len(s.mu.list)
	s.mu.list = append(s.mu.list, ch)
	if !s.mu.kept {
		s.mu.kept = true
		ep.keepers.Add(1)
		go ep.keepHouse()
	}
	return true
}

func (s *channelSet) remove(ch *Channel) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ch.slot >= len(s.mu.list) || s.mu.list[ch.slot] != ch {
		return false
	}
	last := len(s.mu.list) - 1
	moved := s.mu.list[last]
	s.mu.list[ch.slot], moved.slot = moved, ch.slot
	s.mu.list[last] = nil
	s.mu.list = s.mu.list[:last]
	return true
}

// idleSince appends the channels without read and write since a tick. more =
// false: there is no channel left and the caller stops keeping house.
func (s *channelSet) idleSince(tick int64, check bool, dst []*Channel) (idle []*Channel, more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.mu.list) == 0 {
		s.mu.kept = false
		return dst, false
	}
	if check {
		for _, ch := range s.mu.list {
			if ch.lastActive.Load() <= tick {
				dst = append(dst, ch)
			}
		}
	}
	return dst, true
}

// refuse lets no further channel in.
func (s *channelSet) refuse() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mu.refused = true
}

func (s *channelSet) len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.mu.list)
}

func (s *channelSet) snapshot() []*Channel {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*Channel(nil), s.mu.list...)
}
