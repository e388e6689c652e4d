package broker

import "runtime"

// BrokerConfig holds the broker's own settings (Java: BrokerConfig). Field tags
// carry Java's key; `important` keys are what -m prints. Times are in ms where
// the key does not say otherwise; key names are Java's, spelling included.
type BrokerConfig struct {
	RocketmqHome                string `prop:"rocketmqHome"`
	NamesrvAddr                 string `prop:"namesrvAddr,important"` // host:port;host:port
	BrokerIP1                   string `prop:"brokerIP1,important"`   // advertised to clients
	BrokerIP2                   string `prop:"brokerIP2"`             // advertised to slaves
	BrokerName                  string `prop:"brokerName,important"`
	BrokerClusterName           string `prop:"brokerClusterName,important"`
	BrokerID                    int64  `prop:"brokerId,important"`
	BrokerPermission            int32  `prop:"brokerPermission"` // codec perm bits
	DefaultTopicQueueNums       int32  `prop:"defaultTopicQueueNums"`
	AutoCreateTopicEnable       bool   `prop:"autoCreateTopicEnable,important"`
	ClusterTopicEnable          bool   `prop:"clusterTopicEnable"`
	BrokerTopicEnable           bool   `prop:"brokerTopicEnable"`
	AutoCreateSubscriptionGroup bool   `prop:"autoCreateSubscriptionGroup,important"`
	MessageStorePlugIn          string `prop:"messageStorePlugIn"` // accepted, never loaded
	MsgTraceTopicName           string `prop:"msgTraceTopicName,important"`
	TraceTopicEnable            bool   `prop:"traceTopicEnable,important"`

	// Pools. Sends run on the event loops; SendMessageThreadPoolNums serves what
	// a send must not do there (creating a topic).
	SendMessageThreadPoolNums              int `prop:"sendMessageThreadPoolNums"`
	PutMessageFutureThreadPoolNums         int `prop:"putMessageFutureThreadPoolNums"`
	PullMessageThreadPoolNums              int `prop:"pullMessageThreadPoolNums"`
	ProcessReplyMessageThreadPoolNums      int `prop:"processReplyMessageThreadPoolNums"`
	QueryMessageThreadPoolNums             int `prop:"queryMessageThreadPoolNums"`
	AdminBrokerThreadPoolNums              int `prop:"adminBrokerThreadPoolNums"`
	ClientManageThreadPoolNums             int `prop:"clientManageThreadPoolNums"`
	ConsumerManageThreadPoolNums           int `prop:"consumerManageThreadPoolNums"`
	HeartbeatThreadPoolNums                int `prop:"heartbeatThreadPoolNums"`
	EndTransactionThreadPoolNums           int `prop:"endTransactionThreadPoolNums"`
	FlushConsumerOffsetInterval            int `prop:"flushConsumerOffsetInterval"`
	FlushConsumerOffsetHistoryInterval     int `prop:"flushConsumerOffsetHistoryInterval"`
	SendThreadPoolQueueCapacity            int `prop:"sendThreadPoolQueueCapacity"`
	PutThreadPoolQueueCapacity             int `prop:"putThreadPoolQueueCapacity"`
	PullThreadPoolQueueCapacity            int `prop:"pullThreadPoolQueueCapacity"`
	ReplyThreadPoolQueueCapacity           int `prop:"replyThreadPoolQueueCapacity"`
	QueryThreadPoolQueueCapacity           int `prop:"queryThreadPoolQueueCapacity"`
	ClientManagerThreadPoolQueueCapacity   int `prop:"clientManagerThreadPoolQueueCapacity"`
	ConsumerManagerThreadPoolQueueCapacity int `prop:"consumerManagerThreadPoolQueueCapacity"`
	HeartbeatThreadPoolQueueCapacity       int `prop:"heartbeatThreadPoolQueueCapacity"`
	EndTransactionPoolQueueCapacity        int `prop:"endTransactionPoolQueueCapacity"`

	RejectTransactionMessage        bool   `prop:"rejectTransactionMessage,important"`
	FetchNamesrvAddrByAddressServer bool   `prop:"fetchNamesrvAddrByAddressServer,important"`
	FilterServerNums                int    `prop:"filterServerNums"` // accepted, never used
	LongPollingEnable               bool   `prop:"longPollingEnable"`
	ShortPollingTimeMills           int64  `prop:"shortPollingTimeMills"`
	NotifyConsumerIdsChangedEnable  bool   `prop:"notifyConsumerIdsChangedEnable"`
	HighSpeedMode                   bool   `prop:"highSpeedMode"`
	CommercialEnable                bool   `prop:"commercialEnable"`
	CommercialTimerCount            int    `prop:"commercialTimerCount"`
	CommercialTransCount            int    `prop:"commercialTransCount"`
	CommercialBigCount              int    `prop:"commercialBigCount"`
	CommercialBaseCount             int    `prop:"commercialBaseCount"`
	TransferMsgByHeap               bool   `prop:"transferMsgByHeap"`
	MaxDelayTime                    int    `prop:"maxDelayTime"`
	RegionID                        string `prop:"regionId"`
	RegisterBrokerTimeoutMills      int    `prop:"registerBrokerTimeoutMills"`
	SlaveReadEnable                 bool   `prop:"slaveReadEnable"`

	DisableConsumeIfConsumerReadSlowly bool  `prop:"disableConsumeIfConsumerReadSlowly"`
	ConsumerFallbehindThreshold        int64 `prop:"consumerFallbehindThreshold"` // bytes
	BrokerFastFailureEnable            bool  `prop:"brokerFastFailureEnable"`
	WaitTimeMillsInSendQueue           int64 `prop:"waitTimeMillsInSendQueue"`
	WaitTimeMillsInPullQueue           int64 `prop:"waitTimeMillsInPullQueue"`
	WaitTimeMillsInHeartbeatQueue      int64 `prop:"waitTimeMillsInHeartbeatQueue"`
	WaitTimeMillsInTransactionQueue    int64 `prop:"waitTimeMillsInTransactionQueue"`
	StartAcceptSendRequestTimeStamp    int64 `prop:"startAcceptSendRequestTimeStamp"`
	TraceOn                            bool  `prop:"traceOn"`

	EnableCalcFilterBitMap     bool   `prop:"enableCalcFilterBitMap"`
	ExpectConsumerNumUseFilter int    `prop:"expectConsumerNumUseFilter"`
	MaxErrorRateOfBloomFilter  int    `prop:"maxErrorRateOfBloomFilter"` // percent
	FilterDataCleanTimeSpan    int64  `prop:"filterDataCleanTimeSpan"`
	FilterSupportRetry         bool   `prop:"filterSupportRetry"`
	EnablePropertyFilter       bool   `prop:"enablePropertyFilter"`
	CompressedRegister         bool   `prop:"compressedRegister"`
	ForceRegister              bool   `prop:"forceRegister"`
	RegisterNameServerPeriod   int    `prop:"registerNameServerPeriod"`
	TransactionTimeOut         int64  `prop:"transactionTimeOut,important"`
	TransactionCheckMax        int    `prop:"transactionCheckMax,important"`
	TransactionCheckInterval   int64  `prop:"transactionCheckInterval,important"`
	ACLEnable                  bool   `prop:"aclEnable,important"`
	StoreReplyMessageEnable    bool   `prop:"storeReplyMessageEnable"`
	EnableDetailStat           bool   `prop:"enableDetailStat"`
	AutoDeleteUnusedStats      bool   `prop:"autoDeleteUnusedStats"`
	IsolateLogEnable           bool   `prop:"isolateLogEnable"`
	ConfigBlackList            string `prop:"configBlackList"`
}

