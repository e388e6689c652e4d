package command

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
)

// exportServers answers so that the recorded files come out, with what is not
// to be exported among it.
func exportServers(t *testing.T) *fake {
	var recorded metadata
	require.NoError(t, fastjson.Unmarshal([]byte(recordedFile(t, "export-metadata.json")), &recorded))
	topics := codec.TopicConfigSerializeWrapper{TopicConfigTable: recorded.TopicConfigTable}
	for _, name := range []string{"%RETRY%DemoCG", "%DLQ%DemoCG", "broker-a", "rmq_sys_REVIVE_LOG"} {
		topics.TopicConfigTable[name] = &codec.TopicConfig{TopicName: name, ReadQueueNums: 1, WriteQueueNums: 1, Perm: 6}
	}
	groups := codec.SubscriptionGroupWrapper{SubscriptionGroupTable: recorded.SubscriptionGroupTable}
	for _, name := range []string{"CID_RMQ_SYS_TRANS", "TOOLS_CONSUMER"} {
		groups.SubscriptionGroupTable[name] = &codec.SubscriptionGroupConfig{GroupName: name}
	}
	var settings strings.Builder
	for key, value := range recordedTable(t, "getBrokerConfig", "=  ") {
		settings.WriteString(key + "=" + value + "\n")
	}
	return newFake(t).serve(nsAddr, map[int32]answer{
		codec.GetBrokerClusterInfo: body(recordedCluster),
		codec.GetRouteInfoByTopic: func(req *codec.Command) *codec.Command {
			if req.Ext.Get("topic") != "%RETRY%DemoCG" {
				return refuse(codec.TopicNotExist, "No topic route info")(req)
			}
			return body(recordedRoute(6))(req)
		},
	}).serve(brokerAddr, map[int32]answer{
		codec.GetAllTopicConfig:             body(topics),
		codec.GetSystemTopicListFromBroker:  body(codec.TopicList{TopicList: []string{"broker-a", "TBW102"}}),
		codec.GetAllSubscriptionGroupConfig: body(groups),
		codec.GetBrokerConfig:               text(settings.String()),
		codec.GetConsumerConnectionList:     body(demoConsumer),
		codec.GetBrokerRuntimeInfo: body(codec.KVTable{Table: map[string]string{
			"putTps": "2.9982010793523886 3.0 3.0", "getTransferedTps": "6.9965017491254375 7.0 7.0",
			"msgPutTotalTodayMorning": "10", "msgPutTotalYesterdayMorning": "10", "msgGetTotalTodayMorning": "7", "msgGetTotalYesterdayMorning": "7",
			"commitLogDiskRatio": "0.21", "consumeQueueDiskRatio": "0.21", "putMessageAverageSize": "255.18351063829786",
		}}),
		codec.ViewBrokerStatsData: func(req *codec.Command) *codec.Command {
			if req.Ext.Get("statsName") != topicPutNums {
				return refuse(codec.SystemError, "not exist")(req)
			}
			return body(codec.BrokerStatsData{StatsHour: codec.BrokerStatsItem{Sum: 6}})(req)
		},
	})
}

// requireExport runs a recorded export into another directory: the file has the recorded lines, but in order.
func requireExport(t *testing.T, f *fake, name, file string) {
	t.Helper()
	r, dir := load(t, name), t.TempDir()
	words := slices.Clone(r.words)
	words[slices.Index(words, "-f")+1] = dir
	got := run(t, f.net.Dial, words...)
	require.Equal(t, result{out: strings.ReplaceAll(r.output, "/tmp/rocketmq/export", dir)}, got)
	text, err := os.ReadFile(filepath.Join(dir, file))
	require.NoError(t, err)
	require.Equal(t, exportedLines(recordedFile(t, "export-"+file)), exportedLines(string(text)))
	require.Equal(t, exported(t, recordedFile(t, "export-"+file)), exported(t, string(text)))
}

// arrayOfOne is an array with one text, which Java writes into one line when it is a set.
var arrayOfOne = regexp.MustCompile(`\[\s*("[^"]*")\s*\]`)

// exportedLines are the lines but for the commas, which go by the order.
func exportedLines(text string) []string {
	var lines []string
	for line := range strings.Lines(arrayOfOne.ReplaceAllString(text, "[$1]")) {
		if !strings.Contains(line, `"exportTime"`) {
			lines = append(lines, strings.TrimRight(line, ",\n"))
		}
	}
	slices.Sort(lines)
	return lines
}

