package remoting

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"runtime"
	"time"

	"github.com/panjf2000/gnet/v2"
)

// maxEventLoops is where more loops stop to pay: they only cut and dispatch.
const maxEventLoops = 4

// defaultEventLoops is a loop for two processors: dispatch, flush and the kernel
// use the others. On two processors one loop has more to do a wake-up and sleeps
// less than two: CPU of a 1 KiB send 4.6 instead of 6.0 µs, of a pulled message
// 1.03 instead of 1.13, of a batched one the same (docs/performance.md).
func defaultEventLoops() int { return min((runtime.GOMAXPROCS(0)+1)/2, maxEventLoops) }

// readBufferBytes is what one wake-up reads of one connection, a buffer a loop.
// Measured: a 64 KiB message costs 21 µs of CPU with 32 KiB, 11 with 64 KiB and
// 7 with 256 KiB; messages of 128 bytes cost the same with all of them.
const readBufferBytes = 256 << 10

// newEventLoops starts the gnet engine without any listener of gnet's:
// connections come from accept.go. gnet's own acceptor ends the whole engine
// when accept(2) fails, so that running out of descriptors would end the server.
//
// Measured (see BenchmarkServer): LockOSThread nearly doubles the CPU of one
// request in flight (34 against 19 µs), because every gnet.Gosched of a locked
// goroutine hands its P to another thread and back. A goroutine a connection
// on Go's own poller costs 27 µs there. One loop or two make no difference to
// the CPU a message costs; two use two cores. Edge-triggered mode asks for the
// same number of system calls and starves neighbours.
func (s *Server) newEventLoops() (*gnet.Client, error) {
	n := s.config.EventLoops
	if n <= 0 {
		n = defaultEventLoops()
	}
	engine, err := gnet.NewClient(&eventHandler{ep: s.ep},
		gnet.WithNumEventLoop(n),
		gnet.WithLockOSThread(false),
		gnet.WithReadBufferCap(readBufferBytes),
		gnet.WithTCPNoDelay(gnet.TCPNoDelay),
		gnet.WithLogger(gnetLogger{s.ep.log}))
	if err != nil {
		return nil, fmt.Errorf("remoting: event loops: %w", err)
	}
	if err := engine.Start(); err != nil {
		return nil, fmt.Errorf("remoting: event loops: %w", err)
	}
	return engine, nil
}

// eventHandler gets gnet's events; all of one connection come on one loop.
type eventHandler struct {
	gnet.BuiltinEventEngine
	ep *endpoint
}

// OnOpen implements gnet.EventHandler. The connection was enrolled with its transport as context.
func (h *eventHandler) OnOpen(c gnet.Conn) ([]byte, gnet.Action) {
	t := c.Context().(*gnetTransport)
	t.conn, t.loop = c, c.EventLoop()
	if !h.ep.opened(t.ch) {
		return nil, gnet.Close
	}
	return nil, gnet.None
}

// OnTraffic implements gnet.EventHandler: one batch.
func (h *eventHandler) OnTraffic(c gnet.Conn) gnet.Action {
	t := c.Context().(*gnetTransport)
	b, err := c.Next(-1) // everything: gnet's inbound buffer stays empty and b aliases the loop's read buffer
	ok := err == nil
	switch {
	case !ok:
	case t.sniffer != nil:
		ok = len(b) == 0 || t.sniffer.admit(t, b)
	case t.paused:
		ok = t.resume(b)
	default:
		ok = t.receive(b)
	}
	if !ok {
		return gnet.Close
	}
	return gnet.None
}

// OnClose implements gnet.EventHandler. A connection that has an heir has no context.
func (h *eventHandler) OnClose(c gnet.Conn, err error) gnet.Action {
	if t, ok := c.Context().(*gnetTransport); ok {
		h.ep.closed(t.ch, err)
	}
	return gnet.None
}

// How a connection whose answers are not read is watched.
const (
	resumeInterval = 20 * time.Millisecond
	flushInterval  = 5 * time.Millisecond
)

