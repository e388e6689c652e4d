package broker

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/remoting"
	"github.com/boostermq/booster/store"
)

// sendBackProcessor serves messages that consumers could not consume (Java:
// consumerSendMsgBack of AbstractSendMessageProcessor).
type sendBackProcessor struct{ b *Controller }

// sendBack is one message on its way back.
type sendBack struct {
	b        *Controller
	r        *remoting.Request
	header   codec.ConsumerSendMsgBackRequestHeader
	group    *codec.SubscriptionGroupConfig
	original codec.Message
	msg      codec.Message
	topic    string // where the message was consumed first
}

// consumerSendMsgBack serves 36 CONSUMER_SEND_MSG_BACK.
//
// Behavior: spec broker.md §4. The message is stored again in %RETRY%group with
// a delay level, one consumption more; or, when it was consumed as often as the
// group allows or the level is negative, in %DLQ%group. WAIT=false: it does not
// wait for disk or slave. A group without retry queues drops it.
//
// Differences from Java: the group's name is checked before anything is created
// (a slash in it stops a Java broker for good); an offset inside a record is
// refused; of a retry topic that has fewer queues than the group wants only
// those that exist are used; every stored message counts in the statistics, so
// that TOPIC_PUT_NUMS of %DLQ%group tells of dead letters.
func (p *sendBackProcessor) consumerSendMsgBack(r *remoting.Request) {
	s := &sendBack{b: p.b, r: r}
	if err := s.header.DecodeFields(r.Ext); err != nil {
		r.ReplyCode(codec.SystemError, err.Error())
		return
	}
	if refusedPlain(r, s.checkGroup()) {
		return
	}
	if s.group.RetryQueueNums <= 0 {
		r.ReplyCode(codec.Success, "")
		return
	}
	if refusedPlain(r, s.prepare()) {
		return
	}
	p.b.messages.PutMessage(&s.msg, s) // from here on s belongs to PutDone
	p.b.store.CommitPending()
}

// checkGroup is the part of the table that needs no topic.
func (s *sendBack) checkGroup() *Refusal {
	group := s.header.Group
	if refusal := checkGroup(group); refusal != nil {
		return refusal
	}
	if remark := codec.ValidateTopic(codec.RetryTopic(group)); remark != "" {
		return &Refusal{codec.SystemError, remark}
	}
	if s.group = s.b.groups.Find(group); s.group == nil {
		return &Refusal{codec.SubscriptionGroupNotExist, "subscription group not exist, " + group + " " + faqURL}
	}
	if c := &s.b.Config().Broker; !codec.IsWriteable(c.BrokerPermission) {
		return &Refusal{codec.NoPermission, "the broker[" + c.BrokerIP1 + "] sending message is forbidden"}
	}
	return nil
}

// prepare finds or creates the topics, reads the original and makes s.msg.
func (s *sendBack) prepare() *Refusal {
	const rw = codec.PermRead | codec.PermWrite
	h, topics := &s.header, s.b.topics
	var sysFlag int32
	if h.UnitMode {
		sysFlag = codec.TopicFlagUnitSub
	}
	name := codec.RetryTopic(h.Group)
	topic, _ := topics.CreateInSendMessageBack(name, s.group.RetryQueueNums, rw, sysFlag)
	if topic == nil {
		return &Refusal{codec.SystemError, "topic[" + name + "] not exist"}
	}
	if !codec.IsWriteable(topic.Perm) {
		return &Refusal{codec.NoPermission, "the topic[" + name + "] sending message is forbidden"}
	}
	if !s.lookUp() {
		return &Refusal{codec.SystemError, "look message by offset failed, " + strconv.FormatInt(h.Offset, 10)}
	}
	queues, level := min(s.group.RetryQueueNums, max(1, topic.WriteQueueNums)), s.delayLevel()
	if level == 0 {
		name = codec.DLQTopic(h.Group)
		if topic, _ = topics.CreateInSendMessageBack(name, 1, rw, 0); topic == nil {
			return &Refusal{codec.SystemError, "topic[" + name + "] not exist"}
		}
		queues = 1
	}
	s.build(topic.TopicName, rand.Int32N(queues), level)
	return nil
}

// lookUp reads the original; false when there is no record at that offset.
func (s *sendBack) lookUp() bool {
	record, ok := s.b.store.LookMessageByOffset(s.header.Offset)
	if !ok {
		return false
	}
	_, err := codec.DecodeRecord(record, &s.original, codec.DecodeOptions{CheckCRC: true})
	return err == nil
}

// delayLevel is the level the message waits at, 0 = it is dead. It grows with
// the times consumed unless the client chooses it.
func (s *sendBack) delayLevel() int32 {
	h, times := &s.header, s.original.ReconsumeTimes
	limit := s.group.RetryMaxTimes
	if h.HasMaxReconsumeTimes && s.r.Version >= codec.VersionV3_4_9 {
		limit = h.MaxReconsumeTimes
	}
	switch {
	case times >= limit, h.DelayLevel < 0:
		return 0
	case h.DelayLevel == 0:
		return firstRetryLevel + min(max(0, times), math.MaxInt16) // the highest level there is applies
	}
	return h.DelayLevel
}

// firstRetryLevel is the delay level of the first retry: 10 s.
const firstRetryLevel = 3

// build makes the message that is stored. Its level is a property: messageWriter
// parks it.
func (s *sendBack) build(topic string, queueID, level int32) {
	o := &s.original
	s.msg = codec.Message{
		Topic: topic, QueueID: queueID, Flag: o.Flag, Body: o.Body, SysFlag: o.SysFlag,
		BornTimestampMs: o.BornTimestampMs, BornHost: o.BornHost, StoreHost: o.StoreHost,
		ReconsumeTimes: min(o.ReconsumeTimes, math.MaxInt32-1) + 1,
	}
	s.topic = o.Topic
	props := o.Properties
	if retryTopic, ok := codec.GetProperty(props, codec.PropertyRetryTopic); ok {
		s.topic = retryTopic
	} else {
		props = withProperty(props, codec.PropertyRetryTopic, o.Topic)
	}
	if _, ok := codec.GetProperty(props, codec.PropertyOriginMessageID); !ok {
		id := codec.AppendOffsetMsgID(nil, o.StoreHost, o.CommitLogOffset)
		props = withProperty(props, codec.PropertyOriginMessageID, string(id))
	}
	props = withProperty(props, codec.PropertyWaitStoreMsgOK, "false")
	s.msg.Properties = withProperty(props, codec.PropertyDelayTimeLevel, strconv.Itoa(int(level)))
}

// withProperty is props with the property name replaced or added.
func withProperty(props, name, value string) string {
	return string(codec.AppendProperty(codec.DeleteProperty(nil, props, name), name, value))
}

// PutDone answers. Any outcome but PUT_OK is an error, which makes the client
// keep the message (Java: its name is the remark).
func (s *sendBack) PutDone(res *store.PutResult) {
	if res.Status.Stored() {
		s.b.countAppended(s.msg.Topic, s.msg.QueueID, int(res.SizeBytes))
		s.b.stats.IncSendBackNums(s.header.Group, s.topic)
	}
	if res.Status != store.PutOK {
		s.r.ReplyCode(codec.SystemError, fmt.Sprint(res.Status))
		return
	}
	s.r.ReplyCode(codec.Success, "")
}
