package broker

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
)

// recordedPlaces tells what stands here for a place in the recorded broker:
// physical offsets ("phy:1234") and queue offsets of half messages ("half:2").
type recordedPlaces map[string]string

func (p recordedPlaces) put(kind, from, to string) { p[kind+from] = to }

func (p recordedPlaces) putOffset(from, to int64) {
	p.put("phy:", strconv.FormatInt(from, 10), strconv.FormatInt(to, 10))
}

// places names the fields of requests that hold places.
var places = map[int32]map[string]string{
	codec.ViewMessageByID:     {"offset": "phy:"},
	codec.ConsumerSendMsgBack: {"offset": "phy:"},
	codec.EndTransaction:      {"commitLogOffset": "phy:", "tranStateTableOffset": "half:"},
}

// moved is the frame of r for this place and time: a query's time range ends in
// an hour, and messages lie where ours do.
func (p recordedPlaces) moved(t *testing.T, r *recordedFrame) []byte {
	t.Helper()
	cmd := r.cmd.Clone()
	changed := false
	for i := range cmd.Ext {
		f := &cmd.Ext[i]
		if r.cmd.Code == codec.QueryMessage && f.Key == "endTimestamp" {
			f.Value, changed = strconv.FormatInt(time.Now().Add(time.Hour).UnixMilli(), 10), true
		}
		if kind, ok := places[r.cmd.Code][f.Key]; ok {
			require.Contains(t, p, kind+f.Value)
			f.Value, changed = p[kind+f.Value], true
		}
	}
	if !changed {
		return r.Frame
	}
	frame, err := codec.AppendFrame(nil, cmd)
	require.NoError(t, err)
	return frame
}

// note learns from a send's answer or from pulled records.
func (p recordedPlaces) note(t *testing.T, recorded, ours *codec.Command) {
	t.Helper()
	if id := recorded.Ext.Get("msgId"); id != "" && !strings.Contains(id, ",") {
		p.putOffset(offsetOfID(t, id), offsetOfID(t, ours.Ext.Get("msgId")))
		p.put("half:", recorded.Ext.Get("queueOffset"), ours.Ext.Get("queueOffset"))
	}
	if recorded.Ext.Get("nextBeginOffset") == "" {
		return
	}
	mine := decodeRecords(t, ours.Body)
	for key, m := range decodeRecords(t, recorded.Body) {
		if same := mine[key]; same != nil {
			p.putOffset(m.CommitLogOffset, same.CommitLogOffset)
			compareRecord(t, m, same)
		}
	}
}

func offsetOfID(t *testing.T, id string) int64 {
	t.Helper()
	_, offset, err := codec.DecodeOffsetMsgID(id)
	require.NoError(t, err)
	return offset
}

// noteCheck learns from a push of 39 and compares the half messages.
func (p recordedPlaces) noteCheck(t *testing.T, recorded, ours *codec.Command) {
	t.Helper()
	for key, kind := range places[codec.EndTransaction] {
		p.put(kind, recorded.Ext.Get(key), ours.Ext.Get(key))
	}
	var want, got codec.Message
	for body, m := range map[*codec.Command]*codec.Message{recorded: &want, ours: &got} {
		_, err := codec.DecodeRecord(body.Body, m, codec.DecodeOptions{CheckCRC: true})
		require.NoError(t, err)
	}
	require.Equal(t, []any{want.Topic, want.QueueID}, []any{got.Topic, got.QueueID})
	compareRecord(t, &want, &got)
}

// awaitCheck waits for 39 about a message.
func (c *replayConn) awaitCheck(t *testing.T, msgID string) (found *codec.Command) {
	t.Helper()
	require.Eventually(t, func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		i := slices.IndexFunc(c.pushes, func(push *codec.Command) bool {
			return push.Code == codec.CheckTransactionState && push.Ext.Get("msgId") == msgID
		})
		if i >= 0 {
			found = c.pushes[i]
		}
		return i >= 0
	}, answerTimeout, time.Millisecond, "no check of %s", msgID)
	return found
}

// compareRecord: what a Java broker stored is what is stored here, but for the
// places in its properties.
func compareRecord(t *testing.T, want, got *codec.Message) {
	t.Helper()
	properties := func(m *codec.Message) map[string]string {
		p := codec.ParseProperties(m.Properties)
		if id, ok := p[codec.PropertyOriginMessageID]; ok {
			p[codec.PropertyOriginMessageID] = strconv.Itoa(len(id))
		}
		delete(p, codec.PropertyTransactionPreparedQueueOffset) // every copy of a half message has it here
		return p
	}
	require.Equal(t, properties(want), properties(got))
	require.Equal(t, string(want.Body), string(got.Body))
	require.Equal(t, []any{want.Flag, want.SysFlag, want.BornTimestampMs, want.ReconsumeTimes}, []any{got.Flag, got.SysFlag, got.BornTimestampMs, got.ReconsumeTimes})
	require.Equal(t, want.PreparedTransactionOffset == 0, got.PreparedTransactionOffset == 0)
}

// decodeRecords are the records of a pull answer, by queue and queue offset.
func decodeRecords(t *testing.T, body []byte) map[string]*codec.Message {
	t.Helper()
	records := map[string]*codec.Message{}
	for len(body) > 0 {
		m := &codec.Message{}
		n, err := codec.DecodeRecord(body, m, codec.DecodeOptions{CheckCRC: true})
		require.NoError(t, err)
		records[fmt.Sprint(m.Topic, m.QueueID, m.QueueOffset)] = m
		body = body[n:]
	}
	return records
}
