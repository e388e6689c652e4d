package broker

import (
	"errors"
	"strconv"
	"time"

	"github.com/boostermq/booster/broker/client"
	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/remoting"
)

// How long a client may take for what a tool asks of it (Java: Broker2Client).
const (
	callConsumerTimeout   = 10 * time.Second
	consumerStatusTimeout = 5 * time.Second
)

// getConsumerRunningInfo serves 307 GET_CONSUMER_RUNNING_INFO: the question is
// passed on to one client and its answer back.
//
// Differences from Java: the caller's signature is not passed on.
func (p *adminProcessor) getConsumerRunningInfo(r *remoting.Request) {
	var h codec.GetConsumerRunningInfoRequestHeader
	if !decodePlain(r, &h) || refusedPlain(r, checkGroup(h.ConsumerGroup)) {
		return
	}
	p.callConsumer(r, h.ConsumerGroup, h.ClientID, &codec.Command{Code: codec.GetConsumerRunningInfo, Header: &h})
}

// consumeMessageDirectly serves 309 CONSUME_MESSAGE_DIRECTLY: one client is
// given the record msgId names, with this broker's name, and its answer goes back.
//
// Differences from Java: as 307; a message that is not there is said so.
func (p *adminProcessor) consumeMessageDirectly(r *remoting.Request) {
	var h codec.ConsumeMessageDirectlyResultRequestHeader
	if !decodePlain(r, &h) || refusedPlain(r, checkGroup(h.ConsumerGroup)) {
		return
	}
	_, offset, err := codec.DecodeOffsetMsgID(h.MsgID)
	if err != nil {
		r.ReplyCode(codec.SystemError, err.Error())
		return
	}
	record, ok := p.b.store.LookMessageByOffset(offset)
	if !ok {
		r.ReplyCode(codec.SystemError, "can not find message by the offset, "+strconv.FormatInt(offset, 10))
		return
	}
	h.BrokerName = p.b.Config().Broker.BrokerName
	p.callConsumer(r, h.ConsumerGroup, h.ClientID, &codec.Command{Code: codec.ConsumeMessageDirectly, Header: &h, Body: record})
}

// callConsumer sends cmd to a client of group and passes its answer on to r.
func (p *adminProcessor) callConsumer(r *remoting.Request, group, clientID string, cmd *codec.Command) {
	who := "<" + group + "> <" + clientID + ">"
	info := p.b.consumers.FindChannel(group, clientID)
	if info == nil {
		r.ReplyCode(codec.SystemError, "The Consumer "+who+" not online")
		return
	}
	if info.Version < codec.VersionV3_1_8 {
		r.ReplyCode(codec.SystemError, "The Consumer <"+clientID+"> Version <"+codec.VersionDesc(info.Version)+
			"> too low to finish, please upgrade it to "+codec.VersionDesc(codec.VersionV3_1_8))
		return
	}
	info.Channel.InvokeAsync(cmd, callConsumerTimeout, func(resp *codec.Command, err error) {
		switch {
		case errors.Is(err, remoting.ErrTimeout):
			r.ReplyCode(codec.ConsumeMsgTimeout, "consumer "+who+" Timeout: "+err.Error())
		case err != nil:
			r.ReplyCode(codec.SystemError, "invoke consumer "+who+" Exception: "+err.Error())
		default:
			r.Reply(&codec.Command{Code: resp.Code, Remark: resp.Remark, Ext: resp.Ext, Body: resp.Body})
		}
	})
}

