package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/mqadmin"
)

const dlqListLine = "%-20s  %-48s  %14v  %-23s  %s\n"

// runDLQList prints for each cluster and group how many dead letters there are,
// and when the first and the last of them died.
func runDLQList(ctx context.Context, c *Call) error {
	topics, err := c.Admin.TopicList(ctx)
	if err != nil {
		return err
	}
	c.printf(dlqListLine, "#Cluster", "#Consumer Group", "#Dead Letters", "#Oldest", "#Newest")
	var failed error
	for _, topic := range slices.Sorted(slices.Values(topics)) {
		group, isDLQ := codec.GroupOfDLQTopic(topic)
		if !isDLQ || group != c.Text("g", group) {
			continue
		}
		if err := c.printDead(ctx, topic, group); err != nil && !mqadmin.HasCode(err, codec.TopicNotExist) { // deleted meanwhile
			failed = errors.Join(failed, fmt.Errorf("group %s: %w", group, err))
		}
	}
	return failed
}

// printDead prints the lines of a group.
func (c *Call) printDead(ctx context.Context, topic, group string) error {
	route, err := c.Admin.TopicRoute(ctx, topic)
	if err != nil {
		return err
	}
	stats, err := c.Admin.TopicStats(ctx, topic)
	if err != nil {
		return err
	}
	type sum struct{ count, oldestMs, newestMs int64 }
	sums := map[string]sum{} // by cluster
	for mq, o := range stats.OffsetTable {
		broker, _ := mqadmin.RouteBroker(route, mq.BrokerName)
		s := sums[broker.Cluster]
		if o.MaxOffset > o.MinOffset {
			oldestMs, err := c.Admin.EarliestStoreTime(ctx, mqadmin.BrokerAddr(broker), mq)
			if err != nil {
				return err
			}
			s.count += o.MaxOffset - o.MinOffset
			s.oldestMs = min(cmp.Or(s.oldestMs, oldestMs), oldestMs)
			s.newestMs = max(s.newestMs, o.LastUpdateTimestamp)
		}
		sums[broker.Cluster] = s
	}
	for _, cluster := range slices.Sorted(maps.Keys(sums)) {
		if s := sums[cluster]; cluster == c.Text("c", cluster) {
			c.printf(dlqListLine, cluster, group, s.count, timeTextMs(s.oldestMs), timeTextMs(s.newestMs))
		}
	}
	return nil
}

// errEnough ends a walk through dead letters that goes no further.
var errEnough = errors.New("there are more dead letters: choose a range, or raise -c")

// runDLQQuery prints messages and not more than it may: the rest is an error,
// so that nobody takes the first ones for all.
func runDLQQuery(ctx context.Context, c *Call) error {
	left := c.Int("c", 32)
	return c.eachDeadLetter(ctx, func(m mqadmin.StoredMessage) error {
		if left--; left < 0 {
			return errEnough
		}
		c.printDeadLetter(m, c.Int("l", 1024))
		return nil
	})
}

func (c *Call) printDeadLetter(m mqadmin.StoredMessage, bodyLimit int) {
	line := func(name string, value any) { c.printf("%-20s %v\n", name, value) }
	property := func(name string) string { return printable(m.Properties[name]) }
	line("Message ID:", printable(m.MsgID()))
	line("Offset ID:", m.OffsetMsgID())
	line("Origin Message ID:", property(codec.PropertyOriginMessageID))
	line("From Topic:", property(codec.PropertyRetryTopic))
	line("Tags:", property(codec.PropertyTags))
	line("Keys:", property(codec.PropertyKeys))
	line("Queue:", deadQueueOf(m))
	line("Queue Offset:", m.QueueOffset)
	line("Reconsume Times:", m.ReconsumeTimes)
	line("Born Timestamp:", timeTextMs(m.BornTimestampMs))
	line("Died Timestamp:", timeTextMs(m.StoreTimestampMs))
	line("Born Host:", m.BornHost)
	line("Properties:", printable(propertiesText(m)))
	line("Body Size:", len(m.Body))
	body := m.Body
	if len(body) > bodyLimit {
		for body = body[:max(bodyLimit, 0)]; len(body) > 0 && !utf8.RuneStart(m.Body[len(body)]); {
			body = body[:len(body)-1]
		}
	}
	line("Body:", printable(string(body)))
	if cut := len(m.Body) - len(body); cut > 0 {
		line("", fmt.Sprintf("(%d bytes more)", cut))
	}
	c.printf("\n")
}

// deadQueueOf is the queue that m lies in, of a broker whose name may not be known.
func deadQueueOf(m mqadmin.StoredMessage) string {
	return deadQueue(cmp.Or(m.BrokerName, m.StoreHost.String()), m.QueueID)
}

// printable is text with escapes for what a terminal would obey or not show.
func printable(text string) string {
	var b strings.Builder
	for len(text) > 0 {
		r, n := utf8.DecodeRuneInString(text)
		if piece := text[:n]; strconv.IsPrint(r) && (r != utf8.RuneError || n > 1) {
			b.WriteString(piece)
		} else {
			b.WriteString(strings.Trim(strconv.Quote(piece), `"`))
		}
		text = text[n:]
	}
	return b.String()
}
