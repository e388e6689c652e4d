package codec

// MessageQueue names one queue of one broker. It is also the key of tables
// (Java: MessageQueue).
type MessageQueue struct {
	Topic      string `json:"topic"`
	BrokerName string `json:"brokerName"`
	QueueID    int32  `json:"queueId"`
}

// LockBatchRequestBody is the body of 41 LOCK_BATCH_MQ.
type LockBatchRequestBody struct {
	ConsumerGroup string         `json:"consumerGroup"`
	ClientID      string         `json:"clientId"`
	MQSet         []MessageQueue `json:"mqSet,always"`
}

// LockBatchResponseBody answers 41 LOCK_BATCH_MQ with the queues the client
// holds now.
type LockBatchResponseBody struct {
	LockOKMQSet []MessageQueue `json:"lockOKMQSet,always"`
}

// UnlockBatchRequestBody is the body of 42 UNLOCK_BATCH_MQ.
type UnlockBatchRequestBody struct {
	ConsumerGroup string         `json:"consumerGroup"`
	ClientID      string         `json:"clientId"`
	MQSet         []MessageQueue `json:"mqSet,always"`
}
