package remoting

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/boostermq/booster/codec"
)

// largeBodyBytes is from where on a frame gets a buffer of its own: it is then
// encoded outside the lock and not copied again when the buffer grows.
const largeBodyBytes = 64 << 10

var errFrameTooLong = errors.New("remoting: frame is longer than the limit")

// outBuffer collects frames that wait to be written.
//
// Laws: frames are appended whole, so any cut between two segments is a cut
// between frames or inside one frame's own pieces, which are adjacent. While
// batching, the reading goroutine will flush at the end of its batch and nobody
// needs to wake it. While scheduled, a flush is already under way; whoever
// flushes clears it under the lock, in the same step in which it takes the
// segments. Hence one wake-up per flush, whatever the number of replies.
type outBuffer struct {
	bytes atomic.Int64 // of segments and tail; changes under mu only
	mu    struct {
		sync.Mutex
		segments  []segment // before tail
		tail      *buffer   // small frames, nil when there are none
		batching  bool
		scheduled bool
		closed    bool
	}
}

// segment is a run of bytes to write, whole frames or the pieces of one.
type segment struct {
	bytes   []byte
	pooled  *buffer // goes back to the pool when written; nil: foreign bytes
	release func()  // told when foreign bytes are written or dropped; may be nil
}

// send encodes c behind what waits already.
func (ch *Channel) send(c *codec.Command) error {
	if len(c.Body) >= largeBodyBytes {
		return ch.sendLarge(c)
	}
	ch.out.mu.Lock()
	defer ch.out.mu.Unlock()
	if ch.out.mu.closed {
		return ErrChannelClosed
	}
	tail := ch.out.mu.tail
	if tail == nil {
		tail = ch.ep.buffers.get(0)
	}
	start := len(tail.b)
	b, err := codec.AppendFrame(tail.b, c)
	if n := len(b) - start; err == nil && n > ch.ep.maxFrameBytes {
		err = fmt.Errorf("%w: %d bytes, limit %d", errFrameTooLong, n, ch.ep.maxFrameBytes)
	}
	if err != nil {
		if start == 0 {
			ch.ep.buffers.put(tail)
			ch.out.mu.tail = nil
		}
		return err
	}
	tail.b = b
	ch.out.mu.tail = tail
	return ch.queued(len(b) - start)
}

// sendLarge encodes c into a buffer of its own.
func (ch *Channel) sendLarge(c *codec.Command) error {
	buf := ch.ep.buffers.get(len(c.Body) + 1024)
	b, err := codec.AppendFrame(buf.b, c)
	if err == nil && len(b) > ch.ep.maxFrameBytes {
		err = fmt.Errorf("%w: %d bytes, limit %d", errFrameTooLong, len(b), ch.ep.maxFrameBytes)
	}
	if err == nil {
		buf.b = b
		err = ch.sendSegments(segment{bytes: b, pooled: buf})
	}
	if err != nil {
		ch.ep.buffers.put(buf)
	}
	return err
}

// sendOwned queues the frame of c without copying c.Body: release is called
// once when the body is not needed any more, also on error.
func (ch *Channel) sendOwned(c *codec.Command, release func()) error {
	head := ch.ep.buffers.get(0)
	b, err := appendFrameHead(head.b, c)
	if n := len(b) + len(c.Body); err == nil && n > ch.ep.maxFrameBytes {
		err = fmt.Errorf("%w: %d bytes, limit %d", errFrameTooLong, n, ch.ep.maxFrameBytes)
	}
	if err == nil {
		head.b = b
		err = ch.sendSegments(segment{bytes: b, pooled: head}, segment{bytes: c.Body, release: release})
	}
	if err != nil {
		ch.ep.buffers.put(head)
		if release != nil {
			release()
		}
	}
	return err
}

// appendFrameHead appends the frame of c up to its body: a frame without body
// whose length field counts the body in.
func appendFrameHead(dst []byte, c *codec.Command) ([]byte, error) {
	body := c.Body
	c.Body = nil
	b, err := codec.AppendFrame(dst, c)
	c.Body = body
	if err == nil {
		length := b[len(dst):]
		binary.BigEndian.PutUint32(length, binary.BigEndian.Uint32(length)+uint32(len(body)))
	}
	return b, err
}

// sendSegments queues the pieces of one frame.
func (ch *Channel) sendSegments(pieces ...segment) error {
	ch.out.mu.Lock()
	defer ch.out.mu.Unlock()
	if ch.out.mu.closed {
		return ErrChannelClosed
	}
	if tail := ch.out.mu.tail; tail != nil {
		ch.out.mu.segments = append(ch.out.mu.segments, segment{bytes: tail.b, pooled: tail})
		ch.out.mu.tail = nil
	}
	n := 0
	for _, p := range pieces {
		ch.out.mu.segments = append(ch.out.mu.segments, p)
		n += len(p.bytes)
	}
	return ch.queued(n)
}

// queued accounts for a frame that was appended and sees that it is flushed.
// The out lock is held. A peer that leaves too much unread is disconnected.
func (ch *Channel) queued(sizeBytes int) error {
	if n := int(ch.out.bytes.Add(int64(sizeBytes))); n > ch.ep.maxOutBytes {
		ch.overflow(n)
		return nil // the frame is queued; it dies with the channel
	}
	if !ch.out.mu.batching && !ch.out.mu.scheduled {
		ch.out.mu.scheduled = true
		ch.transport.wake()
	}
	return nil
}

// overflow ends a channel whose peer leaves too much unread. The out lock is held.
func (ch *Channel) overflow(unreadBytes int) {
	ch.out.mu.closed = true
	ch.dead.Store(true)
	ch.transport.close()
	ch.ep.log.Warn("close a connection that does not read its answers",
		"channel", ch.remoteText, "unreadBytes", unreadBytes, "limitBytes", ch.ep.maxOutBytes)
}

// beginBatch defers flushing to the reading goroutine.
func (ch *Channel) beginBatch() {
	ch.out.mu.Lock()
	ch.out.mu.batching = true
	ch.out.mu.Unlock()
}

// takeOut hands the waiting bytes to the one who writes them, appended to dst.
// The out lock is held.
func (ch *Channel) takeOut(dst []segment) []segment {
	dst = append(dst, ch.out.mu.segments...)
	clear(ch.out.mu.segments)
	if ch.out.mu.segments = ch.out.mu.segments[:0]; cap(ch.out.mu.segments) > 16 {
		ch.out.mu.segments = nil
	}
	if tail := ch.out.mu.tail; tail != nil {
		dst = append(dst, segment{bytes: tail.b, pooled: tail})
		ch.out.mu.tail = nil
	}
	ch.out.bytes.Store(0)
	return dst
}

// recycle gives written or dropped segments back.
func (ch *Channel) recycle(segments []segment) {
	for i := range segments {
		if s := &segments[i]; s.pooled != nil {
			ch.ep.buffers.put(s.pooled)
		} else if s.release != nil {
			s.release()
		}
	}
	clear(segments)
}

// closeOut refuses further frames and drops what waits.
func (ch *Channel) closeOut() {
	ch.out.mu.Lock()
	ch.out.mu.closed = true
	dropped := ch.takeOut(nil)
	ch.out.mu.segments = nil
	ch.out.mu.Unlock()
	ch.recycle(dropped)
}
