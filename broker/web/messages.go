package web

import (
	"net/http"

	"github.com/boostermq/booster/broker/view"
	"github.com/boostermq/booster/codec"
)

// maxMessages is how many messages an answer has.
const maxMessages = 32

// messageItem is one message as it lies in the store.
type messageItem struct {
	Topic           string            `json:"topic"`
	QueueID         int32             `json:"queueId"`
	QueueOffset     int64             `json:"queueOffset"`
	CommitLogOffset int64             `json:"commitLogOffset"`
	OffsetMsgID     string            `json:"offsetMsgId"`
	UniqKey         string            `json:"uniqKey"`
	Keys            string            `json:"keys"`
	Tags            string            `json:"tags"`
	BornMs          int64             `json:"bornMs"`
	BornHost        string            `json:"bornHost"`
	StoreMs         int64             `json:"storeMs"`
	ReconsumeTimes  int32             `json:"reconsumeTimes"`
	Properties      map[string]string `json:"properties"` // values are cut
	StoreSize       int32             `json:"storeSize"`
	Body            body              `json:"body"`
}

type messageList struct {
	Items []messageItem `json:"items"`
	// Min and Max are the ends of the queue when a queue was read.
	Min int64 `json:"min"`
	Max int64 `json:"max"`
}

// messages finds messages, in this order of what is given:
//
//	id                   offset message id; with topic a client's message id too
//	topic, key           by key
//	topic, queue[,offset] from a queue: from offset on, else its last ones
func (a *api) messages(v *view.Broker, r *http.Request) (any, error) {
	if a.o.HideMessages != "" {
		return nil, &refusal{http.StatusForbidden, a.o.HideMessages}
	}
	topic, key, id := r.FormValue("topic"), r.FormValue("key"), r.FormValue("id")
	if topic != "" && codec.ValidateTopic(topic) != "" {
		return nil, badRequest(codec.ValidateTopic(topic))
	}
	var list messageList
	var found []codec.Message
	switch {
	case id != "":
		found = a.o.Messages.ByOffsetID(id)
		if len(found) == 0 && topic != "" {
			found = a.o.Messages.ByKey(topic, id, maxMessages)
		}
	case topic == "":
		return nil, badRequest("give a message id, or a topic and a key, or a topic and a queue")
	case key != "":
		found = a.o.Messages.ByKey(topic, key, maxMessages)
	default:
		var err error
		if found, err = a.inQueue(v, r, topic, &list); err != nil {
			return nil, err
		}
	}
	list.Items = make([]messageItem, 0, len(found))
	limit := bodyLimit(len(found))
	for i := range found {
		list.Items = append(list.Items, itemOfMessage(&found[i], limit))
	}
	return list, nil
}

func (a *api) inQueue(v *view.Broker, r *http.Request, topic string, list *messageList) ([]codec.Message, error) {
	queueID, err := number(r, "queue", 0)
	if err != nil {
		return nil, err
	}
	size, err := number(r, "size", maxMessages)
	if err != nil {
		return nil, err
	}
	size = min(max(1, size), maxMessages)
	for _, t := range v.Topics {
		if t.Name != topic {
			continue
		}
		for _, q := range t.Queues {
			if int64(q.ID) != queueID {
				continue
			}
			list.Min, list.Max = q.Min, q.Max
			offset, err := number(r, "offset", max(q.Min, q.Max-size))
			if err != nil {
				return nil, err
			}
			return a.o.Messages.InQueue(topic, q.ID, offset, int(size)), nil
		}
	}
	return nil, notFound("there is no such queue here")
}

// maxProperty is how much of a property's value is shown; maxProperties how many.
const (
	maxProperty   = 1024
	maxProperties = 64
)

func itemOfMessage(m *codec.Message, limit int) messageItem {
	properties := map[string]string{}
	for name, value := range codec.ParseProperties(m.Properties) {
		if len(properties) < maxProperties {
			properties[cutText(name, maxProperty)] = cutText(value, maxProperty)
		}
	}
	return messageItem{
		Topic: m.Topic, QueueID: m.QueueID, QueueOffset: m.QueueOffset, CommitLogOffset: m.CommitLogOffset,
		OffsetMsgID: string(codec.AppendOffsetMsgID(nil, m.StoreHost, m.CommitLogOffset)),
		UniqKey:     properties[codec.PropertyUniqKey], Keys: properties[codec.PropertyKeys], Tags: properties[codec.PropertyTags],
		BornMs: m.BornTimestampMs, BornHost: m.BornHost.String(), StoreMs: m.StoreTimestampMs, ReconsumeTimes: m.ReconsumeTimes,
		Properties: properties, StoreSize: m.StoreSizeBytes, Body: bodyOf(m, limit),
	}
}

// dlqItem is one group's dead letters.
type dlqItem struct {
	Group    string `json:"group"`
	Topic    string `json:"topic"`
	Messages int64  `json:"messages"`
	Total    int64  `json:"total"` // ever
	Queues   int    `json:"queues"`
}

// deadLetters lists the dead letter topics.
func (a *api) deadLetters(v *view.Broker, r *http.Request) (any, error) {
	var all []dlqItem
	for _, t := range v.Topics {
		if group, ok := codec.GroupOfDLQTopic(t.Name); ok {
			all = append(all, dlqItem{Group: group, Topic: t.Name, Messages: t.Messages, Total: t.Offset, Queues: len(t.Queues)})
		}
	}
	return cut(r, all)
}
