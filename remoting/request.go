package remoting

import (
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/boostermq/booster/codec"
)

// Request is a request of a peer on its way to an answer (Java: RemotingCommand
// with its ChannelHandlerContext).
//
// Life: dispatch decodes it; a processor runs; somebody replies, once. On an
// inline route it is recycled when both the processor has returned and the
// reply was made, in whichever order: a processor may leave it to a callback
// and keep r for that, only r's strings and body are dead by then. On an
// executor route, or after Retain, it owns its bytes and is never recycled, so
// that a second reply, a defect, hits nobody else.
type Request struct {
	codec.Command
	Channel  *Channel
	Received time.Time // when its last byte was read: one look at the clock for all that came together

	frame codec.Frame // what Command aliases while it owns nothing
	owner *buffer     // the buffer that holds just that frame, or nil
	owned bool        // the bytes are r's own
	size  int         // of the bytes, once they are r's own
	state atomic.Uint32
}

// Steps in the life of a Request; each is taken once.
const (
	requestClaimed  = 1 << iota // somebody replies or has replied
	requestReplied              // the reply is made
	requestReturned             // the inline processor has returned
)

// Reply answers the request. It fills Opaque, Serialize, Flag, Language and
// Version of resp and encodes it before it returns: resp and its body may be
// reused at once. r must not be touched afterwards. For one-way requests, and
// after the first reply, it does nothing.
func (r *Request) Reply(resp *codec.Command) { r.reply(resp, nil, false) }

// ReplyOwned is Reply without copying resp.Body: the body must not change until
// release is called, which happens once, from any goroutine, perhaps before
// ReplyOwned returns. A nil release leaves the body to the garbage collector.
func (r *Request) ReplyOwned(resp *codec.Command, release func()) { r.reply(resp, release, true) }

// ReplyCode answers with a code and a remark only.
func (r *Request) ReplyCode(code int32, remark string) {
	r.reply(&codec.Command{Code: code, Remark: remark}, nil, false)
}

// ReplyNone ends the request without an answer, for the cases in which Java
// writes nothing; the client runs into its time-out.
func (r *Request) ReplyNone() { r.reply(nil, nil, false) }

func (r *Request) reply(resp *codec.Command, release func(), ownedBody bool) {
	if r.state.Or(requestClaimed)&requestClaimed != 0 {
		if release != nil {
			release()
		}
		return
	}
	switch {
	case r.IsOneway():
	case resp != nil:
		r.answer(resp, release, ownedBody)
		release = nil
		r.Channel.unanswered.Add(-1)
	default:
		r.Channel.unanswered.Add(-1)
	}
	if release != nil {
		release()
	}
	if r.state.Or(requestReplied)&requestReturned != 0 {
		r.recycle()
	}
}

// answer encodes resp into the channel. What cannot be encoded becomes code 1.
func (r *Request) answer(resp *codec.Command, release func(), ownedBody bool) {
	resp.Opaque, resp.Serialize = r.Opaque, r.Serialize
	resp.Flag, resp.Language, resp.Version = codec.FlagResponse, codec.LanguageJava, codec.CurrentVersion
	ch := r.Channel
	var err error
	if ownedBody && len(resp.Body) >= largeBodyBytes {
		err = ch.sendOwned(resp, release)
	} else {
		err = ch.send(resp)
		if release != nil {
			release()
		}
	}
	if err == nil || !ch.Alive() {
		return
	}
	ch.ep.log.Error("an answer cannot be sent", "code", r.Code, "channel", ch.remoteText, "error", err)
	failure := codec.Command{Code: codec.SystemError, Remark: err.Error(), Opaque: r.Opaque, Serialize: r.Serialize,
		Flag: codec.FlagResponse, Version: codec.CurrentVersion}
	if err := ch.send(&failure); err != nil {
		ch.ep.log.Error("nor can its error be sent", "code", r.Code, "channel", ch.remoteText, "error", err)
	}
}

// Retain gives the request its own copy of its bytes, so that strings and body
// taken from it afterwards outlive the processor. Inline processors only, on
// their own goroutine; on executor routes it was done already.
func (r *Request) Retain() {
	if r.owned {
		return
	}
	r.owned = true
	header, body := r.frame.Header, r.frame.Body
	if r.owner != nil && cap(r.owner.b) <= 2*len(r.owner.b) {
		r.Channel.in = nil // the frame has a buffer to itself: it is ours now
		r.size = cap(r.owner.b)
	} else {
		r.size = len(header) + len(body)
		own := make([]byte, len(header)+len(body))
		n := copy(own, header)
		copy(own[n:], body)
		r.rebase(header, own[:n:n])
		if body != nil {
			r.Body = own[n:]
		}
	}
	r.Detach()
	r.frame, r.owner = codec.Frame{}, nil
}

// SizeBytes is how many bytes of its frame a request keeps in memory that owns
// its bytes: a processor that holds many of them bounds the sum.
func (r *Request) SizeBytes() int { return r.size }

// Resume runs process for r, which was retained and waited for something, on
// the event loop of its channel: process must not wait. false: process will not
// run, as the channel is closed or on no event loop.
func (r *Request) Resume(process Processor) bool {
	ch := r.Channel
	ch.out.mu.Lock()
	defer ch.out.mu.Unlock()
	return !ch.out.mu.closed && ch.transport.runBatch(func() { r.run(process, true) })
}

// rebase lets the strings that alias the header from alias its copy to.
func (r *Request) rebase(from, to []byte) {
	r.Remark = rebased(r.Remark, from, to)
	for i := range r.Ext {
		f := &r.Ext[i]
		f.Key, f.Value = rebased(f.Key, from, to), rebased(f.Value, from, to)
	}
}

// rebased returns the string at s's place in to when s lies within from, else
// s. Only addresses are compared; nothing is read through them.
func rebased(s string, from, to []byte) string {
	if len(s) == 0 {
		return ""
	}
	at := uintptr(unsafe.Pointer(unsafe.StringData(s))) - uintptr(unsafe.Pointer(unsafe.SliceData(from)))
	if at >= uintptr(len(from)) {
		return s
	}
	return unsafe.String(&to[at], len(s))
}

// returned is called when an inline processor has returned. A one-way request
// that nobody replied to is left to the garbage collector: somebody still may.
func (r *Request) returned() {
	if r.state.Or(requestReturned)&requestReplied != 0 {
		r.recycle()
	}
}

// recycle ends the life of r.
func (r *Request) recycle() {
	if r.owned {
		return
	}
	ep := r.Channel.ep
	r.Command.Reset()
	r.Channel, r.frame, r.owner = nil, codec.Frame{}, nil
	r.state.Store(0)
	ep.requests.Put(r)
}
