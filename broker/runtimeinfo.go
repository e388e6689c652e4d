package broker

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/remoting"
)

// runtimeInfo is the table of code 28 (spec broker.md §12), with Java's keys
// and text forms: mqadmin, console and exporter parse them.
func (b *Controller) runtimeInfo() map[string]string {
	t := b.storeStats.Table()
	t["brokerVersion"] = strconv.Itoa(int(codec.CurrentVersion))
	t["brokerVersionDesc"] = codec.VersionDesc(codec.CurrentVersion)
	t["startAcceptSendRequestTimeStamp"] = strconv.FormatInt(b.Config().Broker.StartAcceptSendRequestTimeStamp, 10)
	b.addStoreInfo(t)
	b.addDiskInfo(t)
	b.addPoolInfo(t)
	b.addScheduleInfo(t)
	return t
}

func (b *Controller) addStoreInfo(t map[string]string) {
	maxOffset, flushed := b.store.MaxPhyOffset(), b.store.FlushedWhere()
	number := func(key string, v int64) { t[key] = strconv.FormatInt(v, 10) }
	number("commitLogMinOffset", b.store.MinPhyOffset())
	number("commitLogMaxOffset", maxOffset)
	number("dispatchBehindBytes", b.store.DispatchBehindBytes())
	number("dispatchMaxBuffer", 0)
	number("pageCacheLockTimeMills", 0)
	number("earliestMessageTimeStamp", b.earliestMessageTime())
	number("remainTransientStoreBufferNumbs", 1<<31-1)
	t["remainHowManyDataToFlush"] = humanBytes(max(0, maxOffset-flushed))
}

// earliestMessageTime is the store time of the first record of the log, −1 when
// there is none.
func (b *Controller) earliestMessageTime() int64 {
	var m codec.Message
	record, ok := b.store.LookMessageByOffset(b.store.MinPhyOffset())
	if !ok {
		return -1
	}
	if _, err := codec.DecodeRecord(record, &m, codec.DecodeOptions{SkipBody: true}); err != nil {
		return -1
	}
	return m.StoreTimestampMs
}

func (b *Controller) addDiskInfo(t map[string]string) {
	d := b.disk.last.Load()
	ratio := ratioText(d.commitLogRatio)
	t["commitLogDiskRatio"] = ratio
	t["commitLogDiskRatio_"+b.disk.paths.commitLog] = ratio
	t["consumeQueueDiskRatio"] = ratioText(d.consumeQueueRatio)
	t["commitLogDirCapacity"] = fmt.Sprintf("Total : %s, Free : %s.", humanBytes(int64(d.commitLog.Total)), humanBytes(int64(d.commitLog.Free)))
}

// ratioText renders a ratio as Java's Double.toString: 0.2, 1.0, -1.0.
func ratioText(ratio float64) string {
	text := strconv.FormatFloat(ratio, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}

// addPoolInfo tells of the pools. Sends have no queue: theirs is that of the
// sends that had to wait.
func (b *Controller) addPoolInfo(t map[string]string) {
	for name, pool := range map[string]*remoting.Executor{
		"send": b.executors.send, "pull": b.executors.pull, "query": b.executors.query,
	} {
		t[name+"ThreadPoolQueueSize"] = strconv.Itoa(pool.Len())
		t[name+"ThreadPoolQueueCapacity"] = strconv.Itoa(pool.Capacity())
		t[name+"ThreadPoolQueueHeadWaitTimeMills"] = strconv.FormatInt(pool.HeadWaitMs(), 10)
	}
	t["EndTransactionQueueSize"] = strconv.Itoa(b.executors.endTransaction.Len())
	t["EndTransactionThreadPoolQueueCapacity"] = strconv.Itoa(b.executors.endTransaction.Capacity())
}

// addScheduleInfo tells how far each delay level is delivered and where its
// queue ends. A slave delivers nothing and has no such keys.
func (b *Controller) addScheduleInfo(t map[string]string) {
	if b.Config().IsSlave() {
		return
	}
	b.schedule.EachLevel(func(level int, offset, maxOffset int64) {
		t["scheduleMessageOffset_"+strconv.Itoa(level)] = strconv.FormatInt(offset, 10) + "," + strconv.FormatInt(maxOffset, 10)
	})
}

// humanBytes renders a size as Java's humanReadableByteCount: 1.1 KiB, 512 B.
func humanBytes(n int64) string {
	const unit = 1024
	if n < unit {
		return strconv.FormatInt(n, 10) + " B"
	}
	value, exp := float64(n)/unit, 0
	for value >= unit && exp < 5 {
		value /= unit
		exp++
	}
	return fmt.Sprintf("%.1f %ciB", value, "KMGTPE"[exp])
}
