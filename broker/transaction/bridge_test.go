package transaction

import (
	"bufio"
	"encoding/hex"
	"log/slog"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
)

// visible turns "a=b;c=d" into properties text.
func visible(props string) string {
	return strings.NewReplacer("=", "\x01", ";", "\x02").Replace(props)
}

func TestSubstitute(t *testing.T) {
	f := func(props string, reconsumeTimes int32, want string) {
		t.Helper()
		m := codec.Message{
			Topic: "T", QueueID: 123, Properties: visible(props), ReconsumeTimes: reconsumeTimes,
			SysFlag: codec.SysFlagCompressed | codec.TransactionPreparedType, PreparedTransactionOffset: 5,
		}
		before, scratch := m, []byte("rubbish of before")
		if !Substitute(&m, &scratch) {
			require.Empty(t, want)
			require.Equal(t, before, m)
			return
		}
		require.Equal(t, codec.Message{
			Topic: codec.TransHalfTopic, Properties: visible(want), ReconsumeTimes: reconsumeTimes, SysFlag: codec.SysFlagCompressed,
		}, m)
	}
	const to = ";REAL_TOPIC=T;REAL_QID=123"
	f("", 0, "")
	f("KEYS=TRAN_MSG", 0, "")
	f("TRAN_MSG=false", 0, "")
	f("TRAN_MSG=true", 0, "TRAN_MSG=true"+to)
	f("TRAN_MSG=TRUE;TAGS=a", 0, "TRAN_MSG=TRUE;TAGS=a"+to)
	f("TRAN_MSG=true;DELAY=3;TAGS=a", 0, "TRAN_MSG=true;TAGS=a"+to)
	f("REAL_TOPIC=X;TRAN_MSG=true;REAL_QID=5;TRANSACTION_CHECK_TIMES=15;TRAN_PREPARED_QUEUE_OFFSET=1", 0, "TRAN_MSG=true"+to)
	f("TRAN_MSG=true;CHECK_IMMUNITY_TIME_IN_SECONDS=60", 0, "TRAN_MSG=true;CHECK_IMMUNITY_TIME_IN_SECONDS=60"+to)
	// A committed message that an old consumer sends back.
	f("TRAN_MSG=true;DELAY=3", 1, "")
	f("TRAN_MSG=true", 1, "TRAN_MSG=true"+to)
	for _, topic := range []string{"%RETRY%G", "%DLQ%G"} {
		require.False(t, IsHalf(&codec.Message{Topic: topic, Properties: visible("TRAN_MSG=true")}))
	}
}

func TestSubstituteAllocatesNothing(t *testing.T) {
	plain := codec.Message{Topic: "T", QueueID: 1234, Properties: visible("TAGS=a;UNIQ_KEY=x")}
	half := codec.Message{Topic: "T", QueueID: 1234, Properties: visible("TAGS=a;TRAN_MSG=true;UNIQ_KEY=x;PGROUP=P")}
	scratch := make([]byte, 0, 256)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		m := plain
		Substitute(&m, &scratch)
		m = half
		Substitute(&m, &scratch)
	}))
}

func TestDestination(t *testing.T) {
	f := func(props, topic string, queueID int32) {
		t.Helper()
		gotTopic, gotQueue, err := destination(visible(props))
		if topic == "" {
			require.Error(t, err)
			return
		}
		require.NoError(t, err)
		require.Equal(t, topic, gotTopic)
		require.Equal(t, queueID, gotQueue)
	}
	f("REAL_TOPIC=T;REAL_QID=3", "T", 3)
	f("REAL_TOPIC=%RETRY%G;REAL_QID=0", "%RETRY%G", 0)
	for _, bad := range []string{
		"", "REAL_TOPIC=T", "REAL_QID=3", "REAL_TOPIC=T;REAL_QID=x", "REAL_TOPIC=T;REAL_QID=-1", "REAL_TOPIC=T;REAL_QID=2147483648",
		"REAL_TOPIC=a/b;REAL_QID=3", "REAL_TOPIC=SCHEDULE_TOPIC_XXXX;REAL_QID=3",
		"REAL_TOPIC=RMQ_SYS_TRANS_HALF_TOPIC;REAL_QID=3", "REAL_TOPIC=RMQ_SYS_TRANS_OP_HALF_TOPIC;REAL_QID=3",
	} {
		f(bad, "", 0)
	}
}

