package broker

import (
	"errors"
	"log/slog"
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/remoting"
	"github.com/boostermq/booster/store"
)

// TestStartFails: a port that is taken stops the start, and nothing stays behind.
func TestStartFails(t *testing.T) {
	c := testConfig(t)
	taken, err := net.Listen("tcp", hostPort("127.0.0.1", c.Server.ListenPort-2))
	require.NoError(t, err)
	b, err := New(c, quietOptions())
	require.NoError(t, err)
	err = b.Start(t.Context())
	require.ErrorContains(t, err, "remoting server")
	require.NoError(t, taken.Close())

	again, err := New(c, quietOptions()) // the store is not locked
	require.NoError(t, err)
	require.NoError(t, again.Start(t.Context()))
	stopBroker(t, again)
}

// TestStoreLocked: a second broker on the same folder does not start.
func TestStoreLocked(t *testing.T) {
	var root string
	startBroker(t, func(c *Config) { root = c.Store.StorePathRootDir })
	c := testConfig(t)
	c.Store.StorePathRootDir = root
	b, err := New(c, quietOptions())
	require.NoError(t, err)
	require.ErrorContains(t, b.Start(t.Context()), "Lock failed,MQ already started")
}

func TestAdvertisedAddress(t *testing.T) {
	c := testConfig(t)
	b, err := New(c, quietOptions())
	require.NoError(t, err)
	addr, why := b.AdvertisedAddress()
	require.Equal(t, "127.0.0.1:"+strconv.Itoa(b.Config().Server.ListenPort), addr)
	require.Equal(t, b.Addr(), addr)
	require.Equal(t, "brokerIP1 in the configuration", why)
	require.NotZero(t, b.Config().Server.ListenPort)

	c.Broker.BrokerIP1 = "no-such-name.invalid"
	_, err = New(c, quietOptions())
	require.ErrorContains(t, err, "brokerIP1=no-such-name.invalid")
}

// TestSyncFlush: the answer comes from another goroutine, after the disk.
func TestSyncFlush(t *testing.T) {
	b := startBroker(t, func(c *Config) { c.Store.FlushDiskType = store.SyncFlush })
	p := dial(t, b)
	requireAnswer(t, p.sendV2(sendHeader("T1"), "x"), codec.Success, "")
	const n = 100
	var frames []byte
	for i := range n {
		h := sendHeader("T1")
		if i%3 == 0 {
			h.Properties = "WAIT\x01false\x02UNIQ_KEY\x01A"
		}
		flag := int32(0)
		if i%5 == 0 {
			flag = codec.FlagOneway
		}
		var err error
		frames, err = codec.AppendFrame(frames, &codec.Command{
			Code: codec.SendMessageV2, Opaque: int32(i), Flag: flag, Version: codec.CurrentVersion, Header: (*codec.SendMessageRequestHeaderV2)(h), Body: []byte("x"),
		})
		require.NoError(t, err)
	}
	p.write(frames)
	answered := map[int32]bool{}
	for len(answered) < n-n/5 {
		resp := p.read()
		requireAnswer(t, resp, codec.Success, "")
		require.NotZero(t, resp.Opaque%5)
		require.False(t, answered[resp.Opaque])
		answered[resp.Opaque] = true
	}
	require.Eventually(t, func() bool { return b.store.MaxOffsetInQueue("T1", 0) == n+1 }, answerTimeout, time.Millisecond)
}

// TestPutAnswers: the second table of spec broker.md §2.
func TestPutAnswers(t *testing.T) {
	b := startBroker(t, nil)
	op := &sendOp{p: b.processors.send, settings: b.settings.Load()}
	f := func(status store.PutStatus, wantCode int32, wantRemark string) {
		t.Helper()
		code, remark := op.putAnswer(status)
		require.Equal(t, wantCode, code, status)
		require.Contains(t, remark, wantRemark, status)
		require.Equal(t, wantRemark == "", remark == "", status)
	}
	f(store.PutOK, codec.Success, "")
	f(store.FlushDiskTimeout, codec.FlushDiskTimeout, "")
	f(store.FlushSlaveTimeout, codec.FlushSlaveTimeout, "")
	f(store.SlaveNotAvailable, codec.SlaveNotAvailable, "")
	f(store.CreateMappedFileFailed, codec.SystemError, "create mapped file failed, server is busy or broken.")
	f(store.MessageIllegal, codec.MessageIllegal, "msg body length limit 4194304B, msg properties length limit 32KB.")
	f(store.PropertiesSizeExceeded, codec.MessageIllegal, "the message is illegal, maybe msg body or properties length not matched. ")
	f(store.ServiceNotAvailable, codec.ServiceNotAvailable, "service not available now.")
	f(store.OSPageCacheBusy, codec.SystemError, "[PC_SYNCHRONIZED]broker busy, start flow control for a while")
	f(store.LMQConsumeQueueNumExceeded, codec.SystemError, "[LMQ_CONSUME_QUEUE_NUM_EXCEEDED]")
	f(store.UnknownError, codec.SystemError, "UNKNOWN_ERROR")
}

