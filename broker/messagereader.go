package broker

import (
	"strings"
	"time"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/store"
)

// messageReader reads messages for the page.
type messageReader struct{ b *Controller }

func (m messageReader) ByOffsetID(id string) (found []codec.Message) {
	_, offset, err := codec.DecodeOffsetMsgID(id)
	if err != nil {
		return nil
	}
	m.b.observer.whileServing(func() {
		if record, ok := m.b.store.LookMessageByOffset(offset); ok {
			found = m.decode(found, record)
		}
	})
	return found
}

// ByKey leaves out what only has the same hash.
func (m messageReader) ByKey(topic, key string, n int) (found []codec.Message) {
	m.b.observer.whileServing(func() {
		for _, record := range m.b.store.QueryMessage(topic, key, n, 0, time.Now().UnixMilli()).Records {
			found = m.decode(found, record)
		}
	})
	kept := found[:0]
	for _, msg := range found {
		uniq, _ := codec.GetProperty(msg.Properties, codec.PropertyUniqKey)
		keys, _ := codec.GetProperty(msg.Properties, codec.PropertyKeys)
		if msg.Topic == topic && (uniq == key || hasKey(keys, key)) {
			kept = append(kept, msg)
		}
	}
	return kept
}

func hasKey(keys, key string) bool {
	for k := range strings.FieldsSeq(keys) {
		if k == key {
			return true
		}
	}
	return false
}

func (m messageReader) InQueue(topic string, queueID int32, offset int64, n int) (found []codec.Message) {
	m.b.observer.whileServing(func() {
		var res store.GetResult
		m.b.store.GetMessage(topic, queueID, offset, n, nil, &res)
		found = m.decode(found, res.Buf)
	})
	return found
}

// decode appends the messages of records, one after the other.
func (m messageReader) decode(found []codec.Message, records []byte) []codec.Message {
	for len(records) > 0 {
		var msg codec.Message
		n, err := codec.DecodeRecord(records, &msg, codec.DecodeOptions{})
		if err != nil {
			m.b.log.Warn("a record the page was to show cannot be read", "err", err)
			return found
		}
		found, records = append(found, msg), records[n:]
	}
	return found
}
