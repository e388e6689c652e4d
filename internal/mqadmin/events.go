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
	header := &codec.PullMessageRequestHeader{
		ConsumerGroup: codec.MonitorConsumerGroup, Topic: mq.Topic, QueueID: mq.QueueID, BrokerName: mq.BrokerName, QueueOffset: offset,
		MaxMsgNums: eventsAtOnce, SysFlag: codec.PullFlagSubscription, Subscription: codec.SubscribeAll, ExpressionType: codec.ExpressionTag,
	}
	resp, err := a.exchange(ctx, a.config.Timeout, addr, &codec.Command{Code: codec.PullMessage, Header: header})
	if err != nil {
		return nil, offset, err
	}
	switch resp.Code {
	case codec.Success, codec.PullNotFound, codec.PullRetryImmediately, codec.PullOffsetMoved:
	default:
		return nil, offset, &ResponseError{Code: resp.Code, Remark: resp.Remark, Addr: addr}
	}
	var h codec.PullMessageResponseHeader
	if err := h.DecodeFields(resp.Ext); err != nil {
		return nil, offset, err
	}
	events, err := decodeEvents(resp.Body)
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
