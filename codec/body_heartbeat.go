package codec

// Values of ConsumerData.ConsumeType (Java: ConsumeType): pull and push.
const (
	ConsumeActively  = "CONSUME_ACTIVELY"
	ConsumePassively = "CONSUME_PASSIVELY"
)

// Values of ConsumerData.MessageModel (Java: MessageModel).
const (
	Broadcasting = "BROADCASTING"
	Clustering   = "CLUSTERING"
)

// Values of ConsumerData.ConsumeFromWhere (Java: ConsumeFromWhere). The names
// FROM_LAST_OFFSET_AND_FROM_MIN_WHEN_BOOT_FIRST, FROM_MIN_OFFSET and
// FROM_MAX_OFFSET are of old clients.
const (
	ConsumeFromLastOffset                        = "CONSUME_FROM_LAST_OFFSET"
	ConsumeFromLastOffsetAndFromMinWhenBootFirst = "CONSUME_FROM_LAST_OFFSET_AND_FROM_MIN_WHEN_BOOT_FIRST"
	ConsumeFromMinOffset                         = "CONSUME_FROM_MIN_OFFSET"
	ConsumeFromMaxOffset                         = "CONSUME_FROM_MAX_OFFSET"
	ConsumeFromFirstOffset                       = "CONSUME_FROM_FIRST_OFFSET"
	ConsumeFromTimestamp                         = "CONSUME_FROM_TIMESTAMP"
)

// Values of SubscriptionData.ExpressionType (Java: ExpressionType).
const (
	ExpressionTag   = "TAG"
	ExpressionSQL92 = "SQL92"
)

// SubscriptionData is what a group wants of one topic. CodeSet holds the Java
// string hashes of TagsSet. SubVersion grows with each change: Java clients
// send ms, the Go client ns.
type SubscriptionData struct {
	ClassFilterMode bool     `json:"classFilterMode"`
	Topic           string   `json:"topic"`
	SubString       string   `json:"subString"`
	TagsSet         []string `json:"tagsSet,always"`
	CodeSet         []int32  `json:"codeSet,always"`
	SubVersion      int64    `json:"subVersion"`
	ExpressionType  string   `json:"expressionType"`
}

// SetDefaults gives s what the Java class starts with.
func (s *SubscriptionData) SetDefaults() { s.ExpressionType = ExpressionTag }

// ConsumerData is one consumer group of a client.
type ConsumerData struct {
	GroupName           string             `json:"groupName"`
	ConsumeType         string             `json:"consumeType,omitempty"`
	MessageModel        string             `json:"messageModel,omitempty"`
	ConsumeFromWhere    string             `json:"consumeFromWhere,omitempty"`
	SubscriptionDataSet []SubscriptionData `json:"subscriptionDataSet,always"`
	UnitMode            bool               `json:"unitMode"`
}

// ProducerData is one producer group of a client.
type ProducerData struct {
	GroupName string `json:"groupName"`
}

// HeartbeatData is the body of 34 HEART_BEAT. HeartbeatFingerprint and
// WithoutSub come from 5.x clients: with WithoutSub the subscriptions are left
// out and must not be taken as none.
type HeartbeatData struct {
	ClientID             string         `json:"clientID"`
	ProducerDataSet      []ProducerData `json:"producerDataSet,always"`
	ConsumerDataSet      []ConsumerData `json:"consumerDataSet,always"`
	HeartbeatFingerprint int32          `json:"heartbeatFingerprint,omitempty"`
	WithoutSub           bool           `json:"withoutSub,omitempty"`
}

// CheckClientRequestBody is the body of 46 CHECK_CLIENT_CONFIG.
// SubscriptionData is nil when the sender left it out.
type CheckClientRequestBody struct {
	ClientID         string            `json:"clientId"`
	Group            string            `json:"group"`
	SubscriptionData *SubscriptionData `json:"subscriptionData"`
}

// GetConsumerListByGroupResponseBody answers 38 GET_CONSUMER_LIST_BY_GROUP
// with client ids.
type GetConsumerListByGroupResponseBody struct {
	ConsumerIDList []string `json:"consumerIdList,always"`
}
