package broker

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
)

// replayed are the recordings whose requests this broker answers all. Each is
// what a real client said to a Java 4.9.8 broker, with its answers.
var replayed = []string{
	"send", "push", "pull", "litepull", "ordered", "broadcast", "tagfilter", "trace", "admin", "retry", "delay", "requestreply", "sqlfilter", "tx",
}

// recordedFrame is one line of compat/frames.
type recordedFrame struct {
	Dir         string `json:"dir"`
	Peer        string `json:"peer"`
	Port        int    `json:"port"`
	Conn        int    `json:"conn"`
	Type        string `json:"type"`
	RequestCode int32  `json:"request_code"`
	Frame       []byte `json:"frame_b64"`

	cmd     *codec.Command
	answer  *recordedFrame // of a request
	request *recordedFrame // of an answer
}

// TestReplay sends the recorded requests in their order and compares code, ext
// keys, remark and those values that do not depend on time and place.
func TestReplay(t *testing.T) {
	for _, client := range []string{"java-4.4.0", "java-4.4.0-rmqserialize", "java-4.9.8", "java-4.9.8-rmqserialize", "go-2.1.2"} {
		for _, scenario := range replayed {
			name := client + "-" + scenario
			if name == "go-2.1.2-retry" || name == "go-2.1.2-sqlfilter" {
				continue // they begin with messages from before the recording
			}
			frames := readRecording(t, "../compat/frames/"+name+".jsonl.gz")
			if frames == nil {
				continue // not every client was recorded in every scenario
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				replay(t, frames)
			})
		}
	}
}

func readRecording(t *testing.T, path string) []*recordedFrame {
	t.Helper()
	file, err := os.Open(path)
	if os.IsNotExist(err) {
		return nil
	}
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	unzip, err := gzip.NewReader(file)
	require.NoError(t, err)
	lines := bufio.NewScanner(unzip)
	lines.Buffer(nil, 1<<24)
	var frames []*recordedFrame
	for lines.Scan() {
		r := &recordedFrame{}
		require.NoError(t, json.Unmarshal(lines.Bytes(), r))
		if r.Peer != "broker" || len(r.Frame) == 0 {
			continue
		}
		r.cmd = decodeFrame(t, r.Frame)
		frames = append(frames, r)
	}
	require.NoError(t, lines.Err())
	matchAnswers(frames)
	return frames
}

func matchAnswers(frames []*recordedFrame) {
	for i, r := range frames {
		if r.Dir != "c2s" || r.Type != "request" {
			continue
		}
		for _, a := range frames[i+1:] {
			if a.Type == "response" && a.Conn == r.Conn && a.cmd.Opaque == r.cmd.Opaque {
				r.answer, a.request = a, r
				break
			}
		}
	}
}

func decodeFrame(t testing.TB, b []byte) *codec.Command {
	t.Helper()
	f, _, err := codec.ParseFrame(b, codec.DefaultMaxFrameBytes)
	require.NoError(t, err)
	cmd := &codec.Command{}
	require.NoError(t, cmd.Decode(f))
	return cmd
}

// replayConn is one recorded connection, made again.
type replayConn struct {
	*peer
	mu      sync.Mutex
	answers map[int32]*codec.Command
	pushes  []*codec.Command
}

func (c *replayConn) readAll() {
	for {
		cmd, err := readFrame(c.in)
		if err != nil {
			return // the test ends
		}
		c.mu.Lock()
		if cmd.IsResponse() {
			c.answers[cmd.Opaque] = cmd
		} else {
			c.pushes = append(c.pushes, cmd)
		}
		c.mu.Unlock()
		if cmd.Code == codec.PushReplyMessageToClient && !cmd.IsResponse() {
			c.acknowledge(cmd, codec.Success)
		}
	}
}

func (c *replayConn) answerTo(opaque int32) *codec.Command {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.answers[opaque]
}

