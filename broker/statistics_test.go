package broker

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
	"github.com/boostermq/booster/internal/memnet"
)

// startMemBroker is a broker that is reached over memory connections: within a
// synctest bubble its time is the bubble's. Nothing listens and nothing registers.
func startMemBroker(t *testing.T, change func(c *Config)) *Controller {
	t.Helper()
	c := testConfig(t)
	c.Server.ListenPort = 10911
	if change != nil {
		change(&c)
	}
	b, err := New(c, Options{Log: testLog(t), ConfigPath: t.TempDir() + "/broker.conf"})
	require.NoError(t, err)
	b.background, b.stop = context.WithCancel(context.Background())
	for _, s := range b.stages() {
		if s.name == "registration" {
			continue
		}
		if s.start != nil && s.name != "remoting server" {
			require.NoError(t, s.start(t.Context()))
		}
		b.started = append(b.started, s)
	}
	t.Cleanup(func() { stopBroker(t, b) })
	return b
}

func dialMem(t *testing.T, b *Controller) *peer {
	client, server := memnet.Pipe()
	go b.server.ServeConn(server)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	return &peer{t: t, conn: client, in: bufio.NewReader(client)}
}

func (p *peer) runtimeInfo() map[string]string {
	p.t.Helper()
	var table codec.KVTable
	p.body(codec.GetBrokerRuntimeInfo, nil, &table)
	return table.Table
}

// body decodes the body of a successful answer.
func (p *peer) body(code int32, header codec.CustomHeader, body any) {
	p.t.Helper()
	resp := p.do(code, header, nil)
	requireAnswer(p.t, resp, codec.Success, "")
	require.NoError(p.t, fastjson.Unmarshal(resp.Body, body))
}

func (p *peer) stats(name, key string) codec.BrokerStatsData {
	p.t.Helper()
	var data codec.BrokerStatsData
	p.body(codec.ViewBrokerStatsData, &codec.ViewBrokerStatsDataRequestHeader{StatsName: name, StatsKey: key}, &data)
	return data
}

// dispatched is after what a message can be pulled, at the latest, while nobody waits for it.
const dispatched = time.Millisecond

// traffic sends two messages to queue 0 of T1 each second and lets cg pull
// them, which commits all but the last five.
type traffic struct {
	b              *Controller
	producer, pull *peer
	sent, bytes    int64
	seconds        int
}

func (f *traffic) run(t *testing.T, seconds int) {
	for range seconds {
		if f.seconds%30 == 0 {
			requireAnswer(t, f.producer.do(codec.HeartBeat, nil, heartbeatBody(t, "producer")), codec.Success, "")
			requireAnswer(t, f.pull.do(codec.HeartBeat, nil, heartbeatBody(t, "consumer", consumerOf("cg", "T1"))), codec.Success, "")
		}
		before := f.b.store.MaxPhyOffset()
		for range 2 {
			requireAnswer(t, f.producer.sendV2(sendHeader("T1"), "hello"), codec.Success, "")
		}
		time.Sleep(dispatched)
		synctest.Wait()
		h := pullHeader("cg", "T1", f.sent)
		f.sent, f.bytes = f.sent+2, f.bytes+f.b.store.MaxPhyOffset()-before
		if h.CommitOffset = f.sent - 5; h.CommitOffset > 0 {
			h.SysFlag |= codec.PullFlagCommitOffset
		}
		require.Equal(t, codec.Success, f.pull.do(codec.PullMessage, h, nil).Code)
		f.seconds++
		time.Sleep(time.Second - dispatched)
	}
}

