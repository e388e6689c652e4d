package codec

// BloomFilterData is the bits of one group in the bit maps of a consume queue:
// BitPos holds positions in [0, BitNum).
type BloomFilterData struct {
	BitPos []int32 `json:"bitPos,inline"`
	BitNum int32   `json:"bitNum"`
}

// ConsumerFilterData is the filter expression of a group on a topic. Times are
// in ms; DeadTime 0 or before BornTime means alive. ClientVersion is the
// SubVersion of the subscription.
type ConsumerFilterData struct {
	ConsumerGroup   string           `json:"consumerGroup"`
	Topic           string           `json:"topic"`
	Expression      string           `json:"expression"`
	ExpressionType  string           `json:"expressionType"`
	BornTime        int64            `json:"bornTime"`
	DeadTime        int64            `json:"deadTime"`
	BloomFilterData *BloomFilterData `json:"bloomFilterData"`
	ClientVersion   int64            `json:"clientVersion"`
	Dead            bool             `json:"dead"`
}

// FilterDataMapByTopic holds the filters of one topic by group.
type FilterDataMapByTopic struct {
	GroupFilterData map[string]*ConsumerFilterData `json:"groupFilterData,always"`
	Topic           string                         `json:"topic"`
}

// ConsumerFilterSerializeWrapper is consumerFilter.json: filters by topic and
// group (Java: the ConsumerFilterManager itself).
type ConsumerFilterSerializeWrapper struct {
	FilterDataByTopic map[string]*FilterDataMapByTopic `json:"filterDataByTopic,always"`
}
