package transaction

import (
	"github.com/boostermq/booster/codec"
)

// Resume serves 323 RESUME_CHECK_HALF_MESSAGE: it brings the message with this
// offset message id, one that was given up, back to the half topic as if it had
// just come.
//
// Differences from Java: only what is in the topic of the given-up messages, or
// in the half topic, can be brought back; anything else would be delivered twice.
func (s *Service) Resume(msgID string) *Answer {
	failed := &Answer{codec.SystemError, remarkResumeFailed}
	_, phyOffset, err := codec.DecodeOffsetMsgID(msgID)
	if err != nil || phyOffset < 0 {
		return failed
	}
	rec, ok := s.store.LookMessageByOffset(phyOffset)
	if !ok {
		return failed
	}
	var m codec.Message
	if _, err := codec.DecodeRecord(rec, &m, codec.DecodeOptions{CheckCRC: true}); err != nil {
		return failed
	}
	if m.Topic != codec.TransCheckMaxTimeTopic && m.Topic != codec.TransHalfTopic || !IsHalf(&m) {
		return failed
	}
	b := []byte(without(without(m.Properties, codec.PropertyTransactionCheckTimes), codec.PropertyTransactionPreparedQueueOffset))
	m.Properties = aliasString(appendIntProperty(b, codec.PropertyTransactionCheckTimes, 0))
	toHalfTopic(&m)
	if res := s.put(&m, true); !res.Status.Stored() {
		s.log.Error("a half message could not be brought back", "msgId", msgID, "status", res.Status.String())
		return failed
	}
	return &Answer{Code: codec.Success}
}
