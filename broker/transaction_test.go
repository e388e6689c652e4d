package broker

import (
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
	"github.com/boostermq/booster/store"
)

// halfHeader is a half message of group "pg" for queue 2 of T1.
func halfHeader(uniqKey string) *codec.SendMessageRequestHeader {
	h := sendHeader("T1")
	h.QueueID, h.SysFlag = 2, codec.TransactionPreparedType|codec.SysFlagCompressed
	h.Properties = "KEYS\x01k\x02TRAN_MSG\x01true\x02UNIQ_KEY\x01" + uniqKey + "\x02WAIT\x01true\x02PGROUP\x01pg\x02TAGS\x01X"
	return h
}

// sendHalf sends a half message and returns how its producer would end it.
func (p *peer) sendHalf(t *testing.T, b *Controller, uniqKey string, decision int32) *codec.EndTransactionRequestHeader {
	t.Helper()
	resp := p.sendV2(halfHeader(uniqKey), "half "+uniqKey)
	requireAnswer(t, resp, codec.Success, "")
	require.Equal(t, "2", resp.Ext.Get("queueId"))
	offset, err := strconv.ParseInt(resp.Ext.Get("queueOffset"), 10, 64)
	require.NoError(t, err)
	return &codec.EndTransactionRequestHeader{
		ProducerGroup: "pg", TranStateTableOffset: offset, CommitLogOffset: requireMsgID(t, b, resp.Ext.Get("msgId")),
		CommitOrRollback: decision, MsgID: uniqKey,
	}
}

func (p *peer) end(h *codec.EndTransactionRequestHeader) *codec.Command {
	p.t.Helper()
	return p.do(codec.EndTransaction, h, nil)
}

const (
	commit   = codec.TransactionCommitType
	rollback = codec.TransactionRollbackType
)

// TestTransactionStored: half, final and op record are those of a store that
// Java wrote (facts/store-samples 4.9.8: RMQ_SYS_TRANS_HALF_TOPIC, StoreTx,
// RMQ_SYS_TRANS_OP_HALF_TOPIC).
func TestTransactionStored(t *testing.T) {
	b := startBroker(t, nil)
	p := dial(t, b)
	putMessages(t, b, p, "T1", 1)
	end := p.sendHalf(t, b, "U1", commit)
	half := lastMessage(t, b, codec.TransHalfTopic, 0)
	want := map[string]string{
		"CLUSTER": "SpecC", "KEYS": "k", "PGROUP": "pg", "REAL_QID": "2", "REAL_TOPIC": "T1", "TAGS": "X", "TRAN_MSG": "true", "UNIQ_KEY": "U1", "WAIT": "true",
	}
	require.Equal(t, want, codec.ParseProperties(half.Properties))
	require.Equal(t, []any{end.CommitLogOffset, codec.SysFlagCompressed, int64(0)}, []any{half.CommitLogOffset, half.SysFlag, half.PreparedTransactionOffset})
	require.Zero(t, b.store.MaxOffsetInQueue("T1", 2), "nobody sees it yet")

	resp := p.end(end)
	requireAnswer(t, resp, codec.Success, "")
	require.Nil(t, resp.Ext)
	final := messageAt(t, b, "T1", 2, 0)
	require.Equal(t, want, codec.ParseProperties(final.Properties))
	require.Equal(t, "half U1", string(final.Body))
	require.Equal(t, []any{codec.SysFlagCompressed | commit, half.CommitLogOffset, half.BornTimestampMs, half.BornHost},
		[]any{final.SysFlag, final.PreparedTransactionOffset, final.BornTimestampMs, final.BornHost})
	op := lastMessage(t, b, codec.TransOpHalfTopic, 0)
	require.Equal(t, "0", string(op.Body))
	require.Equal(t, "d", codec.ParseProperties(op.Properties)["TAGS"])

	resp = p.end(p.sendHalf(t, b, "U2", rollback))
	requireAnswer(t, resp, codec.Success, "not set any response code") // as Java's (facts/frames go-2.1.2-tx)
	require.Equal(t, "1", string(lastMessage(t, b, codec.TransOpHalfTopic, 1).Body))
	require.EqualValues(t, 1, b.store.MaxOffsetInQueue("T1", 2))
	require.Nil(t, b.topics.Select(codec.TransOpHalfTopic))
}