func exported(t *testing.T, text string) map[string]any {
	t.Helper()
	var v map[string]any
	require.NoError(t, json.Unmarshal([]byte(text), &v))
	delete(v, "exportTime")
	return v
}

// TestExport: the recorded exports.
func TestExport(t *testing.T) {
	f := exportServers(t)
	requireExport(t, f, "exportMetadata", "metadata.json")
	requireExport(t, f, "exportConfigs", "configs.json")
	requireExport(t, f, "exportMetrics", "metrics.json")
}

// TestExportMetadataParts: topics or groups alone, of a cluster and of a broker, with and without special topics.
func TestExportMetadataParts(t *testing.T) {
	f := exportServers(t)
	dir := t.TempDir()
	export := func(file string, words ...string) map[string]any {
		t.Helper()
		got := run(t, f.net.Dial, append([]string{"exportMetadata", "-f", dir, "-n", nsAddr}, words...)...)
		require.Equal(t, "export "+filepath.Join(dir, file)+" success", strings.TrimSuffix(got.out, "\n"), got.err)
		text, err := os.ReadFile(filepath.Join(dir, file))
		require.NoError(t, err)
		return exported(t, string(text))
	}
	topics := export("topic.json", "-c", "DefaultCluster", "-t")
	require.NotContains(t, topics, "subscriptionGroupTable")
	require.Len(t, topics["topicConfigTable"], 29)
	require.Len(t, export("topic.json", "-c", "DefaultCluster", "-t", "-s")["topicConfigTable"], 31)
	require.Equal(t, topics["topicConfigTable"], export("topic.json", "-b", brokerAddr, "-t")["topicConfigTable"])
	groups := export("subscriptionGroup.json", "-c", "DefaultCluster", "-g")
	require.NotContains(t, groups, "topicConfigTable")
	require.Len(t, groups["subscriptionGroupTable"], 25)
	ofBroker := export("subscriptionGroup.json", "-b", brokerAddr, "-g")
	require.Equal(t, groups["subscriptionGroupTable"], ofBroker["subscriptionGroupTable"])
	require.Contains(t, ofBroker, "dataVersion", "what a broker answers is written whole")
	require.Len(t, export("metadata.json", "-b", brokerAddr), 2, "both, of a broker")

	require.Contains(t, run(t, f.net.Dial, "exportMetadata", "-n", nsAddr).out, "usage: mqadmin exportMetadata")
	require.Contains(t, run(t, f.net.Dial, "exportConfigs", "-c", "NoSuch", "-f", dir, "-n", nsAddr).err, "cluster NoSuch does not exist")
	file := filepath.Join(dir, "topic.json")
	require.Contains(t, run(t, f.net.Dial, "exportMetrics", "-c", "DefaultCluster", "-f", file, "-n", nsAddr).err, file)
}

