package codec

// RegisterBrokerBody is the body of 103 REGISTER_BROKER from senders of
// version ordinal 37 and above; older ones send the wrapper alone. For its two
// forms on the wire see body_register_format.go.
type RegisterBrokerBody struct {
	TopicConfigSerializeWrapper TopicConfigSerializeWrapper `json:"topicConfigSerializeWrapper"`
	FilterServerList            []string                    `json:"filterServerList,always"`
}
