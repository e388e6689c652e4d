// Package compat replays what real RocketMQ clients, brokers and name servers
// said and wrote. The evidence lies below: frames/ as recorded from Java 4.4.0
// and 4.9.8 and the Go client 2.1.2 against a Java 4.9.8 broker.
package compat

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
)

// recordedFrame is one line of a file of frames/.
type recordedFrame struct {
	Dir           string          `json:"dir"`
	Peer          string          `json:"peer"`
	Code          int32           `json:"code"`
	Opaque        int32           `json:"opaque"`
	Flag          int32           `json:"flag"`
	Type          string          `json:"type"`
	RequestCode   int32           `json:"request_code"`
	Serialize     string          `json:"serialize"`
	Header        json.RawMessage `json:"header"`
	HeaderDecoded json.RawMessage `json:"header_decoded"`
	BodyLen       int             `json:"body_len"`
	Frame         []byte          `json:"frame_b64"`
	Bytes         []byte          `json:"bytes_b64"` // of the HA stream, which has no frames

	at string // file:line
}

// eachLine calls f for every line of every recording.
func eachLine(t *testing.T, f func(*testing.T, *recordedFrame)) {
	paths, err := filepath.Glob("frames/*.jsonl.gz")
	require.NoError(t, err)
	require.Greater(t, len(paths), 50)
	for _, path := range paths {
		name := filepath.Base(path)
		t.Run(strings.TrimSuffix(name, ".jsonl.gz"), func(t *testing.T) {
			file, err := os.Open(path)
			require.NoError(t, err)
			defer func() { require.NoError(t, file.Close()) }()
			unzip, err := gzip.NewReader(file)
			require.NoError(t, err)
			lines := bufio.NewScanner(unzip)
			lines.Buffer(nil, 1<<24)
			for n := 1; lines.Scan(); n++ {
				r := recordedFrame{at: fmt.Sprintf("%s:%d", name, n)}
				require.NoError(t, json.Unmarshal(lines.Bytes(), &r), r.at)
				f(t, &r)
			}
			require.NoError(t, lines.Err())
		})
	}
}

// eachFrame calls f for every recorded frame with its decoded form.
func eachFrame(t *testing.T, f func(*testing.T, *recordedFrame, *codec.Command)) {
	frames := 0
	eachLine(t, func(t *testing.T, r *recordedFrame) {
		if len(r.Frame) == 0 {
			return
		}
		frames++
		f(t, r, decodeFrame(t, r, r.Frame))
	})
	require.Greater(t, frames, 5000)
}

func decodeFrame(t *testing.T, r *recordedFrame, b []byte) *codec.Command {
	t.Helper()
	frame, n, err := codec.ParseFrame(b, codec.DefaultMaxFrameBytes)
	require.NoError(t, err, r.at)
	require.Equal(t, len(b), n, r.at)
	var c codec.Command
	require.NoError(t, c.Decode(frame), r.at)
	return &c
}

// TestFramesDecode compares every decoded frame with what the recorder, an
// independent reader, wrote beside it.
func TestFramesDecode(t *testing.T) {
	eachFrame(t, func(t *testing.T, r *recordedFrame, c *codec.Command) {
		require.Equal(t, r.Code, c.Code, r.at)
		require.Equal(t, r.Opaque, c.Opaque, r.at)
		require.Equal(t, r.Flag, c.Flag, r.at)
		require.Equal(t, r.Type == "response", c.IsResponse(), r.at)
		require.Equal(t, r.Type == "oneway", c.IsOneway(), r.at)
		require.Equal(t, r.Serialize == "ROCKETMQ", c.Serialize == codec.SerializeROCKETMQ, r.at)
		require.Len(t, c.Body, r.BodyLen, r.at)
		want := r.Header
		if c.Serialize == codec.SerializeROCKETMQ {
			want = r.HeaderDecoded
		}
		var header struct {
			Language  any               `json:"language"` // name, or number in binary
			Version   int32             `json:"version"`
			Remark    string            `json:"remark"`
			ExtFields map[string]string `json:"extFields"`
		}
		if err := json.Unmarshal(want, &header); err != nil {
			t.Fatalf("%s: %v: %s", r.at, err, want)
		}
		language, known := codec.ParseLanguage(fmt.Sprint(header.Language))
		require.True(t, known, r.at)
		require.Equal(t, language, c.Language, r.at)
		require.Equal(t, header.Version, c.Version, r.at)
		require.Equal(t, header.Remark, c.Remark, r.at)
		require.Equal(t, len(header.ExtFields), len(fieldMap(c.Ext)), r.at)
		for key, value := range header.ExtFields {
			require.Equal(t, value, c.Ext.Get(key), "%s %s", r.at, key)
		}
	})
}

