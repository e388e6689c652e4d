package mqadmin

import (
	"context"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"

	"github.com/boostermq/booster/codec"
)

// ToolsGroup is the group that tools read messages as (Java: MixAll.TOOLS_CONSUMER_GROUP).
const ToolsGroup = "TOOLS_CONSUMER"

// StoredMessage is a message as a broker keeps it; a compressed body is inflated.
type StoredMessage struct {
	codec.Message
	Packed     []byte // the body as it is stored, see SysFlag
	BrokerName string // "" when it was not asked for by queue
	Properties map[string]string
}

// OffsetMsgID says where the message lies.
func (m StoredMessage) OffsetMsgID() string {
	return string(codec.AppendOffsetMsgID(nil, m.StoreHost, m.CommitLogOffset))
}

// MsgID is the id the producer gave, else OffsetMsgID.
func (m StoredMessage) MsgID() string {
	if id := m.Properties[codec.PropertyUniqKey]; id != "" {
		return id
	}
	return m.OffsetMsgID()
}

// decodeMessages reads the records of an answer.
func decodeMessages(body []byte, brokerName string) ([]StoredMessage, error) {
	var messages []StoredMessage
	for len(body) > 0 {
		m := StoredMessage{BrokerName: brokerName}
		n, err := codec.DecodeRecord(body, &m.Message, codec.DecodeOptions{CheckCRC: true})
		if err != nil {
			return nil, err
		}
		m.Packed = m.Body
		if m.Body, err = inflate(m.Packed, m.SysFlag); err != nil {
			return nil, fmt.Errorf("body of message %s: %w", m.OffsetMsgID(), err)
		}
		m.Properties = codec.ParseProperties(m.Message.Properties)
		messages, body = append(messages, m), body[n:]
	}
	return messages, nil
}

// ViewMessage asks the broker that an offset message id names for 33 VIEW_MESSAGE_BY_ID.
func (a *Admin) ViewMessage(ctx context.Context, offsetMsgID string) (StoredMessage, error) {
	host, offset, err := codec.DecodeOffsetMsgID(offsetMsgID)
	if err != nil {
		return StoredMessage{}, err
	}
	resp, err := a.invoke(ctx, host.String(), codec.ViewMessageByID, &codec.ViewMessageRequestHeader{Offset: offset}, nil)
	if err != nil {
		return StoredMessage{}, err
	}
	messages, err := decodeMessages(resp.Body, "")
	if err == nil && len(messages) != 1 {
		err = fmt.Errorf("answer of %s holds %d messages, not 1", host, len(messages))
	}
	if err != nil {
		return StoredMessage{}, err
	}
	return messages[0], nil
}