func TestOpTarget(t *testing.T) {
	f := func(body, props string, want int64) {
		t.Helper()
		got, ok := opTarget(&codec.Message{Body: []byte(body), Properties: visible(props)})
		require.Equal(t, want >= 0, ok)
		if ok {
			require.Equal(t, want, got)
		}
	}
	f("0", "TAGS=d", 0)
	f("9223372036854775807", "WAIT=true;TAGS=d", 1<<63-1)
	f("9223372036854775808", "TAGS=d", -1)
	f("-1", "TAGS=d", -1)
	f("", "TAGS=d", -1)
	f("1x", "TAGS=d", -1)
	f("1", "TAGS=e", -1)
	f("1", "", -1)
}

func FuzzOpTarget(f *testing.F) {
	f.Add([]byte("28"), "WAIT\x01true\x02TAGS\x01d")
	f.Add([]byte("-1"), "TAGS\x01d")
	f.Fuzz(func(t *testing.T, body []byte, props string) {
		if target, ok := opTarget(&codec.Message{Body: body, Properties: props}); ok {
			require.GreaterOrEqual(t, target, int64(0))
		}
	})
}

func FuzzSubstitute(f *testing.F) {
	f.Add("TRAN_MSG\x01true\x02DELAY\x013\x02REAL_QID\x017", "T", int32(3))
	f.Fuzz(func(t *testing.T, props, topic string, queueID int32) {
		m := codec.Message{Topic: topic, QueueID: queueID, Properties: props}
		var scratch []byte
		if !Substitute(&m, &scratch) || codec.ValidateTopic(topic) != "" || queueID < 0 || topic == codec.ScheduleTopic || topic == codec.TransOpHalfTopic || topic == codec.TransHalfTopic || codec.IsRetryTopic(topic) {
			return
		}
		gotTopic, gotQueue, err := destination(m.Properties)
		require.NoError(t, err)
		require.Equal(t, topic, gotTopic)
		require.Equal(t, queueID, gotQueue)
		require.True(t, IsHalf(&m))
	})
}

// javaGroups reads testdata: kind → groups of records.
func javaGroups(t *testing.T) map[string][][]codec.Message {
	file, err := os.Open("testdata/java-4.9.8-half.hex")
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	groups := map[string][][]codec.Message{}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if words[0] == "#" {
			continue
		}
		var group []codec.Message
		for _, word := range words[1:] {
			rec, err := hex.DecodeString(word)
			require.NoError(t, err)
			group = append(group, decode(t, rec))
		}
		groups[words[0]] = append(groups[words[0]], group)
	}
	require.NoError(t, lines.Err())
	return groups
}

// record renders m as it stands at the place of like.
func record(t *testing.T, m, like codec.Message) []byte {
	rec, err := codec.AppendRecord(nil, &m)
	require.NoError(t, err)
	codec.PatchRecord(rec, like.QueueOffset, like.CommitLogOffset, like.StoreTimestampMs)
	return rec
}

// TestRecordsLikeJava: half, final and op messages have the very bytes that a
// Java broker wrote, but for the order of properties where one was added.
func TestRecordsLikeJava(t *testing.T) {
	groups := javaGroups(t)
	require.Len(t, groups["final"], 3)
	for _, g := range groups["final"] {
		half, final, op := g[0], g[1], g[2]
		m := half
		require.NoError(t, toFinal(&m))
		require.Equal(t, record(t, final, final), record(t, m, final))

		// The message as it was sent: final, with the flag of the sender.
		m = final
		m.SysFlag, m.PreparedTransactionOffset = codec.TransactionPreparedType, 0
		var scratch []byte
		require.True(t, Substitute(&m, &scratch))
		require.Equal(t, codec.ParseProperties(half.Properties), codec.ParseProperties(m.Properties))
		m.Properties = half.Properties
		require.Equal(t, record(t, half, half), record(t, m, half))

		s := New(Options{StoreHost: func() netip.AddrPort { return op.StoreHost }, Log: slog.New(slog.DiscardHandler)})
		written := s.opMessage(half.QueueOffset)
		written.BornTimestampMs = op.BornTimestampMs
		require.Equal(t, record(t, op, op), record(t, *written, op))
		target, ok := opTarget(&op)
		require.True(t, ok)
		require.Equal(t, half.QueueOffset, target)
	}
	require.Len(t, groups["checked"], 3)
	for _, g := range groups["checked"] {
		for i := range g[:len(g)-1] {
			want := codec.ParseProperties(g[i+1].Properties)
			want[codec.PropertyTransactionPreparedQueueOffset] = "77" // ours says where it comes from
			require.Equal(t, want, codec.ParseProperties(copyProperties(g[i].Properties, 77, int64(i+1))))
		}
	}
}