func fieldMap(f codec.Fields) map[string]string {
	m := map[string]string{}
	for _, field := range f {
		m[field.Key] = field.Value
	}
	return m
}

// differences lists, by name, why a frame may come out with other bytes than
// it came in with. Every other frame must be the same.
var differences = []struct {
	name   string
	reason string
	isIt   func(r *recordedFrame, header []byte, c *codec.Command) bool
}{
	{"go-json", "the Go client writes the keys in its own order, an empty remark and no serializeTypeCurrentRPC",
		func(_ *recordedFrame, header []byte, c *codec.Command) bool {
			return c.Language == codec.LanguageGo && c.Serialize == codec.SerializeJSON && bytes.HasPrefix(header, []byte(`{"code":`))
		}},
}

func TestFramesReencode(t *testing.T) {
	same, different := 0, map[string]int{}
	eachFrame(t, func(t *testing.T, r *recordedFrame, c *codec.Command) {
		again, err := codec.AppendFrame(nil, c)
		require.NoError(t, err, r.at)
		if bytes.Equal(again, r.Frame) {
			same++
			return
		}
		frame, _, err := codec.ParseFrame(r.Frame, codec.DefaultMaxFrameBytes)
		require.NoError(t, err)
		why := ""
		for _, d := range differences {
			if d.isIt(r, frame.Header, c) {
				why = d.name
			}
		}
		require.NotEmpty(t, why, "%s\n%q\n%q", r.at, r.Frame, again)
		different[why]++
		require.Equal(t, c.Clone(), decodeFrame(t, r, again).Clone(), r.at)
	})
	t.Logf("%d frames identical, different: %v", same, different)
	require.Greater(t, same, 4000)
}

// headerOf returns an empty typed header for what travels with a frame.
func headerOf(r *recordedFrame, c *codec.Command) codec.CustomHeader {
	if c.IsResponse() {
		return responseHeaderOf(r.RequestCode, c.Code)
	}
	return requestHeaderOf(c.Code)
}

func requestHeaderOf(code int32) codec.CustomHeader {
	switch code {
	case codec.SendMessage, codec.SendReplyMessage:
		return &codec.SendMessageRequestHeader{}
	case codec.SendMessageV2, codec.SendBatchMessage, codec.SendReplyMessageV2:
		return &codec.SendMessageRequestHeaderV2{}
	case codec.PullMessage:
		return &codec.PullMessageRequestHeader{}
	case codec.QueryMessage:
		return &codec.QueryMessageRequestHeader{}
	case codec.QueryConsumerOffset:
		return &codec.QueryConsumerOffsetRequestHeader{}
	case codec.UpdateConsumerOffset:
		return &codec.UpdateConsumerOffsetRequestHeader{}
	case codec.UpdateAndCreateTopic:
		return &codec.CreateTopicRequestHeader{}
	case codec.SearchOffsetByTimestamp:
		return &codec.SearchOffsetRequestHeader{}
	case codec.GetMaxOffset:
		return &codec.GetMaxOffsetRequestHeader{}
	case codec.GetMinOffset:
		return &codec.GetMinOffsetRequestHeader{}
	case codec.GetEarliestMsgStoreTime:
		return &codec.GetEarliestMsgStoretimeRequestHeader{}
	case codec.ViewMessageByID:
		return &codec.ViewMessageRequestHeader{}
	case codec.UnregisterClient:
		return &codec.UnregisterClientRequestHeader{}
	case codec.ConsumerSendMsgBack:
		return &codec.ConsumerSendMsgBackRequestHeader{}
	case codec.EndTransaction:
		return &codec.EndTransactionRequestHeader{}
	case codec.GetConsumerListByGroup:
		return &codec.GetConsumerListByGroupRequestHeader{}
	case codec.CheckTransactionState:
		return &codec.CheckTransactionStateRequestHeader{}
	case codec.NotifyConsumerIDsChanged:
		return &codec.NotifyConsumerIdsChangedRequestHeader{}
	case codec.UpdateAndCreateACLConfig:
		return &codec.CreateAccessConfigRequestHeader{}
	case codec.DeleteACLConfig:
		return &codec.DeleteAccessConfigRequestHeader{}
	case codec.UpdateGlobalWhiteAddrsConfig:
		return &codec.UpdateGlobalWhiteAddrsConfigRequestHeader{}
	}
	return adminRequestHeaderOf(code)
}

