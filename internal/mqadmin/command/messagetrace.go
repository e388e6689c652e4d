package command

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/mqadmin"
)

// runQueryMsgTraceByID prints who sent a message and, group by group, who
// consumed it, as far as their clients told the trace topic.
func runQueryMsgTraceByID(ctx context.Context, c *Call) error {
	traces, err := c.Admin.Traces(ctx, c.Text("t", codec.TraceTopic), c.Text("i", ""))
	if err != nil {
		return err
	}
	line := func(columns ...any) { c.printf("%-10s %-20s %-20s %-20s %-10s %-10s\n", columns...) }
	consumed := map[string][]mqadmin.Trace{}
	for _, t := range traces {
		if !t.Sent {
			consumed[t.Group] = append(consumed[t.Group], t)
			continue
		}
		line("#Type", "#ProducerGroup", "#ClientHost", "#SendTime", "#CostTimes", "#Status")
		line(traceColumns("Pub", t)...)
		c.printf("\n")
	}
	for _, group := range slices.Sorted(maps.Keys(consumed)) {
		line("#Type", "#ConsumerGroup", "#ClientHost", "#ConsumerTime", "#CostTimes", "#Status")
		for _, t := range consumed[group] {
			line(traceColumns("Sub", t)...)
		}
		c.printf("\n")
	}
	return nil
}

func traceColumns(kind string, t mqadmin.Trace) []any {
	status := map[bool]string{true: "success", false: "failed"}[t.Success]
	return []any{kind, t.Group, t.ClientHost, timeText(t.TimeMs), fmt.Sprintf("%dms", t.CostMs), status}
}
