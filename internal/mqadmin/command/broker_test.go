package command

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/properties"
)

// recordedTable reads the "key : value" lines of a recording.
func recordedTable(t *testing.T, name, separator string) map[string]string {
	t.Helper()
	table := map[string]string{}
	for _, line := range strings.Split(load(t, name).output, "\n") {
		if key, value, ok := strings.Cut(line, separator); ok {
			table[strings.TrimSpace(key)] = value
		}
	}
	require.NotEmpty(t, table)
	return table
}

// clusterOf is a fake of the recorded cluster: its name server, and its broker with the given answers.
func clusterOf(t *testing.T, answers map[int32]answer) *fake {
	return newFake(t).serve(nsAddr, map[int32]answer{codec.GetBrokerClusterInfo: body(recordedCluster)}).serve(brokerAddr, answers)
}

// withSlave is the recorded cluster with a slave.
func withSlave(slave string) codec.ClusterInfo {
	b := recordedBroker(brokerAddr)
	b.BrokerAddrs[1] = slave
	return codec.ClusterInfo{
		BrokerAddrTable:  map[string]codec.BrokerData{"broker-a": b},
		ClusterAddrTable: recordedCluster.ClusterAddrTable,
	}
}

func TestBrokerStatus(t *testing.T) {
	for _, name := range []string{"brokerStatus", "brokerStatus-c"} {
		text := strings.ReplaceAll(load(t, name).output, brokerAddr+"          ", "")
		info := map[string]string{}
		for _, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
			key, value, ok := strings.Cut(line, ": ")
			require.True(t, ok, line)
			info[strings.TrimSpace(key)] = value
		}
		f := clusterOf(t, map[int32]answer{codec.GetBrokerRuntimeInfo: body(codec.KVTable{Table: info})})
		requireGolden(t, f, name)
	}
	require.Contains(t, run(t, nil, "brokerStatus").err, "more options are needed")
}

// TestBrokerConfig: the lines of the recording, in the order in which the broker sends them.
func TestBrokerConfig(t *testing.T) {
	table := recordedTable(t, "getBrokerConfig", "=  ")
	var pairs []properties.Pair
	for _, line := range strings.Split(load(t, "getBrokerConfig").output, "\n") {
		if key, _, ok := strings.Cut(line, "=  "); ok {
			key = strings.TrimSpace(key)
			pairs = append(pairs, properties.Pair{Key: key, Value: table[key]})
		}
	}
	config := string(properties.Rewrite(nil, pairs))
	f := clusterOf(t, map[int32]answer{codec.GetBrokerConfig: text(config)})
	requireGolden(t, f, "getBrokerConfig")

	two := newFake(t).serve(nsAddr, map[int32]answer{codec.GetBrokerClusterInfo: body(withSlave("127.0.0.1:21021"))}).
		serve(brokerAddr, map[int32]answer{codec.GetBrokerConfig: text("brokerId=0\n")}).
		serve("127.0.0.1:21021", map[int32]answer{codec.GetBrokerConfig: text("brokerId=1\n")})
	got := run(t, two.net.Dial, "getBrokerConfig", "-c", "DefaultCluster", "-n", nsAddr)
	require.Equal(t, result{out: "============Master: 127.0.0.1:21011============\nbrokerId                                          =  0\n\n" +
		"============My Master: 127.0.0.1:21011=====Slave: 127.0.0.1:21021============\nbrokerId                                          =  1\n\n"}, got)
}

func TestUpdateBrokerConfig(t *testing.T) {
	f := clusterOf(t, map[int32]answer{codec.UpdateBrokerConfig: success})
	requireGolden(t, f, "updateBrokerConfig")
	require.Equal(t, "flushCommitLogTimed=true\n", string(f.last(codec.UpdateBrokerConfig).Body))
	requireGolden(t, f, "updateBrokerConfig-badkey")
	got := run(t, f.net.Dial, "updateBrokerConfig", "-c", "DefaultCluster", "-k", "k", "-v", `c:\d e`, "-n", nsAddr)
	require.Equal(t, result{out: "update broker config success, " + brokerAddr + "\n"}, got)
	pairs, err := properties.Parse(f.last(codec.UpdateBrokerConfig).Body)
	require.NoError(t, err)
	require.Equal(t, `c:\d e`, pairs[0].Value, "the value arrives as it was given")

	refusing := clusterOf(t, map[int32]answer{codec.UpdateBrokerConfig: refuse(codec.NoPermission, "Can not update config in black list.")})
	requireGoldenError(t, refusing, "updateBrokerConfig-blacklisted", "")
}

