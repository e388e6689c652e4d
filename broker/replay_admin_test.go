package broker

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
)

// notReplayed are the requests of the recordings of administrators that
// TestReplayAdmin passes over, with the reason.
var notReplayed = map[string]map[int32]string{
	"java-4.9.8-adminext": {
		codec.PullMessage:          "the consumer behind the administration; pulls are TestReplay's",
		codec.EndTransaction:       "one-way and without effect: the transaction stays unknown",
		codec.GetBrokerConfig:      "the answer was not recorded: it held paths",
		codec.GetBrokerRuntimeInfo: "the answer was not recorded: it held paths; TestRuntimeInfoTable has its form",
	},
	"java-4.9.8-mqadmin": {
		codec.PullMessage:          "of messages that were there before the recording; pulls are TestReplay's",
		codec.QueryMessage:         "of messages that were there before the recording; queries are adminext's",
		codec.ViewMessageByID:      "of messages that were there before the recording; queries are adminext's",
		codec.GetBrokerConfig:      "the answer was not recorded: it held paths",
		codec.GetBrokerRuntimeInfo: "the answer was not recorded: it held paths; TestRuntimeInfoTable has its form",
	},
	"java-4.9.8-broker-namesrv-slave": {codec.SendMessageV2: "the answers tell of replication"},
}

// TestReplayAdmin: what Java's DefaultMQAdminExt, mqadmin and a slave (21 43 45
// 201) asked a Java 4.9.8 broker is answered here alike, but for times, ports and rates. A consumer's
// recorded answers are given again to 221, 307 and 309.
func TestReplayAdmin(t *testing.T) {
	for _, c := range []struct {
		name      string
		exchanges int
		aMinute   bool // the broker ran for a minute: there was a transaction check
		before    bool // and it held something before the recording
	}{
		{"java-4.9.8-adminext", 126, true, false},
		{"java-4.9.8-mqadmin", 366, true, true},
		{"java-4.9.8-broker-namesrv-slave", 22, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			frames := readRecording(t, "../compat/frames/"+c.name+".jsonl.gz")
			require.NotEmpty(t, frames)
			b := startBroker(t, func(conf *Config) {
				conf.Broker.BrokerName, conf.Broker.BrokerClusterName = "broker-a", "DefaultCluster"
				if c.aMinute {
					conf.Broker.TransactionCheckInterval, conf.Broker.TransactionTimeOut = 1, time.Hour.Milliseconds()
				}
			})
			require.Eventually(t, func() bool { return !c.aMinute || b.topics.Select(codec.TransHalfTopic) != nil }, answerTimeout, time.Millisecond)
			r := &adminReplay{t: t, b: b, conns: map[int]*peer{}, later: time.Since(firstBorn(t, frames))}
			if c.before {
				r.before = newRecordedState(t, b, frames)
			}
			r.run(frames, notReplayed[c.name])
			require.Equal(t, c.exchanges, r.compared)
		})
	}
}

// firstBorn is when the first message of a recording was sent.
func firstBorn(t *testing.T, frames []*recordedFrame) time.Time {
	t.Helper()
	for _, r := range frames {
		if r.cmd.Code == codec.SendMessageV2 && r.Dir == "c2s" {
			ms, err := strconv.ParseInt(r.cmd.Ext.Get("g"), 10, 64)
			require.NoError(t, err)
			return time.UnixMilli(ms)
		}
	}
	t.Fatal("nothing is sent")
	return time.Time{}
}

// adminReplay is one recording, replayed.
type adminReplay struct {
	t        *testing.T
	b        *Controller
	conns    map[int]*peer
	later    time.Duration  // than the recording
	before   *recordedState // nil = the recording begins with an empty broker
	compared int
}

