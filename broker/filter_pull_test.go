package broker

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
)

func startSQLBroker(t *testing.T, change func(c *Config)) *Controller {
	t.Helper()
	return startBroker(t, func(c *Config) {
		c.Broker.EnablePropertyFilter = true
		c.Store.MessageDelayLevel = instantLevels
		if change != nil {
			change(c)
		}
	})
}

// subscribe sends a heart-beat of group with the expressions of topics and its
// retry topic by tag.
func (p *peer) subscribe(group string, version int64, expressions map[string]string) {
	p.t.Helper()
	c := consumerOf(group, codec.RetryTopic(group))
	for topic, expression := range expressions {
		c.SubscriptionDataSet = append(c.SubscriptionDataSet, codec.SubscriptionData{Topic: topic, SubString: expression, SubVersion: version, ExpressionType: "SQL92"})
	}
	requireAnswer(p.t, p.do(codec.HeartBeat, nil, heartbeatBody(p.t, "c1", c)), codec.Success, "")
}

// sendProperties sends a message whose body is its properties, and waits for it.
func sendProperties(t *testing.T, b *Controller, p *peer, topic, properties string) {
	t.Helper()
	h := sendHeader(topic)
	h.Properties = properties
	before := b.store.MaxOffsetInQueue(topic, 0)
	requireAnswer(t, p.sendV2(h, properties), codec.Success, "")
	lastMessage(t, b, topic, before)
}

// pulled are the bodies of a pull's answer.
func pulled(t *testing.T, resp *codec.Command) (bodies []string) {
	t.Helper()
	requireAnswer(t, resp, codec.Success, "FOUND")
	for body := resp.Body; len(body) > 0; {
		var m codec.Message
		n, err := codec.DecodeRecord(body, &m, codec.DecodeOptions{CheckCRC: true})
		require.NoError(t, err)
		bodies, body = append(bodies, string(m.Body)), body[n:]
	}
	return bodies
}

// groupPull is a pull that leaves the subscription to the heart-beats.
func groupPull(group, topic string, offset, subVersion int64) *codec.PullMessageRequestHeader {
	h := pullHeader(group, topic, offset)
	h.SysFlag, h.Subscription, h.SubVersion = 0, "", subVersion
	return h
}

// TestFilterChecks: rows 7, 12 and 13 of spec broker.md §5 while
// enablePropertyFilter is on.
func TestFilterChecks(t *testing.T) {
	b := startSQLBroker(t, nil)
	p := dial(t, b)
	putMessages(t, b, p, "T1", 1)
	putMessages(t, b, p, "T2", 1)
	p.subscribe("cg", 5, map[string]string{"T1": "a > 1", "T2": "a >>> 1"})
	p.push() // 40
	f := func(h *codec.PullMessageRequestHeader, code int32, remark string) {
		t.Helper()
		requireAnswer(t, p.do(codec.PullMessage, h, nil), code, remark)
	}
	f(groupPull("cg", "T1", 0, 5), codec.PullRetryImmediately, "NO_MATCHED_MESSAGE")
	f(groupPull("cg", "T1", 0, 6), codec.SubscriptionNotLatest, "the consumer's subscription not latest")
	f(groupPull("cg", "T2", 0, 5), codec.FilterDataNotExist, "The broker's consumer filter data is not exist!Your expression may be wrong!")

	// A pull between the two steps of a heart-beat: no frame can be timed so.
	op := &pullOp{conf: b.Config(), header: *groupPull("cg", "T1", 0, 6)}
	require.Equal(t, &Refusal{codec.FilterDataNotLatest, "the consumer's consumer filter data not latest"}, b.processors.pull.checkFilterData(op, "SQL92"))

	h := pullHeader("cg", "T1", 0)
	h.ExpressionType, h.Subscription = "SQL92", "a >>> 1"
	f(h, codec.SubscriptionParseFailed, "parse the consumer's subscription failed")
	h.Subscription = ""
	f(h, codec.SubscriptionParseFailed, "parse the consumer's subscription failed")
	h.ExpressionType, h.Subscription = "XPATH", "a > 1"
	f(h, codec.SubscriptionParseFailed, "parse the consumer's subscription failed")
	h.ExpressionType = "SQL92"
	f(h, codec.PullRetryImmediately, "NO_MATCHED_MESSAGE")
}

