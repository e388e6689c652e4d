package remoting

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/boostermq/booster/codec"
)

// maxPendingRequests bounds the unanswered requests of ours on one channel.
// Java bounds them per process (65535 on clients, 64 + 256 on servers).
const maxPendingRequests = 65535

// futures are our requests on one channel that wait for an answer (Java:
// responseTable, ResponseFuture).
//
// Java matches answers by opaque over the whole process; here a peer can only
// answer what was asked on its own connection. Whoever takes a future out of
// the map completes it, so each completes exactly once.
type futures struct {
	mu struct {
		sync.Mutex
		pending map[int32]*future // nil while empty: idle channels stay small
		closed  bool
	}
}

type future struct {
	done  func(resp *codec.Command, err error)
	timer *time.Timer // nil: whoever waits has a context
}

// add registers a future; with a timeout it expires by itself.
func (f *futures) add(opaque int32, timeout time.Duration, done func(*codec.Command, error)) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.mu.closed:
		return ErrChannelClosed
	case len(f.mu.pending) >= maxPendingRequests:
		return fmt.Errorf("%w: %d requests wait for an answer", ErrTooManyRequests, len(f.mu.pending))
	case f.mu.pending == nil:
		f.mu.pending = map[int32]*future{}
	}
	fu := &future{done: done}
	if timeout > 0 {
		fu.timer = time.AfterFunc(timeout, func() {
			f.complete(opaque, nil, fmt.Errorf("%w: waited %v", ErrTimeout, timeout))
		})
	}
	f.mu.pending[opaque] = fu
	return nil
}

// take removes a future; nil when it is gone already.
func (f *futures) take(opaque int32) *future {
	f.mu.Lock()
	defer f.mu.Unlock()
	fu := f.mu.pending[opaque]
	if fu == nil {
		return nil
	}
	delete(f.mu.pending, opaque)
	if len(f.mu.pending) == 0 {
		f.mu.pending = nil
	}
	if fu.timer != nil {
		fu.timer.Stop()
	}
	return fu
}

// has tells whether somebody waits for opaque.
func (f *futures) has(opaque int32) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.mu.pending[opaque] != nil
}

// complete ends a future; false when nobody waits any more.
func (f *futures) complete(opaque int32, resp *codec.Command, err error) bool {
	fu := f.take(opaque)
	if fu == nil {
		return false
	}
	fu.done(resp, err)
	return true
}

// close fails all futures; later ones are refused.
func (f *futures) close() {
	f.mu.Lock()
	pending := f.mu.pending
	f.mu.pending, f.mu.closed = nil, true
	f.mu.Unlock()
	for _, fu := range pending {
		if fu.timer != nil {
			fu.timer.Stop()
		}
		fu.done(nil, ErrChannelClosed)
	}
}

// InvokeAsync sends a request and calls done exactly once: with the answer,
// which done owns; with ErrTimeout; or with why it could not be sent. done runs
// on the reading goroutine (an event loop on servers) or a timer's, possibly
// before InvokeAsync returns, and must not block. cmd may be reused at once;
// its Opaque and Flag are chosen here.
func (ch *Channel) InvokeAsync(cmd *codec.Command, timeout time.Duration, done func(resp *codec.Command, err error)) {
	opaque := ch.ep.nextOpaque()
	if err := ch.futures.add(opaque, timeout, done); err != nil {
		done(nil, err)
		return
	}
	if err := ch.sendRequest(cmd, opaque, 0); err != nil {
		ch.futures.complete(opaque, nil, err)
	}
}

// Invoke sends a request and waits for its answer, which the caller owns. Not
// to be called on an event loop. cmd is left as it is.
func (ch *Channel) Invoke(ctx context.Context, cmd *codec.Command) (*codec.Command, error) {
	type result struct {
		resp *codec.Command
		err  error
	}
	got := make(chan result, 1)
	opaque := ch.ep.nextOpaque()
	err := ch.futures.add(opaque, 0, func(resp *codec.Command, err error) { got <- result{resp, err} })
	if err != nil {
		return nil, err
	}
	if err := ch.sendRequest(cmd, opaque, 0); err != nil {
		ch.futures.take(opaque)
		return nil, err
	}
	select {
	case r := <-got:
		return r.resp, r.err
	case <-ctx.Done():
		ch.futures.take(opaque)
		return nil, fmt.Errorf("%w: %w", ErrTimeout, ctx.Err())
	}
}

// InvokeOneway sends a request that nobody answers. cmd is left as it is.
func (ch *Channel) InvokeOneway(cmd *codec.Command) error {
	return ch.sendRequest(cmd, ch.ep.nextOpaque(), codec.FlagOneway)
}

// sendRequest encodes a copy of cmd, so that one Command can be sent to many channels.
func (ch *Channel) sendRequest(cmd *codec.Command, opaque, flag int32) error {
	c := *cmd
	c.Opaque, c.Flag = opaque, flag
	if c.Version == 0 {
		c.Version = codec.CurrentVersion
	}
	return ch.send(&c)
}
