package mqadmin

import (
	"context"
	"fmt"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
)

// MovedEvent says that a broker told a group to go on at another offset than it
// asked for: messages are gone that it has not consumed.
type MovedEvent struct {
	codec.OffsetMovedEvent
	TimestampMs int64
}

// eventsAtOnce is how many events one pull brings at most.
const eventsAtOnce = 32

// MovedEvents pulls (11 PULL_MESSAGE) events from a queue of OFFSET_MOVED_EVENT,
// without waiting for any, and returns the offset to go on at.
func (a *Admin) MovedEvents(ctx context.Context, addr string, mq codec.MessageQueue, offset int64) ([]MovedEvent, int64, error) {
	_, h, records, err := a.pull(ctx, addr, codec.MonitorConsumerGroup, mq, codec.SubscribeAll, offset, eventsAtOnce)
	if err != nil {
		return nil, offset, err
	}
	events, err := decodeEvents(records)
	if err != nil {
		err = fmt.Errorf("events from %s: %w", addr, err)
	}
	return events, h.NextBeginOffset, err
}

func decodeEvents(records []byte) ([]MovedEvent, error) {
	var events []MovedEvent
	for len(records) > 0 {
		var m codec.Message
		n, err := codec.DecodeRecord(records, &m, codec.DecodeOptions{})
		if err != nil {
			return events, err
		}
		records = records[n:]
		event := MovedEvent{TimestampMs: m.StoreTimestampMs}
		if err := fastjson.Unmarshal(m.Body, &event.OffsetMovedEvent); err != nil {
			return events, err
		}
		events = append(events, event)
	}
	return events, nil
}
