package mqadmin

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/boostermq/booster/codec"
)

// Latest as a time means the end of a queue.
const Latest int64 = -1

// Reset says where a group is to go on with a topic.
type Reset struct {
	Group, Topic string
	TimestampMs  int64 // Latest, or ms
	Force        bool  // also forward
}

// ResetOffset asks the brokers of the topic for 222
// INVOKE_BROKER_TO_RESET_OFFSET, which they pass on to the clients of the group:
// ConsumerNotOnline when there are none. forCPP wants it in the form that the
// C++ client reads.
func (a *Admin) ResetOffset(ctx context.Context, r Reset, forCPP bool) (map[codec.MessageQueue]int64, error) {
	header := &codec.ResetOffsetRequestHeader{Topic: r.Topic, Group: r.Group, TimestampMs: r.TimestampMs, IsForce: r.Force}
	all := map[codec.MessageQueue]int64{}
	err := a.eachBroker(ctx, r.Topic, func(addr string) error {
		cmd := &codec.Command{Code: codec.InvokeBrokerToResetOffset, Header: header}
		if forCPP {
			cmd.Language = codec.LanguageCPP
		}
		resp, err := a.invokeWithin(ctx, a.config.Timeout, addr, cmd)
		if err != nil {
			return err
		}
		body, err := decode[codec.ResetOffsetBody](resp, addr)
		maps.Copy(all, body.OffsetTable)
		return err
	})
	return all, err
}

// Rollback is what became of one queue (Java: RollbackStats).
type Rollback struct {
	Queue     codec.MessageQueue
	Broker    int64 // the end of the queue
	Consumer  int64 // where the group was
	Timestamp int64 // the offset at the time asked for
	Result    int64 // where the group is now
}

// RollbackOffset does a Reset for a group without clients: it sets the offsets
// in the brokers (Java: resetOffsetByTimestampOld). The queues are sorted.
func (a *Admin) RollbackOffset(ctx context.Context, r Reset) ([]Rollback, error) {
	var done []Rollback
	err := a.eachBroker(ctx, r.Topic, func(addr string) error {
		queues, err := a.progress(ctx, addr, r.Group, r.Topic)
		if err != nil {
			return err
		}
		for _, mq := range slices.SortedFunc(maps.Keys(queues), CompareQueues) {
			result, err := a.rollback(ctx, addr, r, mq, queues[mq])
			if err != nil {
				return err
			}
			done = append(done, result)
		}
		return nil
	})
	return done, err
}

// progress is how far a group is with the queues of a topic on one broker. One
// that has consumed nothing is at the beginning of each.
func (a *Admin) progress(ctx context.Context, addr, group, topic string) (map[codec.MessageQueue]codec.OffsetWrapper, error) {
	stats, err := get[codec.ConsumeStats](ctx, a, addr, codec.GetConsumeStats, &codec.GetConsumeStatsRequestHeader{ConsumerGroup: group})
	if keepTopic(stats, topic); err != nil || len(stats.OffsetTable) > 0 {
		return stats.OffsetTable, err
	}
	table, err := get[codec.TopicStatsTable](ctx, a, addr, codec.GetTopicStatsInfo, &codec.GetTopicStatsInfoRequestHeader{Topic: topic})
	queues := make(map[codec.MessageQueue]codec.OffsetWrapper, len(table.OffsetTable))
	for mq, o := range table.OffsetTable {
		queues[mq] = codec.OffsetWrapper{BrokerOffset: o.MaxOffset, ConsumerOffset: o.MinOffset}
	}
	return queues, err
}

// keepTopic leaves the queues of one topic. 208 can be asked for one only, but
// then shows offsets 0 also of a group that has none.
func keepTopic(stats codec.ConsumeStats, topic string) {
	maps.DeleteFunc(stats.OffsetTable, func(mq codec.MessageQueue, _ codec.OffsetWrapper) bool { return mq.Topic != topic })
}

