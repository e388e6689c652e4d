package interop

import (
	"strconv"
	"strings"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/interop/internal/cluster"
)

// brokerVersion is what the cluster page shows for each server.
var brokerVersion = map[cluster.Kind]string{cluster.Java: "V4_9_7", cluster.Booster: "V4_9_8"}

type clusterInfo struct {
	BrokerAddrTable map[string]struct {
		Cluster, BrokerName string
		BrokerAddrs         map[string]string
	}
	ClusterAddrTable map[string][]string
}

type kvTable struct{ Table map[string]string }

func (c *console) clusterPage() {
	c.on("Cluster/list", func(a action) {
		a.requireCluster()
		a.requireRuntimeStats(a.runtimeStats())
	})
	c.on("Cluster/broker config", func(a action) {
		var config map[string]string
		a.ask(&config, "getBrokerConfig", c.brokerAddr())
		_, port, _ := strings.Cut(c.brokerAddr(), ":")
		for key, want := range map[string]string{
			"brokerName": "broker-a", "brokerClusterName": "DefaultCluster", "brokerId": "0", "brokerIP1": "127.0.0.1",
			"listenPort": port, "namesrvAddr": c.namesrv, "brokerRole": "ASYNC_MASTER", "flushDiskType": "ASYNC_FLUSH",
			"storePathRootDir": c.known.broker.StoreDir, "autoCreateTopicEnable": "true", "brokerPermission": "6",
			"traceTopicEnable": "true", "fileReservedTime": "72", "deleteWhen": "04",
		} {
			assert.Equal(a, want, config[key], key)
		}
		assert.Greater(a, len(config), 150)
	})
}

func (a action) requireCluster() {
	a.Helper()
	var info clusterInfo
	a.ask(&info, "examineBrokerClusterInfo")
	assert.Equal(a, map[string][]string{"DefaultCluster": {"broker-a"}}, info.ClusterAddrTable)
	require.Len(a, info.BrokerAddrTable, 1)
	broker := info.BrokerAddrTable["broker-a"]
	assert.Equal(a, "DefaultCluster", broker.Cluster)
	assert.Equal(a, "broker-a", broker.BrokerName)
	assert.Equal(a, map[string]string{"0": a.c.brokerAddr()}, broker.BrokerAddrs)
}

func (a action) runtimeStats() map[string]string {
	a.Helper()
	var stats kvTable
	a.ask(&stats, "fetchBrokerRuntimeStats", a.c.brokerAddr())
	return stats.Table
}

// requireRuntimeStats checks the numbers the page computes with: today is now minus morning, yesterday morning minus morning.
func (a action) requireRuntimeStats(stats map[string]string) {
	a.Helper()
	assert.Equal(a, brokerVersion[suite.kind], stats["brokerVersionDesc"])
	number := func(key string) int64 {
		a.Helper()
		n, err := strconv.ParseInt(stats[key], 10, 64)
		assert.NoError(a, err, key)
		return n
	}
	for _, key := range []string{"msgPutTotalYesterdayMorning", "msgPutTotalTodayMorning",
		"msgGetTotalYesterdayMorning", "msgGetTotalTodayMorning"} {
		assert.Zero(a, number(key), key)
	}
	k := a.c.known
	assert.GreaterOrEqual(a, number("msgPutTotalTodayNow"), int64(len(k.all())+2), "the dead and the traced one too")
	// the two that saw all, the group with the early ones, the dead one
	assert.GreaterOrEqual(a, number("msgGetTotalTodayNow"), int64(2*len(k.all())+len(k.early)+1))
	assert.Positive(a, number("bootTimestamp"))
	assert.Less(a, number("bootTimestamp"), k.startedAt.UnixMilli())
	for _, key := range []string{"putTps", "getTransferedTps", "getTotalTps", "getFoundTps", "getMissTps"} {
		a.tps(stats, key)
	}
}