// replay goes through the recording: requests are sent, at the place of an
// answer ours is awaited. What the recorded client did not wait for may have
// met the broker in another order; requests that others depend on are awaited
// at once.
func replay(t *testing.T, frames []*recordedFrame) {
	b := startBroker(t, func(c *Config) {
		c.Broker.BrokerName, c.Broker.BrokerClusterName, c.Store.MessageDelayLevel = "broker-a", "DefaultCluster", "1s 1s 1s 1s 1s"
		c.Broker.EnablePropertyFilter, c.Broker.TransactionTimeOut, c.Broker.TransactionCheckInterval = true, 200, 50
	})
	mainPort := 0
	for _, r := range frames {
		mainPort = max(mainPort, r.Port)
	}
	conns, places := map[int]*replayConn{}, recordedPlaces{}
	await := func(r *recordedFrame) *codec.Command {
		t.Helper()
		require.Eventually(t, func() bool {
			if r.cmd.Code == codec.PullMessage && r.answer.cmd.Code != codec.Success {
				b.hold.CheckHoldRequest() // instead of waiting for its next round
			}
			return conns[r.Conn].answerTo(r.cmd.Opaque) != nil
		}, answerTimeout, time.Millisecond, "no answer to %d (opaque %d)", r.cmd.Code, r.cmd.Opaque)
		return conns[r.Conn].answerTo(r.cmd.Opaque)
	}
	for _, r := range frames {
		switch {
		case r.request != nil && (r.cmd.Code == codec.SubscriptionNotLatest || r.heldInVain()):
			// 25: that pull had overtaken a heart-beat
		case r.request != nil:
			compareAnswer(t, r.request, await(r.request))
			places.note(t, r.cmd, await(r.request))
		case r.Dir == "s2c" && r.cmd.Code == codec.CheckTransactionState && r.Type != "response":
			places.noteCheck(t, r.cmd, conns[r.Conn].awaitCheck(t, r.cmd.Ext.Get("msgId")))
		case r.Dir != "c2s" || r.Type == "response":
		default:
			if conns[r.Conn] == nil {
				c := &replayConn{peer: dialPort(t, b.Config().Server.ListenPort-(mainPort-r.Port)), answers: map[int32]*codec.Command{}}
				conns[r.Conn] = c
				go c.readAll()
			}
			conns[r.Conn].write(places.moved(t, r))
			if r.answer != nil && r.cmd.Code != codec.PullMessage {
				await(r)
			}
			require.Eventually(t, func() bool { return b.store.DispatchBehindBytes() == 0 }, answerTimeout, time.Millisecond)
		}
	}
	comparePushes(t, frames, conns)
}

// heldInVain tells the answer to a pull that was held for all of its time: too
// long for a test.
func (r *recordedFrame) heldInVain() bool {
	var h codec.PullMessageRequestHeader
	return r.cmd.Code == codec.PullNotFound && r.request.cmd.Code == codec.PullMessage &&
		h.DecodeFields(r.request.cmd.Ext) == nil && h.SysFlag&codec.PullFlagSuspend != 0
}

var (
	addressText = regexp.MustCompile(`\d+\.\d+\.\d+\.\d+:\d+`)
	// sharedQueues: traces, replies, delayed and half messages meet those of
	// earlier recordings in their queues.
	sharedQueues = []string{
		codec.TraceTopic, codec.ReplyTopicPostfix, codec.PropertyDelayTimeLevel + "\x01", codec.PropertyTransactionPrepared + "\x01",
	}
	comparable = []string{"queueId", "queueOffset", "minOffset", "suggestWhichBrokerId", "offset", "MSG_REGION", "TRACE_ON"}
)

func compareAnswer(t *testing.T, r *recordedFrame, got *codec.Command) {
	t.Helper()
	want := r.answer.cmd
	what := fmt.Sprintf("%s %v", codec.RequestCodeName(r.cmd.Code), fields(r.cmd))
	require.Equal(t, codec.ResponseCodeName(want.Code), codec.ResponseCodeName(got.Code), "%s: %s", what, got.Remark)
	placeless := func(s string) string {
		return timeText.ReplaceAllString(addressText.ReplaceAllString(s, "ip:port"), "time")
	}
	require.Equal(t, placeless(want.Remark), placeless(got.Remark), what)
	require.Equal(t, want.Ext == nil, got.Ext == nil, what)
	wantFields, gotFields := fields(want), fields(got)
	require.Equal(t, keysOf(wantFields), keysOf(gotFields), what)
	for _, key := range comparable {
		if key == "queueOffset" && slices.ContainsFunc(sharedQueues, func(s string) bool { return strings.Contains(what, s) }) {
			continue
		}
		require.Equal(t, wantFields[key], gotFields[key], "%s of %s", key, what)
	}
	require.Equal(t, len(wantFields["msgId"]), len(gotFields["msgId"]), what)
	require.Equal(t, want.Body == nil, got.Body == nil, what)
	switch r.cmd.Code {
	case codec.GetConsumerListByGroup, codec.LockBatchMQ:
		require.Equal(t, string(want.Body), string(got.Body), what)
	case codec.QueryMessage, codec.ViewMessageByID:
		require.Equal(t, len(want.Body), len(got.Body), what)
	}
}

// comparePushes: who was told of a change is told here too, as often or more
// (recordings leave frames out).
func comparePushes(t *testing.T, frames []*recordedFrame, conns map[int]*replayConn) {
	t.Helper()
	for _, r := range frames {
		if r.Dir != "s2c" || r.Type == "response" || conns[r.Conn] == nil {
			continue
		}
		c := conns[r.Conn]
		require.Eventually(t, func() bool {
			c.mu.Lock()
			defer c.mu.Unlock()
			return slices.ContainsFunc(c.pushes, func(push *codec.Command) bool {
				return push.Code == r.cmd.Code && slices.Equal(keysOf(fields(push)), keysOf(fields(r.cmd)))
			})
		}, answerTimeout, time.Millisecond, codec.RequestCodeName(r.cmd.Code))
	}
}

func keysOf(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, strings.Compare)
	return keys
}