// gnetTransport writes a channel's bytes on its event loop. All fields belong
// to the loop; wake, close… may be called from anywhere because they only put a
// task into the loop's queue. They are called with the channel's out lock held
// and the channel open, and OnClose takes that lock: so no task is queued to a
// loop that has ended, whose descriptor might be somebody else's by then.
type gnetTransport struct {
	ch   *Channel
	conn gnet.Conn
	loop gnet.EventLoop

	sniffer *tlsServer    // until the first byte has come
	heir    *netTransport // has the connection now: conn is closed, TLS runs over a duplicate

	paused      bool   // gnet holds too many unread answers: requests are not dispatched
	asking      bool   // a timer for resume is set
	held        []byte // what came in meanwhile
	unsentBytes int    // in gnet's buffer after the last look
}

// Run implements gnet.Runnable: the task of wake.
func (t *gnetTransport) Run(context.Context) error {
	if t.heir == nil { // else it woke the heir
		t.flush()
	}
	return nil
}

// loopTask is a function as a task.
type loopTask func()

// Run implements gnet.Runnable.
func (f loopTask) Run(context.Context) error { f(); return nil }

func (t *gnetTransport) wake() { t.execute(t) }

func (t *gnetTransport) runBatch(f func()) bool {
	return t.execute(loopTask(func() {
		if t.heir != nil { // it writes by itself
			f()
			return
		}
		t.ch.beginBatch()
		f()
		t.flush()
	}))
}

func (t *gnetTransport) close() {
	t.execute(loopTask(func() { t.closeNow() }))
}

func (t *gnetTransport) closeWhenFlushed() {
	t.execute(loopTask(func() {
		if t.heir != nil {
			t.heir.closeWhenFlushed()
			return
		}
		t.flush()
		if t.conn.OutboundBuffered() == 0 {
			t.closeNow()
			return
		}
		time.AfterFunc(flushInterval, t.ch.closeWhenFlushed)
	}))
}

// closeIfIdle spares a connection on which gnet still gets rid of old answers.
func (t *gnetTransport) closeIfIdle() {
	t.execute(loopTask(func() {
		if t.heir != nil {
			return // it was just born
		}
		if n := t.conn.OutboundBuffered(); n < t.unsentBytes {
			t.unsentBytes = n
			t.ch.touch()
			return
		}
		t.closeNow()
	}))
}

// execute puts a task into the loop's queue. It fails only when the engine is
// stopped, and then every connection is closed.
func (t *gnetTransport) execute(task gnet.Runnable) bool {
	err := t.loop.Execute(context.Background(), task)
	if err != nil {
		t.ch.ep.log.Debug("event loop takes no task", "channel", t.ch.remoteText, "error", err)
	}
	return err == nil
}

// closeNow closes on the loop; what follows on the stack must not use conn.
func (t *gnetTransport) closeNow() {
	if t.heir != nil {
		t.heir.close()
		return
	}
	if err := t.loop.Close(t.conn); err != nil {
		t.ch.ep.log.Debug("close", "channel", t.ch.remoteText, "error", err)
	}
}

// receive runs one batch and writes its answers at once.
func (t *gnetTransport) receive(b []byte) bool {
	ok := t.ch.receive(b)
	t.flush()
	return ok
}

// flush hands the channel's bytes to the socket, in one system call as a rule;
// what the socket does not take gnet keeps and writes when it can.
func (t *gnetTransport) flush() {
	ch := t.ch
	if t.sniffer != nil && t.sniffer.mode == TLSEnforcing {
		return // nothing leaves in the clear: it stays scheduled until there is an heir
	}
	var few [2]segment
	ch.out.mu.Lock()
	segments := ch.takeOut(few[:0])
	ch.out.mu.batching, ch.out.mu.scheduled = false, false
	ch.out.mu.Unlock()
	if len(segments) == 0 {
		return
	}
	err := t.write(segments)
	ch.recycle(segments)
	if err != nil {
		ch.ep.log.Debug("write", "channel", ch.remoteText, "error", err)
		return // gnet has closed the connection
	}
	ch.touch()
	if t.unsentBytes = t.conn.OutboundBuffered(); t.unsentBytes > ch.ep.highWaterBytes {
		t.pause()
	}
}

