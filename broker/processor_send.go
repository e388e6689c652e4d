package broker

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/boostermq/booster/broker/transaction"
	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/remoting"
)

// sendProcessor serves the sends (Java: SendMessageProcessor). It runs inline
// on the event loops and allocates nothing per message; what would wait (a
// topic or group that does not exist yet) moves to an executor.
type sendProcessor struct {
	b    *Controller
	pool *remoting.Executor // of sends that must wait
	ops  sync.Pool
}

func newSendProcessor(b *Controller, pool *remoting.Executor) *sendProcessor {
	p := &sendProcessor{b: b, pool: pool}
	p.ops.New = func() any { return &sendOp{p: p} }
	return p
}

// sendMessage serves 10 SEND_MESSAGE, 310 SEND_MESSAGE_V2 and 320
// SEND_BATCH_MESSAGE. The batch form is chosen by the header's batch field, not
// by the code.
//
// Behavior: spec broker.md §2, checks in that order; the reply comes from
// sendOp.PutDone.
//
// Differences from Java: there is no queue in front of a send, so it is never
// answered [TIMEOUT_CLEAN_QUEUE] or [PCBUSY_CLEAN_QUEUE]. A half message has no
// delay level.
func (p *sendProcessor) sendMessage(r *remoting.Request) { p.process(r, false) }

// sendMessageWaiting is sendMessage on an executor.
func (p *sendProcessor) sendMessageWaiting(r *remoting.Request) {
	p.process(r, true)
	p.b.store.CommitPending() // no event-loop batch ends here
}

func (p *sendProcessor) process(r *remoting.Request, mayWait bool) {
	op := p.ops.Get().(*sendOp)
	op.begin(r, p.b.settings.Load())
	switch op.prepare(mayWait) {
	case sendReady: // from here on op belongs to PutDone
		if op.header.Batch {
			p.b.store.PutMessages(&op.msg, op)
		} else {
			p.b.store.PutMessage(&op.msg, op)
		}
	case sendRefused:
		op.reply()
	case sendMustWait:
		op.release()
		r.Retain()
		if !p.pool.Execute(func() { p.sendMessageWaiting(r) }) {
			r.Reply(&codec.Command{Code: codec.SystemBusy, Remark: remarkOverload, Ext: p.b.settings.Load().ext})
		}
	}
}

type sendVerdict int

const (
	sendReady sendVerdict = iota
	sendRefused
	sendMustWait // would touch the disk: go on where waiting is allowed
)

// prepare checks the request and fills op.msg. Strings of op.header and op.msg
// alias the frame: they are good until the processor returns.
func (op *sendOp) prepare(mayWait bool) sendVerdict {
	if verdict := op.check(mayWait); verdict != sendReady {
		return verdict
	}
	return op.build(mayWait)
}

// check decodes the header and goes through rows 1 to 6 of the table; then
// op.topic and op.queueID are known.
func (op *sendOp) check(mayWait bool) sendVerdict {
	if err := op.header.Decode(op.r.Code, op.r.Ext); err != nil {
		return op.refuse(codec.SystemError, err.Error())
	}
	s, h, b := op.settings, &op.header, op.p.b
	if b.draining.Load() { // clients retry code 14 with another broker
		return op.refuse(codec.ServiceNotAvailable, b.disk.serviceNotAvailableRemark())
	}
	if s.startAcceptMs > 0 && time.Now().UnixMilli() < s.startAcceptMs {
		until := time.UnixMilli(s.startAcceptMs).Format("2006-01-02 15:04:05,000")
		return op.refuse(codec.SystemError, "broker unable to service, until "+until)
	}
	op.topic = b.topics.Select(h.Topic)
	if !s.writeable && op.topic != nil && op.topic.Order {
		return op.refuse(codec.NoPermission, "the broker["+s.brokerIP1+"] sending message is forbidden")
	}
	if remark := codec.ValidateTopic(h.Topic); remark != "" {
		return op.refuse(codec.SystemError, remark)
	}
	if b.topics.IsNotAllowedSendTopic(h.Topic) {
		return op.refuse(codec.NoPermission, "Sending message to topic["+h.Topic+"] is forbidden.")
	}
	if op.topic == nil || codec.IsRetryTopic(h.Topic) {
		if !mayWait {
			return sendMustWait
		}
		if op.topic == nil && !op.createTopic() {
			return op.refuse(codec.TopicNotExist, "topic["+h.Topic+"] not exist, apply first please!"+faqURL)
		}
	}
	if !op.chooseQueue() {
		return sendRefused
	}
	return sendReady
}

// createTopic creates the topic from the template the client names; a retry
// topic is created in any case.
func (op *sendOp) createTopic() bool {
	h, topics := &op.header, op.p.b.topics
	isRetry := codec.IsRetryTopic(h.Topic)
	var sysFlag int32
	if h.UnitMode {
		sysFlag = codec.TopicFlagUnit
		if isRetry {
			sysFlag = codec.TopicFlagUnitSub
		}
	}
	op.topic, _ = topics.CreateInSendMessage(h.Topic, h.DefaultTopic, op.r.Channel.RemoteAddr(), h.DefaultTopicQueueNums, sysFlag)
	if op.topic == nil && isRetry {
		op.topic, _ = topics.CreateInSendMessageBack(h.Topic, 1, codec.PermRead|codec.PermWrite, sysFlag)
	}
	return op.topic != nil
}

