package command

import (
	"context"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
)

// eventRecord is a message of OFFSET_MOVED_EVENT as a broker hands it out.
func eventRecord(t *testing.T, at int64) []byte {
	t.Helper()
	text, err := fastjson.Marshal(&codec.OffsetMovedEvent{ConsumerGroup: "DemoCG", MessageQueue: demoQueue(2), OffsetRequest: 7, OffsetNew: 50})
	require.NoError(t, err)
	host := netip.MustParseAddrPort("127.0.0.1:21011")
	record, err := codec.AppendRecord(nil, &codec.Message{
		Topic: codec.OffsetMovedEventTopic, Body: text, StoreTimestampMs: at, BornHost: host, StoreHost: host, BodyCRC: codec.BodyCRC(text),
	})
	require.NoError(t, err)
	return record
}

// monitorServers is a cluster with a group that is behind and stuck; events
// tells how many messages OFFSET_MOVED_EVENT holds.
func monitorServers(t *testing.T, events *atomic.Int64) *fake {
	info := demoRunningInfo(t)
	pq := info.MQTable[demoQueue(1)]
	pq.CachedMsgCount, pq.LastConsumeTimestamp = 4, time.Now().Add(-90*time.Second).UnixMilli()
	info.MQTable[demoQueue(1)] = pq
	table := codec.TopicStatsTable{OffsetTable: map[codec.MessageQueue]codec.TopicOffset{
		demoQueue(3): {LastUpdateTimestamp: recordedTime(t, "2026-11-22 12:25:36,600")},
	}}
	record := eventRecord(t, 1795350339119)
	f := newFake(t).serve(nsAddr, map[int32]answer{
		codec.GetRouteInfoByTopic: func(req *codec.Command) *codec.Command {
			route := recordedRoute(6)
			if req.Ext.Get("topic") == codec.OffsetMovedEventTopic {
				route.QueueDatas[0].ReadQueueNums = 1
			}
			return body(route)(req)
		},
		codec.GetAllTopicListFromNameServer: body(codec.TopicList{
			TopicList: []string{"%RETRY%Offline", "DemoTopic", "%RETRY%DemoCG", codec.OffsetMovedEventTopic},
		}),
	})
	online := func(found answer) answer {
		return func(req *codec.Command) *codec.Command {
			if req.Ext.Get("consumerGroup") != "DemoCG" {
				return refuse(codec.ConsumerNotOnline, "the consumer group not online")(req)
			}
			return found(req)
		}
	}
	return f.serve(brokerAddr, map[int32]answer{
		codec.GetConsumeStats:           online(body(demoStats(t))),
		codec.GetConsumerConnectionList: online(body(demoConsumer)),
		codec.GetConsumerRunningInfo:    online(body(info)),
		codec.GetTopicStatsInfo:         body(table),
		codec.GetMaxOffset: func(*codec.Command) *codec.Command {
			return &codec.Command{Header: &codec.GetMaxOffsetResponseHeader{Offset: events.Load()}}
		},
		codec.PullMessage: func(req *codec.Command) *codec.Command {
			offset, err := strconv.ParseInt(req.Ext.Get("queueOffset"), 10, 64)
			if err != nil || offset >= events.Load() {
				return &codec.Command{Code: codec.PullNotFound, Header: &codec.PullMessageResponseHeader{NextBeginOffset: offset}}
			}
			return &codec.Command{Header: &codec.PullMessageResponseHeader{NextBeginOffset: offset + 1}, Body: record}
		},
	})
}

// TestStartMonitoring: each round tells what groups have not consumed, which
// clients are stuck and, from the second on, where messages were gone.
func TestStartMonitoring(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var events atomic.Int64
		events.Store(3)
		f := monitorServers(t, &events)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan result, 1)
		go func() { done <- runUntil(ctx, f.net.Dial, "startMonitoring", "-n", nsAddr) }()
		synctest.Wait()
		events.Store(5)
		time.Sleep(monitorInterval)
		synctest.Wait()
		stop()
		got := <-done
		require.Zero(t, got.status)
		require.Empty(t, got.err)

		var lines []string
		for line := range strings.Lines(got.out) {
			_, text, ok := strings.Cut(line, " [MONITOR] ")
			require.True(t, ok, line)
			lines = append(lines, strings.TrimSuffix(text, "\n"))
		}
		round := func(stuck int, moved ...string) []string {
			const undone = "reportUndoneMsgs: UndoneMsgs [consumerGroup=DemoCG, topic=%s, undoneMsgsTotal=%d, undoneMsgsSingleMQ=%d, undoneMsgsDelayTimeMills=%d]"
			return append(append([]string{
				"=========================================beginRound",
				fmt.Sprintf(undone, "%RETRY%DemoCG", 0, 0, 0),
				fmt.Sprintf(undone, "DemoTopic", 3, 1, 500),
				"[NOTIFY] reportConsumerRunningInfo: ConsumerGroup: DemoCG, ClientId: 192.0.2.2@25339#1527889346654, 192.0.2.2@25339#1527889346654 " +
					fmt.Sprintf("MessageQueue [topic=DemoTopic, brokerName=broker-a, queueId=1] can't consume for a while, maybe blocked, %dms", stuck),
			}, moved...), "=========================================endRound")
		}
		const moved = "reportDeleteMsgsEvent: DeleteMsgsEvent [offsetMovedEvent=OffsetMovedEvent [consumerGroup=DemoCG, " +
			"messageQueue=MessageQueue [topic=DemoTopic, brokerName=broker-a, queueId=2], offsetRequest=7, offsetNew=50], eventTimestamp=1795350339119]"
		require.Equal(t, append(round(90000), round(150000, moved, moved)...), lines)
	})
}

// TestStartMonitoringGoesOn: a name server that is down is said each round.
func TestStartMonitoringGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan result, 1)
		go func() { done <- runUntil(ctx, f.net.Dial, "startMonitoring", "-n", nsAddr) }()
		time.Sleep(monitorInterval + monitorInterval/2)
		stop()
		got := <-done
		require.Zero(t, got.status)
		require.Equal(t, 2, strings.Count(got.err, "mqadmin startMonitoring: name server 127.0.0.1:21001"))
		require.Equal(t, 2, strings.Count(got.out, "endRound"))
	})
	require.Contains(t, run(t, nil, "startMonitoring").err, "no name server is configured")
}
