package command

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
)

// topicNameServer answers as the name server of the recordings.
func topicNameServer(t *testing.T, perm int32, topics ...string) *fake {
	return newFake(t).serve(nsAddr, map[int32]answer{
		codec.GetBrokerClusterInfo: body(recordedCluster),
		codec.GetRouteInfoByTopic: func(req *codec.Command) *codec.Command {
			if req.Ext.Get("topic") == "NoSuchTopic" {
				return refuse(codec.TopicNotExist, "No topic route info in name server for the topic: NoSuchTopic\nSee http://rocketmq.apache.org/docs/faq/ for further details.")(req)
			}
			return body(recordedRoute(perm))(req)
		},
		codec.GetAllTopicListFromNameServer: body(codec.TopicList{TopicList: topics}),
	})
}

func TestTopicRoute(t *testing.T) {
	f := topicNameServer(t, 6)
	requireGolden(t, f, "topicRoute")
	requireGolden(t, f, "topicRoute-l")
	requireGoldenError(t, f, "topicRoute-missing", "")
	requireGolden(t, topicNameServer(t, 4), "topicRoute-after-wipe")
}

func TestTopicStatus(t *testing.T) {
	table := codec.TopicStatsTable{OffsetTable: map[codec.MessageQueue]codec.TopicOffset{}}
	for id, at := range []string{"12:25:37,437", "12:25:35,917", "12:25:36,422", "12:25:36,930"} {
		mq := codec.MessageQueue{Topic: "DemoTopic", BrokerName: "broker-a", QueueID: int32(id)}
		table.OffsetTable[mq] = codec.TopicOffset{MaxOffset: 52, LastUpdateTimestamp: recordedTime(t, "2026-11-22 "+at)}
	}
	first := codec.MessageQueue{Topic: "DemoTopic", BrokerName: "broker-a"}
	table.OffsetTable[first] = codec.TopicOffset{MaxOffset: 53, LastUpdateTimestamp: table.OffsetTable[first].LastUpdateTimestamp}
	f := topicNameServer(t, 6).serve(brokerAddr, map[int32]answer{codec.GetTopicStatsInfo: body(table)})
	requireGolden(t, f, "topicStatus")
	require.Equal(t, "DemoTopic", f.last(codec.GetTopicStatsInfo).Ext.Get("topic"))
}

func TestTopicList(t *testing.T) {
	topics := strings.Fields(load(t, "topicList").output)
	f := topicNameServer(t, 6, topics...).serve(brokerAddr, map[int32]answer{
		codec.QueryTopicConsumeByWho: func(req *codec.Command) *codec.Command {
			var groups codec.GroupList
			if req.Ext.Get("topic") == "DemoTopic" {
				groups.GroupList = []string{"DemoCG"}
			}
			return body(groups)(req)
		},
	})
	requireGoldenSet(t, f, "topicList")
	requireGoldenSet(t, f, "topicList-c")
	requireGolden(t, f, "topicClusterList")
}

// TestAllocateMQ: the recorded form, with the queues dealt out in their order instead of a hash table's.
func TestAllocateMQ(t *testing.T) {
	f := topicNameServer(t, 6)
	r := load(t, "allocateMQ")
	got := run(t, f.net.Dial, r.words...)
	require.Zero(t, got.status, got.err)
	require.Equal(t, `{"result":{"10.0.0.1":[{"brokerName":"broker-a","queueId":0,"topic":"DemoTopic"},{"brokerName":"broker-a","queueId":1,"topic":"DemoTopic"}],`+
		`"10.0.0.2":[{"brokerName":"broker-a","queueId":2,"topic":"DemoTopic"}],"10.0.0.3":[{"brokerName":"broker-a","queueId":3,"topic":"DemoTopic"}]}}`+"\n", got.out)
	sizes := func(text string) map[string]int {
		var a struct {
			Result map[string][]any `json:"result"`
		}
		require.NoError(t, json.Unmarshal([]byte(text), &a))
		n := map[string]int{}
		for ip, queues := range a.Result {
			n[ip] = len(queues)
		}
		return n
	}
	require.Equal(t, sizes(r.output), sizes(got.out))
	require.Len(t, got.out, len(r.output))
}

func TestStatsAll(t *testing.T) {
	r := load(t, "statsAll")
	var topics []string
	for _, line := range strings.Split(strings.TrimSpace(r.output), "\n")[1:] {
		topics = append(topics, strings.Fields(line)[0])
	}
	topics = append(topics, "%RETRY%DemoCG", "%DLQ%DemoCG")
	queue := codec.MessageQueue{Topic: "DemoTopic", BrokerName: "broker-a"}
	f := topicNameServer(t, 6, topics...).serve(brokerAddr, map[int32]answer{
		codec.QueryTopicConsumeByWho: func(req *codec.Command) *codec.Command {
			var groups codec.GroupList
			if req.Ext.Get("topic") == "DemoTopic" {
				groups.GroupList = []string{"DemoCG"}
			}
			return body(groups)(req)
		},
		codec.GetConsumeStats: body(codec.ConsumeStats{OffsetTable: map[codec.MessageQueue]codec.OffsetWrapper{queue: {BrokerOffset: 21, ConsumerOffset: 20}}}),
		codec.ViewBrokerStatsData: func(req *codec.Command) *codec.Command {
			if key := req.Ext.Get("statsKey"); key != "DemoTopic" && key != "DemoTopic@DemoCG" {
				return refuse(codec.SystemError, "The stats <"+req.Ext.Get("statsName")+"> <"+key+"> not exist")(req)
			}
			return body(codec.BrokerStatsData{StatsMinute: codec.BrokerStatsItem{Sum: 79, TPS: 1.966}, StatsHour: codec.BrokerStatsItem{Sum: 80}})(req)
		},
	})
	requireGoldenSet(t, f, "statsAll")
	requireGolden(t, f, "statsAll-a")
	selected := run(t, f.net.Dial, "statsAll", "-t", "TBW102", "-n", nsAddr)
	require.Equal(t, 2, strings.Count(selected.out, "\n"))
	require.Contains(t, selected.out, "TBW102")
}