// tps checks that a text is three numbers for 10, 60 and 600 s with a blank between, empty while a window is not full, and
// returns the first.
func (a action) tps(stats map[string]string, key string) float64 {
	a.Helper()
	windows := strings.Split(stats[key], " ")
	require.Len(a, windows, 3, "%s: %q", key, stats[key])
	for _, w := range windows {
		if w != "" {
			n, err := strconv.ParseFloat(w, 64)
			require.NoError(a, err, key)
			assert.GreaterOrEqual(a, n, 0.0, key)
		}
	}
	n, err := strconv.ParseFloat(windows[0], 64)
	if windows[0] == "" {
		return 0
	}
	require.NoError(a, err, key)
	return n
}

func (c *console) producerPage() {
	c.on("Producer/connections", func(a action) {
		var connection struct{ ConnectionSet []connection }
		eventually(a.T, "a heartbeat of the producer", func() bool {
			answer := struct{ Result any }{&connection}
			return a.try(&answer, "examineProducerConnectionInfo", []any{c.known.producer.name, c.known.topic}) == nil
		})
		require.Len(a, connection.ConnectionSet, 1)
		connection.ConnectionSet[0].requireJava497(a, c.known.producer.name)
	})
	c.on("Producer/unknown group", func(a action) {
		refused := a.refused("examineProducerConnectionInfo", "nobody", c.known.topic)
		assert.Equal(a, 1, refused.Code)
		assert.Contains(a, refused.Text, "the producer group[nobody] not exist")
	})
}

// connection is a row of the client dialogs.
type connection struct {
	ClientID, ClientAddr, Language string
	Version                        int
}

func (c connection) requireJava497(a action, instance string) {
	a.Helper()
	assert.Regexp(a, `^\d+\.\d+\.\d+\.\d+@`+instance+`$`, c.ClientID)
	assert.Regexp(a, `^127\.0\.0\.1:\d+$`, c.ClientAddr)
	assert.Equal(a, "JAVA", c.Language)
	assert.Equal(a, 407, c.Version)
}

// statsData is what a collector reads of a counter.
type statsData struct {
	StatsMinute, StatsHour, StatsDay struct {
		Sum        int64
		TPS, Avgpt float64
	}
}

// dashboardPage: what the collectors behind its diagrams ask once a minute.
func (c *console) dashboardPage() {
	c.on("Dashboard/brokers", func(a action) {
		a.requireCluster()
		eventually(a.T, "rates of the last 10 s", func() bool {
			stats := a.runtimeStats()
			return a.tps(stats, "putTps") > 0 && a.tps(stats, "getTransferedTps") > 0 && a.tps(stats, "getTotalTps") > 0
		})
	})
	c.on("Dashboard/topics", func(a action) {
		k := c.known
		groups := a.groupsOf(k.rateTopic)
		require.Equal(a, []string{k.rate.group}, groups)
		counters := map[string]string{"GROUP_GET_NUMS": k.rateTopic + "@" + k.rate.group}
		if c.isDashboard() {
			counters["TOPIC_PUT_NUMS"] = k.rateTopic
		}
		for name, key := range counters {
			var data statsData
			eventually(a.T, name+" of a minute", func() bool {
				a.ask(&data, "viewBrokerStatsData", c.brokerAddr(), name, key)
				return data.StatsMinute.Sum > 0
			})
			// A message at least every 200 ms and a pause, unless the machine is busy.
			assert.Greater(a, data.StatsMinute.TPS, 0.0, name)
			assert.Less(a, data.StatsMinute.TPS, 6.0, name)
		}
		refused := a.refused("viewBrokerStatsData", c.brokerAddr(), "GROUP_GET_NUMS", k.rateTopic+"@nobody")
		assert.Equal(a, 1, refused.Code)
		assert.Contains(a, refused.Text, "The stats <GROUP_GET_NUMS> <"+k.rateTopic+"@nobody> not exist")
	})
}

func (a action) groupsOf(topic string) []string {
	a.Helper()
	var groups struct{ GroupList []string }
	a.ask(&groups, "queryTopicConsumeByWho", topic)
	return groups.GroupList
}
