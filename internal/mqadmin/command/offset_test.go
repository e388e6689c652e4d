package command

import (
	"fmt"
	"maps"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/mqadmin"
)

// demoQueue is a queue of DemoTopic.
func demoQueue(id int) codec.MessageQueue {
	return codec.MessageQueue{Topic: "DemoTopic", BrokerName: "broker-a", QueueID: int32(id)}
}

func demoOffsets(offsets ...int64) map[codec.MessageQueue]int64 {
	table := map[codec.MessageQueue]int64{}
	for id, offset := range offsets {
		table[demoQueue(id)] = offset
	}
	return table
}

// TestResetOffset: the recorded resets of a group whose clients are told.
func TestResetOffset(t *testing.T) {
	f := topicNameServer(t, 6).serve(brokerAddr, map[int32]answer{
		codec.InvokeBrokerToResetOffset: func(req *codec.Command) *codec.Command {
			offsets := demoOffsets(21, 21, 20, 20)
			if req.Ext.Get("timestamp") == "-1" {
				offsets = demoOffsets(82, 83, 82, 81)
			}
			return body(codec.ResetOffsetBody{OffsetTable: offsets})(req)
		},
	})
	requireGolden(t, f, "resetOffsetByTime")
	requireGolden(t, f, "resetOffsetByTime-now")
	requireGolden(t, f, "skipAccumulatedMessage")
	last := f.last(codec.InvokeBrokerToResetOffset)
	require.Equal(t, []string{"DemoCG", "DemoTopic", "-1", "true"},
		[]string{last.Ext.Get("group"), last.Ext.Get("topic"), last.Ext.Get("timestamp"), last.Ext.Get("isForce")})
	require.Equal(t, codec.LanguageGo, last.Language)

	got := run(t, f.net.Dial, "resetOffsetByTime", "-g", "DemoCG", "-t", "DemoTopic", "-s", "2026-11-22#12:24:34:005", "-f", "false", "-c", "-n", nsAddr)
	require.Zero(t, got.status, got.err)
	last = f.last(codec.InvokeBrokerToResetOffset)
	require.Equal(t, strconv.FormatInt(recordedTime(t, "2026-11-22 12:24:34,005"), 10), last.Ext.Get("timestamp"))
	require.Equal(t, "false", last.Ext.Get("isForce"))
	require.Equal(t, codec.LanguageCPP, last.Language, "-c")
}

// TestResetTime: what is no time is refused before anything is sent.
func TestResetTime(t *testing.T) {
	for _, text := range []string{"", "tomorrow", "2026-11-22", "2026-11-22#12:24:34", "2026-11-22 12:24:34:005", "2026-13-22#12:24:34:005", "1e9", ":"} {
		got := run(t, nil, "resetOffsetByTime", "-g", "G", "-t", "T", "-s", text, "-n", nsAddr)
		require.Equal(t, "mqadmin resetOffsetByTime: option -s (timestamp) takes now, milliseconds or yyyy-MM-dd#HH:mm:ss:SSS, not "+strconv.Quote(text)+"\n", got.err)
		require.Equal(t, 1, got.status)
	}
}

// offsetBroker keeps the offsets of groups in DemoTopic as a broker does, for clients that are offline.
type offsetBroker struct {
	mu       sync.Mutex
	consumed map[string]map[codec.MessageQueue]int64
	ends     []int64
}

