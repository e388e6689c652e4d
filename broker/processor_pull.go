package broker

import (
	"fmt"
	"sync"
	"time"

	"github.com/boostermq/booster/broker/longpolling"
	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/remoting"
	"github.com/boostermq/booster/store"
)

// maxPullMsgNums bounds what one pull may ask for: the store looks at that many
// queue entries for one answer.
const maxPullMsgNums = 10000

// pullProcessor serves pulls (Java: PullMessageProcessor).
type pullProcessor struct {
	b    *Controller
	pool *remoting.Executor
	ops  sync.Pool
}

func newPullProcessor(b *Controller, pool *remoting.Executor) *pullProcessor {
	p := &pullProcessor{b: b, pool: pool}
	p.ops.New = func() any {
		op := &pullOp{}
		op.release = func() { p.release(op) }
		return op
	}
	return p
}

// pullOp is one pull under way; pooled.
type pullOp struct {
	r       *remoting.Request
	conf    *Config
	first   bool // not woken: may be parked, and stores the offset
	mayWait bool // runs on the executor
	header  codec.PullMessageRequestHeader
	group   *codec.SubscriptionGroupConfig
	filter  pullFilter

	result  store.GetResult
	release func() // gives the op back; bound once
	resp    codec.Command
	answer  codec.PullMessageResponseHeader
}

// pullMessage serves 11 PULL_MESSAGE and 361 LITE_PULL_MESSAGE (of 5.x, the
// same by another number), on the main port.
//
// Behavior: spec broker.md §5. It runs inline on the event loop; what would wait
// for the disk, or look into messages for long, goes on in the pull executor. A
// pull that finds nothing is parked with broker/longpolling and run once more by
// resume.
//
// Differences from Java: names are validated; a woken pull answers in the
// serialization of its request. A pull of what is in memory passes no queue, so
// it is never answered [TIMEOUT_CLEAN_QUEUE].
func (p *pullProcessor) pullMessage(r *remoting.Request) {
	if !p.process(r, true, false) {
		p.pool.Take(r, p.pullMessageWaiting)
	}
}

// pullMessageWaiting is pullMessage on the executor.
func (p *pullProcessor) pullMessageWaiting(r *remoting.Request) { p.process(r, true, true) }

// resume runs a pull that waited; it answers whatever it finds.
func (p *pullProcessor) resume(r *remoting.Request) {
	if !p.process(r, false, false) {
		p.pool.Take(r, p.resumeWaiting)
	}
}

// resumeWaiting is resume on the executor.
func (p *pullProcessor) resumeWaiting(r *remoting.Request) { p.process(r, false, true) }

// pullMustWait stands for a refusal where an inline pull cannot go on.
var pullMustWait = new(Refusal)

// process runs a pull. false: it has done nothing, as it may not wait.
func (p *pullProcessor) process(r *remoting.Request, first, mayWait bool) bool {
	op := p.ops.Get().(*pullOp)
	op.r, op.conf, op.first, op.mayWait = r, p.b.Config(), first, mayWait
	op.resp = codec.Command{Ext: emptyFields}
	var parked bool
	refusal := p.check(op)
	if refusal == nil {
		refusal, parked = p.read(op)
	}
	switch {
	case refusal == pullMustWait:
		p.release(op)
		return false
	case refusal != nil:
		op.resp.Code, op.resp.Remark = refusal.Code, refusal.Remark
	case parked:
		p.release(op) // resume answers
		return true
	}
	r.ReplyOwned(&op.resp, op.release) // the records are sent from op's buffer
	return true
}

func (p *pullProcessor) release(op *pullOp) {
	op.r, op.conf, op.group = nil, nil, nil
	op.header, op.resp = codec.PullMessageRequestHeader{}, codec.Command{}
	op.filter.clear()
	op.result.Reset()
	p.ops.Put(op)
}

// check is the table of spec broker.md §5 up to the read.
func (p *pullProcessor) check(op *pullOp) *Refusal {
	b, h := p.b, &op.header
	if err := h.DecodeFields(op.r.Ext); err != nil {
		return &Refusal{codec.SystemError, err.Error()}
	}
	if refusal := checkNames(h.ConsumerGroup, h.Topic); refusal != nil {
		return refusal
	}
	if !codec.IsReadable(op.conf.Broker.BrokerPermission) {
		return &Refusal{codec.NoPermission, "the broker[" + op.conf.Broker.BrokerIP1 + "] pulling message is forbidden"}
	}
	if op.group = b.groups.Peek(h.ConsumerGroup); op.group == nil && !op.mayWait {
		return pullMustWait // it may be created
	}
	if op.group == nil {
		op.group = b.groups.Find(h.ConsumerGroup)
	}
	if op.group == nil {
		return &Refusal{codec.SubscriptionGroupNotExist, "subscription group [" + h.ConsumerGroup + "] does not exist, " + faqURL}
	}
	if !op.group.ConsumeEnable {
		return &Refusal{codec.NoPermission, "subscription group no permission, " + h.ConsumerGroup}
	}
	topic := b.topics.Select(h.Topic)
	if topic == nil {
		return &Refusal{codec.TopicNotExist, "topic[" + h.Topic + "] not exist, apply first please! " + faqURL}
	}
	if !codec.IsReadable(topic.Perm) {
		return &Refusal{codec.NoPermission, "the topic[" + h.Topic + "] pulling message is forbidden"}
	}
	if h.QueueID < 0 || h.QueueID >= topic.ReadQueueNums {
		return &Refusal{codec.SystemError, fmt.Sprintf("queueId[%d] is illegal, topic:[%s] topicConfig.readQueueNums:[%d] consumer:[/%s]",
			h.QueueID, h.Topic, topic.ReadQueueNums, op.r.Channel.RemoteAddr())}
	}
	check := p.checkSubscription
	if h.SysFlag&codec.PullFlagSubscription != 0 {
		check = p.checkExpression
	}
	if refusal := check(op); refusal != nil {
		return refusal
	}
	if !op.mayWait && !op.filter.quick() {
		return pullMustWait
	}
	return nil
}

