package command

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/mqadmin"
)

var startMonitoring = &Command{
	Name: "startMonitoring", Text: "Start Monitoring",
	Run: runStartMonitoring,
}

// monitorInterval is how often the groups are looked at (Java: MonitorConfig.roundInterval).
const monitorInterval = time.Minute

// monitor is one run of startMonitoring (Java: MonitorService). Java's writes
// to the log of the client; here it is standard output.
type monitor struct {
	*Call
	events map[codec.MessageQueue]int64 // where to go on with OFFSET_MOVED_EVENT
}

// runStartMonitoring looks at all groups again and again until the user stops
// it, whatever happens meanwhile.
func runStartMonitoring(ctx context.Context, c *Call) error {
	if len(c.Admin.NameServers()) == 0 {
		return mqadmin.ErrNoNameServer
	}
	m := &monitor{Call: c, events: map[codec.MessageQueue]int64{}}
	for {
		m.round(ctx)
		if !wait(ctx, monitorInterval) {
			return nil
		}
	}
}

func (m *monitor) report(format string, args ...any) {
	m.printf("%s [MONITOR] %s\n", timeTextMs(time.Now().UnixMilli()), fmt.Sprintf(format, args...))
}

// check says what went wrong, once the user has not stopped us.
func (m *monitor) check(ctx context.Context, err error) {
	if err = unlessAbsent(err); err != nil && ctx.Err() == nil {
		m.warn(err)
	}
}

func (m *monitor) round(ctx context.Context) {
	m.report("=========================================beginRound")
	topics, err := m.Admin.TopicList(ctx)
	m.check(ctx, err)
	for _, topic := range slices.Sorted(slices.Values(topics)) {
		if group, isRetry := strings.CutPrefix(topic, codec.RetryGroupTopicPrefix); isRetry {
			m.check(ctx, m.group(ctx, group))
		}
	}
	if slices.Contains(topics, codec.OffsetMovedEventTopic) {
		m.check(ctx, m.movedEvents(ctx))
	}
	m.report("=========================================endRound")
}

// group reports what a group that is online has not consumed, and which of its
// clients do not do as they should.
func (m *monitor) group(ctx context.Context, group string) error {
	cc, err := m.Admin.ConsumerConnection(ctx, group)
	if err != nil {
		return err
	}
	stats, err := m.Admin.ConsumeStats(ctx, group, "")
	if err == nil {
		err = m.undone(ctx, group, stats)
	}
	m.check(ctx, err)
	infos := map[string]codec.ConsumerRunningInfo{}
	for _, conn := range cc.ConnectionSet {
		if conn.Version < codec.VersionV3_1_8 {
			continue
		}
		info, err := m.Admin.ConsumerRunningInfo(ctx, group, conn.ClientID, false)
		if err == nil {
			infos[conn.ClientID] = info
		}
		m.check(ctx, err)
	}
	m.clients(group, infos)
	return nil
}

// undone has a line for each topic of a group (Java: UndoneMsgs).
func (m *monitor) undone(ctx context.Context, group string, stats codec.ConsumeStats) error {
	topics := map[string]bool{}
	for mq := range stats.OffsetTable {
		topics[mq.Topic] = true
	}
	for _, topic := range slices.Sorted(maps.Keys(topics)) {
		table, err := m.Admin.TopicStats(ctx, topic)
		if err != nil {
			return err
		}
		var total, most, delay int64
		for mq, o := range stats.OffsetTable {
			if mq.Topic != topic {
				continue
			}
			diff := max(0, o.BrokerOffset-o.ConsumerOffset)
			total, most = total+diff, max(most, diff)
			if o.LastTimestamp > 0 {
				delay = max(delay, table.OffsetTable[mq].LastUpdateTimestamp-o.LastTimestamp)
			}
		}
		m.report("reportUndoneMsgs: UndoneMsgs [consumerGroup=%s, topic=%s, undoneMsgsTotal=%d, undoneMsgsSingleMQ=%d, undoneMsgsDelayTimeMills=%d]",
			group, topic, total, most, delay)
	}
	return nil
}

// clients reports clients that do not agree or do not go on.
func (m *monitor) clients(group string, infos map[string]codec.ConsumerRunningInfo) {
	if len(infos) == 0 {
		return
	}
	now := time.Now()
	if !sameSubscriptions(infos, now) {
		m.report("[NOTIFY] reportConsumerRunningInfo: ConsumerGroup: %s, Subscription different", group)
	}
	for _, id := range slices.Sorted(maps.Keys(infos)) {
		if text := stuckQueues(id, infos[id], now); text != "" {
			m.report("[NOTIFY] reportConsumerRunningInfo: ConsumerGroup: %s, ClientId: %s, %s", group, id, strings.TrimSpace(text))
		}
	}
}

// movedEvents reports the events since the last round; the first one only looks
// where the queues end.
func (m *monitor) movedEvents(ctx context.Context) error {
	route, err := m.Admin.TopicRoute(ctx, codec.OffsetMovedEventTopic)
	if err != nil {
		return err
	}
	for _, b := range mqadmin.SortedBrokers(route) {
		addr := mqadmin.BrokerAddr(b)
		for _, mq := range readQueues(route, codec.OffsetMovedEventTopic) {
			if mq.BrokerName == b.BrokerName && addr != "" {
				m.check(ctx, m.movedEventsOf(ctx, addr, mq))
			}
		}
	}
	return nil
}

func (m *monitor) movedEventsOf(ctx context.Context, addr string, mq codec.MessageQueue) error {
	end, err := m.Admin.MaxOffset(ctx, addr, mq)
	if err != nil {
		return err
	}
	if at, known := m.events[mq]; !known || at > end { // the topic may have been made anew
		m.events[mq] = end
	}
	for at := m.events[mq]; at < end; at = m.events[mq] {
		events, next, err := m.Admin.MovedEvents(ctx, addr, mq, at)
		for _, e := range events {
			m.report("reportDeleteMsgsEvent: DeleteMsgsEvent [offsetMovedEvent=OffsetMovedEvent [consumerGroup=%s, "+
				"messageQueue=MessageQueue [topic=%s, brokerName=%s, queueId=%d], offsetRequest=%d, offsetNew=%d], eventTimestamp=%d]",
				e.ConsumerGroup, e.MessageQueue.Topic, e.MessageQueue.BrokerName, e.MessageQueue.QueueID, e.OffsetRequest, e.OffsetNew, e.TimestampMs)
		}
		m.events[mq] = next
		if err != nil || next <= at {
			return err
		}
	}
	return nil
}