// TestTransactionEnd: spec broker.md §7.
func TestTransactionEnd(t *testing.T) {
	b := startBroker(t, nil)
	p := dial(t, b)
	putMessages(t, b, p, "T1", 1)
	good := p.sendHalf(t, b, "U1", commit)
	lastMessage(t, b, codec.TransHalfTopic, 0)
	f := func(code int32, remark string, change func(h *codec.EndTransactionRequestHeader)) {
		t.Helper()
		h := *good
		change(&h)
		requireAnswer(t, p.end(&h), code, remark)
		require.Zero(t, b.store.MaxOffsetInQueue("T1", 2))
	}
	type header = *codec.EndTransactionRequestHeader
	f(codec.SystemError, "commitOrRollback field wrong", func(h header) { h.CommitOrRollback = 4 })
	f(codec.SystemError, "Find prepared transaction message failed", func(h header) { h.CommitLogOffset++ })
	f(codec.SystemError, "Find prepared transaction message failed", func(h header) { h.CommitLogOffset = -1 })
	f(codec.SystemError, "Find prepared transaction message failed", func(h header) { h.CommitLogOffset, h.TranStateTableOffset = 0, 0 }) // no half message
	f(codec.SystemError, "The producer group wrong", func(h header) { h.ProducerGroup = "other" })
	f(codec.SystemError, "The transaction state table offset wrong", func(h header) { h.TranStateTableOffset = 9 })
	resp := p.call(&codec.Command{Code: codec.EndTransaction, Ext: codec.Fields{{Key: "commitOrRollback", Value: "x"}}})
	require.Equal(t, codec.SystemError, resp.Code)

	// A producer that does not know is not answered; what follows is.
	unknown := *good
	unknown.CommitOrRollback = codec.TransactionNotType
	silent := p.send(&codec.Command{Code: codec.EndTransaction, Header: &unknown})
	p.send(&codec.Command{Code: codec.EndTransaction, Header: good, Flag: codec.FlagOneway})
	messageAt(t, b, "T1", 2, 0)
	resp = p.end(good) // once more: once is enough
	requireAnswer(t, resp, codec.Success, "")
	require.NotEqual(t, silent, resp.Opaque)
	requireAnswer(t, p.sendV2(sendHeader("T1"), "x"), codec.Success, "")
	lastMessage(t, b, "T1", 1)
	require.EqualValues(t, 1, b.store.MaxOffsetInQueue("T1", 2))
}

// TestTransactionSlave: nothing is ended on a slave.
func TestTransactionSlave(t *testing.T) {
	b := startBroker(t, func(c *Config) { c.Store.BrokerRole, c.Broker.BrokerID = store.Slave, 1 })
	p := dial(t, b)
	requireAnswer(t, p.end(&codec.EndTransactionRequestHeader{ProducerGroup: "pg", CommitOrRollback: commit, MsgID: "x"}), codec.SlaveNotAvailable, "not set any response code")
	requireAnswer(t, p.do(codec.ResumeCheckHalfMessage, &codec.ResumeCheckHalfMessageRequestHeader{MsgID: "x"}, nil),
		codec.SystemError, "Put message back to RMQ_SYS_TRANS_HALF_TOPIC failed.")
	require.Equal(t, `{"offsetTable":{}}`, string(p.do(codec.GetAllDelayOffset, nil, nil).Body))
	require.Empty(t, scheduleKeys(t, p))
}

