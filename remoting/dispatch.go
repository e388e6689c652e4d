package remoting

import (
	"fmt"
	"runtime/debug"
	"strconv"

	"github.com/boostermq/booster/codec"
)

// dispatch brings one frame to whom it is for. The frame dies with the call
// unless the request takes it over; owner is the buffer that holds nothing but
// this frame, or nil. An error closes the connection.
func (ch *Channel) dispatch(f codec.Frame, owner *buffer) error {
	r := ch.ep.requests.Get().(*Request)
	if err := r.Command.Decode(f); err != nil {
		ch.ep.requests.Put(r)
		return err
	}
	r.Channel, r.Received, r.frame, r.owner = ch, ch.received, f, owner
	if r.IsResponse() {
		ch.dispatchResponse(r)
		return nil
	}
	if ch.ep.draining.Load() {
		r.recycle()
		return nil
	}
	ch.dispatchRequest(r)
	return nil
}

// dispatchResponse completes the future of a request of ours. One that nobody
// waits for is dropped: it came too late or was never asked for.
func (ch *Channel) dispatchResponse(r *Request) {
	if !ch.futures.has(r.Opaque) {
		ch.ep.log.Debug("drop a response nobody waits for", "channel", ch.remoteText, "code", r.Code, "opaque", r.Opaque)
		r.recycle()
		return
	}
	r.Retain()
	ch.ep.guard("a response callback", func() { ch.futures.complete(r.Opaque, &r.Command, nil) })
}

func (ch *Channel) dispatchRequest(r *Request) {
	if !r.IsOneway() {
		ch.unanswered.Add(1)
	}
	route := ch.routes.find(r.Code)
	switch {
	case route == nil:
		r.ReplyCode(codec.RequestCodeNotSupported, " request type "+strconv.Itoa(int(r.Code))+" not supported")
		r.returned()
	case route.Pool == nil:
		r.run(route.Process, false)
		r.returned()
	default:
		route.Pool.take(task{request: r, process: route.Process})
	}
}

// run passes r through the hooks, unless it was admitted before, to its
// processor. A panic is answered with code 1, as Java answers an exception, and
// logged once.
func (r *Request) run(process Processor, admitted bool) {
	defer func() {
		if p := recover(); p != nil {
			r.panicked(p)
		}
	}()
	if !admitted {
		for _, h := range r.Channel.ep.hooks {
			if err := h.BeforeRequest(r); err != nil {
				r.ReplyCode(codec.SystemError, err.Error())
				return
			}
		}
	}
	process(r)
}

func (r *Request) panicked(p any) {
	r.owned = true // whoever still knows r must not meet it in another life
	r.Channel.ep.log.Error("panic in a processor", "code", r.Code, "name", codec.RequestCodeName(r.Code),
		"channel", r.Channel.remoteText, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
	r.ReplyCode(codec.SystemError, fmt.Sprintf("panic: %v", p))
}
