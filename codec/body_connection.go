package codec

// Connection is one client of a group, as admin tools see it. Language is the
// name of a LanguageCode, Version the ordinal of a version.
type Connection struct {
	ClientID   string `json:"clientId"`
	ClientAddr string `json:"clientAddr"`
	Language   string `json:"language,omitempty"`
	Version    int32  `json:"version"`
}

// ConsumerConnection answers 203 GET_CONSUMER_CONNECTION_LIST.
// SubscriptionTable is keyed by topic.
type ConsumerConnection struct {
	ConnectionSet     []Connection                `json:"connectionSet,always"`
	SubscriptionTable map[string]SubscriptionData `json:"subscriptionTable,always"`
	ConsumeType       string                      `json:"consumeType,omitempty"`
	MessageModel      string                      `json:"messageModel,omitempty"`
	ConsumeFromWhere  string                      `json:"consumeFromWhere,omitempty"`
}

// ProducerConnection answers 204 GET_PRODUCER_CONNECTION_LIST.
type ProducerConnection struct {
	ConnectionSet []Connection `json:"connectionSet,always"`
}

// ProducerInfo is one producer of a group. RemoteIP is "/ip:port";
// LastUpdateTimestamp is in ms.
type ProducerInfo struct {
	ClientID            string `json:"clientId"`
	RemoteIP            string `json:"remoteIP"`
	Language            string `json:"language,omitempty"`
	Version             int32  `json:"version"`
	LastUpdateTimestamp int64  `json:"lastUpdateTimestamp"`
}

// ProducerTableInfo answers 328 GET_ALL_PRODUCER_INFO: producers by group.
type ProducerTableInfo struct {
	Data map[string][]ProducerInfo `json:"data,always"`
}