// QueryMessages asks every broker of the topic for 12 QUERY_MESSAGE: at most
// limit of each. unique means that key is a UNIQ_KEY.
func (a *Admin) QueryMessages(ctx context.Context, topic, key string, limit int32, unique bool) ([]StoredMessage, error) {
	var found []StoredMessage
	header := &codec.QueryMessageRequestHeader{Topic: topic, Key: key, MaxNum: limit, EndTimestampMs: math.MaxInt64}
	err := a.eachBroker(ctx, topic, func(addr string) error {
		cmd := &codec.Command{Code: codec.QueryMessage, Header: header}
		cmd.Ext = append(cmd.Ext, codec.Field{Key: codec.UniqueMsgQueryFlag, Value: fmt.Sprint(unique)})
		resp, err := a.invokeWithin(ctx, 3*a.config.Timeout, addr, cmd)
		if HasCode(err, codec.QueryNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		messages, err := decodeMessages(resp.Body, "")
		for _, m := range messages { // the index has hashes of keys only
			if unique && m.MsgID() == key || !unique && slices.Contains(strings.Fields(m.Properties[codec.PropertyKeys]), key) {
				found = append(found, m)
			}
		}
		return err
	})
	if err == nil && len(found) == 0 {
		err = &ResponseError{Code: codec.NoMessage, Remark: "query message by key finished, but no message"}
	}
	return found, err
}

// FindMessage returns the message that has an offset message id or, in the
// topic, a UNIQ_KEY: of several the one stored last.
func (a *Admin) FindMessage(ctx context.Context, topic, id string) (StoredMessage, error) {
	if _, _, err := codec.DecodeOffsetMsgID(id); err == nil {
		if m, err := a.ViewMessage(ctx, id); err == nil && m.Topic == topic {
			return m, nil
		}
	}
	found, err := a.QueryMessages(ctx, topic, id, maxSameID, true)
	if err != nil {
		return StoredMessage{}, err
	}
	SortNewestFirst(found)
	return found[0], nil
}

// Traces returns what clients told of a message in a trace topic.
func (a *Admin) Traces(ctx context.Context, topic, id string) ([]Trace, error) {
	const most = 64
	found, err := a.QueryMessages(ctx, topic, id, most, false)
	return decodeTraces(found, id), err
}

// maxSameID is how many messages of one UNIQ_KEY are asked for.
const maxSameID = 32

// SortNewestFirst sorts by store time.
func SortNewestFirst(messages []StoredMessage) {
	slices.SortStableFunc(messages, func(x, y StoredMessage) int { return int(y.StoreTimestampMs - x.StoreTimestampMs) })
}

// PullResult is what came of one pull.
type PullResult struct {
	Status   string // FOUND and the names of Java's PullStatus
	Next     int64
	Messages []StoredMessage
}

// pullStatuses are the answers that are no errors.
var pullStatuses = map[int32]string{
	codec.Success: "FOUND", codec.PullNotFound: "NO_NEW_MSG",
	codec.PullRetryImmediately: "NO_MATCHED_MSG", codec.PullOffsetMoved: "OFFSET_ILLEGAL",
}

// pull sends 11 PULL_MESSAGE without waiting for new messages. tags is "*" or
// "A || B"; status is one of pullStatuses.
func (a *Admin) pull(ctx context.Context, addr, group string, mq codec.MessageQueue, tags string, offset int64, limit int32) (
	status string, h codec.PullMessageResponseHeader, records []byte, err error) {
	header := &codec.PullMessageRequestHeader{
		ConsumerGroup: group, Topic: mq.Topic, QueueID: mq.QueueID, BrokerName: mq.BrokerName, QueueOffset: offset, MaxMsgNums: limit,
		SysFlag: codec.PullFlagSubscription, Subscription: tags, ExpressionType: codec.ExpressionTag,
	}
	resp, err := a.exchange(ctx, a.config.Timeout, addr, &codec.Command{Code: codec.PullMessage, Header: header})
	if err != nil {
		return "", h, nil, err
	}
	status, ok := pullStatuses[resp.Code]
	if !ok {
		return "", h, nil, &ResponseError{Code: resp.Code, Remark: resp.Remark, Addr: addr}
	}
	err = h.DecodeFields(resp.Ext)
	return status, h, resp.Body, err
}

// Pull reads messages of a queue, see pull.
func (a *Admin) Pull(ctx context.Context, addr, group string, mq codec.MessageQueue, tags string, offset int64, limit int32) (PullResult, error) {
	status, h, records, err := a.pull(ctx, addr, group, mq, tags, offset, limit)
	if err != nil {
		return PullResult{}, err
	}
	if status == pullStatuses[codec.Success] && h.NextBeginOffset <= offset {
		return PullResult{}, fmt.Errorf("answer of %s: messages from %d on, but the next at %d", addr, offset, h.NextBeginOffset)
	}
	messages, err := decodeMessages(records, mq.BrokerName)
	messages = slices.DeleteFunc(messages, func(m StoredMessage) bool { return !tagsMatch(tags, m) })
	for _, m := range messages {
		m.Properties[codec.PropertyMinOffset], m.Properties[codec.PropertyMaxOffset] = fmt.Sprint(h.MinOffset), fmt.Sprint(h.MaxOffset)
	}
	return PullResult{Status: status, Next: h.NextBeginOffset, Messages: messages}, err
}

// tagsMatch: a broker compares hashes of tags only.
func tagsMatch(tags string, m StoredMessage) bool {
	if tags == "*" || tags == "" {
		return true
	}
	for tag := range strings.SplitSeq(tags, "||") {
		if strings.TrimSpace(tag) == m.Properties[codec.PropertyTags] {
			return true
		}
	}
	return false
}

// MinOffset asks for 31 GET_MIN_OFFSET.
func (a *Admin) MinOffset(ctx context.Context, addr string, mq codec.MessageQueue) (int64, error) {
	resp, err := a.invoke(ctx, addr, codec.GetMinOffset, &codec.GetMinOffsetRequestHeader{Topic: mq.Topic, QueueID: mq.QueueID, BrokerName: mq.BrokerName}, nil)
	if err != nil {
		return 0, err
	}
	var h codec.GetMinOffsetResponseHeader
	err = h.DecodeFields(resp.Ext)
	return h.Offset, err
}

// ConsumeQueue asks for 321 QUERY_CONSUME_QUEUE.
func (a *Admin) ConsumeQueue(ctx context.Context, addr string, header *codec.QueryConsumeQueueRequestHeader) (codec.QueryConsumeQueueResponseBody, error) {
	return get[codec.QueryConsumeQueueResponseBody](ctx, a, addr, codec.QueryConsumeQueue, header)
}

// ConsumeDirectly has a client of a group consume a message, through the broker
// that keeps it: 309 CONSUME_MESSAGE_DIRECTLY.
func (a *Admin) ConsumeDirectly(ctx context.Context, group, clientID string, m StoredMessage) (codec.ConsumeMessageDirectlyResult, error) {
	addr := m.StoreHost.String()
	header := &codec.ConsumeMessageDirectlyResultRequestHeader{ConsumerGroup: group, ClientID: clientID, MsgID: m.OffsetMsgID(), BrokerName: m.BrokerName}
	resp, err := a.invokeWithin(ctx, 3*a.config.Timeout, addr, &codec.Command{Code: codec.ConsumeMessageDirectly, Header: header})
	if err != nil {
		return codec.ConsumeMessageDirectlyResult{}, err
	}
	return decode[codec.ConsumeMessageDirectlyResult](resp, addr)
}

// Consumed tells whether a group is past a message.
func (a *Admin) Consumed(ctx context.Context, group string, m StoredMessage) (bool, error) {
	stats, err := a.ConsumeStats(ctx, group, "")
	if err != nil {
		return false, err
	}
	info, err := a.ClusterInfo(ctx)
	if err != nil {
		return false, err
	}
	for mq, at := range stats.OffsetTable {
		addr, err := netip.ParseAddrPort(BrokerAddr(info.BrokerAddrTable[mq.BrokerName]))
		if mq.Topic == m.Topic && mq.QueueID == m.QueueID && err == nil && addr == m.StoreHost && at.ConsumerOffset > m.QueueOffset {
			return true, nil
		}
	}
	return false, nil
}
