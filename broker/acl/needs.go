package acl

import (
	"errors"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
)

// The functions here say which permissions a request needs; decisions.go says
// which code goes to which of them. A retry topic stands for its group: who may
// consume in a group may send to its retry topic.

// header reads a typed header. That a field is missing is for the processor to
// say, which sees the same values and, as Java, may do without it.
func (k check) header(h interface{ DecodeFields(codec.Fields) error }) error {
	if err := h.DecodeFields(k.c.Ext); err != nil && !errors.Is(err, codec.ErrFieldMissing) {
		return refuse(err.Error(), "")
	}
	return nil
}

// send: of 10, PUB on the topic.
func send(k check) error { return k.topic(k.c.Ext.Get("topic"), Pub) }

// sendV2: of 310 and 320, PUB on the topic.
func sendV2(k check) error { return k.topic(k.c.Ext.Get("b"), Pub) }

// sendAs498 looks for the group of a retry topic in a field that senders do not send.
func sendAs498(k check) error {
	topic := k.c.Ext.Get("topic")
	if codec.IsRetryTopic(topic) {
		return k.group(k.c.Ext.Get("group"), Sub)
	}
	return k.topic(topic, Pub)
}

// sendV2As498 believes that the sender's own group is that of the retry topic.
func sendV2As498(k check) error {
	topic := k.c.Ext.Get("b")
	if codec.IsRetryTopic(topic) {
		return k.group(k.c.Ext.Get("a"), Sub)
	}
	return k.topic(topic, Pub)
}

// endTransaction: PUB on the topic the half message is to go to.
func endTransaction(k check) error {
	var h codec.EndTransactionRequestHeader
	if err := k.header(&h); err != nil {
		return err
	}
	return k.message(h.CommitLogOffset, Pub)
}

// sendBack: SUB on the group, and on the topic of the message: it is copied to
// where the group can read it.
func sendBack(k check) error {
	var h codec.ConsumerSendMsgBackRequestHeader
	if err := k.header(&h); err != nil {
		return err
	}
	if err := k.group(h.Group, Sub); err != nil {
		return err
	}
	return k.message(h.Offset, Sub)
}

func sendBackAs498(k check) error { return k.group(k.c.Ext.Get("group"), Sub) }

// viewMessage: SUB on the topic of the message.
func viewMessage(k check) error {
	var h codec.ViewMessageRequestHeader
	if err := k.header(&h); err != nil {
		return err
	}
	return k.message(h.Offset, Sub)
}

// consumeDirectly: SUB on the group, and on the topic of the message it gets.
func consumeDirectly(k check) error {
	if err := consumerGroupSub(k); err != nil {
		return err
	}
	_, offset, err := codec.DecodeOffsetMsgID(k.c.Ext.Get("msgId"))
	if err != nil {
		return refuse(err.Error(), "")
	}
	return k.message(offset, Sub)
}

func topicSub(k check) error { return k.topic(k.c.Ext.Get("topic"), Sub) }

func topicAny(k check) error { return k.topic(k.c.Ext.Get("topic"), Any) }

func consumerGroupSub(k check) error { return k.group(k.c.Ext.Get("consumerGroup"), Sub) }

func topicSubGroupSub(k check) error {
	if err := topicSub(k); err != nil {
		return err
	}
	return consumerGroupSub(k)
}

// topicSubNamedGroupSub is topicSubGroupSub of the codes whose header says group.
func topicSubNamedGroupSub(k check) error {
	if err := topicSub(k); err != nil {
		return err
	}
	return k.group(k.c.Ext.Get("group"), Sub)
}

// heartBeat: SUB on each consumer group and each topic it subscribes.
func heartBeat(k check) error {
	var data codec.HeartbeatData
	if err := fastjson.Unmarshal(k.c.Body, &data); err != nil {
		return refuse("request body: "+err.Error(), "")
	}
	for i := range data.ConsumerDataSet {
		consumer := &data.ConsumerDataSet[i]
		if err := k.group(consumer.GroupName, Sub); err != nil {
			return err
		}
		for j := range consumer.SubscriptionDataSet {
			if err := k.topic(consumer.SubscriptionDataSet[j].Topic, Sub); err != nil {
				return err
			}
		}
	}
	return nil
}

// lockQueues: SUB on the group and on the topics of the queues. The bodies of 41
// and 42 are alike.
func lockQueues(k check) error {
	var body codec.LockBatchRequestBody
	if err := fastjson.Unmarshal(k.c.Body, &body); err != nil {
		return refuse("request body: "+err.Error(), "")
	}
	if err := k.group(body.ConsumerGroup, Sub); err != nil {
		return err
	}
	for i := range body.MQSet {
		if err := k.topic(body.MQSet[i].Topic, Sub); err != nil {
			return err
		}
	}
	return nil
}
