package command

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/mqadmin"
)

var brokerConsumeStats = &Command{
	Name: "brokerConsumeStats", Text: "Fetch broker consume stats data",
	Options: []Option{
		required("b", "brokerAddr", "Broker address"),
		optional("t", "timeoutMillis", "request timeout Millis").number(),
		optional("l", "level", "threshold of print diff").number(),
		optional("o", "order", "order topic").boolean(),
	},
	Run: runBrokerConsumeStats,
}

// runBrokerConsumeStats prints how far each group is on each queue of a broker
// that it has consumed from, as Java does.
func runBrokerConsumeStats(ctx context.Context, c *Call) error {
	timeout := time.Duration(c.Int("t", 50000)) * time.Millisecond
	list, err := c.Admin.ConsumeStatsInBroker(ctx, c.Text("b", ""), c.Bool("o", false), timeout)
	if err != nil {
		return err
	}
	const line = "%-64s  %-64s  %-32s  %-4v  %-20v  %-20v  %-20v  %s\n"
	c.printf(line, "#Topic", "#Group", "#Broker Name", "#QID", "#Broker Offset", "#Consumer Offset", "#Diff", "#LastTime")
	for _, groups := range list.ConsumeStatsList {
		for _, group := range slices.Sorted(maps.Keys(groups)) {
			for _, stats := range groups[group] {
				c.printConsumeStats(line, group, stats)
			}
		}
	}
	c.printf("\nDiff Total: %d\n", list.TotalDiff)
	return nil
}

// printConsumeStats prints the queues on which a group is at least -l messages behind.
func (c *Call) printConsumeStats(line, group string, stats codec.ConsumeStats) {
	for _, mq := range slices.SortedFunc(maps.Keys(stats.OffsetTable), mqadmin.CompareQueues) {
		o := stats.OffsetTable[mq]
		if diff := o.BrokerOffset - o.ConsumerOffset; diff >= int64(c.Int("l", 0)) && o.LastTimestamp > 0 {
			c.printf(line, front(mq.Topic, 64), front(group, 64), front(mq.BrokerName, 32),
				mq.QueueID, o.BrokerOffset, o.ConsumerOffset, diff, timeText(o.LastTimestamp))
		}
	}
}