func (b *offsetBroker) answers() map[int32]answer {
	return map[int32]answer{
		codec.InvokeBrokerToResetOffset: refuse(codec.ConsumerNotOnline, "Consumer not online, so can not reset offset, Group: AdmGroup Topic: DemoTopic Timestamp: -1"),
		codec.GetConsumeStats: func(req *codec.Command) *codec.Command {
			b.mu.Lock()
			defer b.mu.Unlock()
			stats := codec.ConsumeStats{OffsetTable: map[codec.MessageQueue]codec.OffsetWrapper{}}
			for mq, offset := range b.consumed[req.Ext.Get("consumerGroup")] {
				stats.OffsetTable[mq] = codec.OffsetWrapper{BrokerOffset: b.ends[mq.QueueID], ConsumerOffset: offset}
			}
			return body(stats)(req)
		},
		codec.GetTopicStatsInfo: func(req *codec.Command) *codec.Command {
			table := codec.TopicStatsTable{OffsetTable: map[codec.MessageQueue]codec.TopicOffset{}}
			for id, end := range b.ends {
				table.OffsetTable[demoQueue(id)] = codec.TopicOffset{MinOffset: 5, MaxOffset: end}
			}
			return body(table)(req)
		},
		codec.GetMaxOffset: func(req *codec.Command) *codec.Command {
			id, _ := strconv.Atoi(req.Ext.Get("queueId"))
			return &codec.Command{Header: &codec.GetMaxOffsetResponseHeader{Offset: b.ends[id]}}
		},
		codec.SearchOffsetByTimestamp: header(&codec.SearchOffsetResponseHeader{Offset: 82}),
		codec.UpdateConsumerOffset: func(req *codec.Command) *codec.Command {
			id, _ := strconv.Atoi(req.Ext.Get("queueId"))
			offset, err := strconv.ParseInt(req.Ext.Get("commitOffset"), 10, 64)
			if err != nil || req.Ext.Get("topic") != "DemoTopic" {
				return &codec.Command{Code: codec.SystemError, Remark: fmt.Sprint(req.Ext)}
			}
			b.mu.Lock()
			defer b.mu.Unlock()
			group := req.Ext.Get("consumerGroup")
			if b.consumed[group] == nil {
				b.consumed[group] = map[codec.MessageQueue]int64{}
			}
			b.consumed[group][demoQueue(id)] = offset
			return &codec.Command{}
		},
	}
}

func (b *offsetBroker) of(group string) map[codec.MessageQueue]int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return maps.Clone(b.consumed[group])
}

// TestRollbackOffset: of a group without clients the offsets are set in the broker.
func TestRollbackOffset(t *testing.T) {
	b := &offsetBroker{
		consumed: map[string]map[codec.MessageQueue]int64{"AdmGroup": demoOffsets(81, 82, 81, 81)}, ends: []int64{82, 83, 82, 81},
	}
	b.consumed["AdmGroup"][codec.MessageQueue{Topic: "OtherTopic", BrokerName: "broker-a"}] = 3
	f := topicNameServer(t, 6).serve(brokerAddr, b.answers())
	requireGoldenSet(t, f, "resetOffsetByTime-offline")
	want := demoOffsets(82, 83, 82, 81)
	want[codec.MessageQueue{Topic: "OtherTopic", BrokerName: "broker-a"}] = 3
	require.Equal(t, want, b.of("AdmGroup"))

	const head = "#brokerName           #queueId              #brokerOffset         #consumerOffset       #timestampOffset      #rollbackOffset     \n"
	line := func(id, end, was, at, now int) string {
		return fmt.Sprintf("broker-a              %-20d  %-20d  %-20d  %-20d  %-20d\n", id, end, was, at, now)
	}
	got := run(t, f.net.Dial, "resetOffsetByTime", "-g", "AdmGroup", "-t", "DemoTopic", "-s", "1000", "-f", "false", "-n", nsAddr)
	require.Equal(t, "rollback consumer offset by specified consumerGroup[AdmGroup], topic[DemoTopic], force[false], timestamp(string)[1000], timestamp(long)[1000]\n"+head+
		line(0, 82, 82, 82, 82)+line(1, 83, 83, 82, 82)+line(2, 82, 82, 82, 82)+line(3, 81, 81, 82, 81), got.out, "without force nothing goes forward")
	got = run(t, f.net.Dial, "skipAccumulatedMessage", "-g", "NewGroup", "-t", "DemoTopic", "-n", nsAddr)
	require.Equal(t, head+line(0, 82, 5, 82, 82)+line(1, 83, 5, 83, 83)+line(2, 82, 5, 82, 82)+line(3, 81, 5, 81, 81), got.out, "who has consumed nothing is at the beginning")
	require.Equal(t, demoOffsets(82, 83, 82, 81), b.of("NewGroup"))
}