func (a *Admin) rollback(ctx context.Context, addr string, r Reset, mq codec.MessageQueue, at codec.OffsetWrapper) (Rollback, error) {
	done := Rollback{Queue: mq, Broker: at.BrokerOffset, Consumer: at.ConsumerOffset, Result: at.ConsumerOffset}
	var err error
	if r.TimestampMs == Latest {
		done.Timestamp, err = a.MaxOffset(ctx, addr, mq)
	} else {
		done.Timestamp, err = a.SearchOffset(ctx, addr, mq, r.TimestampMs)
	}
	if err != nil || !r.Force && done.Timestamp > done.Consumer {
		return done, err
	}
	done.Result = done.Timestamp
	return done, a.UpdateConsumerOffset(ctx, addr, r.Group, mq, done.Result)
}

// MaxOffset asks for 30 GET_MAX_OFFSET.
func (a *Admin) MaxOffset(ctx context.Context, addr string, mq codec.MessageQueue) (int64, error) {
	resp, err := a.invoke(ctx, addr, codec.GetMaxOffset, &codec.GetMaxOffsetRequestHeader{Topic: mq.Topic, QueueID: mq.QueueID, BrokerName: mq.BrokerName}, nil)
	if err != nil {
		return 0, err
	}
	var h codec.GetMaxOffsetResponseHeader
	err = h.DecodeFields(resp.Ext)
	return h.Offset, err
}

// SearchOffset asks for 29 SEARCH_OFFSET_BY_TIMESTAMP.
func (a *Admin) SearchOffset(ctx context.Context, addr string, mq codec.MessageQueue, timestampMs int64) (int64, error) {
	header := &codec.SearchOffsetRequestHeader{Topic: mq.Topic, QueueID: mq.QueueID, TimestampMs: timestampMs, BrokerName: mq.BrokerName}
	resp, err := a.invoke(ctx, addr, codec.SearchOffsetByTimestamp, header, nil)
	if err != nil {
		return 0, err
	}
	var h codec.SearchOffsetResponseHeader
	err = h.DecodeFields(resp.Ext)
	return h.Offset, err
}

// EarliestStoreTime asks for 32 GET_EARLIEST_MSG_STORETIME, in ms.
func (a *Admin) EarliestStoreTime(ctx context.Context, addr string, mq codec.MessageQueue) (int64, error) {
	header := &codec.GetEarliestMsgStoretimeRequestHeader{Topic: mq.Topic, QueueID: mq.QueueID, BrokerName: mq.BrokerName}
	resp, err := a.invoke(ctx, addr, codec.GetEarliestMsgStoreTime, header, nil)
	if err != nil {
		return 0, err
	}
	var h codec.GetEarliestMsgStoretimeResponseHeader
	err = h.DecodeFields(resp.Ext)
	return h.TimestampMs, err
}

// UpdateConsumerOffset sends 15 UPDATE_CONSUMER_OFFSET and waits for the answer.
func (a *Admin) UpdateConsumerOffset(ctx context.Context, addr, group string, mq codec.MessageQueue, offset int64) error {
	header := &codec.UpdateConsumerOffsetRequestHeader{
		ConsumerGroup: group, Topic: mq.Topic, QueueID: mq.QueueID, CommitOffset: offset, BrokerName: mq.BrokerName,
	}
	_, err := a.invoke(ctx, addr, codec.UpdateConsumerOffset, header, nil)
	return err
}

// CloneOffset gives a group the offsets that another one has of a topic. Java's
// tool gives it those of all topics of the other one, also of its retries.
func (a *Admin) CloneOffset(ctx context.Context, from, to, topic string) error {
	stats, err := a.ConsumeStats(ctx, from, "")
	if err != nil {
		return err
	}
	route, err := a.TopicRoute(ctx, topic)
	if err != nil {
		return err
	}
	keepTopic(stats, topic)
	if len(stats.OffsetTable) == 0 {
		return fmt.Errorf("group %s has consumed nothing of topic %s", from, topic)
	}
	for _, mq := range slices.SortedFunc(maps.Keys(stats.OffsetTable), CompareQueues) {
		broker, found := RouteBroker(route, mq.BrokerName)
		if !found {
			return fmt.Errorf("broker %s, on which group %s has consumed topic %s, is not registered with it", mq.BrokerName, from, topic)
		}
		if err := a.UpdateConsumerOffset(ctx, BrokerAddr(broker), to, mq, stats.OffsetTable[mq].ConsumerOffset); err != nil {
			return err
		}
	}
	return nil
}
