package broker

import (
	"strconv"
	"sync"
	"time"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/remoting"
	"github.com/boostermq/booster/store"
)

// replyTimeout is how long a client may take to acknowledge a reply.
const replyTimeout = 10 * time.Second

// replyProcessor serves the answers of request–reply (Java:
// ReplyMessageProcessor).
type replyProcessor struct {
	b  *Controller
	mu struct {
		sync.Mutex
		pushing map[*reply]struct{} // not acknowledged yet
		stopped bool
	}
}

// reply is one reply on its way to the client that waits for it. It belongs to
// the processor until the push, then to pushed, then to PutDone.
type reply struct {
	p        *replyProcessor
	b        *Controller
	r        *remoting.Request
	header   codec.SendMessageRequestHeader
	queueID  int32
	bornHost string
	resp     codec.Command
	answer   sendAnswer
	msg      codec.Message
}

// sendReplyMessage serves 324 SEND_REPLY_MESSAGE and 325 SEND_REPLY_MESSAGE_V2.
//
// Behavior: the checks of a send (spec broker.md §2, rows 1 to 6), then 326
// PUSH_REPLY_MESSAGE_TO_CLIENT to the connection of the client that
// REPLY_TO_CLIENT names, which has 10 s to acknowledge. With
// storeReplyMessageEnable the reply is stored too, delivered or not; then the
// answer has the stored message's id and offset, else "0" and 0. What the
// store says is only logged.
//
// Differences from Java: no thread waits for the client; the stored record
// keeps the compression bits of its sysFlag, without which nobody could read a
// compressed body.
func (p *replyProcessor) sendReplyMessage(r *remoting.Request) {
	op := p.b.processors.send.ops.Get().(*sendOp)
	op.begin(r, p.b.settings.Load())
	if op.check(true) != sendReady {
		op.reply()
		return
	}
	q := &reply{p: p, b: p.b, r: r, header: op.header, queueID: op.queueID, resp: op.resp, bornHost: r.Channel.RemoteAddr()}
	q.msg = codec.Message{
		Topic: op.topic.TopicName, QueueID: op.queueID, Flag: op.header.Flag, Body: r.Body, Properties: op.header.Properties,
		SysFlag: op.header.SysFlag & (codec.SysFlagCompressed | codec.CompressionMask), BornTimestampMs: op.header.BornTimestampMs,
		BornHost: r.Channel.Remote(), StoreHost: op.settings.storeHost, ReconsumeTimes: op.header.ReconsumeTimes,
	}
	if !q.msg.BornHost.IsValid() { // the peer is not on TCP
		q.msg.BornHost = op.settings.storeHost
	}
	op.release()
	q.push()
}

// push sends the reply to its client.
func (q *reply) push() {
	clientID, ok := codec.GetProperty(q.header.Properties, codec.PropertyMessageReplyToClient)
	if !ok {
		q.pushed(clientID, "reply message properties["+codec.PropertyMessageReplyToClient+"] is null")
		return
	}
	ch := q.b.producers.FindChannel(clientID)
	if ch == nil {
		q.pushed(clientID, "push reply message fail, channel of <"+clientID+"> not found.")
		return
	}
	failure := "push reply message to " + clientID + "fail."
	if !q.p.begin(q) {
		q.pushed(clientID, failure)
		return
	}
	cmd := &codec.Command{Code: codec.PushReplyMessageToClient, Header: q.pushHeader(time.Now().UnixMilli()), Body: q.msg.Body}
	ch.InvokeAsync(cmd, replyTimeout, func(resp *codec.Command, err error) {
		if !q.p.end(q) {
			return
		}
		if err == nil && resp.Code == codec.Success {
			failure = ""
		}
		q.pushed(clientID, failure)
	})
}

// begin notes that q waits for its client; false: the broker stops.
func (p *replyProcessor) begin(q *reply) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mu.stopped {
		return false
	}
	if p.mu.pushing == nil {
		p.mu.pushing = make(map[*reply]struct{})
	}
	p.mu.pushing[q] = struct{}{}
	return true
}

// end makes the caller the one who answers q; false: somebody has.
func (p *replyProcessor) end(q *reply) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, mine := p.mu.pushing[q]
	delete(p.mu.pushing, q)
	return mine
}

// shutdown gives up on clients that have not acknowledged: the server waits for
// what is unanswered.
func (p *replyProcessor) shutdown() {
	p.mu.Lock()
	open := p.mu.pushing
	p.mu.pushing, p.mu.stopped = nil, true
	p.mu.Unlock()
	for q := range open {
		q.pushed("", "the broker stops")
	}
}

// pushHeader is the header of 326.
func (q *reply) pushHeader(nowMs int64) *codec.ReplyMessageRequestHeader {
	h := &q.header
	return &codec.ReplyMessageRequestHeader{
		ProducerGroup: h.ProducerGroup, Topic: h.Topic, DefaultTopic: h.DefaultTopic, DefaultTopicQueueNums: h.DefaultTopicQueueNums,
		QueueID: h.QueueID, SysFlag: h.SysFlag, BornTimestampMs: h.BornTimestampMs, Flag: h.Flag,
		Properties:     withProperty(h.Properties, codec.PropertyPushReplyTime, strconv.FormatInt(nowMs, 10)),
		ReconsumeTimes: h.ReconsumeTimes, UnitMode: h.UnitMode,
		BornHost: q.bornHost, StoreHost: q.msg.StoreHost.String(), StoreTimestampMs: nowMs,
	}
}

// pushed takes the outcome of the push, "" = delivered; it runs on the event
// loop of the client's connection, among others.
func (q *reply) pushed(clientID, failure string) {
	if failure != "" {
		q.resp.Code, q.resp.Remark = codec.SystemError, failure
		q.b.log.Info("reply not delivered", "client", clientID, "replier", q.bornHost, "err", failure)
	} else {
		q.setAnswer([]byte("0"), 0)
	}
	if !q.b.Config().Broker.StoreReplyMessageEnable {
		q.r.Reply(&q.resp)
		return
	}
	q.b.messages.PutMessage(&q.msg, q)
	q.b.store.CommitPending()
}

func (q *reply) setAnswer(msgID []byte, queueOffset int64) {
	q.answer = sendAnswer{msgID: msgID, queueID: q.queueID, queueOffset: queueOffset}
	q.resp.Header = &q.answer
}

// PutDone answers the request after its reply was stored, or not.
func (q *reply) PutDone(res *store.PutResult) {
	if res.Status.Stored() {
		q.b.countAppended(q.msg.Topic, q.msg.QueueID, int(res.SizeBytes))
		q.setAnswer(codec.AppendOffsetMsgID(nil, q.msg.StoreHost, res.PhysicalOffset), res.QueueOffset)
	} else {
		q.b.storeStats.PutFailed()
		q.b.log.Warn("reply not stored", "topic", q.msg.Topic, "status", res.Status)
	}
	q.r.Reply(&q.resp)
}