// TestStatisticsOfKnownTraffic: what goes through the broker is what the codes
// of administrators tell: 28 202 203 204 208 300 303 315 317 328. The time is
// the bubble's, which begins at midnight.
func TestStatisticsOfKnownTraffic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := startMemBroker(t, nil)
		f := &traffic{b: b, producer: dialMem(t, b), pull: dialMem(t, b)}
		admin := dialMem(t, b)
		time.Sleep(time.Second / 2) // between the samples

		f.run(t, 5)
		info := admin.runtimeInfo()
		require.Equal(t, []string{"  ", "  ", "0.0 0.0 0.0"}, []string{info["putTps"], info["getTransferedTps"], info["getTotalTps"]})
		f.run(t, 10)
		require.Equal(t, "2.0  ", admin.runtimeInfo()["putTps"], "ten seconds are full, the others not")
		f.run(t, 55)
		require.Equal(t, "2.0 2.0 ", admin.runtimeInfo()["getTransferedTps"])
		requireMinute(t, f, admin)
		f.run(t, 601-f.seconds)
		admin = dialMem(t, b) // the other one was idle for too long
		info = admin.runtimeInfo()
		for key, want := range map[string]string{
			"putTps": "2.0 2.0 2.0", "getTransferedTps": "2.0 2.0 2.0", "getFoundTps": "1.0 1.0 1.0", "getMissTps": "0.0 0.0 0.0",
			"getTotalTps": "1.0 1.0 1.0", "msgPutTotalTodayNow": "1202", "msgGetTotalTodayNow": "1202", "putMessageTimesTotal": "1202",
			"putMessageSizeTotal": fmt.Sprint(f.bytes), "putMessageFailedTimes": "0", "msgPutTotalTodayMorning": "0",
			"dispatchBehindBytes": "0", "commitLogMaxOffset": fmt.Sprint(f.bytes), "runtime": "[ 0 days, 0 hours, 10 minutes, 1 seconds ]",
		} {
			require.Equal(t, want, info[key], key)
		}
		require.Contains(t, info["putMessageDistributeTime"], "[<=0ms]:120 [0~10ms]:0 ", "the last whole minute")
		requireLag(t, f, admin)
		requireOnline(t, f, admin)

		hour := admin.stats("TOPIC_PUT_NUMS", "T1").StatsHour
		require.EqualValues(t, 1200, hour.Sum)
		require.InDelta(t, 2.0, hour.TPS, 0.01)
	})
}

// requireMinute: 315 and the rate of 208 over a whole minute.
func requireMinute(t *testing.T, f *traffic, admin *peer) {
	t.Helper()
	perMessage := float64(f.bytes) / float64(f.sent)
	for _, c := range []struct {
		name, key string
		sum, avg  float64
	}{
		{"TOPIC_PUT_NUMS", "T1", 120, 1}, {"TOPIC_PUT_SIZE", "T1", 120 * perMessage, perMessage},
		{"QUEUE_PUT_NUMS", "T1@0", 120, 1}, {"QUEUE_PUT_SIZE", "T1@0", 120 * perMessage, perMessage},
		{"BROKER_PUT_NUMS", "SpecC", 120, 0}, {"BROKER_GET_NUMS", "SpecC", 120, 0},
		{"GROUP_GET_NUMS", "T1@cg", 120, 2}, {"GROUP_GET_SIZE", "T1@cg", 120 * perMessage, 2 * perMessage},
		{"QUEUE_GET_NUMS", "T1@0@cg", 120, 2}, {"QUEUE_GET_SIZE", "T1@0@cg", 120 * perMessage, 2 * perMessage},
		{"GROUP_GET_LATENCY", "0@T1@cg", 0, 0},
	} {
		got := admin.stats(c.name, c.key).StatsMinute
		require.EqualValues(t, c.sum, got.Sum, c.name)
		require.InDelta(t, c.sum/60, got.TPS, 1e-9, c.name)
		require.InDelta(t, c.avg, got.Avgpt, 1e-9, c.name)
	}
	var stats codec.ConsumeStats
	admin.body(codec.GetConsumeStats, &codec.GetConsumeStatsRequestHeader{ConsumerGroup: "cg"}, &stats)
	require.Equal(t, 2.0, stats.ConsumeTPS)
}

// requireLag: offsets, what is not consumed and how old it is, by 202, 208, 303
// and 317.
func requireLag(t *testing.T, f *traffic, admin *peer) {
	t.Helper()
	q0 := codec.MessageQueue{Topic: "T1", BrokerName: "spec-a"}
	storedAt := func(before time.Duration) int64 { return time.Now().Add(-before).UnixMilli() } // the last two a second ago

	var topic codec.TopicStatsTable
	admin.body(codec.GetTopicStatsInfo, &codec.GetTopicStatsInfoRequestHeader{Topic: "T1"}, &topic)
	require.Equal(t, codec.TopicOffset{MaxOffset: f.sent, LastUpdateTimestamp: storedAt(time.Second)}, topic.OffsetTable[q0])
	require.Len(t, topic.OffsetTable, 4)

	want := codec.OffsetWrapper{BrokerOffset: f.sent, ConsumerOffset: f.sent - 5, LastTimestamp: storedAt(3 * time.Second)}
	var stats codec.ConsumeStats
	admin.body(codec.GetConsumeStats, &codec.GetConsumeStatsRequestHeader{ConsumerGroup: "cg", Topic: "T1"}, &stats)
	require.Equal(t, want, stats.OffsetTable[q0])
	require.Equal(t, 2.0, stats.ConsumeTPS)
	var all codec.ConsumeStatsList
	admin.body(codec.GetBrokerConsumeStats, &codec.GetConsumeStatsInBrokerHeader{}, &all)
	require.EqualValues(t, 5, all.TotalDiff)
	require.Contains(t, all.ConsumeStatsList, map[string][]codec.ConsumeStats{
		"cg": {{OffsetTable: map[codec.MessageQueue]codec.OffsetWrapper{q0: want}, ConsumeTPS: 2}}})

	var spans codec.QueryConsumeTimeSpanBody
	admin.body(codec.QueryConsumeTimeSpan, &codec.QueryConsumeTimeSpanRequestHeader{Topic: "T1", Group: "cg"}, &spans)
	i := slices.IndexFunc(spans.ConsumeTimeSpanSet, func(s codec.QueueTimeSpan) bool { return s.MessageQueue == q0 })
	span := spans.ConsumeTimeSpanSet[i]
	require.Equal(t, []int64{storedAt(601 * time.Second), storedAt(time.Second), storedAt(3 * time.Second), 3000},
		[]int64{span.MinTimeStamp, span.MaxTimeStamp, span.ConsumeTimeStamp, span.DelayTime}, "the fifth last waits for three seconds")
}