// getConsumerStatus serves 223 INVOKE_BROKER_TO_GET_CONSUMER_STATUS.
//
// Behavior: 221 GET_CONSUMER_STATUS_FROM_CLIENT is asked of every client of a
// group, or of the one named; a client that does not answer in 5 s or refuses
// is left out.
//
// Differences from Java: the clients are asked at the same time; a group that is
// not online is answered with a remark that says so; too old clients are left out.
func (p *adminProcessor) getConsumerStatus(r *remoting.Request) {
	var h codec.GetConsumerStatusRequestHeader
	if !decodePlain(r, &h) || refusedPlain(r, checkNames(h.Group, h.Topic)) {
		return
	}
	group := p.b.consumers.Group(h.Group)
	if group == nil {
		r.ReplyCode(codec.SystemError, "No Any Consumer online in the consumer group: ["+h.Group+"]")
		return
	}
	var asked []*client.ClientChannelInfo
	for _, c := range group.Clients {
		if c.Version >= codec.VersionV3_0_7 && (isBlank(h.ClientAddr) || h.ClientAddr == c.ClientID) {
			asked = append(asked, c)
		}
	}
	collector := newStatusCollector(r, p.b.log, p.b.executors.admin, len(asked))
	cmd := &codec.Command{Code: codec.GetConsumerStatusFromClient, Header: &codec.GetConsumerStatusRequestHeader{Topic: h.Topic, Group: h.Group}}
	for _, c := range asked {
		c.Channel.InvokeAsync(cmd, consumerStatusTimeout, func(resp *codec.Command, err error) { collector.add(c.ClientID, resp, err) })
	}
}

// resetOffset serves 222 INVOKE_BROKER_TO_RESET_OFFSET.
//
// Behavior: each write queue's offset at a time (−1: its end) is pushed to all
// clients of a group with 220 RESET_CONSUMER_CLIENT_OFFSET; without isForce none
// goes forward. The clients commit it themselves: the table here is not changed.
//
// Differences from Java: which form the body of 220 has goes by the language of
// the client that reads it, not of the caller; a client that is too old refuses
// the whole before any is told.
func (p *adminProcessor) resetOffset(r *remoting.Request) {
	var h codec.ResetOffsetRequestHeader
	if !decodePlain(r, &h) || refusedPlain(r, checkNames(h.Group, h.Topic)) {
		return
	}
	offsets, refusal := p.b.offsetsAtTime(&h)
	if refusedPlain(r, refusal) {
		return
	}
	group := p.b.consumers.Group(h.Group)
	if group == nil {
		r.ReplyCode(codec.ConsumerNotOnline, "Consumer not online, so can not reset offset, Group: "+h.Group+" Topic: "+h.Topic+
			" Timestamp: "+strconv.FormatInt(h.TimestampMs, 10))
		return
	}
	for _, c := range group.Clients {
		if c.Version < codec.VersionV3_0_7 {
			r.ReplyCode(codec.SystemError, "the client does not support this feature. version="+codec.VersionDesc(c.Version))
			return
		}
	}
	if err := p.b.pushOffsets(&h, group.Clients, offsets); err != nil {
		r.ReplyCode(codec.SystemError, err.Error())
		return
	}
	replyJSONRemark(r, remarkNotSet, &codec.ResetOffsetBody{OffsetTable: offsets})
}

// offsetsAtTime is where a reset brings the group of h to in each queue.
func (b *Controller) offsetsAtTime(h *codec.ResetOffsetRequestHeader) (map[codec.MessageQueue]int64, *Refusal) {
	config := b.topics.Select(h.Topic)
	if config == nil {
		return nil, &Refusal{codec.SystemError, "[reset-offset] reset offset failed, no topic in this broker. topic=" + h.Topic}
	}
	offsets := make(map[codec.MessageQueue]int64, config.WriteQueueNums)
	for _, mq := range b.queuesOf(h.Topic, config.WriteQueueNums) {
		consumed := b.offsets.Query(h.Group, h.Topic, mq.QueueID)
		if consumed < 0 {
			return nil, &Refusal{codec.SystemError, "THe consumer group <" + h.Group + "> not exist"}
		}
		var at int64
		if h.TimestampMs == -1 {
			at = b.store.MaxOffsetInQueue(h.Topic, mq.QueueID)
		} else {
			at = b.store.OffsetInQueueByTime(h.Topic, mq.QueueID, h.TimestampMs)
		}
		if at = max(0, at); !h.IsForce {
			at = min(at, consumed)
		}
		offsets[mq] = at
	}
	return offsets, nil
}
