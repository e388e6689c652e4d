package broker

import (
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
)

// replayedAdmin are the codes TestReplayAdmin compares; replayedState are those
// that bring the broker into the state they ask for.
var (
	replayedAdmin = []int32{
		codec.GetTopicStatsInfo, codec.GetConsumerConnectionList, codec.GetConsumeStats, codec.InvokeBrokerToResetOffset,
		codec.InvokeBrokerToGetConsumerStatus, codec.QueryTopicConsumeByWho, codec.QueryConsumeTimeSpan, codec.GetSystemTopicListFromBroker,
		codec.CleanExpiredConsumeQueue, codec.GetConsumerRunningInfo, codec.ConsumeMessageDirectly, codec.CloneGroupOffset,
		codec.GetAllProducerInfo, codec.DeleteExpiredCommitLog,
	}
	replayedState = []int32{codec.SendMessageV2, codec.HeartBeat, codec.UpdateConsumerOffset}
)

// TestReplayAdmin: what Java's DefaultMQAdminExt asked a Java 4.9.8 broker is
// answered here alike, but for times and ports. The consumer's recorded answers
// are given again to 221, 307 and 309.
func TestReplayAdmin(t *testing.T) {
	frames := readRecording(t, "../compat/frames/java-4.9.8-adminext.jsonl.gz")
	b := startBroker(t, func(c *Config) { c.Broker.BrokerName, c.Broker.BrokerClusterName = "broker-a", "DefaultCluster" })
	conns := map[int]*peer{}
	compared := 0
	for i, r := range frames {
		isAdmin := slices.Contains(replayedAdmin, r.cmd.Code)
		if r.Dir != "c2s" || r.Type == "response" || r.answer == nil && r.cmd.Code != codec.UpdateConsumerOffset || !isAdmin && !slices.Contains(replayedState, r.cmd.Code) {
			continue
		}
		if conns[r.Conn] == nil {
			conns[r.Conn] = dial(t, b)
		}
		conns[r.Conn].write(r.Frame)
		if isAdmin {
			relayRecorded(t, frames[i:], conns, r)
		}
		if r.cmd.Flag&codec.FlagOneway != 0 {
			var h codec.UpdateConsumerOffsetRequestHeader
			require.NoError(t, h.DecodeFields(r.cmd.Ext))
			require.Eventually(t, func() bool { return b.offsets.Query(h.ConsumerGroup, h.Topic, h.QueueID) == h.CommitOffset }, answerTimeout, time.Millisecond)
			continue
		}
		got := conns[r.Conn].answer(r.cmd.Opaque)
		require.Eventually(t, func() bool { return b.store.DispatchBehindBytes() == 0 }, answerTimeout, time.Millisecond)
		if isAdmin {
			compareAnswer(t, r, got)
			require.Equal(t, adminBody(t, r.cmd.Code, r.answer.cmd.Body), adminBody(t, r.cmd.Code, got.Body), "%d %v", r.cmd.Code, fields(r.cmd))
			compared++
		}
	}
	require.Greater(t, compared, 25)
}

// relayRecorded: when the recorded broker asked a client before it answered r,
// ours does, and gets the recorded client's answer.
func relayRecorded(t *testing.T, rest []*recordedFrame, conns map[int]*peer, r *recordedFrame) {
	t.Helper()
	for i, push := range rest {
		if push == r.answer {
			return
		}
		if push.Dir != "s2c" || push.Type == "response" || push.cmd.Code < codec.ResetConsumerClientOffset {
			continue
		}
		ours := conns[push.Conn].push()
		for ours.Code == codec.NotifyConsumerIDsChanged {
			ours = conns[push.Conn].push()
		}
		require.Equal(t, push.cmd.Code, ours.Code)
		require.Equal(t, fields(push.cmd), fields(ours))
		require.Equal(t, len(push.cmd.Body), len(ours.Body))
		for _, answer := range rest[i:] {
			if answer.Dir == "c2s" && answer.Type == "response" && answer.Conn == push.Conn && answer.cmd.Opaque == push.cmd.Opaque {
				answer.cmd.Opaque = ours.Opaque
				conns[push.Conn].send(answer.cmd)
				break
			}
		}
	}
}

var (
	timeText = regexp.MustCompile(`\b1\d{12}\b|20\d\d-\d\d-\d\d#[\d:]+`)
	delay    = regexp.MustCompile(`"delayTime":\d+`)
)

// adminBody is a body as a value that can be compared, without times and ports.
func adminBody(t *testing.T, code int32, text []byte) any {
	t.Helper()
	text = timeText.ReplaceAllFunc(text, func([]byte) []byte { return []byte("1") })
	text = addressText.ReplaceAll(delay.ReplaceAll(text, []byte(`"delayTime":1`)), []byte("ip:port"))
	var body any
	switch code {
	case codec.GetTopicStatsInfo:
		body = &codec.TopicStatsTable{}
	case codec.GetConsumerConnectionList:
		body = &codec.ConsumerConnection{}
	case codec.GetConsumeStats:
		body = &codec.ConsumeStats{}
	case codec.InvokeBrokerToResetOffset:
		body = &codec.ResetOffsetBody{}
	case codec.InvokeBrokerToGetConsumerStatus:
		body = &codec.GetConsumerStatusBody{}
	case codec.QueryConsumeTimeSpan:
		body = &codec.QueryConsumeTimeSpanBody{}
	default:
		return len(text) == 0
	}
	if len(text) == 0 {
		return nil
	}
	require.NoError(t, fastjson.Unmarshal(text, body))
	switch body := body.(type) {
	case *codec.ConsumeStats:
		body.ConsumeTPS = 0
	case *codec.QueryConsumeTimeSpanBody:
		slices.SortFunc(body.ConsumeTimeSpanSet, func(x, y codec.QueueTimeSpan) int { return int(x.MessageQueue.QueueID - y.MessageQueue.QueueID) })
	}
	return body
}