func (r *adminReplay) run(frames []*recordedFrame, skipped map[int32]string) {
	for i, f := range frames {
		if f.Dir != "c2s" || f.Type == "response" || skipped[f.cmd.Code] != "" {
			continue
		}
		oneway := f.cmd.Flag&codec.FlagOneway != 0
		require.True(r.t, oneway || f.answer != nil, "%d has no answer and no reason", f.cmd.Code)
		if r.before != nil {
			r.before.prepare(f)
		}
		p := r.conns[f.Conn]
		if p == nil {
			p = dial(r.t, r.b)
			r.conns[f.Conn] = p
		}
		p.write(r.moved(f))
		if oneway {
			r.awaitOffset(f)
			continue
		}
		if r.before == nil || !r.before.relay(f) {
			relayRecorded(r.t, frames[i:], r.conns, f)
		}
		got := p.answer(f.cmd.Opaque)
		require.Eventually(r.t, func() bool { return r.b.store.DispatchBehindBytes() == 0 }, answerTimeout, time.Millisecond)
		compareAnswer(r.t, f, got)
		what := fmt.Sprintf("%s %v", codec.RequestCodeName(f.cmd.Code), fields(f.cmd))
		require.Equal(r.t, jsonShape(f.answer.cmd.Body), jsonShape(got.Body), what)
		require.Equal(r.t, adminBody(r.t, f.cmd.Code, f.answer.cmd.Body), adminBody(r.t, f.cmd.Code, got.Body), what)
		r.compared++
	}
}

// awaitOffset waits for what a one-way 15 does.
func (r *adminReplay) awaitOffset(f *recordedFrame) {
	require.Equal(r.t, codec.UpdateConsumerOffset, f.cmd.Code)
	var h codec.UpdateConsumerOffsetRequestHeader
	require.NoError(r.t, h.DecodeFields(f.cmd.Ext))
	require.Eventually(r.t, func() bool { return r.b.offsets.Query(h.ConsumerGroup, h.Topic, h.QueueID) == h.CommitOffset }, answerTimeout, time.Millisecond)
}

