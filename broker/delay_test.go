package broker

import (
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/broker/stats"
	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
)

// delayHeader is a send with a delay level.
func delayHeader(topic, level string) *codec.SendMessageRequestHeader {
	h := sendHeader(topic)
	h.Properties = "UNIQ_KEY\x01U\x02DELAY\x01" + level + "\x02WAIT\x01true\x02TAGS\x01D"
	return h
}

// TestDelayStored: a message with a level is stored in the schedule topic and
// then for its destination, as in the store that Java wrote
// (facts/store-samples 4.9.8: SCHEDULE_TOPIC_XXXX and StoreDelay).
func TestDelayStored(t *testing.T) {
	b := startBroker(t, func(c *Config) { c.Store.MessageDelayLevel = "1h 0s" })
	p := dial(t, b)
	putMessages(t, b, p, "T1", 1)
	for i, level := range []string{"1", "1", "2", "7"} { // 7: the highest there is
		h := delayHeader("T1", level)
		h.QueueID, h.Flag = 3, 5
		resp := p.sendV2(h, "body")
		requireAnswer(t, resp, codec.Success, "")
		require.Equal(t, "3", resp.Ext.Get("queueId"), "the queue that was asked for")
		require.Equal(t, strconv.Itoa(i%2), resp.Ext.Get("queueOffset"), "in the queue of the level")
		wantLevel := min(i/2+1, 2)
		want := map[string]string{
			"CLUSTER": "SpecC", "DELAY": strconv.Itoa(wantLevel), "REAL_QID": "3", "REAL_TOPIC": "T1", "TAGS": "D", "UNIQ_KEY": "U", "WAIT": "true",
		}
		parked := messageAt(t, b, codec.ScheduleTopic, int32(wantLevel-1), int64(i%2))
		require.Equal(t, requireMsgID(t, b, resp.Ext.Get("msgId")), parked.CommitLogOffset)
		require.Equal(t, want, codec.ParseProperties(parked.Properties))
		if wantLevel == 2 {
			m := messageAt(t, b, "T1", 3, int64(i%2))
			require.Equal(t, want, codec.ParseProperties(m.Properties))
			require.Equal(t, []any{"body", int32(5), parked.BornTimestampMs, parked.BornHost}, []any{string(m.Body), m.Flag, m.BornTimestampMs, m.BornHost})
		}
	}
	require.Zero(t, b.store.MaxOffsetInQueue("T1", 2))
	for topic, want := range map[string]int64{codec.ScheduleTopic: 4, "T1": 3} {
		var sum int64
		b.stats.Each(stats.TopicPutNums, func(key string, item *stats.Item) {
			if key == topic {
				sum = item.Value()
			}
		})
		require.Equal(t, want, sum, topic)
	}
}

// TestDelayNoLevel: what is no level is delivered at once.
func TestDelayNoLevel(t *testing.T) {
	b := startBroker(t, nil)
	p := dial(t, b)
	for i, level := range []string{"0", "-1", "soon", "99999999999999999999"} {
		requireAnswer(t, p.sendV2(delayHeader("T1", level), "x"), codec.Success, "")
		lastMessage(t, b, "T1", int64(i))
	}
	require.Empty(t, b.store.QueueIDs(codec.ScheduleTopic))
}

// TestDelayTime: a consumer that waits gets the message when its time has come,
// not before.
func TestDelayTime(t *testing.T) {
	t.Parallel()
	b := startBroker(t, func(c *Config) { c.Store.MessageDelayLevel = "1s" })
	p, consumer := dial(t, b), dial(t, b)
	putMessages(t, b, p, "T1", 1)
	pull := pullHeader("cg", "T1", 1)
	pull.SysFlag |= codec.PullFlagSuspend
	held := consumer.send(&codec.Command{Code: codec.PullMessage, Header: pull})
	sent := time.Now()
	requireAnswer(t, p.sendV2(delayHeader("T1", "1"), "later"), codec.Success, "")
	requireAnswer(t, consumer.answer(held), codec.Success, "FOUND")
	require.GreaterOrEqual(t, time.Since(sent), 990*time.Millisecond)
	require.Less(t, time.Since(sent), 4*time.Second)
}