func adminRequestHeaderOf(code int32) codec.CustomHeader {
	switch code {
	case codec.PutKVConfig:
		return &codec.PutKVConfigRequestHeader{}
	case codec.GetKVConfig:
		return &codec.GetKVConfigRequestHeader{}
	case codec.DeleteKVConfig:
		return &codec.DeleteKVConfigRequestHeader{}
	case codec.RegisterBroker:
		return &codec.RegisterBrokerRequestHeader{}
	case codec.UnregisterBroker:
		return &codec.UnRegisterBrokerRequestHeader{}
	case codec.GetRouteInfoByTopic:
		return &codec.GetRouteInfoRequestHeader{}
	case codec.GetTopicStatsInfo:
		return &codec.GetTopicStatsInfoRequestHeader{}
	case codec.GetConsumerConnectionList:
		return &codec.GetConsumerConnectionListRequestHeader{}
	case codec.GetProducerConnectionList:
		return &codec.GetProducerConnectionListRequestHeader{}
	case codec.WipeWritePermOfBroker:
		return &codec.WipeWritePermOfBrokerRequestHeader{}
	case codec.AddWritePermOfBroker:
		return &codec.AddWritePermOfBrokerRequestHeader{}
	case codec.DeleteSubscriptionGroup:
		return &codec.DeleteSubscriptionGroupRequestHeader{}
	case codec.GetConsumeStats:
		return &codec.GetConsumeStatsRequestHeader{}
	case codec.DeleteTopicInBroker:
		return &codec.DeleteTopicRequestHeader{}
	case codec.DeleteTopicInNamesrv:
		return &codec.DeleteTopicFromNamesrvRequestHeader{}
	case codec.GetKVListByNamespace:
		return &codec.GetKVListByNamespaceRequestHeader{}
	case codec.ResetConsumerClientOffset, codec.InvokeBrokerToResetOffset:
		return &codec.ResetOffsetRequestHeader{}
	case codec.GetConsumerStatusFromClient, codec.InvokeBrokerToGetConsumerStatus:
		return &codec.GetConsumerStatusRequestHeader{}
	case codec.GetTopicsByCluster:
		return &codec.GetTopicsByClusterRequestHeader{}
	case codec.QueryTopicConsumeByWho:
		return &codec.QueryTopicConsumeByWhoRequestHeader{}
	case codec.QueryConsumeTimeSpan:
		return &codec.QueryConsumeTimeSpanRequestHeader{}
	case codec.GetConsumerRunningInfo:
		return &codec.GetConsumerRunningInfoRequestHeader{}
	case codec.ConsumeMessageDirectly:
		return &codec.ConsumeMessageDirectlyResultRequestHeader{}
	case codec.CloneGroupOffset:
		return &codec.CloneGroupOffsetRequestHeader{}
	case codec.ViewBrokerStatsData:
		return &codec.ViewBrokerStatsDataRequestHeader{}
	case codec.GetBrokerConsumeStats:
		return &codec.GetConsumeStatsInBrokerHeader{}
	case codec.QueryConsumeQueue:
		return &codec.QueryConsumeQueueRequestHeader{}
	case codec.QueryDataVersion:
		return &codec.QueryDataVersionRequestHeader{}
	case codec.PushReplyMessageToClient:
		return &codec.ReplyMessageRequestHeader{}
	}
	return nil
}

func responseHeaderOf(requestCode, code int32) codec.CustomHeader {
	switch requestCode {
	case codec.PullMessage:
		if code == codec.Success || code >= codec.PullNotFound && code <= codec.PullOffsetMoved {
			return &codec.PullMessageResponseHeader{}
		}
		return nil
	case codec.RegisterBroker:
		return &codec.RegisterBrokerResponseHeader{}
	}
	if code != codec.Success {
		return nil
	}
	switch requestCode {
	case codec.SendMessage, codec.SendMessageV2, codec.SendBatchMessage, codec.SendReplyMessage, codec.SendReplyMessageV2:
		return &codec.SendMessageResponseHeader{}
	case codec.QueryMessage:
		return &codec.QueryMessageResponseHeader{}
	case codec.QueryConsumerOffset:
		return &codec.QueryConsumerOffsetResponseHeader{}
	case codec.GetBrokerConfig:
		return &codec.GetBrokerConfigResponseHeader{}
	case codec.SearchOffsetByTimestamp:
		return &codec.SearchOffsetResponseHeader{}
	case codec.GetMaxOffset:
		return &codec.GetMaxOffsetResponseHeader{}
	case codec.GetMinOffset:
		return &codec.GetMinOffsetResponseHeader{}
	case codec.GetEarliestMsgStoreTime:
		return &codec.GetEarliestMsgStoretimeResponseHeader{}
	case codec.GetBrokerClusterACLInfo:
		return &codec.GetBrokerAclConfigResponseHeader{}
	case codec.GetKVConfig:
		return &codec.GetKVConfigResponseHeader{}
	case codec.WipeWritePermOfBroker:
		return &codec.WipeWritePermOfBrokerResponseHeader{}
	case codec.AddWritePermOfBroker:
		return &codec.AddWritePermOfBrokerResponseHeader{}
	case codec.QueryDataVersion:
		return &codec.QueryDataVersionResponseHeader{}
	}
	return nil
}

