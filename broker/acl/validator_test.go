package acl

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
)

func netipAddr(text string) netip.Addr { return netip.MustParseAddr(text) }

const orderFile = `
globalWhiteRemoteAddresses: [10.0.0.*]
accounts:
- accessKey: plain001
  secretKey: secret01
  whiteRemoteAddress: 10.1.0.1
  defaultTopicPerm: DENY
  defaultGroupPerm: DENY
- accessKey: admin001
  secretKey: secret01
  admin: true
- accessKey: admin002
  secretKey: secret01
  admin: true
  topicPerms: [T=PUB]
`

// TestValidateOrder: each row gets past the checks of those above it.
func TestValidateOrder(t *testing.T) {
	f := loaded(t, Options{}, orderFile)
	createTopic := func() *codec.Command { return request(codec.UpdateAndCreateTopic, "topic", "T") }
	for _, row := range []struct {
		peer string
		c    *codec.Command
		want string
	}{
		{"10.0.0.77", createTopic(), ""}, // global white list: nothing is asked, not even who
		{"::ffff:10.0.0.77", createTopic(), ""},
		{"10.1.0.1", &codec.Command{Code: codec.UpdateAndCreateTopic}, "No accessKey is configured"},
		{"10.1.0.1", request(codec.UpdateAndCreateTopic, "AccessKey", ""), "No accessKey is configured"},
		{"10.1.0.1", request(codec.UpdateAndCreateTopic, "AccessKey", "nobody01"), "No acl config for nobody01"},
		{"10.1.0.1", request(codec.UpdateAndCreateTopic, "AccessKey", "plain001"), ""}, // white list of the account: no signature
		{"10.1.0.2", request(codec.UpdateAndCreateTopic, "AccessKey", "plain001"), "Check signature failed for accessKey=plain001"},
		{"10.1.0.2", signed(createTopic(), "plain001", "secret02"), "Check signature failed for accessKey=plain001"},
		{"10.1.0.2", signed(createTopic(), "plain001", "secret01"), "Need admin permission for request code=17, but accessKey=plain001 is not"},
		{"10.1.0.2", signed(createTopic(), "admin001", "secret01"), ""},
		{"10.1.0.2", signed(request(codec.SendMessageV2, "b", codec.TraceTopic), "plain001", "secret01"), ""},
		{"10.1.0.2", signed(request(codec.PullMessage, "topic", codec.TraceTopic), "plain001", "secret01"), "No default permission for topic:RMQ_SYS_TRACE_TOPIC"},
		{"10.1.0.2", signed(request(codec.SendMessageV2, "b", "T"), "plain001", "secret01"), "No default permission for topic:T"},
		{"10.1.0.2", signed(request(codec.SendMessageV2, "b", "T"), "admin001", "secret01"), ""},
		{"10.1.0.2", signed(request(codec.SendMessageV2, "b", "T"), "admin002", "secret01"), ""},
		{"10.1.0.2", signed(request(codec.SendMessageV2, "b", "U"), "admin002", "secret01"), "No default permission for topic:U"}, // held to its permissions
		{"10.1.0.2", signed(request(9999), "plain001", "secret01"), ""},
	} {
		requireRefused(t, row.want, f.Validate(netipAddr(row.peer), row.c))
	}
	require.NoError(t, f.Validate(netip.Addr{}, signed(request(28), "plain001", "secret01"))) // a peer without address
	requireRefused(t, "No acl config for "+strings.Repeat("x", 255), f.Validate(elsewhere, request(28, "AccessKey", strings.Repeat("x", 1000))))
}

func TestIgnoreWhiteAddresses(t *testing.T) {
	f := loaded(t, Options{IgnoreWhiteAddresses: true}, orderFile)
	requireRefused(t, "No accessKey is configured", f.Validate(netipAddr("10.0.0.77"), request(28)))
	requireRefused(t, "Check signature failed for accessKey=plain001", f.Validate(netipAddr("10.1.0.1"), request(28, "AccessKey", "plain001")))
	require.True(t, f.lets("plain001", "secret01"))
}

// TestSignature: every byte counts, the order on the wire does not.
func TestSignature(t *testing.T) {
	f := loaded(t, Options{}, orderFile)
	valid := func(c *codec.Command) bool { return f.Validate(elsewhere, c) == nil }
	fresh := func() *codec.Command {
		c := request(28, "zz", "1", "a", "2", "B", "3", "SecurityToken", "token", "empty", "")
		c.Body = []byte{0, 1, 0xff}
		return signed(c, "admin001", "secret01")
	}
	require.True(t, valid(fresh()))
	for i := range fresh().Ext { // any value changed, or a field lost
		c := fresh()
		c.Ext[i].Value += "x"
		require.False(t, valid(c), c.Ext[i].Key)
		c = fresh()
		lost := c.Ext[i]
		c.Ext = append(c.Ext[:i:i], c.Ext[i+1:]...)
		require.Equal(t, lost.Key == "empty", valid(c), lost.Key)
	}
	c := fresh()
	c.Body[1]++
	require.False(t, valid(c))
	c = fresh()
	c.Ext = append(c.Ext, codec.Field{Key: "_UNIQUE_KEY_QUERY", Value: "true"}) // not signed
	require.True(t, valid(c))
	c = fresh()
	c.Ext[0], c.Ext[2] = c.Ext[2], c.Ext[0]
	require.True(t, valid(c))
	c = request(28, "a", "forged", "a", "2") // the last of equal keys is what processors see
	c.Ext = append(c.Ext, signed(request(28, "a", "2"), "admin001", "secret01").Ext[1:]...)
	require.True(t, valid(c))
	c.Ext[0], c.Ext[1] = c.Ext[1], c.Ext[0]
	require.False(t, valid(c))
	for _, signature := range []string{"", "!", strings.Repeat("A", 28), strings.Repeat("A", 1<<17)} {
		c = fresh()
		c.Ext[len(c.Ext)-1].Value = signature
		require.False(t, valid(c))
	}
}