// TestHooks: a hook that refuses answers code 1; the processor does not run.
func TestHooks(t *testing.T) {
	opts := quietOptions()
	opts.Hooks = append(opts.Hooks, refuseAll{})
	b := startBrokerWith(t, opts, nil)
	resp := dial(t, b).sendV2(sendHeader("T1"), "x")
	requireAnswer(t, resp, codec.SystemError, "no")
	require.Nil(t, b.topics.Select("T1"))
}

var errRefused = errors.New("no")

type refuseAll struct{}

func (refuseAll) BeforeRequest(*remoting.Request) error { return errRefused }

// TestRoutes: every row is unique and named; the fast port lacks the pulls only.
func TestRoutes(t *testing.T) {
	b, err := New(testConfig(t), quietOptions())
	require.NoError(t, err)
	main, fast := b.routeTables()
	require.Equal(t, len(b.routes()), main.Codes())
	require.Equal(t, main.Codes()-2, fast.Codes())
	inline := map[int32]bool{}
	for _, r := range b.routes() {
		if r.Pool == nil {
			inline[r.Code] = true
		}
	}
	require.Equal(t, map[int32]bool{codec.SendMessage: true, codec.SendMessageV2: true, codec.SendBatchMessage: true, codec.UpdateConsumerOffset: true,
		codec.PullMessage: true, codec.LitePullMessage: true}, inline)
}

// TestHostileRequests: bodies and headers that are nonsense get an answer.
func TestHostileRequests(t *testing.T) {
	b := startBroker(t, nil)
	p := dial(t, b)
	putMessages(t, b, p, "T1", 1)
	for _, maxNums := range []int32{-1, 0, 1 << 30} {
		h := pullHeader("cg", "T1", 0)
		h.MaxMsgNums = maxNums
		require.Equal(t, codec.Success, p.do(codec.PullMessage, h, nil).Code, "at least one message, as Java: %d", maxNums)
	}
	for _, r := range b.routes() {
		for _, body := range [][]byte{nil, []byte("{"), []byte(`{"consumerDataSet":[{"groupName":null}]}`), []byte("[[[[[[")} {
			p.call(&codec.Command{Code: r.Code, Body: body})
			p.call(&codec.Command{Code: r.Code, Body: body, Ext: codec.Fields{
				{Key: "topic", Value: "T1"}, {Key: "queueId", Value: "-2147483648"}, {Key: "offset", Value: "9223372036854775807"}, {Key: "timestamp", Value: "-1"},
				{Key: "consumerGroup", Value: "cg"}, {Key: "commitOffset", Value: "-9223372036854775808"}, {Key: "key", Value: ""}, {Key: "maxNum", Value: "2147483647"},
				{Key: "beginTimestamp", Value: "9"}, {Key: "endTimestamp", Value: "1"}, {Key: "queueOffset", Value: "x"},
			}})
		}
	}
}

// TestTopicWithoutOrder: 17 of tools that leave out what Java does not need.
func TestTopicWithoutOrder(t *testing.T) {
	b := startBroker(t, nil)
	p := dial(t, b)
	ext := codec.Fields{{Key: "topic", Value: "T1"}, {Key: "readQueueNums", Value: "4"}, {Key: "writeQueueNums", Value: "4"}, {Key: "perm", Value: "6"}}
	require.Equal(t, codec.SystemError, p.call(&codec.Command{Code: codec.UpdateAndCreateTopic, Ext: ext}).Code)
	require.Nil(t, b.topics.Select("T1"))
	ext = append(ext, codec.Field{Key: "topicFilterType", Value: "SINGLE_TAG"})
	requireAnswer(t, p.call(&codec.Command{Code: codec.UpdateAndCreateTopic, Ext: ext}), codec.Success, remarkNotSet)
	require.NotNil(t, b.topics.Select("T1"))
}

func TestNextRegistration(t *testing.T) {
	b := &Controller{outer: newBrokerOuterAPI(nil, slog.New(slog.DiscardHandler))}
	require.Equal(t, time.Minute, b.nextRegistration(false, time.Minute), "no name server is known")
	b.outer.UpdateNameServers([]string{"a:1"})
	require.Equal(t, registerRetryDelay, b.nextRegistration(false, time.Minute))
	require.Equal(t, time.Minute, b.nextRegistration(true, time.Minute))
}
