package command

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/boostermq/booster/internal/mqadmin"
)

var clusterList = &Command{
	Name: "clusterList", Text: "List all of clusters",
	Options: []Option{
		optional("i", "interval", "specify intervals numbers, it is in seconds").number(),
		flag("m", "moreStats", "Print more stats"),
	},
	Run: runClusterList,
}

// runClusterList prints a line for every member of every broker, with -i
// again and again whatever happens meanwhile.
func runClusterList(ctx context.Context, c *Call) error {
	list := c.printClusters
	if c.Has("m") {
		list = c.printClusterTotals
	}
	if !c.Has("i") {
		return list(ctx)
	}
	for {
		if err := list(ctx); err != nil {
			c.warn(err)
		}
		if !wait(ctx, time.Duration(c.Int("i", 1))*time.Second) {
			return nil
		}
	}
}

// wait tells whether to go on: the time is over and the user has not stopped us.
func wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// member is one member of a broker.
type member struct {
	cluster, broker, addr string
	id                    int64
}

// members returns all members of all brokers, sorted.
func (c *Call) members(ctx context.Context) ([]member, error) {
	info, err := c.Admin.ClusterInfo(ctx)
	if err != nil {
		return nil, err
	}
	var list []member
	for _, cluster := range mqadmin.Clusters(info) {
		for _, b := range mqadmin.BrokersOf(info, cluster) {
			for _, id := range mqadmin.BrokerIDs(b) {
				list = append(list, member{cluster, b.BrokerName, b.BrokerAddrs[id], id})
			}
		}
	}
	return list, nil
}

// printClusters prints a line also for a member that does not answer, as Java does.
func (c *Call) printClusters(ctx context.Context) error {
	members, err := c.members(ctx)
	if err != nil {
		return err
	}
	const line = "%-16s  %-22s  %-4v  %-22s %-16s %19s %19s %10s %5s %6s\n"
	c.printf(line, "#Cluster Name", "#Broker Name", "#BID", "#Addr", "#Version", "#InTPS(LOAD)", "#OutTPS(LOAD)", "#PCWait(ms)", "#Hour", "#SPACE")
	var failed error
	for _, m := range members {
		info, err := c.Admin.RuntimeInfo(ctx, m.addr)
		failed = errors.Join(failed, err)
		var hours float64
		if earliest, err := strconv.ParseInt(info["earliestMessageTimeStamp"], 10, 64); err == nil {
			hours = time.Since(time.UnixMilli(earliest)).Hours()
		}
		c.printf(line, m.cluster, m.broker, m.id, m.addr, info["brokerVersionDesc"],
			poolLoad(info, "putTps", "send"), poolLoad(info, "getTransferedTps", "pull"), info["pageCacheLockTimeMills"],
			fmt.Sprintf("%.2f", hours), fmt.Sprintf("%.4f", decimal(info["commitLogDiskRatio"])))
	}
	return failed
}

// poolLoad is messages a second over the last ten seconds, with the length and the
// age of the queue of the pool that serves them.
func poolLoad(info map[string]string, tps, pool string) string {
	return fmt.Sprintf("%9.2f(%s,%sms)", firstNumber(info[tps]), info[pool+"ThreadPoolQueueSize"], info[pool+"ThreadPoolQueueHeadWaitTimeMills"])
}

// firstNumber reads the first of numbers with blanks between them.
func firstNumber(text string) float64 {
	first, _, _ := strings.Cut(text, " ")
	return decimal(first)
}

// decimal reads a number of the runtime information; what is none counts 0, as in Java.
func decimal(text string) float64 {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0
	}
	return v
}

func (c *Call) printClusterTotals(ctx context.Context) error {
	members, err := c.members(ctx)
	if err != nil {
		return err
	}
	const line = "%-16s  %-32s %14v %14v %14v %14v\n"
	c.printf(line, "#Cluster Name", "#Broker Name", "#InTotalYest", "#OutTotalYest", "#InTotalToday", "#OutTotalToday")
	var failed error
	for _, m := range members {
		info, err := c.Admin.RuntimeInfo(ctx, m.addr)
		failed = errors.Join(failed, err)
		between := func(what, from, to string) int64 {
			return int64(decimal(info[what+to])) - int64(decimal(info[what+from]))
		}
		c.printf(line, m.cluster, m.broker,
			between("msgPutTotal", "YesterdayMorning", "TodayMorning"), between("msgGetTotal", "YesterdayMorning", "TodayMorning"),
			between("msgPutTotal", "TodayMorning", "TodayNow"), between("msgGetTotal", "TodayMorning", "TodayNow"))
	}
	return failed
}