// TestExportTwoMasters: queues add up, and so do messages.
func TestExportTwoMasters(t *testing.T) {
	cluster := codec.ClusterInfo{
		BrokerAddrTable: map[string]codec.BrokerData{
			"a": {BrokerName: "a", BrokerAddrs: map[int64]string{0: "10.0.0.1:1", 1: "10.0.0.1:2"}}, "b": {BrokerName: "b", BrokerAddrs: map[int64]string{0: "10.0.0.2:1"}},
			"c": {BrokerName: "c", BrokerAddrs: map[int64]string{1: "10.0.0.3:1"}},
		},
		ClusterAddrTable: map[string][]string{"C": {"b", "a", "c"}},
	}
	f := newFake(t).serve(nsAddr, map[int32]answer{
		codec.GetBrokerClusterInfo: body(cluster), codec.GetRouteInfoByTopic: refuse(codec.TopicNotExist, "No topic route info"),
	})
	for addr, name := range map[string]string{"10.0.0.1:1": "a", "10.0.0.2:1": "b"} {
		f.serve(addr, map[int32]answer{
			codec.GetAllTopicConfig: body(codec.TopicConfigSerializeWrapper{TopicConfigTable: map[string]*codec.TopicConfig{
				"T": {TopicName: "T", ReadQueueNums: 3, WriteQueueNums: 2}, name: {TopicName: name, ReadQueueNums: 1},
			}}),
			codec.GetSystemTopicListFromBroker:  body(codec.TopicList{}),
			codec.GetAllSubscriptionGroupConfig: body(codec.SubscriptionGroupWrapper{SubscriptionGroupTable: map[string]*codec.SubscriptionGroupConfig{"G": {RetryQueueNums: 2}}}),
			codec.GetBrokerConfig:               text("brokerName=" + name + "\nbrokerId=0\nnamesrvAddr=x:1\n"),
			codec.GetBrokerRuntimeInfo:          body(codec.KVTable{Table: map[string]string{"putTps": "1.5 2 3", "msgPutTotalTodayMorning": "5"}}),
			codec.ViewBrokerStatsData:           body(codec.BrokerStatsData{StatsMinute: codec.BrokerStatsItem{TPS: 0.25, Sum: 15}}),
			codec.GetConsumerConnectionList:     refuse(codec.ConsumerNotOnline, "not online"),
		})
	}
	dir := t.TempDir()
	file := func(command, name string, v any) {
		got := run(t, f.net.Dial, command, "-c", "C", "-f", dir, "-n", nsAddr)
		require.Contains(t, got.out, "success")
		text, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		require.NoError(t, fastjson.Unmarshal(text, v))
	}
	var data metadata
	file("exportMetadata", "metadata.json", &data)
	require.Len(t, data.TopicConfigTable, 3)
	require.Equal(t, []int32{6, 4}, []int32{data.TopicConfigTable["T"].ReadQueueNums, data.TopicConfigTable["T"].WriteQueueNums})
	require.EqualValues(t, 4, data.SubscriptionGroupTable["G"].RetryQueueNums)
	var settings configs
	file("exportConfigs", "configs.json", &settings)
	require.Equal(t, clusterScale{NamesrvSize: 1, MasterBrokerSize: 2, SlaveBrokerSize: 2}, settings.ClusterScale)
	require.Equal(t, map[string]map[string]string{"a": {"brokerName": "a", "brokerId": "0"}, "b": {"brokerName": "b", "brokerId": "0"}}, settings.BrokerConfigs)
	var totals metrics
	file("exportMetrics", "metrics.json", &totals)
	require.Equal(t, totalTPS{NormalIn: 3, TransIn: 0.5, ScheduleIn: 0.5}, totals.TotalData.TPS)
	require.Equal(t, oneDayNum{NormalIn: 10, TransIn: 30, ScheduleIn: 30}, totals.TotalData.OneDay)
	require.Len(t, totals.EvaluateReport, 2)
}

// TestExportSession: Booster tells all that the exports need.
func TestExportSession(t *testing.T) {
	b := startBooster(t, false)
	require.Zero(t, b.run("updateTopic", "-c", "DefaultCluster", "-t", "DemoTopic", "-r", "4", "-w", "3", "-n", nsAddr).status)
	b.golden("updateSubGroup")
	dir := t.TempDir()
	for _, c := range []struct{ command, file, like string }{
		{"exportMetadata", "metadata.json", "export-metadata.json"},
		{"exportConfigs", "configs.json", "export-configs.json"},
		{"exportMetrics", "metrics.json", "export-metrics.json"},
	} {
		got := b.run(c.command, "-c", "DefaultCluster", "-f", dir, "-n", nsAddr)
		require.Equal(t, "export "+filepath.Join(dir, c.file)+" success", strings.TrimSuffix(got.out, "\n"), got.err)
		text, err := os.ReadFile(filepath.Join(dir, c.file))
		require.NoError(t, err)
		if c.command == "exportMetadata" {
			var data metadata
			require.NoError(t, fastjson.Unmarshal(text, &data))
			require.Len(t, data.TopicConfigTable, 1, "no topic of the system")
			require.EqualValues(t, 3, data.TopicConfigTable["DemoTopic"].WriteQueueNums)
			require.Len(t, data.SubscriptionGroupTable, 1, "no group of the system")
			require.EqualValues(t, 5, data.SubscriptionGroupTable["AdmGroup"].RetryMaxTimes)
			continue
		}
		require.Equal(t, keysOf(exported(t, recordedFile(t, c.like))), keysOf(exported(t, string(text))), c.command)
	}
}

// keysOf are the paths of the members of an object.
func keysOf(v any) []string {
	object, ok := v.(map[string]any)
	if !ok {
		return []string{""}
	}
	var paths []string
	for key, member := range object {
		for _, path := range keysOf(member) {
			paths = append(paths, key+"/"+path)
		}
	}
	slices.Sort(paths)
	return paths
}