// DefaultBrokerConfig returns the defaults of 4.9.8. What depends on the
// machine's name, addresses or environment is left empty: see Config.complete.
func DefaultBrokerConfig() BrokerConfig {
	c := BrokerConfig{
		BrokerClusterName: "DefaultCluster", BrokerPermission: 6, DefaultTopicQueueNums: 8,
		AutoCreateTopicEnable: true, ClusterTopicEnable: true, BrokerTopicEnable: true,
		AutoCreateSubscriptionGroup: true, MsgTraceTopicName: "RMQ_SYS_TRACE_TOPIC",
		LongPollingEnable: true, ShortPollingTimeMills: 1000, NotifyConsumerIdsChangedEnable: true,
		CommercialEnable: true, CommercialTimerCount: 1, CommercialTransCount: 1, CommercialBigCount: 1,
		CommercialBaseCount: 1, TransferMsgByHeap: true, MaxDelayTime: 40, RegionID: "DefaultRegion",
		RegisterBrokerTimeoutMills: 6000, ConsumerFallbehindThreshold: 16 << 30,
		BrokerFastFailureEnable: true, WaitTimeMillsInSendQueue: 200, WaitTimeMillsInPullQueue: 5000,
		WaitTimeMillsInHeartbeatQueue: 31000, WaitTimeMillsInTransactionQueue: 3000, TraceOn: true,
		ExpectConsumerNumUseFilter: 32, MaxErrorRateOfBloomFilter: 20, FilterDataCleanTimeSpan: 24 * 3600 * 1000,
		ForceRegister: true, RegisterNameServerPeriod: 30000, TransactionTimeOut: 6000,
		TransactionCheckMax: 15, TransactionCheckInterval: 60000, StoreReplyMessageEnable: true,
		EnableDetailStat: true, ConfigBlackList: "configBlackList;brokerConfigPath",
		FlushConsumerOffsetInterval: 5000, FlushConsumerOffsetHistoryInterval: 60000,
	}
	c.setPoolDefaults(runtime.NumCPU())
	return c
}

// setPoolDefaults applies Java's formulas for a machine of that many cores.
func (c *BrokerConfig) setPoolDefaults(cores int) {
	c.SendMessageThreadPoolNums = min(4, cores)
	c.PutMessageFutureThreadPoolNums = min(4, cores)
	c.PullMessageThreadPoolNums = 16 + 2*cores
	c.ProcessReplyMessageThreadPoolNums = 16 + 2*cores
	c.QueryMessageThreadPoolNums = 8 + cores
	c.AdminBrokerThreadPoolNums = 16
	c.ClientManageThreadPoolNums = 32
	c.ConsumerManageThreadPoolNums = 32
	c.HeartbeatThreadPoolNums = min(32, cores)
	c.EndTransactionThreadPoolNums = 8 + 2*cores
	c.SendThreadPoolQueueCapacity = 10000
	c.PutThreadPoolQueueCapacity = 10000
	c.PullThreadPoolQueueCapacity = 100000
	c.ReplyThreadPoolQueueCapacity = 10000
	c.QueryThreadPoolQueueCapacity = 20000
	c.ClientManagerThreadPoolQueueCapacity = 1000000
	c.ConsumerManagerThreadPoolQueueCapacity = 1000000
	c.HeartbeatThreadPoolQueueCapacity = 50000
	c.EndTransactionPoolQueueCapacity = 100000
}