func TestBrokerConsumeStats(t *testing.T) {
	stats := codec.ConsumeStats{OffsetTable: map[codec.MessageQueue]codec.OffsetWrapper{}}
	for id, at := range []string{"39", "39", "40", "40"} {
		mq := codec.MessageQueue{Topic: "DemoTopic", BrokerName: "broker-a", QueueID: int32(id)}
		stats.OffsetTable[mq] = codec.OffsetWrapper{BrokerOffset: 54, ConsumerOffset: 54, LastTimestamp: recordedTime(t, "2026-11-22 12:25:"+at+",000")}
	}
	untouched := codec.MessageQueue{Topic: "DemoTopic", BrokerName: "broker-a", QueueID: 4}
	stats.OffsetTable[untouched] = codec.OffsetWrapper{BrokerOffset: 7} // without a time: not listed
	list := codec.ConsumeStatsList{ConsumeStatsList: []map[string][]codec.ConsumeStats{{"SELF_TEST_C_GROUP": {}}, {"DemoCG": {stats}}}}
	f := clusterOf(t, map[int32]answer{codec.GetBrokerConsumeStats: body(list)})
	requireGolden(t, f, "brokerConsumeStats")
	require.Equal(t, "false", f.last(codec.GetBrokerConsumeStats).Ext.Get("isOrder"))
	behind := run(t, f.net.Dial, "brokerConsumeStats", "-b", brokerAddr, "-l", "1", "-o", "true")
	require.Equal(t, 3, strings.Count(behind.out, "\n"), "no group is behind by one message:\n%s", behind.out)
	require.Equal(t, "true", f.last(codec.GetBrokerConsumeStats).Ext.Get("isOrder"))
}

func TestClean(t *testing.T) {
	f := clusterOf(t, map[int32]answer{codec.CleanExpiredConsumeQueue: success, codec.CleanUnusedTopic: success, codec.DeleteExpiredCommitLog: success})
	for name, code := range map[string]int32{
		"cleanExpiredCQ": codec.CleanExpiredConsumeQueue, "cleanUnusedTopic": codec.CleanUnusedTopic, "deleteExpiredCommitLog": codec.DeleteExpiredCommitLog,
	} {
		requireGolden(t, f, name)
		require.Equal(t, result{out: "success"}, run(t, f.net.Dial, name, "-n", nsAddr), "all clusters")
		require.Equal(t, result{out: "success"}, run(t, f.net.Dial, name, "-c", "DefaultCluster", "-n", nsAddr))
		require.Len(t, f.seen[code], 3, name)
		require.Equal(t, 1, run(t, f.net.Dial, name, "-c", "NoSuchCluster", "-n", nsAddr).status)
	}
	refusing := clusterOf(t, map[int32]answer{codec.CleanUnusedTopic: refuse(codec.SystemError, "no")})
	got := run(t, refusing.net.Dial, "cleanUnusedTopic", "-b", brokerAddr)
	require.Equal(t, result{out: "false", err: "mqadmin cleanUnusedTopic: CODE: 1  DESC: no, answered " + brokerAddr + "\n", status: 1}, got)
}

func TestClusterList(t *testing.T) {
	earliest := time.Now().Add(-time.Duration(498708.427 * float64(time.Hour)))
	info := map[string]string{
		"brokerVersionDesc": "V4_9_8", "putTps": "1.9984 2.0 0.3", "getTransferedTps": "2.0 1.9 0.3",
		"sendThreadPoolQueueSize": "0", "sendThreadPoolQueueHeadWaitTimeMills": "0", "pullThreadPoolQueueSize": "0", "pullThreadPoolQueueHeadWaitTimeMills": "0",
		"pageCacheLockTimeMills": "0", "earliestMessageTimeStamp": strconv.FormatInt(earliest.UnixMilli(), 10), "commitLogDiskRatio": "0.21",
		"msgPutTotalYesterdayMorning": "0", "msgPutTotalTodayMorning": "0", "msgPutTotalTodayNow": "206",
		"msgGetTotalYesterdayMorning": "0", "msgGetTotalTodayMorning": "0", "msgGetTotalTodayNow": "206",
	}
	f := clusterOf(t, map[int32]answer{codec.GetBrokerRuntimeInfo: body(codec.KVTable{Table: info})})
	requireGolden(t, f, "clusterList")
	requireGolden(t, f, "clusterList-m")
}

// TestClusterListMemberDown: the other members are listed, the one that does
// not answer has an empty line as in Java, and the status tells.
func TestClusterListMemberDown(t *testing.T) {
	f := newFake(t).serve(nsAddr, map[int32]answer{codec.GetBrokerClusterInfo: body(withSlave("127.0.0.1:21021"))}).
		serve(brokerAddr, map[int32]answer{codec.GetBrokerRuntimeInfo: body(codec.KVTable{Table: map[string]string{"brokerVersionDesc": "V4_9_8"}})})
	got := run(t, f.net.Dial, "clusterList", "-n", nsAddr)
	require.Equal(t, 1, got.status)
	require.Contains(t, got.err, "connect to 127.0.0.1:21021")
	lines := strings.Split(got.out, "\n")
	require.Len(t, lines, 4)
	require.Contains(t, lines[1], "V4_9_8")
	recorded := load(t, "clusterList-acl-no-credentials").output
	row := recorded[strings.Index(recorded, "DefaultCluster"):]
	require.Equal(t, strings.Replace(row, "0     "+aclBrokerAddr, "1     127.0.0.1:21021", 1), lines[2]+"\n")
}
