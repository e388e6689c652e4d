package remoting

import (
	"net"
	"sync"
)

// How much one read of a connection may take. It starts with the small
// buffer, gets the big one while its reads fill what they get, and falls back
// after shrinkAfterReads reads that did not need it.
const (
	idleReadBytes    = 4 << 10
	busyReadBytes    = 64 << 10
	shrinkAfterReads = 16
)

// netTransport runs a channel over a net.Conn: memory connections, TLS, and
// everything the Client dials. One goroutine reads and dispatches. Whoever has
// something to write becomes the writer if nobody is (outBuffer's scheduled):
// the reader after its batch, or a goroutine that lives as long as there are
// bytes to write.
type netTransport struct {
	ch      *Channel
	conn    net.Conn
	reader  bool // the reader may write itself, and so wait for the peer
	drained sync.Cond
}

func newNetTransport(ch *Channel, conn net.Conn, readerWrites bool) *netTransport {
	t := &netTransport{ch: ch, conn: conn, reader: readerWrites}
	t.drained.L = &ch.out.mu
	ch.transport = t
	return t
}

// serve reads until the connection ends. It is the reading goroutine.
func (t *netTransport) serve() {
	ch := t.ch
	if !ch.ep.opened(ch) {
		t.closeConn()
		return
	}
	t.run()
}

// run is serve after the channel was opened.
func (t *netTransport) run() { t.end(t.readAll()) }

// end closes the connection; the reading goroutine calls it last.
func (t *netTransport) end(reason error) {
	ch := t.ch
	t.closeConn()
	ch.ep.closed(ch, reason)
	ch.out.mu.Lock()
	t.drained.Broadcast()
	ch.out.mu.Unlock()
}

func (t *netTransport) readAll() error {
	in := newReadBuffer()
	for {
		n, err := t.conn.Read(in.b)
		if n > 0 {
			ok := t.ch.receive(in.b[:n])
			t.endBatch()
			if !ok {
				return errInvalidFrame
			}
		}
		if err != nil {
			return err
		}
		in.adapt(n)
	}
}

// readBuffer is what a read goes to. Nothing in it is needed when adapt is called.
type readBuffer struct {
	b     []byte
	small int // reads in a row that would have fitted the small buffer
}

func newReadBuffer() readBuffer { return readBuffer{b: make([]byte, idleReadBytes)} }

// adapt chooses the size for the next read after one of n bytes.
func (r *readBuffer) adapt(n int) {
	switch {
	case n == len(r.b) && n < busyReadBytes:
		r.b, r.small = make([]byte, busyReadBytes), 0
	case n > idleReadBytes || len(r.b) == idleReadBytes:
		r.small = 0
	default:
		if r.small++; r.small >= shrinkAfterReads {
			r.b, r.small = make([]byte, idleReadBytes), 0
		}
	}
}

// endBatch writes the answers of the batch, then waits while the peer leaves
// too much unread: it gets no further request served until then.
func (t *netTransport) endBatch() {
	ch := t.ch
	ch.out.mu.Lock()
	defer ch.out.mu.Unlock()
	ch.out.mu.batching = false
	if !ch.out.mu.scheduled && ch.out.bytes.Load() > 0 {
		ch.out.mu.scheduled = true
		if t.reader {
			t.drain()
		} else {
			t.wake()
		}
	}
	for t.reader && ch.out.bytes.Load() > int64(ch.ep.highWaterBytes) && !ch.out.mu.closed {
		t.drained.Wait()
	}
}

// relieve implements transport: it waits for the peer.
func (t *netTransport) relieve([]byte) bool {
	t.endBatch()
	t.ch.beginBatch()
	return true
}

// wake implements transport: scheduled was just set, so the writer's role is free.
func (t *netTransport) wake() {
	go func() {
		t.ch.out.mu.Lock()
		defer t.ch.out.mu.Unlock()
		t.drain()
	}()
}

// runBatch implements transport.
func (t *netTransport) runBatch(func()) bool { return false }

// drain is the writer: it writes until nothing waits. The out lock is held on
// entry and on return, not while writing.
func (t *netTransport) drain() {
	ch := t.ch
	var few [2]segment
	for ch.out.bytes.Load() > 0 && !ch.out.mu.closed {
		segments := ch.takeOut(few[:0])
		ch.out.mu.Unlock()
		err := t.write(segments)
		ch.recycle(segments)
		if err == nil {
			ch.touch()
		} else {
			ch.ep.log.Debug("write", "channel", ch.remoteText, "error", err)
			t.closeConn() // the reader notices
		}
		ch.out.mu.Lock()
		t.drained.Broadcast()
		if err != nil {
			break
		}
	}
	ch.out.mu.scheduled = false
	t.drained.Broadcast()
}

func (t *netTransport) write(segments []segment) error {
	if len(segments) == 1 {
		_, err := t.conn.Write(segments[0].bytes)
		return err
	}
	slices := make(net.Buffers, len(segments))
	for i := range segments {
		slices[i] = segments[i].bytes
	}
	_, err := slices.WriteTo(t.conn)
	return err
}

// close implements transport; closing may take its time (TLS says goodbye).
func (t *netTransport) close() { go t.closeConn() }

func (t *netTransport) closeIfIdle() { go t.closeConn() }

func (t *netTransport) closeWhenFlushed() {
	go func() {
		ch := t.ch
		ch.out.mu.Lock()
		defer ch.out.mu.Unlock()
		for (ch.out.mu.scheduled || ch.out.mu.batching) && !ch.out.mu.closed {
			t.drained.Wait()
		}
		t.closeConn()
	}()
}

func (t *netTransport) closeConn() {
	if err := t.conn.Close(); err != nil {
		t.ch.ep.log.Debug("close", "channel", t.ch.remoteText, "error", err)
	}
}
