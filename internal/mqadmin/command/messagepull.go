package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/mqadmin"
)

// pullAtOnce is how many messages one pull brings at most.
const pullAtOnce = 32

// span is a part of a queue: offsets from first to before end.
type span struct {
	mq         codec.MessageQueue
	addr       string
	first, end int64
}

// spans returns the read queues of a topic between two times, which "" leaves open.
func (c *Call) spans(ctx context.Context, topic, begin, end string) ([]span, error) {
	route, err := c.Admin.TopicRoute(ctx, topic)
	if err != nil {
		return nil, err
	}
	var list []span
	for _, q := range route.QueueDatas {
		broker, found := mqadmin.RouteBroker(route, q.BrokerName)
		if !found || !codec.IsReadable(q.Perm) {
			continue
		}
		for id := range q.ReadQueueNums {
			s := span{mq: codec.MessageQueue{Topic: topic, BrokerName: q.BrokerName, QueueID: id}, addr: mqadmin.BrokerAddr(broker)}
			if s.first, err = c.border(ctx, s, begin, c.Admin.MinOffset); err != nil {
				return nil, err
			}
			if s.end, err = c.border(ctx, s, end, c.Admin.MaxOffset); err != nil {
				return nil, err
			}
			list = append(list, s)
		}
	}
	slices.SortFunc(list, func(x, y span) int { return mqadmin.CompareQueues(x.mq, y.mq) })
	return list, nil
}

// border is the offset at a time, or what otherwise says.
func (c *Call) border(ctx context.Context, s span, at string, otherwise func(ctx context.Context, addr string, mq codec.MessageQueue) (int64, error)) (int64, error) {
	if at == "" {
		return otherwise(ctx, s.addr, s.mq)
	}
	ms, err := moment(at)
	if err != nil {
		return 0, err
	}
	return c.Admin.SearchOffset(ctx, s.addr, s.mq, ms)
}

// moment reads a time as resetTime does.
func moment(text string) (int64, error) {
	ms, err := resetTime(text)
	if err != nil {
		return 0, fmt.Errorf("times are milliseconds or yyyy-MM-dd#HH:mm:ss:SSS, not %q", text)
	}
	return ms, nil
}

// walk pulls s to its end. found is given the messages of each pull, other
// what else a pull says; both say whether to go on.
func (c *Call) walk(ctx context.Context, s span, group, tags string, found func([]mqadmin.StoredMessage) bool, other func(status string, offset int64) bool) error {
	for offset := s.first; offset < s.end; {
		r, err := c.Admin.Pull(ctx, s.addr, group, s.mq, tags, offset, int32(min(pullAtOnce, s.end-offset)))
		if err != nil {
			return err
		}
		if r.Status == "FOUND" {
			if !found(slices.DeleteFunc(r.Messages, func(m mqadmin.StoredMessage) bool { return m.QueueOffset >= s.end })) {
				return nil
			}
		} else if !other(r.Status, r.Next) {
			return nil
		}
		if r.Next <= offset {
			return nil
		}
		offset = r.Next
	}
	return nil
}

func runPrintMsg(ctx context.Context, c *Call) error {
	spans, err := c.spans(ctx, c.Text("t", ""), c.Text("b", ""), c.Text("e", ""))
	if err != nil {
		return err
	}
	for _, s := range spans {
		c.printf("minOffset=%d, maxOffset=%d, %s\n", s.first, s.end, queueText(s.mq))
		err := c.walk(ctx, s, mqadmin.ToolsGroup, c.Text("s", codec.SubscribeAll), func(messages []mqadmin.StoredMessage) bool {
			for _, m := range messages {
				c.printMessage(m, c.Bool("d", true))
			}
			return true
		}, func(status string, offset int64) bool {
			if status == "NO_MATCHED_MSG" {
				c.printf("%s no matched msg. status=%s, offset=%d\n", queueText(s.mq), status, offset)
				return true
			}
			c.printf("%s print msg finished. status=%s, offset=%d\n", queueText(s.mq), status, offset)
			return false
		})
		if err != nil {
			return err
		}
		c.printf("--------------------------------------------------------\n")
	}
	return nil
}

// oneQueue returns the part of the queue that -t and the options broker and queue name.
func (c *Call) oneQueue(ctx context.Context, broker, begin, end string) (span, error) {
	spans, err := c.spans(ctx, c.Text("t", ""), begin, end)
	if err != nil {
		return span{}, err
	}
	i := slices.IndexFunc(spans, func(s span) bool { return s.mq.BrokerName == broker && s.mq.QueueID == c.Int32("i", 0) })
	if i < 0 {
		return span{}, fmt.Errorf("topic %s has no queue %s of broker %s", c.Text("t", ""), c.Text("i", ""), broker)
	}
	return spans[i], nil
}

