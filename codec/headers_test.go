package codec

import (
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// typedHeader is a header that can be read too.
type typedHeader interface {
	CustomHeader
	DecodeFields(f Fields) error
}

var allHeaders = []typedHeader{
	&CreateAccessConfigRequestHeader{},
	&DeleteAccessConfigRequestHeader{},
	&UpdateGlobalWhiteAddrsConfigRequestHeader{},
	&GetBrokerAclConfigResponseHeader{},
	&GetBrokerConfigResponseHeader{},
	&GetConsumeStatsInBrokerHeader{},
	&ViewBrokerStatsDataRequestHeader{},
	&UnregisterClientRequestHeader{},
	&GetConsumerListByGroupRequestHeader{},
	&NotifyConsumerIdsChangedRequestHeader{},
	&GetConsumerConnectionListRequestHeader{},
	&GetProducerConnectionListRequestHeader{},
	&GetConsumerRunningInfoRequestHeader{},
	&GetConsumeStatsRequestHeader{},
	&DeleteSubscriptionGroupRequestHeader{},
	&QueryConsumerOffsetRequestHeader{},
	&UpdateConsumerOffsetRequestHeader{},
	&EndTransactionResponseHeader{},
	&GetAllProducerInfoRequestHeader{},
	&GetAllTopicConfigResponseHeader{},
	&GetConsumerListByGroupResponseHeader{},
	&UnregisterClientResponseHeader{},
	&UpdateConsumerOffsetResponseHeader{},
	&ViewMessageResponseHeader{},
	&RegisterFilterServerRequestHeader{},
	&RegisterFilterServerResponseHeader{},
	&RegisterMessageFilterClassRequestHeader{},
	&RegisterBrokerRequestHeader{},
	&RegisterBrokerResponseHeader{},
	&UnRegisterBrokerRequestHeader{},
	&QueryDataVersionRequestHeader{},
	&QueryDataVersionResponseHeader{},
	&GetRouteInfoRequestHeader{},
	&PutKVConfigRequestHeader{},
	&GetKVConfigRequestHeader{},
	&GetKVConfigResponseHeader{},
	&DeleteKVConfigRequestHeader{},
	&GetKVListByNamespaceRequestHeader{},
	&WipeWritePermOfBrokerRequestHeader{},
	&WipeWritePermOfBrokerResponseHeader{},
	&AddWritePermOfBrokerRequestHeader{},
	&AddWritePermOfBrokerResponseHeader{},
	&DeleteTopicFromNamesrvRequestHeader{},
	&RegisterOrderTopicRequestHeader{},
	&QueryConsumerOffsetResponseHeader{},
	&GetMaxOffsetRequestHeader{},
	&GetMaxOffsetResponseHeader{},
	&GetMinOffsetRequestHeader{},
	&GetMinOffsetResponseHeader{},
	&SearchOffsetRequestHeader{},
	&SearchOffsetResponseHeader{},
	&GetEarliestMsgStoretimeRequestHeader{},
	&GetEarliestMsgStoretimeResponseHeader{},
	&CloneGroupOffsetRequestHeader{},
	&ResetOffsetRequestHeader{},
	&GetConsumerStatusRequestHeader{},
	&QueryCorrectionOffsetHeader{},
	&PullMessageRequestHeader{},
	&PullMessageResponseHeader{},
	&QueryMessageRequestHeader{},
	&QueryMessageResponseHeader{},
	&ViewMessageRequestHeader{},
	&QueryConsumeQueueRequestHeader{},
	&QueryConsumeTimeSpanRequestHeader{},
	&ConsumeMessageDirectlyResultRequestHeader{},
	&ResumeCheckHalfMessageRequestHeader{},
	&ReplyMessageRequestHeader{},
	&ConsumerSendMsgBackRequestHeader{},
	&SendMessageRequestHeader{},
	&SendMessageRequestHeaderV2{},
	&SendMessageResponseHeader{},
	&CreateTopicRequestHeader{},
	&DeleteTopicRequestHeader{},
	&GetTopicStatsInfoRequestHeader{},
	&QueryTopicConsumeByWhoRequestHeader{},
	&GetTopicsByClusterRequestHeader{},
	&EndTransactionRequestHeader{},
	&CheckTransactionStateRequestHeader{},
	&CheckTransactionStateResponseHeader{},
}

// fill gives every field of h another value than its zero.
func fill(t *testing.T, h typedHeader) {
	v := reflect.ValueOf(h).Elem()
	for i := range v.NumField() {
		switch f := v.Field(i); f.Kind() {
		case reflect.String:
			f.SetString("s" + string(rune('a'+i)) + "\x01\"é")
		case reflect.Int32:
			f.SetInt(-int64(i) - 1<<30)
		case reflect.Int64:
			f.SetInt(int64(i) + 1<<60)
		case reflect.Bool:
			f.SetBool(true)
		default:
			t.Fatalf("%T: %v", h, f.Kind())
		}
	}
}

func TestHeadersRoundTrip(t *testing.T) {
	for _, h := range allHeaders {
		fill(t, h)
		for _, s := range []SerializeType{SerializeJSON, SerializeROCKETMQ} {
			b, err := AppendFrame(nil, &Command{Header: h, Serialize: s})
			require.NoError(t, err)
			f, _, err := ParseFrame(b, DefaultMaxFrameBytes)
			require.NoError(t, err)
			var c Command
			require.NoError(t, c.Decode(f))
			again := reflect.New(reflect.TypeOf(h).Elem()).Interface().(typedHeader)
			require.NoError(t, again.DecodeFields(c.Ext), "%T", h)
			require.Equal(t, h, again)
		}
	}
}

// TestHeadersIncomplete takes every field away in turn: either it may be
// absent, or the error names it; the other fields are read all the same.
func TestHeadersIncomplete(t *testing.T) {
	mandatory := 0
	for _, h := range allHeaders {
		fill(t, h)
		all := HeaderFields(h)
		for i, missing := range all {
			rest := append(append(Fields{}, all[:i]...), all[i+1:]...)
			again := reflect.New(reflect.TypeOf(h).Elem()).Interface().(typedHeader)
			if err := again.DecodeFields(rest); err != nil {
				mandatory++
				require.ErrorIs(t, err, ErrFieldMissing)
				require.True(t, strings.HasSuffix(err.Error(), ": "+missing.Key), "%T %s: %v", h, missing.Key, err)
			}
			got := HeaderFields(again)
			for _, f := range rest {
				require.Equal(t, f.Value, got.Get(f.Key), "%T without %s", h, missing.Key)
			}
		}
	}
	require.Greater(t, mandatory, 100)
}

// TestHeadersBadNumbers puts what is no number into every field: numeric ones
// name themselves, the others take it.
func TestHeadersBadNumbers(t *testing.T) {
	for _, h := range allHeaders {
		fill(t, h)
		all := HeaderFields(h)
		for i := range all {
			for _, bad := range []string{"x", "1x", "-", "+", "1.0", "9223372036854775808", "-9223372036854775809", " 1"} {
				fields := append(Fields{}, all...)
				fields[i].Value = bad
				again := reflect.New(reflect.TypeOf(h).Elem()).Interface().(typedHeader)
				if err := again.DecodeFields(fields); err != nil {
					require.ErrorIs(t, err, ErrFieldInvalid)
					require.Contains(t, err.Error(), " "+fields[i].Key+" = ")
					continue
				}
				got := HeaderFields(again).Get(fields[i].Key)
				require.Contains(t, []string{bad, "false", ""}, got, "%T %s", h, fields[i].Key)
			}
		}
	}
	var h GetMaxOffsetRequestHeader
	require.ErrorIs(t, h.DecodeFields(Fields{{"topic", "T"}, {"queueId", "2147483648"}}), ErrFieldInvalid)
	require.ErrorIs(t, h.DecodeFields(Fields{{"topic", "T"}, {"queueId", ""}}), ErrFieldMissing, "null in binary")
	require.NoError(t, h.DecodeFields(Fields{{"topic", "T"}, {"queueId", "1"}, {"queueId", "+2147483647"}, {"nsd", "5.x"}}))
	require.Equal(t, GetMaxOffsetRequestHeader{Topic: "T", QueueID: 1<<31 - 1}, h)
}

func TestSendHeaderByCode(t *testing.T) {
	want := SendMessageRequestHeader{ProducerGroup: "g", Topic: "t", DefaultTopic: "d", DefaultTopicQueueNums: 4, QueueID: -1, SysFlag: 1, BornTimestampMs: 2, Flag: 3}
	for _, code := range []int32{SendMessageV2, SendBatchMessage, SendReplyMessageV2} {
		var h SendMessageRequestHeader
		require.NoError(t, h.Decode(code, HeaderFields(want.V2())))
		require.Equal(t, want, h)
		require.Error(t, h.Decode(code, HeaderFields(&want)))
	}
	for _, code := range []int32{SendMessage, SendReplyMessage} {
		var h SendMessageRequestHeader
		require.NoError(t, h.Decode(code, HeaderFields(&want)))
		require.Equal(t, want, h)
		require.Error(t, h.Decode(code, HeaderFields(want.V2())))
	}
}

func FuzzHeaders(f *testing.F) {
	for _, b := range realFrames(f) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		frame, n, err := ParseFrame(b, 1<<20)
		var c Command
		if err != nil || n == 0 || c.Decode(frame) != nil {
			return
		}
		for _, h := range allHeaders {
			once := reflect.New(reflect.TypeOf(h).Elem()).Interface().(typedHeader)
			if once.DecodeFields(c.Ext) != nil {
				continue
			}
			again := reflect.New(reflect.TypeOf(h).Elem()).Interface().(typedHeader)
			if err := again.DecodeFields(HeaderFields(once)); err != nil {
				t.Fatalf("%T: %v", h, err)
			}
			require.Equal(t, once, again)
		}
	})
}

