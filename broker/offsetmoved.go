package broker

import (
	"time"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
	"github.com/boostermq/booster/store"
)

// offsetMovedEvent is the body of a message in OFFSET_MOVED_EVENT (Java:
// OffsetMovedEvent).
type offsetMovedEvent struct {
	ConsumerGroup string             `json:"consumerGroup"`
	MessageQueue  codec.MessageQueue `json:"messageQueue"`
	OffsetRequest int64              `json:"offsetRequest"`
	OffsetNew     int64              `json:"offsetNew"`
}

// putOffsetMovedEvent records that a consumer asked for an offset out of range.
// Nobody waits for it.
func (b *Controller) putOffsetMovedEvent(conf *Config, group string, queue codec.MessageQueue, requested, next int64) {
	body, err := fastjson.Marshal(&offsetMovedEvent{ConsumerGroup: group, MessageQueue: queue, OffsetRequest: requested, OffsetNew: next})
	if err != nil {
		b.log.Error("encode offset moved event", "err", err)
		return
	}
	host := b.settings.Load().storeHost
	props := codec.AppendProperty(codec.AppendProperty(nil, codec.PropertyTags, group), codec.PropertyKeys, group)
	b.store.PutMessage(&codec.Message{
		Topic: codec.OffsetMovedEventTopic, Body: body, Properties: string(props),
		BornTimestampMs: time.Now().UnixMilli(), BornHost: host, StoreHost: host,
	}, eventPut{b})
	b.store.CommitPending()
}

type eventPut struct{ b *Controller }

// PutDone notes a failure; the event is lost then.
func (p eventPut) PutDone(r *store.PutResult) {
	if !r.Status.Stored() {
		p.b.log.Warn("offset moved event not stored", "status", r.Status)
	}
}