// checkExpression takes the subscription from the request: rows 7 and 13.
func (p *pullProcessor) checkExpression(op *pullOp) *Refusal {
	h := &op.header
	if isTagType(h.ExpressionType) {
		if err := op.filter.tags.parse(h.Subscription); err != nil {
			return refuseExpression()
		}
		op.filter.byTags(op, p.b.filters)
		return nil
	}
	if h.ExpressionType != codec.ExpressionTypeSQL92 || h.Subscription == "" {
		return refuseExpression()
	}
	if !op.conf.Broker.EnablePropertyFilter {
		return &Refusal{codec.SystemError, remarkNoSQL + h.ExpressionType}
	}
	if !op.mayWait {
		return pullMustWait
	}
	x, err := p.b.filters.Compile(h.ExpressionType, h.Subscription)
	if err != nil {
		return refuseExpression()
	}
	op.filter.byExpression(x)
	return nil
}

func refuseExpression() *Refusal {
	return &Refusal{codec.SubscriptionParseFailed, "parse the consumer's subscription failed"}
}

// checkSubscription takes the subscription the group's heart-beats brought:
// rows 8 to 13.
func (p *pullProcessor) checkSubscription(op *pullOp) *Refusal {
	h := &op.header
	sub, model, online := p.b.consumers.FindSubscriptionData(h.ConsumerGroup, h.Topic)
	if !online {
		return &Refusal{codec.SubscriptionNotExist, "the consumer's group info not exist" + faqURL}
	}
	if !op.group.ConsumeBroadcastEnable && model == codec.Broadcasting {
		return &Refusal{codec.NoPermission, "the consumer group[" + h.ConsumerGroup + "] can not consume by broadcast way"}
	}
	if sub == nil {
		return &Refusal{codec.SubscriptionNotExist, "the consumer's subscription not exist" + faqURL}
	}
	if sub.SubVersion < h.SubVersion {
		return &Refusal{codec.SubscriptionNotLatest, "the consumer's subscription not latest"}
	}
	if !isTagType(sub.ExpressionType) {
		return p.checkFilterData(op, sub.ExpressionType)
	}
	op.filter.tags.use(sub)
	op.filter.byTags(op, p.b.filters)
	return nil
}

// checkFilterData looks up the expression of a group that filters by one. While
// the broker does not support that, that is said whatever else is wrong.
func (p *pullProcessor) checkFilterData(op *pullOp, expressionType string) *Refusal {
	if !op.conf.Broker.EnablePropertyFilter {
		return &Refusal{codec.SystemError, remarkNoSQL + expressionType}
	}
	data := p.b.filters.Get(op.header.Topic, op.header.ConsumerGroup)
	if data == nil {
		return &Refusal{codec.FilterDataNotExist, "The broker's consumer filter data is not exist!Your expression may be wrong!"}
	}
	if data.ClientVersion < op.header.SubVersion {
		return &Refusal{codec.FilterDataNotLatest, "the consumer's consumer filter data not latest"}
	}
	op.filter.byData(data, p.b.filters)
	return nil
}

