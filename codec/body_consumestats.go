package codec

import "time"

// OffsetWrapper tells how far a group is on one queue: the next offset of the
// broker, the next one to consume, and the store time in ms of the message
// before that (0 unknown).
type OffsetWrapper struct {
	BrokerOffset   int64 `json:"brokerOffset"`
	ConsumerOffset int64 `json:"consumerOffset"`
	LastTimestamp  int64 `json:"lastTimestamp"`
}

// ConsumeStats answers 208 GET_CONSUME_STATS.
type ConsumeStats struct {
	OffsetTable map[MessageQueue]OffsetWrapper `json:"offsetTable,always"`
	ConsumeTPS  float64                        `json:"consumeTps"`
}

// ConsumeStatsList answers 317 GET_BROKER_CONSUME_STATS: one map per group,
// with the group as its only key and one ConsumeStats per topic. TotalDiff is
// the backlog over all of them.
type ConsumeStatsList struct {
	ConsumeStatsList []map[string][]ConsumeStats `json:"consumeStatsList,always"`
	BrokerAddr       string                      `json:"brokerAddr,omitempty"`
	TotalDiff        int64                       `json:"totalDiff"`
}

// TopicOffset is what one queue holds: the offsets [MinOffset, MaxOffset) and
// the store time in ms of the last message (0 unknown).
type TopicOffset struct {
	MinOffset           int64 `json:"minOffset"`
	MaxOffset           int64 `json:"maxOffset"`
	LastUpdateTimestamp int64 `json:"lastUpdateTimestamp"`
}

// TopicStatsTable answers 202 GET_TOPIC_STATS_INFO.
type TopicStatsTable struct {
	OffsetTable map[MessageQueue]TopicOffset `json:"offsetTable,always"`
}

// QueueTimeSpan gives the store times in ms of the first, the last and the
// last consumed message of a queue, and how long ago the next one to consume
// was stored. The Str fields repeat the times; see FillText.
type QueueTimeSpan struct {
	MessageQueue        MessageQueue `json:"messageQueue"`
	MinTimeStamp        int64        `json:"minTimeStamp"`
	MaxTimeStamp        int64        `json:"maxTimeStamp"`
	ConsumeTimeStamp    int64        `json:"consumeTimeStamp"`
	DelayTime           int64        `json:"delayTime"`
	MinTimeStampStr     string       `json:"minTimeStampStr"`
	MaxTimeStampStr     string       `json:"maxTimeStampStr"`
	ConsumeTimeStampStr string       `json:"consumeTimeStampStr"`
}

// FillText sets the Str fields from the times: "2006-01-02#15:04:05:000" in
// the zone loc.
func (q *QueueTimeSpan) FillText(loc *time.Location) {
	q.MinTimeStampStr = timeSpanText(q.MinTimeStamp, loc)
	q.MaxTimeStampStr = timeSpanText(q.MaxTimeStamp, loc)
	q.ConsumeTimeStampStr = timeSpanText(q.ConsumeTimeStamp, loc)
}

func timeSpanText(timestampMs int64, loc *time.Location) string {
	text := []byte(time.UnixMilli(timestampMs).In(loc).Format("2006-01-02#15:04:05.000"))
	text[len(text)-len(".000")] = ':' // a layout cannot say :000
	return string(text)
}

// QueryConsumeTimeSpanBody answers 303 QUERY_CONSUME_TIME_SPAN.
type QueryConsumeTimeSpanBody struct {
	ConsumeTimeSpanSet []QueueTimeSpan `json:"consumeTimeSpanSet,always"`
}
