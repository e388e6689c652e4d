package mqadmin

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/boostermq/booster/codec"
)

// DefaultTopicQueueNums is what producers ask for when the topic is to be created.
const DefaultTopicQueueNums = 4

// Message is what Send sends.
type Message struct {
	Topic      string
	Flag       int32
	SysFlag    int32             // how Body is compressed
	Properties map[string]string // with UNIQ_KEY it keeps its id
	Body       []byte
}

// SendResult is the broker's answer to a send.
type SendResult struct {
	Status      string // SEND_OK and the names of Java's SendStatus
	MsgID       string // the property UNIQ_KEY
	OffsetMsgID string // storage address and physical offset
	Queue       codec.MessageQueue
	QueueOffset int64
}

// String is the line that Java prints of a SendResult.
func (r SendResult) String() string {
	return fmt.Sprintf("SendResult [sendStatus=%s, msgId=%s, offsetMsgId=%s, messageQueue=MessageQueue [topic=%s, brokerName=%s, queueId=%d], queueOffset=%d]",
		r.Status, r.MsgID, r.OffsetMsgID, r.Queue.Topic, r.Queue.BrokerName, r.Queue.QueueID, r.QueueOffset)
}

// sendStatuses are the answers that mean the message is stored.
var sendStatuses = map[int32]string{
	codec.Success: "SEND_OK", codec.FlushDiskTimeout: "FLUSH_DISK_TIMEOUT",
	codec.FlushSlaveTimeout: "FLUSH_SLAVE_TIMEOUT", codec.SlaveNotAvailable: "SLAVE_NOT_AVAILABLE",
}

// WriteQueues returns the queues of a topic that producers may send to, sorted.
func (a *Admin) WriteQueues(ctx context.Context, topic string) ([]codec.MessageQueue, map[string]string, error) {
	route, err := a.TopicRoute(ctx, topic)
	if err != nil {
		return nil, nil, err
	}
	masters := map[string]string{}
	for _, b := range route.BrokerDatas {
		if addr, ok := b.BrokerAddrs[codec.MasterID]; ok {
			masters[b.BrokerName] = addr
		}
	}
	var queues []codec.MessageQueue
	for _, q := range route.QueueDatas {
		if _, ok := masters[q.BrokerName]; !ok || !codec.IsWriteable(q.Perm) {
			continue
		}
		for id := range q.WriteQueueNums {
			queues = append(queues, codec.MessageQueue{Topic: topic, BrokerName: q.BrokerName, QueueID: id})
		}
	}
	if len(queues) == 0 {
		return nil, nil, fmt.Errorf("topic %s has no queue to send to", topic)
	}
	slices.SortFunc(queues, CompareQueues)
	return queues, masters, nil
}

// Send sends 310 SEND_MESSAGE_V2 to the master at addr, which serves mq.
func (a *Admin) Send(ctx context.Context, addr, group string, mq codec.MessageQueue, m Message) (SendResult, error) {
	now := time.Now()
	props := map[string]string{codec.PropertyUniqKey: a.keys.next(now), codec.PropertyWaitStoreMsgOK: "true"}
	maps.Copy(props, m.Properties)
	header := codec.SendMessageRequestHeader{
		ProducerGroup: group, Topic: m.Topic, DefaultTopic: codec.AutoCreateTopicKeyTopic, DefaultTopicQueueNums: DefaultTopicQueueNums,
		QueueID: mq.QueueID, BornTimestampMs: now.UnixMilli(), Flag: m.Flag, SysFlag: m.SysFlag, Properties: codec.EncodeProperties(props), BrokerName: mq.BrokerName,
	}
	if codec.IsRetryTopic(m.Topic) { // as without retries of the group it would go to the dead letters
		header.MaxReconsumeTimes, header.HasMaxReconsumeTimes = 1, true
	}
	resp, err := a.exchange(ctx, a.config.Timeout, addr, &codec.Command{Code: codec.SendMessageV2, Header: header.V2(), Body: m.Body})
	if err != nil {
		return SendResult{}, err
	}
	status, stored := sendStatuses[resp.Code]
	if !stored {
		return SendResult{}, &ResponseError{Code: resp.Code, Remark: resp.Remark, Addr: addr}
	}
	var h codec.SendMessageResponseHeader
	if err := h.DecodeFields(resp.Ext); err != nil {
		return SendResult{}, err
	}
	mq.QueueID = h.QueueID
	return SendResult{Status: status, MsgID: props[codec.PropertyUniqKey], OffsetMsgID: h.MsgID, Queue: mq, QueueOffset: h.QueueOffset}, nil
}
