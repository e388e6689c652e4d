package codec

// DataVersion tells two states of a table apart (Java: DataVersion). Timestamp
// is in ms. Two versions are equal when both parts are: compare with ==.
type DataVersion struct {
	Counter   int64 `json:"counter"`
	Timestamp int64 `json:"timestamp"`
}

// Next is the version after a change made at nowMs.
func (d DataVersion) Next(nowMs int64) DataVersion {
	return DataVersion{Counter: d.Counter + 1, Timestamp: nowMs}
}

// Values of TopicConfig.TopicFilterType (Java: TopicFilterType).
const (
	SingleTag = "SINGLE_TAG"
	MultiTag  = "MULTI_TAG"
)

// TopicConfig is one topic of a broker. Perm holds the bits of PermName,
// TopicSysFlag those of TopicSysFlag.
type TopicConfig struct {
	TopicName       string `json:"topicName"`
	ReadQueueNums   int32  `json:"readQueueNums"`
	WriteQueueNums  int32  `json:"writeQueueNums"`
	Perm            int32  `json:"perm"`
	TopicFilterType string `json:"topicFilterType"`
	TopicSysFlag    int32  `json:"topicSysFlag"`
	Order           bool   `json:"order"`
}

// SetDefaults gives t what the Java class starts with; decoding a text that
// lacks a key leaves these values.
func (t *TopicConfig) SetDefaults() {
	t.ReadQueueNums, t.WriteQueueNums = 16, 16
	t.Perm, t.TopicFilterType = 6, SingleTag
}

// TopicConfigSerializeWrapper is topics.json, the answer to 21
// GET_ALL_TOPIC_CONFIG and a part of RegisterBrokerBody.
type TopicConfigSerializeWrapper struct {
	DataVersion      DataVersion             `json:"dataVersion"`
	TopicConfigTable map[string]*TopicConfig `json:"topicConfigTable,always"`
}

// TopicList answers 206, 224, 304, 305, 311, 312 and 313. BrokerAddr is set by
// 304 only.
type TopicList struct {
	TopicList  []string `json:"topicList,always"`
	BrokerAddr string   `json:"brokerAddr,omitempty"`
}
