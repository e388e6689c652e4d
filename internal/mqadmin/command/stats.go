package command

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/mqadmin"
)

var statsAll = &Command{
	Name: "statsAll", Text: "Topic and Consumer tps stats",
	Options: []Option{
		flag("a", "activeTopic", "print active topic only"),
		optional("t", "topic", "print select topic only"),
	},
	Run: runStatsAll,
}

// Names of counters (Java: BrokerStatsManager).
const (
	topicPutNums = "TOPIC_PUT_NUMS"
	groupGetNums = "GROUP_GET_NUMS"
)

// runStatsAll prints what goes in and out of every topic.
func runStatsAll(ctx context.Context, c *Call) error {
	topics, err := c.Admin.TopicList(ctx)
	if err != nil {
		return err
	}
	c.printf("%-64s  %-64s %12s %11s %11s %14s %14s\n",
		"#Topic", "#Consumer Group", "#Accumulation", "#InTPS", "#OutTPS", "#InMsg24Hour", "#OutMsg24Hour")
	selected := c.Text("t", "")
	var failed error
	for _, topic := range slices.Sorted(slices.Values(topics)) {
		if isRetryOrDLQ(topic) || selected != "" && topic != selected {
			continue
		}
		failed = errors.Join(failed, c.printTopicStats(ctx, topic))
	}
	return failed
}

func isRetryOrDLQ(topic string) bool {
	return strings.HasPrefix(topic, codec.RetryGroupTopicPrefix) || strings.HasPrefix(topic, codec.DLQGroupTopicPrefix)
}

// printTopicStats prints a line for each group of a topic.
func (c *Call) printTopicStats(ctx context.Context, topic string) error {
	route, err := c.Admin.TopicRoute(ctx, topic)
	if err != nil {
		return err
	}
	groups, err := c.Admin.TopicConsumers(ctx, topic)
	if err != nil {
		return err
	}
	in, err := c.countOf(ctx, route, topicPutNums, topic)
	if err != nil {
		return err
	}
	if len(groups) == 0 && (!c.Has("a") || in.lastDay > 0) {
		c.printf("%-64s  %-64s %12d %11.2f %11s %14d %14s\n", front(topic, 64), "", 0, in.tps, "", in.lastDay, "NO_CONSUMER")
	}
	for _, group := range slices.Sorted(slices.Values(groups)) {
		out, err := c.countOf(ctx, route, groupGetNums, topic+"@"+group)
		if err != nil {
			return err
		}
		backlog, err := c.backlog(ctx, group, topic)
		if err != nil {
			return err
		}
		if !c.Has("a") || in.lastDay > 0 || out.lastDay > 0 {
			c.printf("%-64s  %-64s %12d %11.2f %11.2f %14d %14d\n",
				front(topic, 64), front(group, 64), backlog, in.tps, out.tps, in.lastDay, out.lastDay)
		}
	}
	return nil
}

// count is one counter over all brokers of a topic.
type count struct {
	tps     float64
	lastDay int64
}

// countOf asks the masters of a route.
func (c *Call) countOf(ctx context.Context, route codec.TopicRouteData, name, key string) (count, error) {
	var sum count
	for _, b := range route.BrokerDatas {
		addr, isMaster := b.BrokerAddrs[codec.MasterID]
		if !isMaster {
			continue
		}
		at, err := c.countAt(ctx, addr, name, key)
		if err != nil {
			return count{}, err
		}
		sum.tps += at.tps
		sum.lastDay += at.lastDay
	}
	return sum, nil
}

// countAt asks one broker; a counter that it does not have counts nothing.
func (c *Call) countAt(ctx context.Context, addr, name, key string) (count, error) {
	data, err := c.Admin.StatsData(ctx, addr, name, key)
	if mqadmin.HasCode(err, codec.SystemError) {
		return count{}, nil
	}
	return count{data.StatsMinute.TPS, cmp.Or(data.StatsDay.Sum, data.StatsHour.Sum, data.StatsMinute.Sum)}, err
}

// backlog is how many messages of a topic a group has not consumed.
func (c *Call) backlog(ctx context.Context, group, topic string) (int64, error) {
	stats, err := c.Admin.ConsumeStats(ctx, group, topic)
	if err != nil {
		return 0, unlessAbsent(err) // a group without retry topic, or without offsets, waits for nothing
	}
	return max(totalDiff(stats), 0), nil
}