// TestCloneGroupOffset: the offsets of the topic, and of no other.
func TestCloneGroupOffset(t *testing.T) {
	b := &offsetBroker{consumed: map[string]map[codec.MessageQueue]int64{"DemoCG": demoOffsets(1, 2, 0, 4)}, ends: []int64{9, 9, 9, 9}}
	b.consumed["DemoCG"][codec.MessageQueue{Topic: "%RETRY%DemoCG", BrokerName: "broker-a"}] = 3
	f := topicNameServer(t, 6).serve(brokerAddr, b.answers())
	requireGolden(t, f, "cloneGroupOffset")
	require.Equal(t, demoOffsets(1, 2, 0, 4), b.of("AdmGroup"))

	got := run(t, f.net.Dial, "cloneGroupOffset", "-s", "DemoCG", "-d", "G", "-t", "Elsewhere", "-n", nsAddr)
	require.Equal(t, result{err: "mqadmin cloneGroupOffset: group DemoCG has consumed nothing of topic Elsewhere\n", status: 1}, got)
	require.Contains(t, run(t, f.net.Dial, "cloneGroupOffset", "-s", "NoSuchCG", "-d", "G", "-t", "DemoTopic", "-n", nsAddr).err, "CODE: 206")
	b.consumed["DemoCG"][codec.MessageQueue{Topic: "DemoTopic", BrokerName: "broker-gone"}] = 3
	got = run(t, f.net.Dial, "cloneGroupOffset", "-s", "DemoCG", "-d", "H", "-t", "DemoTopic", "-n", nsAddr)
	require.Contains(t, got.err, "broker broker-gone, on which group DemoCG has consumed topic DemoTopic, is not registered with it")
}

// TestOffsetSession: offsets set by one command are seen by the others, in Booster.
func TestOffsetSession(t *testing.T) {
	b := startBooster(t, false)
	require.Zero(t, b.run("updateTopic", "-c", "DefaultCluster", "-t", "DemoTopic", "-r", "2", "-w", "2", "-n", nsAddr).status)
	admin := mqadmin.New(mqadmin.Config{NameServers: []string{b.ns}})
	defer admin.Close()
	for id := range 3 {
		_, err := admin.Send(t.Context(), b.broker, "PG", demoQueue(id%2), mqadmin.Message{Topic: "DemoTopic", Body: []byte("m")})
		require.NoError(t, err)
	}
	// A group that has offsets has a retry topic as soon as it was online.
	require.Zero(t, b.run("updateSubGroup", "-b", brokerAddr, "-g", "AdmGroup", "-n", nsAddr).status)
	for _, group := range []string{"AdmGroup", "Clone"} {
		require.Zero(t, b.run("updateTopic", "-b", brokerAddr, "-t", codec.RetryGroupTopicPrefix+group, "-r", "1", "-w", "1", "-n", nsAddr).status)
	}
	require.NoError(t, admin.UpdateConsumerOffset(t.Context(), b.broker, "AdmGroup", demoQueue(0), 1))
	require.NoError(t, admin.UpdateConsumerOffset(t.Context(), b.broker, "AdmGroup", demoQueue(1), 0))
	offsets := func(group string) map[codec.MessageQueue]int64 {
		stats, err := admin.ConsumeStats(t.Context(), group, "DemoTopic")
		require.NoError(t, err)
		table := map[codec.MessageQueue]int64{}
		for mq, o := range stats.OffsetTable {
			table[mq] = o.ConsumerOffset
		}
		return table
	}
	require.Equal(t, demoOffsets(1, 0), offsets("AdmGroup"))
	skipped := b.run("skipAccumulatedMessage", "-g", "AdmGroup", "-t", "DemoTopic", "-n", nsAddr)
	require.Zero(t, skipped.status, skipped.err)
	require.Equal(t, demoOffsets(2, 1), offsets("AdmGroup"))
	cloned := b.run("cloneGroupOffset", "-s", "AdmGroup", "-d", "Clone", "-t", "DemoTopic", "-n", nsAddr)
	require.Zero(t, cloned.status, cloned.err)
	require.Equal(t, demoOffsets(2, 1), offsets("Clone"))
	before := strconv.FormatInt(time.Now().Add(-time.Hour).UnixMilli(), 10)
	reset := b.run("resetOffsetByTime", "-g", "AdmGroup", "-t", "DemoTopic", "-s", before, "-n", nsAddr)
	require.Zero(t, reset.status, reset.err)
	require.Equal(t, demoOffsets(0, 0), offsets("AdmGroup"))
	require.Equal(t, demoOffsets(2, 1), offsets("Clone"))
	require.Contains(t, b.run("resetOffsetByTime", "-g", "NoSuchCG", "-t", "DemoTopic", "-s", "now", "-n", nsAddr).err, "CODE: 1  DESC: THe consumer group <NoSuchCG> not exist")
	require.Contains(t, b.run("skipAccumulatedMessage", "-g", "AdmGroup", "-t", "NoSuchTopic", "-n", nsAddr).err, "CODE: 17")
}
