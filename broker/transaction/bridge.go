package transaction

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/boostermq/booster/codec"
)

// IsHalf tells whether m is a half message: TRAN_MSG is true. Consumers of a
// 4.4 client that send a committed message back keep that property; they are
// known by their topic, or by reconsume times and delay level.
func IsHalf(m *codec.Message) bool {
	if !strings.Contains(m.Properties, codec.PropertyTransactionPrepared) {
		return false // nearly all messages
	}
	value, _ := codec.GetProperty(m.Properties, codec.PropertyTransactionPrepared)
	if !strings.EqualFold(value, "true") {
		return false
	}
	if codec.IsRetryTopic(m.Topic) || codec.IsDLQTopic(m.Topic) {
		return false
	}
	return m.ReconsumeTimes <= 0 || intProperty(m.Properties, codec.PropertyDelayTimeLevel, 0) <= 0
}

// Substitute makes m a record of the half topic when it is a half message, and
// returns whether it did. It drops a delay level, and what only the check may
// write. Only for what a producer sends: the properties of a committed message
// still say TRAN_MSG.
//
// The new properties are built in *scratch, whose content is lost and which
// m.Properties must not lie in; m keeps them.
func Substitute(m *codec.Message, scratch *[]byte) bool {
	if !IsHalf(m) {
		return false
	}
	props := m.Properties
	for _, name := range [...]string{
		codec.PropertyRealTopic, codec.PropertyRealQueueID, codec.PropertyDelayTimeLevel,
		codec.PropertyTransactionCheckTimes, codec.PropertyTransactionPreparedQueueOffset,
	} {
		props = without(props, name)
	}
	b := append((*scratch)[:0], props...)
	b = codec.AppendProperty(b, codec.PropertyRealTopic, m.Topic)
	b = appendIntProperty(b, codec.PropertyRealQueueID, int64(m.QueueID))
	*scratch = b
	m.Properties = aliasString(b)
	toHalfTopic(m)
	return true
}

// halfQueueID is the one queue of the half and of the op topic.
const halfQueueID = 0

func toHalfTopic(m *codec.Message) {
	m.Topic, m.QueueID = codec.TransHalfTopic, halfQueueID
	m.SysFlag = codec.WithTransactionType(m.SysFlag, codec.TransactionNotType)
	m.PreparedTransactionOffset = 0
}

// Why a half message has no destination.
var (
	errNoRealTopic = errors.New("transaction: REAL_TOPIC is no topic")
	errNoRealQueue = errors.New("transaction: REAL_QID is no queue")
)

// destination is where the half message with these properties is to go.
func destination(props string) (topic string, queueID int32, err error) {
	topic, _ = codec.GetProperty(props, codec.PropertyRealTopic)
	switch {
	case codec.ValidateTopic(topic) != "", topic == codec.TransHalfTopic, topic == codec.TransOpHalfTopic, topic == codec.ScheduleTopic:
		return "", 0, fmt.Errorf("%w: %q", errNoRealTopic, topic)
	}
	id := intProperty(props, codec.PropertyRealQueueID, -1)
	if id < 0 || id > 1<<31-1 {
		return "", 0, fmt.Errorf("%w: %d", errNoRealQueue, id)
	}
	return topic, int32(id), nil
}

// toFinal makes the record m of the half topic the message that consumers get.
// The properties stay as they are.
func toFinal(m *codec.Message) (err error) {
	topic, queueID, err := destination(m.Properties)
	if err != nil {
		return err
	}
	m.Topic, m.QueueID = topic, queueID
	m.SysFlag = codec.WithTransactionType(m.SysFlag, codec.TransactionCommitType)
	m.PreparedTransactionOffset = m.CommitLogOffset
	return nil
}

// rootOf is the root of the half message at a queue offset.
func rootOf(props string, offset int64) int64 {
	if root := intProperty(props, codec.PropertyTransactionPreparedQueueOffset, -1); root >= 0 && root < offset {
		return root
	}
	return offset
}

// copyProperties are the properties of the next copy of a half message.
func copyProperties(props string, root, checkTimes int64) string {
	b := []byte(without(without(props, codec.PropertyTransactionCheckTimes), codec.PropertyTransactionPreparedQueueOffset))
	if checkTimes > 0 {
		b = appendIntProperty(b, codec.PropertyTransactionCheckTimes, checkTimes)
	}
	b = appendIntProperty(b, codec.PropertyTransactionPreparedQueueOffset, root)
	return aliasString(b)
}

// intProperty is a property as a number, or missing when it is none.
func intProperty(props, name string, missing int64) int64 {
	text, _ := codec.GetProperty(props, name)
	if text == "" {
		return missing
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return missing
	}
	return n
}

// without is props without the property name; it allocates only when that is there.
func without(props, name string) string {
	if !strings.Contains(props, name) {
		return props
	}
	if _, found := codec.GetProperty(props, name); !found {
		return props
	}
	return string(codec.DeleteProperty(nil, props, name))
}

// appendIntProperty is codec.AppendProperty of a number, without making its string.
func appendIntProperty(dst []byte, name string, value int64) []byte {
	dst = codec.AppendProperty(dst, name, "0")
	return strconv.AppendInt(dst[:len(dst)-1], value, 10)
}
