package codec

// ConsumerOffsetSerializeWrapper is consumerOffset.json and the answer to 43
// GET_ALL_CONSUMER_OFFSET: "topic@group" → queue id → next offset to consume.
type ConsumerOffsetSerializeWrapper struct {
	OffsetTable map[string]map[int32]int64 `json:"offsetTable,always"`
}

// DelayOffsetSerializeWrapper is delayOffset.json and the answer to 45
// GET_ALL_DELAY_OFFSET: delay level → offset in the queue level-1.
type DelayOffsetSerializeWrapper struct {
	OffsetTable map[int32]int64 `json:"offsetTable,always"`
}

// QueryCorrectionOffsetBody answers 308 QUERY_CORRECTION_OFFSET: queue id →
// offset.
type QueryCorrectionOffsetBody struct {
	CorrectionOffsets map[int32]int64 `json:"correctionOffsets,always"`
}

// ResetOffsetBody answers 222 INVOKE_BROKER_TO_RESET_OFFSET and is what 220
// RESET_CONSUMER_CLIENT_OFFSET brings to a client.
type ResetOffsetBody struct {
	OffsetTable map[MessageQueue]int64 `json:"offsetTable,always"`
}

// MessageQueueForC is a queue with an offset.
type MessageQueueForC struct {
	Topic      string `json:"topic"`
	BrokerName string `json:"brokerName"`
	QueueID    int32  `json:"queueId"`
	Offset     int64  `json:"offset"`
}

// ResetOffsetBodyForC is ResetOffsetBody for clients of language CPP, which do
// not read objects as keys: a list.
type ResetOffsetBodyForC struct {
	OffsetTable []MessageQueueForC `json:"offsetTable,always"`
}

// GetConsumerStatusBody answers 221 GET_CONSUMER_STATUS_FROM_CLIENT with
// MessageQueueTable, and 223 INVOKE_BROKER_TO_GET_CONSUMER_STATUS with
// ConsumerTable: client id → queue → offset.
type GetConsumerStatusBody struct {
	MessageQueueTable map[MessageQueue]int64            `json:"messageQueueTable,always"`
	ConsumerTable     map[string]map[MessageQueue]int64 `json:"consumerTable,always"`
}

// OffsetMovedEvent is the body of a message in OFFSET_MOVED_EVENT: the broker
// told a group to go on at OffsetNew instead of OffsetRequest.
type OffsetMovedEvent struct {
	ConsumerGroup string       `json:"consumerGroup"`
	MessageQueue  MessageQueue `json:"messageQueue"`
	OffsetRequest int64        `json:"offsetRequest"`
	OffsetNew     int64        `json:"offsetNew"`
}