// TestTransactionNotHalf: what says TRAN_MSG and is no half message.
func TestTransactionNotHalf(t *testing.T) {
	b := startBroker(t, func(c *Config) { c.Store.MessageDelayLevel = instantLevels })
	p := dial(t, b)
	// A committed message that is sent back.
	end := p.sendHalf(t, b, "U1", commit)
	requireAnswer(t, p.end(end), codec.Success, "")
	final := messageAt(t, b, "T1", 2, 0)
	requireAnswer(t, p.sendBack(sendBackHeader("cg", final.CommitLogOffset)), codec.Success, "")
	retry := lastMessage(t, b, "%RETRY%cg", 0)
	require.Equal(t, "true", codec.ParseProperties(retry.Properties)["TRAN_MSG"])
	// The same by a client that sends to the retry topic itself.
	h := sendHeader("%RETRY%cg")
	h.ReconsumeTimes, h.Properties = 1, "TRAN_MSG\x01true\x02PGROUP\x01pg\x02DELAY\x013\x02UNIQ_KEY\x01U1"
	requireAnswer(t, p.sendV2(h, "again"), codec.Success, "")
	require.Equal(t, "again", string(lastMessage(t, b, "%RETRY%cg", 1).Body))
	// TRAN_MSG=false.
	h = sendHeader("T1")
	h.Properties = "TRAN_MSG\x01false\x02UNIQ_KEY\x01U3"
	requireAnswer(t, p.sendV2(h, "plain"), codec.Success, "")
	lastMessage(t, b, "T1", 0)
	require.EqualValues(t, 1, b.store.MaxOffsetInQueue(codec.TransHalfTopic, 0))
}

// TestTransactionDelay: a half message has no delay level, whatever it asks for.
func TestTransactionDelay(t *testing.T) {
	b := startBroker(t, nil)
	p := dial(t, b)
	h := halfHeader("U1")
	h.Properties += "\x02DELAY\x013"
	requireAnswer(t, p.sendV2(h, "x"), codec.Success, "")
	require.NotContains(t, codec.ParseProperties(lastMessage(t, b, codec.TransHalfTopic, 0).Properties), "DELAY")
	require.Empty(t, b.store.QueueIDs(codec.ScheduleTopic))
}

// startChecking is a broker that asks producers after 50 ms, often.
func startChecking(t *testing.T, checkMax int) *Controller {
	t.Helper()
	return startBroker(t, func(c *Config) {
		c.Broker.TransactionTimeOut, c.Broker.TransactionCheckInterval, c.Broker.TransactionCheckMax = 50, 20, checkMax
	})
}

// requireCheck reads a push of 39 and compares it with the half message in the log.
func requireCheck(t *testing.T, b *Controller, push *codec.Command, uniqKey string) *codec.EndTransactionRequestHeader {
	t.Helper()
	require.Equal(t, codec.CheckTransactionState, push.Code)
	require.EqualValues(t, codec.FlagOneway, push.Flag)
	var h codec.CheckTransactionStateRequestHeader
	require.NoError(t, h.DecodeFields(push.Ext))
	require.Equal(t, []string{uniqKey, uniqKey}, []string{h.MsgID, h.TransactionID})
	require.Equal(t, h.CommitLogOffset, requireMsgID(t, b, h.OffsetMsgID))
	half := lastMessage(t, b, codec.TransHalfTopic, h.TranStateTableOffset)
	require.Equal(t, h.CommitLogOffset, half.CommitLogOffset)
	var m codec.Message
	n, err := codec.DecodeRecord(push.Body, &m, codec.DecodeOptions{CheckCRC: true})
	require.NoError(t, err)
	require.Len(t, push.Body, n)
	require.Equal(t, []any{"T1", int32(2), "half " + uniqKey}, []any{m.Topic, m.QueueID, string(m.Body)})
	return &codec.EndTransactionRequestHeader{
		ProducerGroup: "pg", TranStateTableOffset: h.TranStateTableOffset, CommitLogOffset: h.CommitLogOffset,
		FromTransactionCheck: true, MsgID: h.MsgID, TransactionID: h.TransactionID,
	}
}

// TestTransactionCheck: a producer of the group is asked about what it left
// open, and what it says then counts.
func TestTransactionCheck(t *testing.T) {
	b := startChecking(t, 15)
	p, producer := dial(t, b), dial(t, b)
	first := p.sendHalf(t, b, "U1", commit)
	producer.heartBeatOf("pg")
	answer := requireCheck(t, b, producer.push(), "U1")
	require.Greater(t, answer.TranStateTableOffset, first.TranStateTableOffset, "a copy, with its count")
	copied := lastMessage(t, b, codec.TransHalfTopic, answer.TranStateTableOffset)
	require.Equal(t, "1", codec.ParseProperties(copied.Properties)["TRANSACTION_CHECK_TIMES"])
	again := requireCheck(t, b, producer.push(), "U1") // no answer: asked again
	again.CommitOrRollback = commit
	requireAnswer(t, producer.end(again), codec.Success, "")
	require.Equal(t, "half U1", string(messageAt(t, b, "T1", 2, 0).Body))

	p.sendHalf(t, b, "U2", 0)
	for {
		push := producer.push()
		if push.Ext.Get("msgId") == "U1" {
			continue // was under way
		}
		second := requireCheck(t, b, push, "U2")
		second.CommitOrRollback = rollback
		requireAnswer(t, producer.end(second), codec.Success, "not set any response code")
		break
	}
	require.Eventually(t, func() bool { return b.transactions.HalfMessages() == 0 }, answerTimeout, time.Millisecond)
	require.EqualValues(t, 1, b.store.MaxOffsetInQueue("T1", 2))
	require.EqualValues(t, 6, b.topics.Select(codec.TransHalfTopic).Perm)
}

