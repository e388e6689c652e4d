package command

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/mqadmin"
)

var resetOffsetByTime = &Command{
	Name: "resetOffsetByTime", Text: "Reset consumer offset by timestamp(without client restart).",
	Options: []Option{
		required("s", "timestamp", "set the timestamp[now|currentTimeMillis|yyyy-MM-dd#HH:mm:ss:SSS]"),
		flag("c", "cplus", "reset c++ client offset"),
		required("t", "topic", "set the topic"),
		optional("f", "force", "set the force rollback by timestamp switch[true|false]").boolean(),
		required("g", "group", "set the consumer group"),
	},
	Run: runResetOffsetByTime,
}

func runResetOffsetByTime(ctx context.Context, c *Call) error {
	at, err := resetTime(c.Text("s", ""))
	if err != nil {
		return err
	}
	r := c.reset(at)
	return c.resetOffset(ctx, r, func(groupWord string) {
		c.printf("rollback consumer offset by specified %s[%s], topic[%s], force[%t], timestamp(string)[%s], timestamp(long)[%d]\n",
			groupWord, r.Group, r.Topic, r.Force, c.Text("s", ""), r.TimestampMs)
	})
}

// resetTime reads "now", ms, or a local time.
func resetTime(text string) (int64, error) {
	if text == "now" {
		return mqadmin.Latest, nil
	}
	if ms, err := strconv.ParseInt(text, 10, 64); err == nil {
		return ms, nil
	}
	if i := strings.LastIndexByte(text, ':'); i >= 0 { // a layout cannot have a colon before the ms
		if at, err := time.ParseInLocation("2006-01-02#15:04:05.000", text[:i]+"."+text[i+1:], time.Local); err == nil {
			return at.UnixMilli(), nil
		}
	}
	return 0, fmt.Errorf("option -s (timestamp) takes now, milliseconds or yyyy-MM-dd#HH:mm:ss:SSS, not %q", text)
}

var skipAccumulatedMessage = &Command{
	Name: "skipAccumulatedMessage", Text: "Skip all messages that are accumulated (not consumed) currently",
	Options: []Option{
		required("t", "topic", "set the topic"),
		optional("f", "force", "set the force rollback by timestamp switch[true|false]").boolean(),
		required("g", "group", "set the consumer group"),
	},
	Run: runSkipAccumulatedMessage,
}

func runSkipAccumulatedMessage(ctx context.Context, c *Call) error {
	return c.resetOffset(ctx, c.reset(mqadmin.Latest), func(string) {})
}

func (c *Call) reset(at int64) mqadmin.Reset {
	return mqadmin.Reset{Group: c.Text("g", ""), Topic: c.Text("t", ""), TimestampMs: at, Force: c.Bool("f", true)}
}

// resetOffset tells the clients of a group where to go on; for one that has
// none the offsets are set in the brokers. head prints what comes before the
// table, which has another word for the group then.
func (c *Call) resetOffset(ctx context.Context, r mqadmin.Reset, head func(groupWord string)) error {
	offsets, err := c.Admin.ResetOffset(ctx, r, c.Has("c"))
	if mqadmin.HasCode(err, codec.ConsumerNotOnline) {
		head("consumerGroup")
		return c.rollback(ctx, r)
	}
	if err != nil {
		return err
	}
	head("group")
	const line = "%-40s  %-40v  %-40v\n"
	c.printf(line, "#brokerName", "#queueId", "#offset")
	for _, mq := range slices.SortedFunc(maps.Keys(offsets), mqadmin.CompareQueues) {
		c.printf(line, front(mq.BrokerName, 32), mq.QueueID, offsets[mq])
	}
	return nil
}

// rollback prints also what was done before an error.
func (c *Call) rollback(ctx context.Context, r mqadmin.Reset) error {
	done, err := c.Admin.RollbackOffset(ctx, r)
	const line = "%-20s  %-20v  %-20v  %-20v  %-20v  %-20v\n"
	c.printf(line, "#brokerName", "#queueId", "#brokerOffset", "#consumerOffset", "#timestampOffset", "#rollbackOffset")
	for _, q := range done {
		c.printf(line, front(q.Queue.BrokerName, 32), q.Queue.QueueID, q.Broker, q.Consumer, q.Timestamp, q.Result)
	}
	return err
}

var cloneGroupOffset = &Command{
	Name: "cloneGroupOffset", Text: "clone offset from other group.",
	Options: []Option{
		required("s", "srcGroup", "set source consumer group"),
		required("d", "destGroup", "set destination consumer group"),
		required("t", "topic", "set the topic"),
		optional("o", "offline", "the group or the topic is offline"),
	},
	Run: runCloneGroupOffset,
}

// runCloneGroupOffset ignores -o, as Java's tool does.
func runCloneGroupOffset(ctx context.Context, c *Call) error {
	from, to, topic := c.Text("s", ""), c.Text("d", ""), c.Text("t", "")
	if err := c.Admin.CloneOffset(ctx, from, to, topic); err != nil {
		return err
	}
	c.printf("clone group offset success. srcGroup[%s], destGroup=[%s], topic[%s]", from, to, topic)
	return nil
}
