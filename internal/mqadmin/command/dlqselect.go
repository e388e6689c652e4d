package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/mqadmin"
)

// selection is what deadLetterOptions say of a range.
type selection struct {
	beginMs, endMs int64 // of the death, both included
	first, last    int64 // offsets, both included
}

// eachDeadLetter gives do the dead letters that the options choose, queue by
// queue, until do fails. What dies meanwhile is not among them.
func (c *Call) eachDeadLetter(ctx context.Context, do func(mqadmin.StoredMessage) error) error {
	group := c.Text("g", "")
	if remark := codec.ValidateGroup(group); remark != "" {
		return errors.New(remark)
	}
	s, err := c.selection()
	if err != nil {
		return err
	}
	dlq := codec.DLQTopic(group)
	route, err := c.Admin.TopicRoute(ctx, dlq)
	if mqadmin.HasCode(err, codec.TopicNotExist) {
		return fmt.Errorf("group %s has no dead letters: there is no topic %s", group, dlq)
	}
	if err != nil {
		return err
	}
	chosen := func(m mqadmin.StoredMessage) error {
		if topic := m.Properties[codec.PropertyRetryTopic]; topic != c.Text("t", topic) || m.StoreTimestampMs < s.beginMs || m.StoreTimestampMs > s.endMs {
			return nil
		}
		delete(m.Properties, codec.PropertyMinOffset) // which tell of the pull
		delete(m.Properties, codec.PropertyMaxOffset)
		m.BrokerName = cmp.Or(m.BrokerName, brokerAt(route, m.StoreHost.String()))
		return do(m)
	}
	switch {
	case c.Has("i"):
		m, err := c.Admin.FindMessage(ctx, dlq, c.Text("i", ""))
		if err != nil {
			return fmt.Errorf("dead letter %s: %w", c.Text("i", ""), err)
		}
		return chosen(m)
	case c.Has("k"):
		return c.eachDeadWithKey(ctx, dlq, chosen)
	}
	return c.eachDeadInRange(ctx, dlq, route, s, chosen)
}

// brokerAt returns the name of the broker that has a member at addr, "" when none has.
func brokerAt(route codec.TopicRouteData, addr string) string {
	for _, b := range route.BrokerDatas {
		if slices.Contains(slices.Collect(maps.Values(b.BrokerAddrs)), addr) {
			return b.BrokerName
		}
	}
	return ""
}

// selection reads the options of a range.
func (c *Call) selection() (selection, error) {
	s := selection{endMs: math.MaxInt64, last: math.MaxInt64}
	ranged := c.Has("b") || c.Has("e") || c.Has("q") || c.Has("o")
	if c.Has("i") && (c.Has("k") || ranged) || c.Has("k") && ranged {
		return s, errors.New("-i and -k are given alone or with -t")
	}
	err := errors.Join(c.readMoment("b", &s.beginMs), c.readMoment("e", &s.endMs))
	if err == nil && c.Has("o") {
		err = s.setOffsets(c.Text("o", ""))
	}
	return s, err
}

// readMoment reads the time that an option names, if it is given.
func (c *Call) readMoment(option string, ms *int64) error {
	if !c.Has(option) {
		return nil
	}
	at, err := moment(c.Text(option, ""))
	if at == mqadmin.Latest {
		at = time.Now().UnixMilli()
	}
	*ms = at
	return err
}

// setOffsets reads 17, 10-99 or 10-.
func (s *selection) setOffsets(text string) error {
	from, to, isRange := strings.Cut(text, "-")
	if !isRange {
		to = from
	}
	var err, errLast error
	s.first, err = strconv.ParseInt(from, 10, 64)
	if to != "" {
		s.last, errLast = strconv.ParseInt(to, 10, 64)
	}
	if err != nil || errLast != nil || s.last < s.first || s.last == math.MaxInt64 && to != "" {
		return fmt.Errorf("option -o (offsets) takes 17, 10-99 or 10-, not %q", text)
	}
	return nil
}