// requireOnline: who is connected, by 203, 204, 328 and 300.
func requireOnline(t *testing.T, f *traffic, admin *peer) {
	t.Helper()
	connection := func(id string, p *peer) codec.Connection {
		return codec.Connection{ClientID: id, ClientAddr: p.localAddr(), Language: "JAVA", Version: codec.CurrentVersion}
	}
	var consumers codec.ConsumerConnection
	admin.body(codec.GetConsumerConnectionList, &codec.GetConsumerConnectionListRequestHeader{ConsumerGroup: "cg"}, &consumers)
	require.Equal(t, []codec.Connection{connection("consumer", f.pull)}, consumers.ConnectionSet)
	var producers codec.ProducerConnection
	admin.body(codec.GetProducerConnectionList, &codec.GetProducerConnectionListRequestHeader{ProducerGroup: "pg"}, &producers)
	require.ElementsMatch(t, []codec.Connection{connection("producer", f.producer), connection("consumer", f.pull)}, producers.ConnectionSet)
	var table codec.ProducerTableInfo
	admin.body(codec.GetAllProducerInfo, nil, &table)
	require.Len(t, table.Data["pg"], 2)
	for _, info := range table.Data["pg"] {
		require.Equal(t, time.Now().Add(-time.Second).UnixMilli(), info.LastUpdateTimestamp, "the heart-beat of the last second")
	}
	var groups codec.GroupList
	admin.body(codec.QueryTopicConsumeByWho, &codec.QueryTopicConsumeByWhoRequestHeader{Topic: "T1"}, &groups)
	require.Equal(t, []string{"cg"}, groups.GroupList)
}

// TestTotalsRollOverAtMidnight: as in Java the totals of a day are those since
// the start of the broker, noted at midnight.
func TestTotalsRollOverAtMidnight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := startMemBroker(t, nil)
		send := func(n int) {
			p := dialMem(t, b)
			for range n {
				requireAnswer(t, p.sendV2(sendHeader("T1"), "x"), codec.Success, "")
			}
		}
		totals := func() []string {
			info := dialMem(t, b).runtimeInfo()
			return []string{info["msgPutTotalTodayNow"], info["msgPutTotalTodayMorning"], info["msgPutTotalYesterdayMorning"]}
		}
		toMidnight := func() {
			now := time.Now()
			time.Sleep(time.Until(time.Date(now.Year(), now.Month(), now.Day()+1, 0, 0, 1, 0, time.Local)) + time.Second/2)
		}
		time.Sleep(time.Minute)
		send(3)
		require.Equal(t, []string{"3", "0", "0"}, totals())
		toMidnight()
		send(4)
		require.Equal(t, []string{"7", "3", "0"}, totals())
		toMidnight()
		send(1)
		require.Equal(t, []string{"8", "7", "3"}, totals())
		toMidnight()
		require.Equal(t, []string{"8", "8", "7"}, totals())
	})
}

// TestMessagesOfTheBrokerCount: what the broker stores by itself, here a message
// that was delayed, is put too.
func TestMessagesOfTheBrokerCount(t *testing.T) {
	b := startBroker(t, func(c *Config) { c.Store.MessageDelayLevel = instantLevels })
	p := dial(t, b)
	h := sendHeader("T1")
	h.Properties = "DELAY\x011\x02UNIQ_KEY\x01U"
	requireAnswer(t, p.sendV2(h, "x"), codec.Success, "")
	require.Eventually(t, func() bool { return p.runtimeInfo()["msgPutTotalTodayNow"] == "2" }, answerTimeout, time.Millisecond)
	require.EqualValues(t, 1, b.stats.Get("TOPIC_PUT_NUMS", "T1").Value())
	require.EqualValues(t, 1, b.stats.Get("TOPIC_PUT_NUMS", codec.ScheduleTopic).Value())
}

