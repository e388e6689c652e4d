package broker

import (
	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
	"github.com/boostermq/booster/remoting"
)

// lockProcessor serves the queue locks of orderly consumers (Java: parts of
// AdminBrokerProcessor).
type lockProcessor struct{ b *Controller }

// lockBatchMQ serves 41 LOCK_BATCH_MQ: locks for 60 s what is free or the
// client's own, and answers what it holds now.
func (p *lockProcessor) lockBatchMQ(r *remoting.Request) {
	var body codec.LockBatchRequestBody
	if !decodeBody(r, &body) || refusedPlain(r, checkQueues(body.ConsumerGroup, body.MQSet)) {
		return
	}
	locked := p.b.locks.TryLockBatch(body.ConsumerGroup, body.MQSet, body.ClientID)
	answer, err := fastjson.Marshal(&codec.LockBatchResponseBody{LockOKMQSet: locked})
	if err != nil {
		r.ReplyCode(codec.SystemError, err.Error())
		return
	}
	replyBody(r, answer)
}

// unlockBatchMQ serves 42 UNLOCK_BATCH_MQ: gives the client's own locks back.
func (p *lockProcessor) unlockBatchMQ(r *remoting.Request) {
	var body codec.UnlockBatchRequestBody
	if !decodeBody(r, &body) || refusedPlain(r, checkQueues(body.ConsumerGroup, body.MQSet)) {
		return
	}
	p.b.locks.UnlockBatch(body.ConsumerGroup, body.MQSet, body.ClientID)
	r.ReplyCode(codec.Success, "")
}

func checkQueues(group string, queues []codec.MessageQueue) *Refusal {
	if refusal := checkGroup(group); refusal != nil {
		return refusal
	}
	for i := range queues {
		if refusal := checkTopic(queues[i].Topic); refusal != nil {
			return refusal
		}
	}
	return nil
}
