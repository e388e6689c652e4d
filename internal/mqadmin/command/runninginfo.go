package command

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/mqadmin"
)

// runningInfoText is what a consumer says of itself, as text (Java:
// ConsumerRunningInfo.formatString). The properties are sorted.
func runningInfoText(info codec.ConsumerRunningInfo) string {
	var text strings.Builder
	write := func(format string, args ...any) { fmt.Fprintf(&text, format, args...) }

	write("#Consumer Properties#\n")
	for _, key := range slices.Sorted(maps.Keys(info.Properties)) {
		write("%-40s: %s\n", key, info.Properties[key])
	}
	write("\n\n#Consumer Subscription#\n")
	for i, s := range slices.SortedFunc(slices.Values(info.SubscriptionSet), func(x, y codec.SubscriptionData) int { return strings.Compare(x.Topic, y.Topic) }) {
		write("%03d Topic: %-40s ClassFilter: %-8t SubExpression: %s\n", i+1, s.Topic, s.ClassFilterMode, s.SubString)
	}

	queues := slices.SortedFunc(maps.Keys(info.MQTable), mqadmin.CompareQueues)
	const queueHead = "%-64s  %-32s  %-4s  %-20s\n"
	write("\n\n#Consumer Offset#\n"+queueHead, "#Topic", "#Broker Name", "#QID", "#Consumer Offset")
	for _, mq := range queues {
		write("%-32s  %-32s  %-4d  %-20d\n", mq.Topic, mq.BrokerName, mq.QueueID, info.MQTable[mq].CommitOffset)
	}
	write("\n\n#Consumer MQ Detail#\n"+queueHead, "#Topic", "#Broker Name", "#QID", "#ProcessQueueInfo")
	for _, mq := range queues {
		write("%-64s  %-32s  %-4d  %s\n", mq.Topic, mq.BrokerName, mq.QueueID, processQueueText(info.MQTable[mq]))
	}

	write("\n\n#Consumer RT&TPS#\n%-64s  %14s %14s %14s %14s %18s %25s\n", "#Topic",
		"#Pull RT", "#Pull TPS", "#Consume RT", "#ConsumeOK TPS", "#ConsumeFailed TPS", "#ConsumeFailedMsgsInHour")
	for _, topic := range slices.Sorted(maps.Keys(info.StatusTable)) {
		s := info.StatusTable[topic]
		write("%-32s  %14.2f %14.2f %14.2f %14.2f %18.2f %25d\n", topic,
			s.PullRT, s.PullTPS, s.ConsumeRT, s.ConsumeOKTPS, s.ConsumeFailedTPS, s.ConsumeFailedMsgs)
	}
	if info.Jstack != "" {
		write("\n\n#Consumer jstack#\n%s", info.Jstack)
	}
	return text.String()
}

// processQueueText is what Java prints of a ProcessQueueInfo.
func processQueueText(q codec.ProcessQueueInfo) string {
	return fmt.Sprintf("ProcessQueueInfo [commitOffset=%d, cachedMsgMinOffset=%d, cachedMsgMaxOffset=%d, cachedMsgCount=%d, cachedMsgSizeInMiB=%d, "+
		"transactionMsgMinOffset=%d, transactionMsgMaxOffset=%d, transactionMsgCount=%d, locked=%t, tryUnlockTimes=%d, lastLockTimestamp=%s, "+
		"droped=%t, lastPullTimestamp=%s, lastConsumeTimestamp=%s]",
		q.CommitOffset, q.CachedMsgMinOffset, q.CachedMsgMaxOffset, q.CachedMsgCount, q.CachedMsgSizeInMiB,
		q.TransactionMsgMinOffset, q.TransactionMsgMaxOffset, q.TransactionMsgCount, q.Locked, q.TryUnlockTimes, digits(q.LastLockTimestamp),
		q.Dropped, digits(q.LastPullTimestamp), digits(q.LastConsumeTimestamp))
}

// digits is a time in ms as yyyyMMddHHmmssSSS of the local zone (Java: UtilAll.timeMillisToHumanString).
func digits(ms int64) string {
	return fmt.Sprintf("%s%03d", time.UnixMilli(ms).Format("20060102150405"), ms%1000)
}