// TestSignatureOfQuery: what mqadmin 4.9.8 signed for a query by key (recorded), with the flag under the signature, is valid.
func TestSignatureOfQuery(t *testing.T) {
	f := loaded(t, Options{}, "accounts:\n- accessKey: rocketmq2\n  secretKey: 12345678\n  admin: true\n")
	c := request(12, "_UNIQUE_KEY_QUERY", "false", "beginTimestamp", "0", "topic", "DemoTopic", "AccessKey", "rocketmq2",
		"maxNum", "64", "endTimestamp", "9223372036854775807", "key", "order1", "Signature", "8uh2ieK4lRVfVaCfygCaF/kXLJc=")
	require.NoError(t, f.Validate(elsewhere, c))
	c.Ext[0].Value = "true"
	require.Error(t, f.Validate(elsewhere, c))
}

// TestTopicOfRecord: delayed and half messages are of the topic they go to; a
// property that anybody can set does not change the topic of others.
func TestTopicOfRecord(t *testing.T) {
	for _, row := range []struct{ topic, props, want string }{
		{"T", "", "T"},
		{"T", "REAL_TOPIC\x01Secret", "T"},
		{codec.ScheduleTopic, "REAL_TOPIC\x01D\x02KEYS\x01k", "D"},
		{codec.TransHalfTopic, "KEYS\x01k\x02REAL_TOPIC\x01H", "H"},
		{codec.TransHalfTopic, "", codec.TransHalfTopic},
		{"%RETRY%G", "REAL_TOPIC\x01T", "%RETRY%G"},
	} {
		record, err := codec.AppendRecord(nil, &codec.Message{
			Topic: row.topic, Properties: row.props, Body: []byte("b"),
			BornHost: netip.MustParseAddrPort("10.0.0.1:1"), StoreHost: netip.MustParseAddrPort("10.0.0.2:2"),
		})
		require.NoError(t, err)
		topic, ok := TopicOfRecord(record)
		require.True(t, ok)
		require.Equal(t, row.want, topic)
		_, ok = TopicOfRecord(record[:len(record)-1])
		require.False(t, ok)
	}
}

func BenchmarkValidateSend(b *testing.B) {
	m := benchmarkManager(b)
	c := request(codec.SendMessageV2, "a", "PG", "b", "T", "c", "TBW102", "d", "4", "e", "0", "f", "0", "g", "1795350686621", "h", "0",
		"i", "KEYS\x01key0\x02UNIQ_KEY\x01FD00000000000000000000000000000223934E0E2F2A6ED5839A0000\x02WAIT\x01true", "j", "0", "k", "false", "m", "false", "n", "broker-a")
	c.Body = make([]byte, 256)
	signed(c, "bench001", "secret01")
	b.ReportAllocs()
	for b.Loop() {
		if err := m.Validate(elsewhere, c); err != nil {
			b.Fatal(err)
		}
	}
}

func benchmarkManager(t testing.TB) *Manager {
	m := New(Options{})
	files := []fileText{{"f.yml", []byte("globalWhiteRemoteAddresses: [10.0.0.*, 10.9.8.7]\n" + account1("bench001", "secret01") + "  topicPerms: [T=PUB|SUB]\n  groupPerms: [CG=SUB]\n")}}
	next, _, err := m.build(files)
	require.NoError(t, err)
	m.state.Store(next)
	return m
}

// TestValidateAllocatesNothing: for the codes of the hot path.
func TestValidateAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("sync.Pool drops items at random under the race detector")
	}
	m := benchmarkManager(t)
	for _, c := range []*codec.Command{
		request(codec.SendMessage, "topic", "T", "producerGroup", "PG"), request(codec.SendMessageV2, "b", "T"), request(codec.SendBatchMessage, "b", "T"),
		request(codec.PullMessage, "topic", "T", "consumerGroup", "CG"), request(codec.UpdateConsumerOffset, "topic", "T", "consumerGroup", "CG"),
	} {
		signed(c, "bench001", "secret01")
		require.Zero(t, testing.AllocsPerRun(100, func() {
			if err := m.Validate(elsewhere, c); err != nil {
				t.Fatal(err)
			}
		}), c.Code)
	}
}