// moved is the frame of f for this time.
func (r *adminReplay) moved(f *recordedFrame) []byte {
	cmd := f.cmd.Clone()
	for i := range cmd.Ext {
		field := &cmd.Ext[i]
		if !slices.Contains([]string{"timestamp", "beginTimestamp", "endTimestamp"}, field.Key) || len(field.Value) != 13 {
			continue // −1, 0 and the end of time are the same at all times
		}
		ms, err := strconv.ParseInt(field.Value, 10, 64)
		require.NoError(r.t, err)
		field.Value = strconv.FormatInt(ms+r.later.Milliseconds(), 10)
	}
	frame, err := codec.AppendFrame(nil, cmd)
	require.NoError(r.t, err)
	return frame
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
		ours := conns[push.Conn].pushOf(push.cmd.Code)
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

// pushOf returns the next request of the broker that does not just tell of a
// change in a group.
func (p *peer) pushOf(code int32) *codec.Command {
	p.t.Helper()
	for {
		if cmd := p.push(); cmd.Code != codec.NotifyConsumerIDsChanged {
			require.Equal(p.t, code, cmd.Code)
			return cmd
		}
	}
}

var (
	timeText = regexp.MustCompile(`\b1\d{12}\b|20\d\d-\d\d-\d\d#[\d:]+`)
	delay    = regexp.MustCompile(`"delayTime":\d+`)
	member   = regexp.MustCompile(`"([\w%-]+)":(\[|\{|"|true|false|null|-?\d+\.\d|-?\d)`)
)

// jsonShape is the members of a JSON text, sorted: each name with the kind of
// its values, so that a missing or another key and a number of another form are
// seen whatever the values are.
func jsonShape(text []byte) []string {
	var shape []string
	for _, m := range member.FindAllSubmatch(text, -1) {
		kind := string(m[2])
		switch {
		case kind == "true" || kind == "false":
			kind = "bool"
		case len(kind) > 1 && kind[len(kind)-2] == '.':
			kind = "0.0"
		case kind[len(kind)-1] >= '0' && kind[len(kind)-1] <= '9':
			kind = "0"
		}
		shape = append(shape, string(m[1])+":"+kind)
	}
	slices.Sort(shape)
	return slices.Compact(shape)
}

// adminBody is a body as a value that can be compared, without times, ports,
// rates and versions.
func adminBody(t *testing.T, code int32, text []byte) any {
	t.Helper()
	text = timeText.ReplaceAllFunc(text, func([]byte) []byte { return []byte("1") })
	text = addressText.ReplaceAll(delay.ReplaceAll(text, []byte(`"delayTime":1`)), []byte("ip:port"))
	body := adminBodies[code]
	if body == nil || len(text) == 0 {
		return len(text) == 0
	}
	value := body()
	require.NoError(t, fastjson.Unmarshal(text, value))
	switch body := value.(type) {
	case *codec.ConsumeStats:
		body.ConsumeTPS = 0
	case *codec.ConsumeStatsList:
		return consumeStatsByGroup(body)
	case *codec.QueryConsumeTimeSpanBody:
		slices.SortFunc(body.ConsumeTimeSpanSet, func(x, y codec.QueueTimeSpan) int { return int(x.MessageQueue.QueueID - y.MessageQueue.QueueID) })
	case *codec.ProducerTableInfo:
		for _, clients := range body.Data {
			slices.SortFunc(clients, func(x, y codec.ProducerInfo) int { return strings.Compare(x.ClientID, y.ClientID) })
		}
	case *codec.GroupList:
		slices.Sort(body.GroupList)
	case *codec.TopicList:
		slices.Sort(body.TopicList)
	case *codec.SubscriptionGroupWrapper:
		body.DataVersion = codec.DataVersion{}
	case *codec.TopicConfigSerializeWrapper:
		body.DataVersion = codec.DataVersion{}
	case *codec.BrokerStatsData:
		return len(text) == 0
	}
	return value
}

var adminBodies = map[int32]func() any{
	codec.GetTopicStatsInfo:               func() any { return &codec.TopicStatsTable{} },
	codec.GetConsumerConnectionList:       func() any { return &codec.ConsumerConnection{} },
	codec.GetProducerConnectionList:       func() any { return &codec.ProducerConnection{} },
	codec.GetAllProducerInfo:              func() any { return &codec.ProducerTableInfo{} },
	codec.GetConsumeStats:                 func() any { return &codec.ConsumeStats{} },
	codec.GetBrokerConsumeStats:           func() any { return &codec.ConsumeStatsList{} },
	codec.InvokeBrokerToResetOffset:       func() any { return &codec.ResetOffsetBody{} },
	codec.InvokeBrokerToGetConsumerStatus: func() any { return &codec.GetConsumerStatusBody{} },
	codec.QueryConsumeTimeSpan:            func() any { return &codec.QueryConsumeTimeSpanBody{} },
	codec.QueryTopicConsumeByWho:          func() any { return &codec.GroupList{} },
	codec.GetSystemTopicListFromBroker:    func() any { return &codec.TopicList{} },
	codec.GetAllTopicConfig:               func() any { return &codec.TopicConfigSerializeWrapper{} },
	codec.GetAllSubscriptionGroupConfig:   func() any { return &codec.SubscriptionGroupWrapper{} },
	codec.ViewBrokerStatsData:             func() any { return &codec.BrokerStatsData{} },
}

// consumeStatsByGroup is an answer to 317 without order: the tables of all
// topics of each group.
func consumeStatsByGroup(list *codec.ConsumeStatsList) any {
	byGroup := map[string]map[codec.MessageQueue]codec.OffsetWrapper{}
	for _, one := range list.ConsumeStatsList {
		for group, stats := range one {
			byGroup[group] = map[codec.MessageQueue]codec.OffsetWrapper{}
			for _, s := range stats {
				for mq, w := range s.OffsetTable {
					byGroup[group][mq] = w
				}
			}
		}
	}
	return []any{byGroup, list.TotalDiff}
}
