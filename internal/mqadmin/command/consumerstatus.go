package command

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/mqadmin"
)

var consumerStatus = &Command{
	Name: "consumerStatus", Text: "Query consumer's internal data structure",
	Options: []Option{
		optional("b", "brokerAddr", "broker address"),
		flag("s", "jstack", "Run jstack command in the consumer progress"),
		required("g", "consumerGroup", "consumer group name"),
		optional("i", "clientId", "The consumer's client id"),
	},
	Run: runConsumerStatus,
}

// runConsumerStatus prints what one client of a group says of itself, or writes
// what each of them says to a file and checks whether they agree.
func runConsumerStatus(ctx context.Context, c *Call) error {
	group := c.Text("g", "")
	if c.Has("i") {
		info, err := c.Admin.ConsumerRunningInfo(ctx, group, c.Text("i", ""), c.Has("s"))
		if err != nil {
			return err
		}
		c.printf("%s", runningInfoText(info))
		return nil
	}
	cc, err := c.consumerConnection(ctx, group)
	if err != nil {
		return err
	}
	const line = "%-10v %-40s %-20s %s\n"
	c.printf(line, "#Index", "#ClientId", "#Version", "#ConsumerRunningInfoFile")
	dir := strconv.FormatInt(time.Now().UnixMilli(), 10)
	infos := map[string]codec.ConsumerRunningInfo{}
	var failed error
	for _, conn := range cc.ConnectionSet {
		info, err := c.Admin.ConsumerRunningInfo(ctx, group, conn.ClientID, c.Has("s"))
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		infos[conn.ClientID] = info
		path, err := writeStatus(dir, conn.ClientID, runningInfoText(info))
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		c.printf(line, len(infos), conn.ClientID, codec.VersionDesc(conn.Version), path)
	}
	if len(infos) > 0 {
		c.printVerdict(infos)
	}
	return failed
}

// writeStatus writes a new file into dir: not over that of another client.
func writeStatus(dir, clientID, text string) (string, error) {
	name, err := fileName("client id", clientID)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	path := filepath.Join(dir, name)
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return "", err
	}
	_, err = file.WriteString(text)
	return path, errors.Join(err, file.Close())
}

// printVerdict tells whether the clients of a group want the same, and which
// queues do not move.
func (c *Call) printVerdict(infos map[string]codec.ConsumerRunningInfo) {
	now := time.Now()
	if !sameSubscriptions(infos, now) {
		c.printf("\n\nWARN: Different subscription in the same group of consumer!!!")
		return
	}
	c.printf("\n\nSame subscription in the same group of consumer\n\nRebalance OK\n")
	for _, id := range slices.Sorted(maps.Keys(infos)) {
		c.printf("%s", stuckQueues(id, infos[id], now))
	}
}

// subscriptionsSettle is how long after its start a consumer may still differ
// from others: a change of subscription goes through a group client by client.
const subscriptionsSettle = 2 * time.Minute

// sameSubscriptions tells whether all push consumers of a group subscribe the
// same, and anything at all (Java: ConsumerRunningInfo.analyzeSubscription).
func sameSubscriptions(infos map[string]codec.ConsumerRunningInfo, now time.Time) bool {
	ids := slices.Sorted(maps.Keys(infos))
	first := infos[ids[0]]
	if !isPush(first) {
		return true
	}
	if started, err := strconv.ParseInt(first.Properties["PROP_CONSUMER_START_TIMESTAMP"], 10, 64); err == nil && now.Sub(time.UnixMilli(started)) <= subscriptionsSettle {
		return true
	}
	want := subscriptionsText(first)
	return want != "" && !slices.ContainsFunc(ids, func(id string) bool { return subscriptionsText(infos[id]) != want })
}

func isPush(info codec.ConsumerRunningInfo) bool {
	return info.Properties["PROP_CONSUME_TYPE"] == codec.ConsumePassively
}

// subscriptionsText is equal for equal subscriptions.
func subscriptionsText(info codec.ConsumerRunningInfo) string {
	var lines []string
	for _, s := range info.SubscriptionSet {
		lines = append(lines, fmt.Sprintf("%q %q %q\n", s.Topic, s.SubString, s.ExpressionType))
	}
	return strings.Join(slices.Sorted(slices.Values(lines)), "")
}

// stuckAfter is how long nothing of a queue with messages may be consumed.
const stuckAfter = time.Minute

// stuckQueues has a line for each queue of a push consumer that does not move
// (Java: ConsumerRunningInfo.analyzeProcessQueue).
func stuckQueues(clientID string, info codec.ConsumerRunningInfo, now time.Time) string {
	var text strings.Builder
	if !isPush(info) {
		return ""
	}
	orderly := info.Properties["PROP_CONSUMEORDERLY"] == "true"
	for _, mq := range slices.SortedFunc(maps.Keys(info.MQTable), mqadmin.CompareQueues) {
		pq := info.MQTable[mq]
		queue := fmt.Sprintf("%s MessageQueue [topic=%s, brokerName=%s, queueId=%d]", clientID, mq.Topic, mq.BrokerName, mq.QueueID)
		idle := now.Sub(time.UnixMilli(pq.LastConsumeTimestamp))
		switch {
		case orderly && !pq.Locked:
			fmt.Fprintf(&text, "%s can't lock for a while, %dms\n", queue, now.Sub(time.UnixMilli(pq.LastLockTimestamp)).Milliseconds())
		case orderly && pq.Dropped && pq.TryUnlockTimes > 0:
			fmt.Fprintf(&text, "%s unlock %d times, still failed\n", queue, pq.TryUnlockTimes)
		case !orderly && pq.CachedMsgCount > 0 && idle > stuckAfter:
			fmt.Fprintf(&text, "%s can't consume for a while, maybe blocked, %dms\n", queue, idle.Milliseconds())
		}
	}
	return text.String()
}