// read asks the store, fills the answer and stores the consumer's offset. It
// tells whether the request was parked.
func (p *pullProcessor) read(op *pullOp) (refusal *Refusal, parked bool) {
	h, res := &op.header, &op.result
	begun, maxNums, filter := time.Now(), int(min(h.MaxMsgNums, maxPullMsgNums)), op.filter.orAll()
	if op.mayWait {
		p.b.store.GetMessage(h.Topic, h.QueueID, h.QueueOffset, maxNums, filter, res)
	} else if !p.b.store.GetMessageCached(h.Topic, h.QueueID, h.QueueOffset, maxNums, filter, res) || op.code() == codec.PullOffsetMoved {
		return pullMustWait, false
	}
	op.count(p.b, time.Since(begun))
	if res.Status == store.ReadFailed { // clients ask again after a while
		return &Refusal{codec.SystemError, fmt.Sprintf("the message at offset %d of topic[%s] queueId[%d] cannot be read from the disk, see the broker's log",
			h.QueueOffset, h.Topic, h.QueueID)}, false
	}
	op.answer = codec.PullMessageResponseHeader{
		SuggestWhichBrokerID: op.suggestBroker(), NextBeginOffset: res.NextBeginOffset,
		MinOffset: res.MinOffset, MaxOffset: res.MaxOffset,
	}
	op.resp.Code, op.resp.Remark = op.code(), res.Status.String()
	op.resp.Header = &op.answer
	if op.first && h.SysFlag&codec.PullFlagCommitOffset != 0 && !op.conf.IsSlave() {
		p.b.offsets.Commit(op.r.Channel.RemoteAddr(), h.ConsumerGroup, h.Topic, h.QueueID, h.CommitOffset)
	}
	switch op.resp.Code {
	case codec.Success:
		op.resp.Body = res.Buf
	case codec.PullNotFound:
		if op.first && h.SysFlag&codec.PullFlagSuspend != 0 {
			return nil, p.park(op)
		}
	case codec.PullOffsetMoved:
		p.offsetMoved(op) // writes a message: not inline
	}
	return nil, false
}

// count counts a read.
func (op *pullOp) count(b *Controller, elapsed time.Duration) {
	h, res := &op.header, &op.result
	if res.Status != store.Found {
		b.storeStats.GetMiss(elapsed)
		return
	}
	b.storeStats.GetFound(res.MsgCount, elapsed)
	counters := b.stats.Pull(h.ConsumerGroup, h.Topic, h.QueueID)
	counters.Add(res.MsgCount, len(res.Buf))
	counters.AddLatency(elapsed.Milliseconds())
}

// code is the response code of a read.
func (op *pullOp) code() int32 {
	switch op.result.Status {
	case store.Found:
		return codec.Success
	case store.MessageWasRemoving, store.NoMatchedMessage:
		return codec.PullRetryImmediately
	case store.NoMatchedLogicQueue, store.NoMessageInQueue:
		if op.header.QueueOffset != 0 {
			return codec.PullOffsetMoved
		}
		return codec.PullNotFound
	case store.OffsetFoundNull, store.OffsetOverflowOne:
		return codec.PullNotFound
	default: // OFFSET_TOO_SMALL, OFFSET_OVERFLOW_BADLY
		return codec.PullOffsetMoved
	}
}

// suggestBroker is the broker id the client should pull from next.
func (op *pullOp) suggestBroker() int64 {
	switch {
	case !op.conf.Broker.SlaveReadEnable:
		return codec.MasterID
	case op.result.SuggestSlave:
		return op.group.WhichBrokerWhenConsumeSlowly
	}
	return op.group.BrokerID
}

// heldPullBytes is what a held pull costs besides the bytes of its request and
// the tag codes in its filter, which are fewer than those.
const heldPullBytes = 1000

// park holds the request until a message arrives or its time is over; false
// when the broker holds no more.
func (p *pullProcessor) park(op *pullOp) bool {
	h := &op.header
	holdMs := h.SuspendTimeoutMs
	if !op.conf.Broker.LongPollingEnable {
		holdMs = op.conf.Broker.ShortPollingTimeMills
	}
	op.r.Retain()
	return p.b.hold.Suspend(h.Topic, h.QueueID, &longpolling.PullRequest{
		Request: op.r, Channel: op.r.Channel, PullFromThisOffset: h.QueueOffset, MaxOffset: op.result.MaxOffset,
		TimeoutMs: holdMs, Filter: op.filter.clone(), SizeBytes: heldPullBytes + 2*int64(op.r.SizeBytes()),
	})
}

// wake runs held pulls again, on their event loops.
func (p *pullProcessor) wake(requests []*longpolling.PullRequest) {
	for _, held := range requests {
		if r := held.Request.(*remoting.Request); !r.Resume(p.resume) {
			p.pool.Take(r, p.resumeWaiting)
		}
	}
}

// drop ends held pulls nobody waits for.
func (p *pullProcessor) drop(requests []*longpolling.PullRequest) {
	for _, held := range requests {
		held.Request.(*remoting.Request).ReplyNone()
	}
}

// offsetMoved tells a consumer its offset is out of range. A master also
// records that in OFFSET_MOVED_EVENT; a slave that does not check offsets sends
// the consumer on to the group's broker.
func (p *pullProcessor) offsetMoved(op *pullOp) {
	if op.conf.IsSlave() && !op.conf.Store.OffsetCheckInSlave {
		op.answer.SuggestWhichBrokerID = op.group.BrokerID
		op.resp.Code = codec.PullRetryImmediately
		return
	}
	h := &op.header
	p.b.putOffsetMovedEvent(op.conf, h.ConsumerGroup, codec.MessageQueue{Topic: h.Topic, BrokerName: op.conf.Broker.BrokerName, QueueID: h.QueueID},
		h.QueueOffset, op.result.NextBeginOffset)
}