// chooseQueue checks the queue the client asks for, or picks one at random.
func (op *sendOp) chooseQueue() bool {
	t := op.topic
	op.queueID = op.header.QueueID
	if op.queueID >= max(t.WriteQueueNums, t.ReadQueueNums) {
		op.refuse(codec.SystemError, fmt.Sprintf("request queueId[%d] is illegal, %s Producer: %s",
			op.queueID, topicText(t), op.r.Channel.RemoteAddr()))
		return false
	}
	if op.queueID < 0 {
		if t.WriteQueueNums <= 0 {
			op.refuse(codec.SystemError, "topic["+t.TopicName+"] has no queue to write to")
			return false
		}
		op.queueID = rand.Int32N(t.WriteQueueNums)
	}
	return true
}

// build fills op.msg from the header.
func (op *sendOp) build(mayWait bool) sendVerdict {
	h, m, s := &op.header, &op.msg, op.settings
	*m = codec.Message{
		Topic: op.topic.TopicName, QueueID: op.queueID, Flag: h.Flag, Body: op.r.Body,
		SysFlag: h.SysFlag, BornTimestampMs: h.BornTimestampMs, BornHost: op.r.Channel.Remote(),
		StoreHost: s.storeHost, ReconsumeTimes: h.ReconsumeTimes,
	}
	if !m.BornHost.IsValid() { // the peer is not on TCP
		m.BornHost = s.storeHost
	}
	if op.topic.TopicFilterType == codec.MultiTag {
		m.SysFlag |= codec.SysFlagMultiTags
	}
	if h.Batch {
		return op.buildBatch()
	}
	op.props.render(h.Properties, s.clusterName)
	op.noWait = op.props.noWait()
	m.Properties = op.props.String()
	if mayWait && codec.IsRetryTopic(h.Topic) && !op.rerouteDead() {
		return sendRefused
	}
	return op.redirect()
}

// redirect parks what must not be delivered at once.
func (op *sendOp) redirect() sendVerdict {
	m, s, p := &op.msg, op.settings, &op.props
	switch {
	case p.half && transaction.IsHalf(m):
		if s.rejectTransaction {
			return op.refuse(codec.NoPermission, "the broker["+s.brokerIP1+"] sending transaction message is forbidden")
		}
		p.keepWait()
		m.Properties = p.String()
		transaction.Substitute(m, &op.scratch)
	case p.delay:
		p.keepWait()
		m.Properties = p.String()
		op.p.b.messages.levels.Substitute(m, &op.scratch)
	}
	return sendReady
}

// buildBatch adds the cluster to the batch-level properties. A batch cannot be
// delayed or transactional: its records have one destination.
func (op *sendOp) buildBatch() sendVerdict {
	h, m := &op.header, &op.msg
	op.scratch = codec.AppendProperty(append(op.scratch[:0], h.Properties...), codec.PropertyCluster, op.settings.clusterName)
	m.Properties = aliasString(op.scratch)
	if level, ok := property(m.Properties, codec.PropertyDelayTimeLevel); ok && delayLevel(level) > 0 || codec.TransactionType(m.SysFlag) != codec.TransactionNotType {
		return op.refuse(codec.MessageIllegal, op.settings.illegalRemark)
	}
	return sendReady
}

// rerouteDead sends a message of a retry topic that was consumed too often to
// the dead letter queue of its group (Java: handleRetryAndDLQ).
func (op *sendOp) rerouteDead() bool {
	h, b := &op.header, op.p.b
	group, _ := codec.GroupOfRetryTopic(h.Topic)
	config := b.groups.Find(group)
	if config == nil {
		op.refuse(codec.SubscriptionGroupNotExist, "subscription group not exist, "+group+" "+faqURL)
		return false
	}
	maxTimes := config.RetryMaxTimes
	if h.HasMaxReconsumeTimes {
		maxTimes = h.MaxReconsumeTimes
	}
	if h.ReconsumeTimes < maxTimes {
		return true
	}
	dead := codec.DLQTopic(group)
	topic, _ := b.topics.CreateInSendMessageBack(dead, 1, codec.PermRead|codec.PermWrite, 0)
	if topic == nil {
		op.refuse(codec.SystemError, "topic["+dead+"] not exist")
		return false
	}
	op.topic, op.queueID = topic, 0
	op.msg.Topic, op.msg.QueueID = topic.TopicName, 0
	if op.props.delay { // the dead do not wait
		op.props.delay = false
		op.props.set(codec.PropertyDelayTimeLevel, "")
		op.msg.Properties = op.props.String()
	}
	return true
}
