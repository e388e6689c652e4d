package transaction

import (
	"strconv"
	"time"

	"github.com/boostermq/booster/codec"
)

// An op message says that a half message is ended, whichever way. It is a record
// of RMQ_SYS_TRANS_OP_HALF_TOPIC, in the queue of the half message:
//
//	+------------------------------+---------------------------------+
//	| body                         | properties                      |
//	| queue offset of the half     | WAIT 0x01 true 0x02 TAGS 0x01 d |
//	| message, decimal digits      |                                 |
//	+------------------------------+---------------------------------+
//
// Born and store host are the broker's, the born time is its clock.

// opMessage says that the half message at a queue offset is ended.
func (s *Service) opMessage(halfOffset int64) *codec.Message {
	host := s.o.StoreHost()
	return &codec.Message{
		Topic: codec.TransOpHalfTopic, QueueID: halfQueueID, Body: strconv.AppendInt(nil, halfOffset, 10),
		Properties:      opProperties,
		BornTimestampMs: time.Now().UnixMilli(), BornHost: host, StoreHost: host,
	}
}

// opProperties: an op message waits for disk and slave, as it does in Java.
const opProperties = codec.PropertyWaitStoreMsgOK + "\x01true\x02" + codec.PropertyTags + "\x01" + codec.TransactionRemoveTag

// opTarget is the inverse of opMessage: the queue offset of the half message.
func opTarget(m *codec.Message) (halfOffset int64, ok bool) {
	if tag, _ := codec.GetProperty(m.Properties, codec.PropertyTags); tag != codec.TransactionRemoveTag {
		return 0, false
	}
	halfOffset, err := strconv.ParseInt(string(m.Body), 10, 64)
	return halfOffset, err == nil && halfOffset >= 0
}
