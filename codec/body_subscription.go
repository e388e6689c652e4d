package codec

// SubscriptionGroupConfig is one consumer group of a broker; it is also the
// body of 200 UPDATE_AND_CREATE_SUBSCRIPTIONGROUP.
type SubscriptionGroupConfig struct {
	GroupName                      string `json:"groupName"`
	ConsumeEnable                  bool   `json:"consumeEnable"`
	ConsumeFromMinEnable           bool   `json:"consumeFromMinEnable"`
	ConsumeBroadcastEnable         bool   `json:"consumeBroadcastEnable"`
	RetryQueueNums                 int32  `json:"retryQueueNums"`
	RetryMaxTimes                  int32  `json:"retryMaxTimes"`
	BrokerID                       int64  `json:"brokerId"`
	WhichBrokerWhenConsumeSlowly   int64  `json:"whichBrokerWhenConsumeSlowly"`
	NotifyConsumerIdsChangedEnable bool   `json:"notifyConsumerIdsChangedEnable"`
}

// SetDefaults gives c what the Java class starts with; decoding a text that
// lacks a key leaves these values.
func (c *SubscriptionGroupConfig) SetDefaults() {
	c.ConsumeEnable, c.ConsumeFromMinEnable, c.ConsumeBroadcastEnable = true, true, true
	c.RetryQueueNums, c.RetryMaxTimes = 1, 16
	c.BrokerID, c.WhichBrokerWhenConsumeSlowly = 0, 1
	c.NotifyConsumerIdsChangedEnable = true
}

// SubscriptionGroupWrapper is subscriptionGroup.json and the answer to 201
// GET_ALL_SUBSCRIPTIONGROUP_CONFIG.
type SubscriptionGroupWrapper struct {
	DataVersion            DataVersion                         `json:"dataVersion"`
	SubscriptionGroupTable map[string]*SubscriptionGroupConfig `json:"subscriptionGroupTable,always"`
}

// GroupList answers 300 QUERY_TOPIC_CONSUME_BY_WHO.
type GroupList struct {
	GroupList []string `json:"groupList,always"`
}