// TestCountersOfTheDeleted: with autoDeleteUnusedStats the counters of a topic
// and of a group go with them, without they stay, as in Java.
func TestCountersOfTheDeleted(t *testing.T) {
	for _, forget := range []bool{false, true} {
		b := startBroker(t, func(c *Config) { c.Broker.AutoDeleteUnusedStats = forget })
		p := dial(t, b)
		putMessages(t, b, p, "T1", 2)
		putMessages(t, b, p, "T2", 2)
		require.Equal(t, codec.Success, p.do(codec.PullMessage, pullHeader("cg", "T1", 0), nil).Code)
		require.Equal(t, codec.Success, p.do(codec.PullMessage, pullHeader("cg", "T2", 0), nil).Code)
		want := codec.Success
		if forget {
			want = codec.SystemError
		}
		view := func(name, key string) int32 {
			return p.do(codec.ViewBrokerStatsData, &codec.ViewBrokerStatsDataRequestHeader{StatsName: name, StatsKey: key}, nil).Code
		}
		requireAnswer(t, p.do(codec.DeleteTopicInBroker, &codec.DeleteTopicRequestHeader{Topic: "T1"}, nil), codec.Success, "")
		require.Equal(t, []int32{want, want, codec.Success}, []int32{view("TOPIC_PUT_NUMS", "T1"), view("GROUP_GET_NUMS", "T1@cg"), view("GROUP_GET_NUMS", "T2@cg")})
		requireAnswer(t, p.do(codec.DeleteSubscriptionGroup, &codec.DeleteSubscriptionGroupRequestHeader{GroupName: "cg"}, nil), codec.Success, "")
		require.Equal(t, []int32{codec.Success, want}, []int32{view("TOPIC_PUT_NUMS", "T2"), view("GROUP_GET_NUMS", "T2@cg")})
	}
}

var (
	pathText  = regexp.MustCompile(`/\S+`)
	valueText = regexp.MustCompile(`-?\d+(\.\d+)?(E-?\d+)?`)
)

// TestRuntimeInfoTable: 28 has the keys of a Java 4.9.8 broker, all, no others,
// and each value is of Java's form: numbers where it has numbers, with a point
// where it has one, the same words and blanks.
func TestRuntimeInfoTable(t *testing.T) {
	recorded, err := os.ReadFile("testdata/runtimeinfo-4.9.8.txt")
	require.NoError(t, err)
	// form is a value with its numbers replaced: 1 = whole, 1.1 = with a point.
	form := func(value string) string {
		return valueText.ReplaceAllStringFunc(pathText.ReplaceAllString(value, "/path"), func(number string) string {
			if strings.Contains(number, ".") {
				return "1.1"
			}
			return "1"
		})
	}
	want := map[string]string{}
	for line := range strings.Lines(string(recorded)) {
		key, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		require.True(t, ok, line)
		want[pathText.ReplaceAllString(key, "/path")] = form(value)
	}
	synctest.Test(t, func(t *testing.T) {
		b := startMemBroker(t, func(c *Config) { c.Store.MessageDelayLevel = "1s 2s" })
		f := &traffic{b: b, producer: dialMem(t, b), pull: dialMem(t, b)}
		time.Sleep(time.Second / 2)
		h := sendHeader("T1")
		h.Properties = "DELAY\x012\x02UNIQ_KEY\x01U"
		requireAnswer(t, f.producer.sendV2(h, "x"), codec.Success, "")
		f.run(t, 602)
		got := map[string]string{}
		for key, value := range f.pull.runtimeInfo() {
			got[pathText.ReplaceAllString(key, "/path")] = form(value)
		}
		for _, key := range []string{"commitLogDirCapacity", "remainHowManyDataToFlush"} { // the unit depends on the machine
			require.Regexp(t, `^(Total : 1(\.1)? .?i?B, Free : 1(\.1)? .?i?B\.|1(\.1)? .?i?B)$`, got[key])
			got[key] = want[key]
		}
		require.Equal(t, want, got)
		version, err := strconv.Atoi(f.pull.runtimeInfo()["brokerVersion"])
		require.NoError(t, err)
		require.EqualValues(t, codec.CurrentVersion, version)
	})
}