func BenchmarkHeaderDecode(b *testing.B) {
	cases := []struct {
		name string
		into typedHeader
		full typedHeader
	}{
		{"pull request", &PullMessageRequestHeader{}, &PullMessageRequestHeader{
			ConsumerGroup: "ConsumerGroup", Topic: "TopicTest", QueueID: 3, QueueOffset: 1234567, MaxMsgNums: 32, SysFlag: 6,
			SuspendTimeoutMs: 15000, Subscription: "*", SubVersion: 1795350201434, ExpressionType: "TAG", BrokerName: "broker-a",
		}},
		{"send request V1", &SendMessageRequestHeader{}, &SendMessageRequestHeader{
			ProducerGroup: "ProducerGroup", Topic: "TopicTest", DefaultTopic: "TBW102", DefaultTopicQueueNums: 4, BornTimestampMs: 1795350201434,
			Properties: "TAGS\x01TagA",
		}},
		{"update offset request", &UpdateConsumerOffsetRequestHeader{}, &UpdateConsumerOffsetRequestHeader{
			ConsumerGroup: "ConsumerGroup", Topic: "TopicTest", QueueID: 3, CommitOffset: 1234567,
		}},
	}
	for _, bc := range cases {
		b.Run(bc.name, func(b *testing.B) {
			fields := HeaderFields(bc.full)
			b.ReportAllocs()
			for b.Loop() {
				if err := bc.into.DecodeFields(fields); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