func (c *Call) eachDeadWithKey(ctx context.Context, dlq string, do func(mqadmin.StoredMessage) error) error {
	const most = 64 // of one broker
	found, err := c.Admin.QueryMessages(ctx, dlq, c.Text("k", ""), most, false)
	if len(found) >= most {
		return fmt.Errorf("%d dead letters have key %s, and more may have it: choose by time or offset", len(found), c.Text("k", ""))
	}
	for i := 0; i < len(found) && err == nil; i++ {
		err = do(found[i])
	}
	return err
}

// eachDeadInRange reads the queues.
func (c *Call) eachDeadInRange(ctx context.Context, dlq string, route codec.TopicRouteData, s selection, do func(mqadmin.StoredMessage) error) error {
	if err := requireReadable(dlq, route); err != nil {
		return err
	}
	spans, err := c.deadSpans(ctx, dlq, s)
	for i := 0; i < len(spans) && err == nil; i++ {
		var failed error
		err = c.walk(ctx, spans[i], mqadmin.ToolsGroup, codec.SubscribeAll, func(messages []mqadmin.StoredMessage) bool {
			for j := 0; j < len(messages) && failed == nil; j++ {
				failed = do(messages[j])
			}
			return failed == nil
		}, func(string, int64) bool { return true })
		err = errors.Join(failed, err)
	}
	return err
}

// requireReadable says how dead letters that may not be read become readable.
func requireReadable(dlq string, route codec.TopicRouteData) error {
	var refused error
	for _, q := range route.QueueDatas {
		if !codec.IsReadable(q.Perm) {
			broker, _ := mqadmin.RouteBroker(route, q.BrokerName)
			refused = errors.Join(refused, fmt.Errorf("broker %s does not let topic %s be read (perm %s; brokers before 4.9.2 make it so). To allow it: "+
				"mqadmin updateTopicPerm -t %s -b %s -p 6", q.BrokerName, dlq, codec.PermString(q.Perm), dlq, mqadmin.BrokerAddr(broker)))
		}
	}
	return refused
}

// deadSpans returns where the dead letters of a range are. By time more is
// returned than was chosen: at a time a broker finds one of the messages that
// were stored then, or a neighbour.
func (c *Call) deadSpans(ctx context.Context, dlq string, s selection) ([]span, error) {
	all, err := c.spans(ctx, dlq, "", "")
	if err != nil {
		return nil, err
	}
	var chosen []span
	for _, one := range all {
		name := deadQueue(one.mq.BrokerName, one.mq.QueueID)
		if name != c.Text("q", name) {
			continue
		}
		if err := c.narrow(ctx, &one, s); err != nil {
			return nil, err
		}
		chosen = append(chosen, one)
	}
	switch {
	case len(chosen) == 0:
		return nil, fmt.Errorf("topic %s has no queue %s", dlq, c.Text("q", ""))
	case len(chosen) > 1 && c.Has("o"):
		return nil, fmt.Errorf("topic %s has %d queues: say with -q of which one the offsets are", dlq, len(chosen))
	}
	return chosen, nil
}

func deadQueue(brokerName string, queueID int32) string {
	return fmt.Sprintf("%s:%d", brokerName, queueID)
}

// narrow cuts off what is not chosen for sure.
func (c *Call) narrow(ctx context.Context, one *span, s selection) error {
	one.first = max(one.first, s.first)
	if s.last < one.end {
		one.end = s.last + 1
	}
	if s.beginMs > 0 {
		at, err := c.Admin.SearchOffset(ctx, one.addr, one.mq, s.beginMs-1)
		if err != nil {
			return err
		}
		one.first = max(one.first, at)
	}
	if s.endMs < math.MaxInt64 {
		at, err := c.Admin.SearchOffset(ctx, one.addr, one.mq, s.endMs+1)
		if err != nil {
			return err
		}
		one.end = min(one.end, at+1)
	}
	return nil
}