func runPrintMsgByQueue(ctx context.Context, c *Call) error {
	s, err := c.oneQueue(ctx, c.Text("a", ""), c.Text("b", ""), c.Text("e", ""))
	if err != nil {
		return err
	}
	counts := map[string]int{}
	err = c.walk(ctx, s, mqadmin.ToolsGroup, c.Text("s", codec.SubscribeAll), func(messages []mqadmin.StoredMessage) bool {
		for _, m := range messages {
			if tag := m.Properties[codec.PropertyTags]; tag != "" {
				counts[tag]++
			}
			if c.Bool("p", false) {
				c.printMessage(m, c.Bool("d", false))
			}
		}
		return true
	}, func(status string, _ int64) bool { return status == "NO_MATCHED_MSG" })
	if err != nil || !c.Bool("f", false) {
		return err
	}
	tags := slices.SortedFunc(maps.Keys(counts), func(x, y string) int { return cmp.Or(counts[y]-counts[x], cmp.Compare(x, y)) })
	for _, tag := range tags {
		c.printf("Tag: %-30s Count: %d\n", tag, counts[tag])
	}
	return nil
}

func runConsumeMessage(ctx context.Context, c *Call) error {
	spans, err := c.spansToConsume(ctx)
	if err != nil {
		return err
	}
	left := c.Int("c", 128)
	if left <= 0 {
		return errors.New("option -c takes a number above 0")
	}
	for _, s := range spans {
		ended, at := "NO_NEW_MSG", s.end
		if c.Has("o") {
			c.printf("The oldler %d message will be provided\n", left)
		}
		err := c.walk(ctx, s, c.Text("g", mqadmin.ToolsGroup), codec.SubscribeAll, func(messages []mqadmin.StoredMessage) bool {
			messages = messages[:min(left, len(messages))]
			if left -= len(messages); len(messages) > 0 {
				c.printf("Consume ok\n")
			}
			for _, m := range messages {
				c.printMessage(m, true)
			}
			return left > 0
		}, func(status string, offset int64) bool { ended, at = status, offset; return false })
		if err != nil {
			return err
		}
		if left == 0 {
			return nil
		}
		if !c.Has("e") {
			c.printf("%s print msg finished. status=%s, offset=%d\n", queueText(s.mq), ended, at)
		}
	}
	return nil
}

// spansToConsume is what -b -i -o and -s -e leave of a topic.
func (c *Call) spansToConsume(ctx context.Context) ([]span, error) {
	if c.Has("b") != c.Has("i") || c.Has("o") && !c.Has("i") {
		return nil, errors.New("-b and -i go together, and -o goes with them")
	}
	if !c.Has("b") {
		return c.spans(ctx, c.Text("t", ""), c.Text("s", ""), c.Text("e", ""))
	}
	s, err := c.oneQueue(ctx, c.Text("b", ""), c.Text("s", ""), c.Text("e", ""))
	if err == nil && c.Has("o") {
		if s.first = int64(c.Int("o", 0)); s.first > s.end {
			err = fmt.Errorf("offset %d is behind the end of the queue, %d", s.first, s.end)
		}
	}
	return []span{s}, err
}

func runSendMessage(ctx context.Context, c *Call) error {
	topic := c.Text("t", "")
	queues, masters, err := c.Admin.WriteQueues(ctx, topic)
	if err != nil {
		return err
	}
	queues = slices.DeleteFunc(queues, func(mq codec.MessageQueue) bool {
		return c.Has("b") && mq.BrokerName != c.Text("b", "") || c.Has("i") && mq.QueueID != c.Int32("i", 0)
	})
	if c.Has("i") && !c.Has("b") {
		return errors.New("option -i goes with -b")
	}
	if len(queues) == 0 {
		return fmt.Errorf("topic %s has no such queue to send to", topic)
	}
	properties := map[string]string{}
	for name, option := range map[string]string{codec.PropertyTags: "c", codec.PropertyKeys: "k"} {
		if c.Has(option) {
			properties[name] = c.Text(option, "")
		}
	}
	mq := queues[len(queues)/2]
	r, err := c.Admin.Send(ctx, masters[mq.BrokerName], "TOOLS_PRODUCER", mq, mqadmin.Message{Topic: topic, Properties: properties, Body: []byte(c.Text("p", ""))})
	if err != nil {
		return err
	}
	c.printf("%-32s  %-4s  %-20s    %s\n", "#Broker Name", "#QID", "#Send Result", "#MsgId")
	c.printf("%-32s  %-4d  %-20s    %s\n", r.Queue.BrokerName, r.Queue.QueueID, r.Status, r.MsgID)
	return nil
}

// runCheckMsgSendRT times sends to the queues in turn. The first one, which makes the connection, does not count.
func runCheckMsgSendRT(ctx context.Context, c *Call) error {
	p := prober{c: c, group: "TOOLS_PRODUCER", topic: c.Text("t", ""), body: probeBody(c.Int("s", 128))}
	amount, sum := c.Int("a", 100), int64(0)
	if amount < 2 {
		return errors.New("option -a: the first message is not timed, at least 2 are needed")
	}
	c.printf("%-32s  %-4s  %-20s    %s\n", "#Broker Name", "#QID", "#Send Result", "#RT")
	for i := range amount {
		r, took, err := p.send(ctx, i)
		if err != nil && len(p.queues) == 0 {
			return err
		}
		mq := p.queues[i%len(p.queues)]
		if i > 0 {
			sum += took.Milliseconds()
		}
		c.printf("%-32s  %-4d  %-20t    %d\n", cmp.Or(r.Queue.BrokerName, mq.BrokerName), mq.QueueID, err == nil, took.Milliseconds())
	}
	c.printf("Avg RT: %.2f\n", float64(sum)/float64(amount-1))
	return nil
}