// TestFilterPulls: a group gets what its expression matches, by its heart-beats
// and with the expression in the request; with bit maps and without.
func TestFilterPulls(t *testing.T) {
	for _, bitMaps := range []bool{false, true} {
		t.Run(fmt.Sprint("bit maps ", bitMaps), func(t *testing.T) { testFilterPulls(t, bitMaps) })
	}
}

func testFilterPulls(t *testing.T, bitMaps bool) {
	b := startSQLBroker(t, func(c *Config) { c.Broker.EnableCalcFilterBitMap, c.Store.EnableConsumeQueueExt = bitMaps, bitMaps })
	p, consumer := dial(t, b), dial(t, b)
	sendProperties(t, b, p, "T1", "a\x011\x02TAGS\x01x")
	consumer.subscribe("cg", 5, map[string]string{"T1": "a > 2 AND TAGS IN ('x', 'y')"})
	consumer.push() // 40
	for _, properties := range []string{"a\x013\x02TAGS\x01x", "a\x013\x02TAGS\x01z", "TAGS\x01x", "a\x01many\x02TAGS\x01x", "a\x015\x02TAGS\x01y"} {
		sendProperties(t, b, p, "T1", properties)
	}
	want := []string{"a\x013\x02TAGS\x01x", "a\x015\x02TAGS\x01y"}
	require.Equal(t, want, pulled(t, consumer.do(codec.PullMessage, groupPull("cg", "T1", 0, 5), nil)))

	h := pullHeader("nobody", "T1", 0)
	h.ExpressionType, h.Subscription = "SQL92", "a > 2 AND TAGS IN ('x', 'y')"
	for range 2 { // compiled, remembered
		require.Equal(t, want, pulled(t, p.do(codec.LitePullMessage, h, nil)))
	}
	h.ExpressionType, h.Subscription = "TAG", "z"
	require.Equal(t, []string{"a\x013\x02TAGS\x01z"}, pulled(t, p.do(codec.PullMessage, h, nil)), "the op's expression is gone")

	// Held until a message matches.
	held := groupPull("cg", "T1", 6, 5)
	held.SysFlag = codec.PullFlagSuspend
	opaque := consumer.send(&codec.Command{Code: codec.PullMessage, Header: held})
	require.Eventually(t, func() bool { return b.hold.Held() == 1 }, answerTimeout, time.Millisecond)
	sendProperties(t, b, p, "T1", "a\x012\x02TAGS\x01x")
	require.Equal(t, 1, b.hold.Held())
	sendProperties(t, b, p, "T1", "a\x019\x02TAGS\x01x")
	require.Equal(t, []string{"a\x019\x02TAGS\x01x"}, pulled(t, consumer.answer(opaque)))
}

// TestFilterRetry: with filterSupportRetry a message of the retry topic is
// judged by the expression of the topic it came from.
func TestFilterRetry(t *testing.T) {
	for _, support := range []bool{true, false} {
		b := startSQLBroker(t, func(c *Config) { c.Broker.FilterSupportRetry = support })
		p, consumer := dial(t, b), dial(t, b)
		consumer.subscribe("cg", 5, map[string]string{"T1": "a > 2"})
		consumer.push() // 40
		for i, properties := range []string{"a\x011", "a\x013"} {
			sendProperties(t, b, p, "T1", properties)
			requireAnswer(t, consumer.sendBack(sendBackHeader("cg", b.store.CommitLogOffsetInQueue("T1", 0, int64(i)))), codec.Success, "")
			lastMessage(t, b, "%RETRY%cg", int64(i))
		}
		want := []string{"a\x011", "a\x013"}
		if support {
			want = want[1:]
		}
		require.Equal(t, want, pulled(t, consumer.do(codec.PullMessage, groupPull("cg", "%RETRY%cg", 0, 0), nil)))
	}
}