// extras are ext fields that belong to no typed header.
var extras = map[string]string{
	codec.ACLAccessKey:        "ACL hook",
	codec.ACLSignature:        "ACL hook",
	codec.ACLRequestType:      "ACL hook",
	codec.PropertyMsgRegion:   "send answers",
	codec.PropertyTraceSwitch: "send answers",
	codec.UniqueMsgQueryFlag:  "tells what kind of key 12 QUERY_MESSAGE asks for",
}

// TestFramesHeaders decodes the typed header of every frame that has one and
// renders it again: no field may change, none may be lost.
func TestFramesHeaders(t *testing.T) {
	seen := map[string]int{}
	eachFrame(t, func(t *testing.T, r *recordedFrame, c *codec.Command) {
		h := headerOf(r, c)
		if h == nil || c.Code == codec.SendMessage && r.Peer == "namesrv" { // the recorder asked it what it does not know
			return
		}
		seen[fmt.Sprintf("%T", h)]++
		require.NoError(t, h.(interface{ DecodeFields(codec.Fields) error }).DecodeFields(c.Ext), r.at)
		want, got := fieldMap(c.Ext), fieldMap(codec.HeaderFields(h))
		for key, value := range want {
			if again, ok := got[key]; ok {
				require.Equal(t, value, again, "%s %s", r.at, key)
			} else if value != "" { // an empty value is an absent one
				require.Contains(t, extras, key, "%s %s is lost", r.at, key)
			}
		}
		for key, value := range got {
			if _, ok := want[key]; !ok {
				require.Contains(t, []string{"0", "false", ""}, value, "%s %s is new", r.at, key)
			}
		}
	})
	require.Greater(t, len(seen), 45)
}

// TestFramesRecords decodes every record in an answer or push and encodes it again.
func TestFramesRecords(t *testing.T) {
	records := 0
	eachFrame(t, func(t *testing.T, r *recordedFrame, c *codec.Command) {
		switch {
		case c.IsResponse() && c.Code == codec.Success &&
			(r.RequestCode == codec.PullMessage || r.RequestCode == codec.QueryMessage || r.RequestCode == codec.ViewMessageByID):
		case !c.IsResponse() && c.Code == codec.CheckTransactionState:
		default:
			return
		}
		records += replayRecords(t, r.at, c.Body)
	})
	require.Greater(t, records, 400)
}

func replayRecords(t *testing.T, at string, b []byte) (records int) {
	for len(b) > 0 {
		st, size := codec.CheckRecord(b, true)
		require.Equal(t, codec.RecordOK, st, at)
		var m codec.Message
		n, err := codec.DecodeRecord(b, &m, codec.DecodeOptions{CheckCRC: true})
		require.NoError(t, err, at)
		require.Equal(t, size, n, at)
		require.Equal(t, n, codec.RecordSize(&m), at)
		again, err := codec.AppendRecord(nil, &m)
		require.NoError(t, err, at)
		require.Equal(t, b[:n], again, at)
		var v codec.DispatchView
		_, size = codec.ParseDispatch(b, &v)
		require.Equal(t, n, size, at)
		require.Equal(t, codec.ParseProperties(m.Properties)[codec.PropertyUniqKey], v.UniqKey, at)
		b = b[n:]
		records++
	}
	return records
}

// TestHAStreamRecords puts the log together that a master sent to its slave:
// int64 offset, int32 length, bytes.
func TestHAStreamRecords(t *testing.T) {
	var stream []byte
	eachLine(t, func(t *testing.T, r *recordedFrame) {
		if r.Peer == "ha-master" && r.Dir == "s2c" {
			stream = append(stream, r.Bytes...)
		}
	})
	var log []byte
	for len(stream) > 0 {
		n := 12 + int(stream[8])<<24 + int(stream[9])<<16 + int(stream[10])<<8 + int(stream[11])
		log = append(log, stream[12:n]...)
		stream = stream[n:]
	}
	require.Greater(t, replayRecords(t, "ha-stream", log), 3)
}

// TestFramesBatches takes the bodies of 320 apart and puts them together again.
func TestFramesBatches(t *testing.T) {
	batches := 0
	eachFrame(t, func(t *testing.T, r *recordedFrame, c *codec.Command) {
		if c.Code != codec.SendBatchMessage || c.IsResponse() {
			return
		}
		batches++
		var again []byte
		for b := c.Body; len(b) > 0; {
			it, rest, err := codec.NextBatchItem(b)
			require.NoError(t, err, r.at)
			again, b = codec.AppendBatchItem(again, it), rest
		}
		require.Equal(t, c.Body, again, r.at)
	})
	require.Greater(t, batches, 5)
}
