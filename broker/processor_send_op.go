package broker

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/remoting"
	"github.com/boostermq/booster/store"
)

// sendSettings is what a send takes from the configuration, worked out once per
// configuration. Immutable.
type sendSettings struct {
	brokerIP1         string
	clusterName       string
	storeHost         netip.AddrPort
	writeable         bool // broker permission
	rejectTransaction bool
	startAcceptMs     int64
	ext               codec.Fields // MSG_REGION and TRACE_ON of every answer
	illegalRemark     string       // of code 13
}

func newSendSettings(c *Config, storeHost netip.AddrPort) *sendSettings {
	traceOn := "false"
	if c.Broker.TraceOn {
		traceOn = "true"
	}
	return &sendSettings{
		brokerIP1: c.Broker.BrokerIP1, clusterName: c.Broker.BrokerClusterName, storeHost: storeHost,
		writeable: codec.IsWriteable(c.Broker.BrokerPermission), rejectTransaction: c.Broker.RejectTransactionMessage,
		startAcceptMs: c.Broker.StartAcceptSendRequestTimeStamp,
		ext: codec.Fields{
			{Key: codec.ExtFieldMsgRegion, Value: c.Broker.RegionID}, {Key: codec.ExtFieldTraceSwitch, Value: traceOn},
		},
		illegalRemark: fmt.Sprintf("the message is illegal, maybe msg body or properties length not matched. "+
			"msg body length limit %dB, msg properties length limit 32KB.", c.Store.MaxMessageSize),
	}
}

// sendOp is one send under way. It is pooled; it belongs to the processor until
// the message is handed to the store, then to PutDone, which may run before
// PutMessage returns or later on another goroutine.
type sendOp struct {
	p        *sendProcessor
	r        *remoting.Request
	settings *sendSettings
	topic    *codec.TopicConfig // outlives the frame, unlike header.Topic
	queueID  int32
	noWait   bool
	header   codec.SendMessageRequestHeader
	msg      codec.Message

	resp   codec.Command
	answer sendAnswer

	props   sentProperties
	scratch []byte
}

// sendAnswer is the header of a successful answer (Java:
// SendMessageResponseHeader; transactionId is never set by a 4.x broker).
type sendAnswer struct {
	msgID       []byte // hex; of a batch the ids of its messages, comma separated
	queueID     int32
	queueOffset int64
}

// AppendFields renders the answer.
func (a *sendAnswer) AppendFields(w *codec.FieldWriter) {
	w.Plain("msgId", aliasString(a.msgID))
	w.Int("queueId", int64(a.queueID))
	w.Int("queueOffset", a.queueOffset)
}

func (op *sendOp) begin(r *remoting.Request, s *sendSettings) {
	op.r, op.settings, op.noWait = r, s, false
	op.resp = codec.Command{Ext: s.ext}
}

// release drops what op points to and gives it back to the pool.
func (op *sendOp) release() {
	op.r, op.settings, op.topic = nil, nil, nil
	op.header, op.msg, op.resp = codec.SendMessageRequestHeader{}, codec.Message{}, codec.Command{}
	op.p.ops.Put(op)
}

func (op *sendOp) refuse(code int32, remark string) sendVerdict {
	op.resp.Code, op.resp.Remark = code, remark
	return sendRefused
}

// reply sends the answer and ends op.
func (op *sendOp) reply() {
	op.r.Reply(&op.resp)
	op.release()
}

// PutDone answers the request with the outcome of the append.
func (op *sendOp) PutDone(res *store.PutResult) {
	op.resp.Code, op.resp.Remark = op.putAnswer(res.Status)
	if res.Status != store.PutOK {
		op.p.b.logSlowPut(res.Status, op.msg.Topic, op.r.Received)
	}
	if !res.Status.Stored() {
		op.p.b.storeStats.PutFailed()
	} else {
		a := &op.answer
		a.msgID = appendMsgIDs(a.msgID[:0], op.settings.storeHost, res)
		a.queueID, a.queueOffset = op.queueID, res.QueueOffset
		op.resp.Header = a
		op.count(max(1, len(res.BatchOffsets)), int(res.SizeBytes))
	}
	op.reply()
}

// logSlowPut says which stage kept a put waiting for too long; other failures
// are the store's to tell.
func (b *Controller) logSlowPut(s store.PutStatus, topic string, since time.Time) {
	stage := ""
	switch s {
	case store.OSPageCacheBusy:
		stage = "write to the commit log"
	case store.FlushDiskTimeout:
		stage = "flush of the commit log"
	case store.FlushSlaveTimeout:
		stage = "copy to a slave"
	default:
		return
	}
	b.log.Warn("system busy", "stage", stage, "waitedMs", time.Since(since).Milliseconds(), "topic", topic)
}

// count counts a put that the store took.
func (op *sendOp) count(messages, sizeBytes int) {
	b := op.p.b
	b.stats.Put(op.msg.Topic, op.msg.QueueID).Add(messages, sizeBytes) // where it lies: a delayed message counts again when it is delivered
	b.storeStats.PutDone(messages, sizeBytes, time.Since(op.r.Received))
}

// putAnswer is the response code and remark of an append (spec broker.md §2).
func (op *sendOp) putAnswer(s store.PutStatus) (code int32, remark string) {
	switch s {
	case store.PutOK:
		return codec.Success, ""
	case store.FlushDiskTimeout:
		return codec.FlushDiskTimeout, ""
	case store.FlushSlaveTimeout:
		return codec.FlushSlaveTimeout, ""
	case store.SlaveNotAvailable:
		return codec.SlaveNotAvailable, ""
	case store.CreateMappedFileFailed:
		return codec.SystemError, "create mapped file failed, server is busy or broken."
	case store.MessageIllegal, store.PropertiesSizeExceeded:
		return codec.MessageIllegal, op.settings.illegalRemark
	case store.ServiceNotAvailable:
		return codec.ServiceNotAvailable, op.p.b.disk.serviceNotAvailableRemark()
	case store.OSPageCacheBusy:
		return codec.SystemError, "[PC_SYNCHRONIZED]broker busy, start flow control for a while"
	case store.LMQConsumeQueueNumExceeded:
		return codec.SystemError, "[LMQ_CONSUME_QUEUE_NUM_EXCEEDED]broker config enableLmq and enableMultiDispatch, lmq consumeQueue num exceed maxLmqConsumeQueueNum config num, default limit 2w."
	default:
		return codec.SystemError, "UNKNOWN_ERROR"
	}
}

// appendMsgIDs renders the offset id of each stored record.
func appendMsgIDs(dst []byte, storeHost netip.AddrPort, res *store.PutResult) []byte {
	if len(res.BatchOffsets) == 0 {
		return codec.AppendOffsetMsgID(dst, storeHost, res.PhysicalOffset)
	}
	return codec.AppendOffsetMsgIDs(dst, storeHost, res.BatchOffsets)
}

// NoWait implements store.NoWait: the sender said WAIT=false.
func (op *sendOp) NoWait() bool { return op.noWait }

// topicText is Java's TopicConfig.toString.
func topicText(t *codec.TopicConfig) string {
	return fmt.Sprintf("TopicConfig [topicName=%s, readQueueNums=%d, writeQueueNums=%d, perm=%s, topicFilterType=%s, topicSysFlag=%d, order=%t]",
		t.TopicName, t.ReadQueueNums, t.WriteQueueNums, codec.PermString(t.Perm), t.TopicFilterType, t.TopicSysFlag, t.Order)
}