// TestFilterFile: consumerFilter.json, and what becomes of a filter when its
// group goes, comes back, and over a restart.
func TestFilterFile(t *testing.T) {
	c := testConfig(t)
	c.Broker.EnablePropertyFilter = true
	b, err := New(c, Options{Log: testLog(t)})
	require.NoError(t, err)
	require.NoError(t, b.Start(t.Context()))
	p := dial(t, b)
	putMessages(t, b, p, "T1", 1)
	p.subscribe("cg", 5, map[string]string{"T1": "a > 1"})
	p.push() // 40
	require.True(t, b.filters.Get("T1", "cg").Alive())
	requireAnswer(t, p.do(codec.UnregisterClient, &codec.UnregisterClientRequestHeader{ClientID: "c1", ConsumerGroup: "cg"}, nil), codec.Success, "")
	require.False(t, b.filters.Get("T1", "cg").Alive())
	p.subscribe("cg", 6, map[string]string{"T1": "a > 1"})
	require.True(t, b.filters.Get("T1", "cg").Alive())
	stopBroker(t, b)

	text, err := os.ReadFile(b.configFile("consumerFilter.json"))
	require.NoError(t, err)
	var w codec.ConsumerFilterSerializeWrapper
	require.NoError(t, fastjson.Unmarshal(text, &w))
	entry := w.FilterDataByTopic["T1"].GroupFilterData["cg"]
	require.Equal(t, []any{"a > 1", "SQL92", int64(6), "cg", "T1"}, []any{entry.Expression, entry.ExpressionType, entry.ClientVersion, entry.ConsumerGroup, entry.Topic})

	again, err := New(c, Options{Log: testLog(t)})
	require.NoError(t, err)
	require.NoError(t, again.Start(t.Context()))
	defer stopBroker(t, again)
	require.False(t, again.filters.Get("T1", "cg").Alive())
	p = dial(t, again)
	p.subscribe("cg", 7, map[string]string{"T1": "a > 1"})
	p.push() // 40
	require.True(t, again.filters.Get("T1", "cg").Alive())
	requireAnswer(t, p.do(codec.PullMessage, groupPull("cg", "T1", 0, 7), nil), codec.PullRetryImmediately, "NO_MATCHED_MESSAGE")
}

// TestFilterClientConfig: 46 while enablePropertyFilter is on; the remark is
// that which a Java broker gave (facts/frames java-4.9.8-sqlfilter).
func TestFilterClientConfig(t *testing.T) {
	b := startSQLBroker(t, nil)
	p := dial(t, b)
	f := func(expressionType, expression string, code int32, remark string) {
		t.Helper()
		body, err := fastjson.Marshal(&codec.CheckClientRequestBody{ClientID: "c", Group: "g", SubscriptionData: &codec.SubscriptionData{
			Topic: "T", SubString: expression, ExpressionType: expressionType,
		}})
		require.NoError(t, err)
		requireAnswer(t, p.do(codec.CheckClientConfig, nil, body), code, remark)
	}
	f("TAG", "*", codec.Success, "")
	f("SQL92", "(a > 2 AND a BETWEEN 0 AND 6) AND s = 'str1' OR TAGS IN ('TagC')", codec.Success, "")
	f("SQL92", "a >>> 2", codec.SubscriptionParseFailed, "org.apache.rocketmq.filter.parser.ParseException: Encountered \" \">\" \"> \"\" at line 1, column 4.\n"+
		"Was expecting one of:\n    \"NOT\" ...\n    \"TRUE\" ...\n    \"FALSE\" ...\n    \"NULL\" ...\n    <DECIMAL_LITERAL> ...\n    <FLOATING_POINT_LITERAL> ...\n"+
		"    <STRING_LITERAL> ...\n    <ID> ...\n    \"(\" ...\n    \"-\" ...\n    ")
	f("XPATH", "a > 2", codec.SubscriptionParseFailed, "there is no filter of type XPATH")
}