// maxWritevSegments stays below the kernel's 1024 a call.
const maxWritevSegments = 512

func (t *gnetTransport) write(segments []segment) error {
	if len(segments) == 1 {
		_, err := t.conn.Write(segments[0].bytes)
		return err
	}
	for len(segments) > 0 {
		n := min(len(segments), maxWritevSegments)
		slices := make([][]byte, n)
		for i := range slices {
			slices[i] = segments[i].bytes
		}
		if _, err := t.conn.Writev(slices); err != nil {
			return err
		}
		segments = segments[n:]
	}
	return nil
}

// pause stops dispatching requests of a peer that does not read its answers.
// gnet cannot stop reading a connection, so what comes is held, up to one
// frame's limit. Beyond maxOutBytes of answers the connection is closed.
func (t *gnetTransport) pause() {
	ch := t.ch
	if t.unsentBytes > ch.ep.maxOutBytes {
		ch.out.mu.Lock()
		defer ch.out.mu.Unlock()
		if !ch.out.mu.closed {
			ch.overflow(t.unsentBytes)
		}
		return
	}
	if !t.paused {
		t.paused = true
		ch.ep.log.Debug("pause a connection that does not read", "channel", ch.remoteText, "unsentBytes", t.unsentBytes)
		t.askLater()
	}
}

// relieve implements transport.
func (t *gnetTransport) relieve(rest []byte) bool {
	t.flush()
	t.ch.beginBatch()
	if t.paused {
		t.held = append(t.held, rest...)
	}
	return !t.paused
}

func (t *gnetTransport) askLater() {
	if !t.asking {
		t.asking = true
		time.AfterFunc(resumeInterval, t.askResume)
	}
}

// askResume runs on a timer.
func (t *gnetTransport) askResume() {
	t.ch.out.mu.Lock()
	defer t.ch.out.mu.Unlock()
	if t.ch.out.mu.closed {
		return
	}
	t.execute(loopTask(func() {
		t.asking = false
		if t.paused && !t.resume(nil) {
			t.closeNow()
		}
	}))
}

// resume holds b as long as the connection is paused; once the peer has read
// half of what it owed, everything held is dispatched. False: close it.
func (t *gnetTransport) resume(b []byte) bool {
	ch := t.ch
	if t.conn.OutboundBuffered() > ch.ep.highWaterBytes/2 {
		if len(t.held)+len(b) > ch.ep.maxFrameBytes {
			ch.ep.log.Warn("close a connection that sends requests but does not read answers", "channel", ch.remoteText)
			return false
		}
		t.held = append(t.held, b...)
		t.askLater()
		return true
	}
	held := append(t.held, b...)
	t.paused, t.held = false, nil
	return len(held) == 0 || t.receive(held)
}

// gnetLogger gives gnet's few messages to slog.
type gnetLogger struct{ log *slog.Logger }

func (l gnetLogger) Debugf(format string, args ...any) { l.log.Debug(fmt.Sprintf(format, args...)) }
func (l gnetLogger) Infof(format string, args ...any)  { l.log.Debug(fmt.Sprintf(format, args...)) }
func (l gnetLogger) Warnf(format string, args ...any)  { l.log.Warn(fmt.Sprintf(format, args...)) }
func (l gnetLogger) Errorf(format string, args ...any) { l.log.Error(fmt.Sprintf(format, args...)) }
func (l gnetLogger) Fatalf(format string, args ...any) { l.log.Error(fmt.Sprintf(format, args...)) }

// localPort returns the port of an address, 0 for others than TCP.
func localPort(a net.Addr) int { return int(addrPort(a).Port()) }
