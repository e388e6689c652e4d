package agent

import "time"

// Queue is a message queue as the clients name it.
type Queue struct {
	Topic      string `json:"topic"`
	BrokerName string `json:"brokerName"`
	QueueID    int    `json:"queueId"`
}

// SendResult is the client's, or its error; SHA1 and LengthBytes are of the body before the client compressed it.
type SendResult struct {
	Queue
	Status      string `json:"status"` // SEND_OK …; ONEWAY for one-way sends
	MsgID       string `json:"msgId"`
	OffsetMsgID string `json:"offsetMsgId"`
	QueueOffset int64  `json:"queueOffset"`
	SHA1        string `json:"sha1"`
	LengthBytes int    `json:"length"`

	Error     string `json:"error"`
	ErrorType string `json:"errorType"`
	Code      int    `json:"code"`
}

// Message is one delivered, pulled or looked up message.
type Message struct {
	Event      string    `json:"event"` // msg, or check for the question about a half message
	ReceivedAt time.Time `json:"-"`

	Name             string            `json:"name"`
	Topic            string            `json:"topic"`
	QueueID          int               `json:"queueId"`
	QueueOffset      int64             `json:"queueOffset"`
	MsgID            string            `json:"msgId"`
	OffsetMsgID      string            `json:"offsetMsgId"`
	Keys             string            `json:"keys"`
	Tags             string            `json:"tags"`
	SHA1             string            `json:"sha1"`
	LengthBytes      int               `json:"length"`
	Text             string            `json:"text"` // first 64 characters of the body
	Properties       map[string]string `json:"properties"`
	ReconsumeTimes   int               `json:"reconsumeTimes"`
	Flag             int               `json:"flag"`
	SysFlag          int               `json:"sysFlag"`
	BornHost         string            `json:"bornHost"`
	StoreHost        string            `json:"storeHost"`
	BornTimestampMs  int64             `json:"bornTimestampMs"`
	StoreTimestampMs int64             `json:"storeTimestampMs"`
	CommitLogOffset  int64             `json:"commitLogOffset"`
	StoreSizeBytes   int               `json:"storeSize"`
	Reply            SendResult        `json:"reply"` // what the client said of sending a reply
}

// Ack is one acknowledged send of a flood.
type Ack struct {
	Key         string `json:"key"`
	QueueID     int    `json:"queueId"`
	QueueOffset int64  `json:"queueOffset"`
	MsgID       string `json:"msgId"`
	Status      string `json:"status"`
}

// PullResult is the answer of pull.
type PullResult struct {
	Status          string    `json:"status"` // FOUND, NO_NEW_MSG, NO_MATCHED_MSG, OFFSET_ILLEGAL
	NextBeginOffset int64     `json:"nextBeginOffset"`
	MinOffset       int64     `json:"minOffset"`
	MaxOffset       int64     `json:"maxOffset"`
	Messages        []Message `json:"messages"`
}

// Offsets is the answer of pull.offsets. EarliestMs is the store time of the first message.
type Offsets struct {
	MinOffset    int64 `json:"minOffset"`
	MaxOffset    int64 `json:"maxOffset"`
	EarliestMs   int64 `json:"earliestMs"`
	SearchOffset int64 `json:"searchOffset"`
}
