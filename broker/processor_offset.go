package broker

import (
	"sync"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/remoting"
)

// offsetProcessor serves consumer offsets and queue offsets (Java: parts of
// ConsumerManageProcessor and AdminBrokerProcessor).
type offsetProcessor struct {
	b   *Controller
	ops sync.Pool
}

// offsetOp is what one 15 needs; pooled.
type offsetOp struct {
	header codec.UpdateConsumerOffsetRequestHeader
	resp   codec.Command
}

func newOffsetProcessor(b *Controller) *offsetProcessor {
	return &offsetProcessor{b: b, ops: sync.Pool{New: func() any { return new(offsetOp) }}}
}

// queryConsumerOffset serves 14 QUERY_CONSUMER_OFFSET.
//
// Behavior: the stored offset; without one, 0 when the queue still has its
// first message in memory's reach (the consumer begins there), else 22, and the
// client applies its consumeFromWhere. setZeroIfNotFound=false of 5.x clients
// asks for 22 in both cases.
func (p *offsetProcessor) queryConsumerOffset(r *remoting.Request) {
	var h codec.QueryConsumerOffsetRequestHeader
	if !decodeHeader(r, &h) || refused(r, checkNames(h.ConsumerGroup, h.Topic)) {
		return
	}
	offset := p.b.offsets.Query(h.ConsumerGroup, h.Topic, h.QueueID)
	if offset < 0 {
		if r.Ext.Get("setZeroIfNotFound") == "false" || !p.isYoung(h.Topic, h.QueueID) {
			replyRefused(r, codec.QueryNotFound, "Not found, V3_0_6_SNAPSHOT maybe this group consumer boot first")
			return
		}
		offset = 0
	}
	replyHeader(r, &codec.QueryConsumerOffsetResponseHeader{Offset: offset})
}

// isYoung tells that nothing of a queue was deleted and offset 0 is not cold.
func (p *offsetProcessor) isYoung(topic string, queueID int32) bool {
	return p.b.store.MinOffsetInQueue(topic, queueID) <= 0 && !p.b.store.CheckInDiskByConsumeOffset(topic, queueID, 0)
}

// updateConsumerOffset serves 15 UPDATE_CONSUMER_OFFSET, inline: memory only.
// Any group, topic and value is taken, as Java does, if the names are names.
func (p *offsetProcessor) updateConsumerOffset(r *remoting.Request) {
	op := p.ops.Get().(*offsetOp)
	defer p.ops.Put(op)
	h := &op.header
	if !decodeHeader(r, h) || refused(r, checkNames(h.ConsumerGroup, h.Topic)) {
		return
	}
	if h.QueueID < 0 {
		replyRefused(r, codec.SystemError, "queueId is negative")
		return
	}
	p.b.offsets.Commit(r.Channel.RemoteAddr(), h.ConsumerGroup, h.Topic, h.QueueID, h.CommitOffset)
	op.resp = codec.Command{Code: codec.Success, Ext: emptyFields}
	r.Reply(&op.resp)
}

// searchOffsetByTimestamp serves 29 SEARCH_OFFSET_BY_TIMESTAMP.
func (p *offsetProcessor) searchOffsetByTimestamp(r *remoting.Request) {
	var h codec.SearchOffsetRequestHeader
	if !decodeHeader(r, &h) || refused(r, checkTopic(h.Topic)) {
		return
	}
	replyHeader(r, &codec.SearchOffsetResponseHeader{Offset: p.b.store.OffsetInQueueByTime(h.Topic, h.QueueID, h.TimestampMs)})
}

// getMaxOffset serves 30 GET_MAX_OFFSET; an unknown queue has 0.
func (p *offsetProcessor) getMaxOffset(r *remoting.Request) {
	var h codec.GetMaxOffsetRequestHeader
	if !decodeHeader(r, &h) || refused(r, checkTopic(h.Topic)) {
		return
	}
	replyHeader(r, &codec.GetMaxOffsetResponseHeader{Offset: p.b.store.MaxOffsetInQueue(h.Topic, h.QueueID)})
}

// getMinOffset serves 31 GET_MIN_OFFSET; an unknown queue has 0.
func (p *offsetProcessor) getMinOffset(r *remoting.Request) {
	var h codec.GetMinOffsetRequestHeader
	if !decodeHeader(r, &h) || refused(r, checkTopic(h.Topic)) {
		return
	}
	replyHeader(r, &codec.GetMinOffsetResponseHeader{Offset: p.b.store.MinOffsetInQueue(h.Topic, h.QueueID)})
}

// getEarliestMsgStoreTime serves 32 GET_EARLIEST_MSG_STORETIME; −1 = unknown.
func (p *offsetProcessor) getEarliestMsgStoreTime(r *remoting.Request) {
	var h codec.GetEarliestMsgStoretimeRequestHeader
	if !decodeHeader(r, &h) || refused(r, checkTopic(h.Topic)) {
		return
	}
	replyHeader(r, &codec.GetEarliestMsgStoretimeResponseHeader{TimestampMs: p.b.store.EarliestMessageTime(h.Topic, h.QueueID)})
}

// getAllConsumerOffset serves 43 GET_ALL_CONSUMER_OFFSET for slaves: the whole
// table as compact JSON.
func (p *offsetProcessor) getAllConsumerOffset(r *remoting.Request) {
	replyBody(r, p.b.offsets.Encode())
}

// getAllDelayOffset serves 45 GET_ALL_DELAY_OFFSET for slaves: delayOffset.json,
// compact.
func (p *offsetProcessor) getAllDelayOffset(r *remoting.Request) {
	body, err := p.b.schedule.Encode()
	if err != nil {
		r.ReplyCode(codec.SystemError, err.Error())
		return
	}
	replyBody(r, body)
}
