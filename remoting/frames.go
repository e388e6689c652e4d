package remoting

import (
	"encoding/binary"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/boostermq/booster/codec"
)

// receive handles the bytes of one wake-up: one batch. It is called by the
// reading goroutine, which flushes the channel afterwards. b dies with the
// call. False: close the connection.
func (ch *Channel) receive(b []byte) bool {
	ch.touch()
	ch.received = time.Now()
	ch.beginBatch()
	err := ch.cutFrames(b)
	if ch.ep.batchEnd != nil {
		ch.ep.guard("BatchEnd", ch.ep.batchEnd)
	}
	if err != nil {
		ch.ep.log.Info("close a connection that sent no valid frame", "channel", ch.remoteText, "error", err)
	}
	return err == nil
}

// cutFrames dispatches all complete frames of b where they are and keeps the
// rest. A panic on the way is an error of this connection only.
func (ch *Channel) cutFrames(b []byte) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic while reading frames: %v\n%s", p, debug.Stack())
		}
	}()
	if ch.in != nil {
		if b, err = ch.completeFrame(b); err != nil {
			return err
		}
	}
	for len(b) > 0 {
		if ch.out.bytes.Load() > int64(ch.ep.highWaterBytes) && !ch.transport.relieve(b) {
			return nil
		}
		f, n, err := codec.ParseFrame(b, ch.ep.maxFrameBytes)
		if err != nil {
			return err
		}
		if n == 0 {
			ch.keepRest(b)
			return nil
		}
		if err := ch.dispatch(f, nil); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// keepRest begins a frame whose end has not come yet.
func (ch *Channel) keepRest(b []byte) {
	ch.in = ch.ep.buffers.get(partialCap(b, len(b)))
	ch.in.b = append(ch.in.b, b...)
}

// completeFrame moves from b to the begun frame what belongs to it and
// dispatches the frame once it is whole. It returns the rest of b.
func (ch *Channel) completeFrame(b []byte) (rest []byte, err error) {
	in := ch.in
	if have := len(in.b); have < 4 { // without the length field there is nothing to know
		n := min(4-have, len(b))
		in.b = append(in.b, b[:n]...)
		if b = b[n:]; len(in.b) < 4 {
			return nil, nil
		}
	}
	if _, _, err := codec.ParseFrame(in.b, ch.ep.maxFrameBytes); err != nil {
		return nil, err
	}
	n := min(frameBytes(in.b)-len(in.b), len(b))
	ch.growPartial(len(in.b) + n)
	in = ch.in
	in.b = append(in.b, b[:n]...)
	f, whole, err := codec.ParseFrame(in.b, ch.ep.maxFrameBytes)
	if err != nil || whole == 0 {
		return nil, err
	}
	err = ch.dispatch(f, in)
	if ch.in == in { // nobody took it over
		ch.ep.buffers.put(in)
	}
	ch.in = nil
	return b[n:], err
}

// growPartial makes room for needBytes of the begun frame.
func (ch *Channel) growPartial(needBytes int) {
	in := ch.in
	if needBytes <= cap(in.b) {
		return
	}
	bigger := ch.ep.buffers.get(partialCap(in.b, needBytes))
	bigger.b = append(bigger.b, in.b...)
	ch.ep.buffers.put(in)
	ch.in = bigger
}

// partialCap is the size of the buffer of a begun frame of which needBytes are
// here: four times that, so that a big body is moved 1.3 times on average, but
// never more than the frame. A length field alone does not get 16 MiB.
func partialCap(b []byte, needBytes int) int {
	n := max(4*needBytes, newBufferBytes)
	if len(b) >= 4 {
		n = min(n, frameBytes(b))
	}
	return max(n, needBytes)
}

// frameBytes is the length of the frame that begins with b, its length field included.
func frameBytes(b []byte) int { return 4 + int(int32(binary.BigEndian.Uint32(b))) }
