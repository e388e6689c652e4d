package command

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/mqadmin"
)

var consumerProgress = &Command{
	Name: "consumerProgress", Text: "Query consumers's progress, speed",
	Options: []Option{
		optional("s", "showClientIP", "Show Client IP per Queue").boolean(),
		optional("g", "groupName", "consumer group name"),
	},
	Run: runConsumerProgress,
}

func runConsumerProgress(ctx context.Context, c *Call) error {
	if c.Has("g") {
		return c.printProgress(ctx, c.Text("g", ""))
	}
	return c.printGroups(ctx)
}

// printProgress prints how far a group is with each queue.
func (c *Call) printProgress(ctx context.Context, group string) error {
	stats, err := c.Admin.ConsumeStats(ctx, group, "")
	if err != nil {
		return err
	}
	var owners map[codec.MessageQueue]string
	if c.Bool("s", false) {
		owners, err = c.owners(ctx, group)
	}
	line := func(mq codec.MessageQueue, id, broker, consumer, owner, diff, at any) {
		c.printf("%-64s  %-32s  %-4v  %-20v  %-20v  ", front(mq.Topic, 64), front(mq.BrokerName, 32), id, broker, consumer)
		if c.Bool("s", false) {
			c.printf("%-20v ", owner)
		}
		c.printf("%-20v  %v\n", diff, at)
	}
	line(codec.MessageQueue{Topic: "#Topic", BrokerName: "#Broker Name"}, "#QID", "#Broker Offset", "#Consumer Offset", "#Client IP", "#Diff", "#LastTime")
	for _, mq := range slices.SortedFunc(maps.Keys(stats.OffsetTable), mqadmin.CompareQueues) {
		o, owner, at := stats.OffsetTable[mq], "NA", "N/A"
		if ip, ok := owners[mq]; ok {
			owner = ip
		}
		if o.LastTimestamp > 0 {
			at = timeText(o.LastTimestamp)
		}
		line(mq, mq.QueueID, o.BrokerOffset, o.ConsumerOffset, owner, o.BrokerOffset-o.ConsumerOffset, at)
	}
	c.printf("\nConsume TPS: %.2f\nDiff Total: %d\n", stats.ConsumeTPS, totalDiff(stats))
	return err
}

// totalDiff is how many messages wait to be consumed.
func totalDiff(stats codec.ConsumeStats) int64 {
	var diff int64
	for _, o := range stats.OffsetTable {
		diff += o.BrokerOffset - o.ConsumerOffset
	}
	return diff
}

// owners asks every client of a group which queues it has: it is told by the
// address in front of its id. Those that do not answer are told by the error.
func (c *Call) owners(ctx context.Context, group string) (map[codec.MessageQueue]string, error) {
	owners := map[codec.MessageQueue]string{}
	cc, err := c.Admin.ConsumerConnection(ctx, group)
	if mqadmin.HasCode(err, codec.ConsumerNotOnline) {
		return owners, nil
	}
	for _, conn := range cc.ConnectionSet {
		info, askErr := c.Admin.ConsumerRunningInfo(ctx, group, conn.ClientID, false)
		err = errors.Join(err, askErr)
		ip, _, _ := strings.Cut(conn.ClientID, "@")
		for mq := range info.MQTable {
			owners[mq] = ip
		}
	}
	return owners, err
}

// printGroups prints a line for each group that has a retry topic.
func (c *Call) printGroups(ctx context.Context) error {
	topics, err := c.Admin.TopicList(ctx)
	if err != nil {
		return err
	}
	const line = "%-64s  %-6v  %-24s %-5s  %-14s  %-7v  %v\n"
	c.printf(line, "#Group", "#Count", "#Version", "#Type", "#Model", "#TPS", "#Diff Total")
	var failed error
	for _, topic := range slices.Sorted(slices.Values(topics)) {
		group, isRetry := strings.CutPrefix(topic, codec.RetryGroupTopicPrefix)
		if !isRetry {
			continue
		}
		stats, err := c.Admin.ConsumeStats(ctx, group, "")
		failed = errors.Join(failed, unlessAbsent(err))
		cc, err := c.Admin.ConsumerConnection(ctx, group)
		failed = errors.Join(failed, unlessAbsent(err))
		version, consumeType, model := "OFFLINE", "", ""
		if len(cc.ConnectionSet) > 0 {
			oldest := slices.MinFunc(cc.ConnectionSet, func(x, y codec.Connection) int { return int(x.Version) - int(y.Version) })
			version, consumeType = codec.VersionDesc(oldest.Version), "PUSH"
			if cc.ConsumeType == codec.ConsumeActively {
				consumeType = "PULL"
			} else {
				model = cc.MessageModel
			}
		}
		c.printf(line, front(group, 64), len(cc.ConnectionSet), version, consumeType, model, int(stats.ConsumeTPS), totalDiff(stats))
	}
	return failed
}

// unlessAbsent is err, unless it says that a group is offline, has consumed
// nothing or is gone meanwhile.
func unlessAbsent(err error) error {
	if mqadmin.HasCode(err, codec.ConsumerNotOnline) || mqadmin.HasCode(err, codec.TopicNotExist) {
		return nil
	}
	return err
}