func (p *peer) heartBeatOf(producerGroup string) {
	p.t.Helper()
	requireAnswer(p.t, p.call(&codec.Command{Code: codec.HeartBeat, Body: []byte(`{"clientID":"c","consumerDataSet":[],"producerDataSet":[{"groupName":"` + producerGroup + `"}]}`)}), codec.Success, "")
}

// TestTransactionGivenUp: what is never answered ends in the topic of the
// given-up messages; 323 brings it back.
func TestTransactionGivenUp(t *testing.T) {
	b := startChecking(t, 2)
	p := dial(t, b)
	p.heartBeatOf("pg")
	p.sendHalf(t, b, "U1", 0)
	requireCheck(t, b, p.push(), "U1")
	requireCheck(t, b, p.push(), "U1")
	given := lastMessage(t, b, codec.TransCheckMaxTimeTopic, 0)
	require.Equal(t, "half U1", string(given.Body))
	require.NotNil(t, b.topics.Select(codec.TransCheckMaxTimeTopic))
	id := string(codec.AppendOffsetMsgID(nil, given.StoreHost, given.CommitLogOffset))
	resp := p.do(codec.ResumeCheckHalfMessage, &codec.ResumeCheckHalfMessageRequestHeader{MsgID: id}, nil)
	requireAnswer(t, resp, codec.Success, "")
	require.Nil(t, resp.Ext)
	answer := requireCheck(t, b, p.push(), "U1")
	answer.CommitOrRollback = commit
	requireAnswer(t, p.end(answer), codec.Success, "")
	messageAt(t, b, "T1", 2, 0)
	for _, bad := range []string{"", "zz", id[:31], string(codec.AppendOffsetMsgID(nil, given.StoreHost, given.CommitLogOffset+1))} {
		requireAnswer(t, p.do(codec.ResumeCheckHalfMessage, &codec.ResumeCheckHalfMessageRequestHeader{MsgID: bad}, nil),
			codec.SystemError, "Put message back to RMQ_SYS_TRANS_HALF_TOPIC failed.")
	}
}

// TestTransactionOffsets: how far the checks got is in consumerOffset.json after
// a stop.
func TestTransactionOffsets(t *testing.T) {
	c := testConfig(t)
	c.Broker.TransactionTimeOut, c.Broker.TransactionCheckInterval = 50, 20
	c.Store.FlushCommitLogLeastPages = 0 // offsets wait for the flush of what they build on
	b, err := New(c, Options{Log: testLog(t)})
	require.NoError(t, err)
	require.NoError(t, b.Start(t.Context()))
	p := dial(t, b)
	for i := range 3 {
		requireAnswer(t, p.end(p.sendHalf(t, b, "U"+strconv.Itoa(i), commit)), codec.Success, "")
	}
	messageAt(t, b, "T1", 2, 2)
	lastMessage(t, b, codec.TransOpHalfTopic, 2)
	require.Eventually(t, func() bool {
		return b.offsets.Query(codec.TransConsumerGroup, codec.TransHalfTopic, 0) == 3
	}, answerTimeout, time.Millisecond)
	stopBroker(t, b)
	text, err := os.ReadFile(b.configFile("consumerOffset.json"))
	require.NoError(t, err)
	var w codec.ConsumerOffsetSerializeWrapper
	require.NoError(t, fastjson.Unmarshal(text, &w))
	require.EqualValues(t, 3, w.OffsetTable["RMQ_SYS_TRANS_HALF_TOPIC@CID_RMQ_SYS_TRANS"][0])
}