// TestDelayOffsets: 45, the keys of 28, and delayOffset.json over a restart: a
// clean stop delivers nothing twice and loses nothing.
func TestDelayOffsets(t *testing.T) {
	c := testConfig(t)
	c.Store.MessageDelayLevel = "0s 2h"
	b, err := New(c, Options{Log: testLog(t)})
	require.NoError(t, err)
	require.NoError(t, b.Start(t.Context()))
	p := dial(t, b)
	resp := p.do(codec.GetAllDelayOffset, nil, nil)
	requireAnswer(t, resp, codec.Success, "")
	require.JSONEq(t, `{"offsetTable":{}}`, string(resp.Body))
	for range 3 {
		requireAnswer(t, p.sendV2(delayHeader("T1", "1"), "x"), codec.Success, "")
	}
	requireAnswer(t, p.sendV2(delayHeader("T1", "2"), "much later"), codec.Success, "")
	lastMessage(t, b, "T1", 2)
	require.Eventually(t, func() bool {
		return string(p.do(codec.GetAllDelayOffset, nil, nil).Body) == `{"offsetTable":{1:3}}`
	}, answerTimeout, time.Millisecond)
	require.Equal(t, map[string]string{"1": "3,3"}, scheduleKeys(t, p))
	stopBroker(t, b)

	text, err := os.ReadFile(b.configFile("delayOffset.json"))
	require.NoError(t, err)
	require.Equal(t, "{\n\t\"offsetTable\":{1:3\n\t}\n}", string(text))

	again, err := New(c, Options{Log: testLog(t)})
	require.NoError(t, err)
	require.NoError(t, again.Start(t.Context()))
	defer stopBroker(t, again)
	p = dial(t, again)
	require.Equal(t, `{"offsetTable":{1:3}}`, string(p.do(codec.GetAllDelayOffset, nil, nil).Body))
	requireAnswer(t, p.sendV2(delayHeader("T1", "1"), "y"), codec.Success, "")
	require.Equal(t, "y", string(lastMessage(t, again, "T1", 3).Body))
	require.EqualValues(t, 1, again.store.MaxOffsetInQueue(codec.ScheduleTopic, 1), "still waits")
}

// scheduleKeys are the scheduleMessageOffset_ keys of 28.
func scheduleKeys(t *testing.T, p *peer) map[string]string {
	t.Helper()
	var table codec.KVTable
	require.NoError(t, fastjson.Unmarshal(p.do(codec.GetBrokerRuntimeInfo, nil, nil).Body, &table))
	keys := map[string]string{}
	for level := range 20 {
		if v, ok := table.Table["scheduleMessageOffset_"+strconv.Itoa(level)]; ok {
			keys[strconv.Itoa(level)] = v
		}
	}
	return keys
}

// TestDelayLevelsWrong: messageDelayLevel stops the start when it is none.
func TestDelayLevelsWrong(t *testing.T) {
	c := testConfig(t)
	c.Store.MessageDelayLevel = "1s soon"
	_, err := New(c, quietOptions())
	require.ErrorContains(t, err, `messageDelayLevel: "soon" is not a number`)
}

// TestDelayAsyncDeliver: with enableScheduleAsyncDeliver, whatever its limits, the messages of a level arrive once and in
// order.
func TestDelayAsyncDeliver(t *testing.T) {
	b := startBroker(t, func(c *Config) {
		c.Store.MessageDelayLevel, c.Store.EnableScheduleAsyncDeliver = "0s", true
		c.Store.ScheduleAsyncDeliverMaxPendingLimit, c.Store.ScheduleAsyncDeliverMaxResendNum2Blocked = 1, 1
	})
	p := dial(t, b)
	const n = 100
	for i := range n {
		requireAnswer(t, p.sendV2(delayHeader("T1", "1"), strconv.Itoa(i)), codec.Success, "")
	}
	for i := range int64(n) {
		require.Equal(t, strconv.FormatInt(i, 10), string(lastMessage(t, b, "T1", i).Body))
	}
	require.EqualValues(t, n, b.store.MaxOffsetInQueue("T1", 0))
}
