package codec

// Names of message properties (Java: MessageConst). Those the broker acts on
// are described in spec message-format.md §4.
const (
	PropertyKeys                           = "KEYS"
	PropertyTags                           = "TAGS"
	PropertyWaitStoreMsgOK                 = "WAIT"
	PropertyDelayTimeLevel                 = "DELAY"
	PropertyRetryTopic                     = "RETRY_TOPIC"
	PropertyRealTopic                      = "REAL_TOPIC"
	PropertyRealQueueID                    = "REAL_QID"
	PropertyTransactionPrepared            = "TRAN_MSG"
	PropertyProducerGroup                  = "PGROUP"
	PropertyMinOffset                      = "MIN_OFFSET"
	PropertyMaxOffset                      = "MAX_OFFSET"
	PropertyBuyerID                        = "BUYER_ID"
	PropertyOriginMessageID                = "ORIGIN_MESSAGE_ID"
	PropertyTransferFlag                   = "TRANSFER_FLAG"
	PropertyCorrectionFlag                 = "CORRECTION_FLAG"
	PropertyMQ2Flag                        = "MQ2_FLAG"
	PropertyReconsumeTime                  = "RECONSUME_TIME"
	PropertyMsgRegion                      = "MSG_REGION"
	PropertyTraceSwitch                    = "TRACE_ON"
	PropertyUniqKey                        = "UNIQ_KEY" // Java: PROPERTY_UNIQ_CLIENT_MESSAGE_ID_KEYIDX
	PropertyMaxReconsumeTimes              = "MAX_RECONSUME_TIMES"
	PropertyConsumeStartTimestamp          = "CONSUME_START_TIME"
	PropertyTransactionPreparedQueueOffset = "TRAN_PREPARED_QUEUE_OFFSET"
	PropertyTransactionCheckTimes          = "TRANSACTION_CHECK_TIMES"
	PropertyCheckImmunityTimeInSeconds     = "CHECK_IMMUNITY_TIME_IN_SECONDS"
	PropertyTransactionID                  = "__transactionId__"
	PropertyInstanceID                     = "INSTANCE_ID"
	PropertyCorrelationID                  = "CORRELATION_ID"
	PropertyMessageReplyToClient           = "REPLY_TO_CLIENT"
	PropertyMessageTTL                     = "TTL"
	PropertyReplyMessageArriveTime         = "ARRIVE_TIME"
	PropertyPushReplyTime                  = "PUSH_REPLY_TIME"
	PropertyCluster                        = "CLUSTER"
	PropertyMessageType                    = "MSG_TYPE"
	PropertyInnerMultiDispatch             = "INNER_MULTI_DISPATCH"
	PropertyInnerMultiQueueOffset          = "INNER_MULTI_QUEUE_OFFSET"

	KeySeparator       = " "     // between the words of KEYS
	ReplyMessageFlag   = "reply" // value of MSG_TYPE in a reply
	MultiDispatchSplit = ","     // between the queues of INNER_MULTI_DISPATCH
)

// System topics (Java: TopicValidator, MixAll).
const (
	AutoCreateTopicKeyTopic         = "TBW102"
	ScheduleTopic                   = "SCHEDULE_TOPIC_XXXX"
	BenchmarkTopic                  = "BenchmarkTest"
	TransHalfTopic                  = "RMQ_SYS_TRANS_HALF_TOPIC"
	TransOpHalfTopic                = "RMQ_SYS_TRANS_OP_HALF_TOPIC"
	TransCheckMaxTimeTopic          = "TRANS_CHECK_MAX_TIME_TOPIC"
	TraceTopic                      = "RMQ_SYS_TRACE_TOPIC"
	SelfTestTopic                   = "SELF_TEST_TOPIC"
	OffsetMovedEventTopic           = "OFFSET_MOVED_EVENT"
	ReplyTopicPostfix               = "REPLY_TOPIC" // <cluster>_REPLY_TOPIC
	SystemTopicPrefix               = "rmq_sys_"
	RetryGroupTopicPrefix           = "%RETRY%"
	DLQGroupTopicPrefix             = "%DLQ%"
	LMQPrefix                       = "%LMQ%"
	NamespaceOrderTopicConfig       = "ORDER_TOPIC_CONFIG" // name server KV namespace
	UniqueMsgQueryFlag              = "_UNIQUE_KEY_QUERY"  // ext field of 12: the key is a UNIQ_KEY
	DefaultTraceRegionID            = "DefaultRegion"
	ExtFieldMsgRegion               = PropertyMsgRegion // in send answers
	ExtFieldTraceSwitch             = PropertyTraceSwitch
	ExpressionTypeTag               = "TAG"
	ExpressionTypeSQL92             = "SQL92"
	SubscribeAll                    = "*" // Java: SubscriptionData.SUB_ALL
	TransactionRemoveTag            = "d" // tag of op messages (Java: TransactionalMessageUtil.REMOVETAG)
	MasterID                  int64 = 0
)

// System groups (Java: MixAll).
const (
	DefaultProducerGroup     = "DEFAULT_PRODUCER"
	DefaultConsumerGroup     = "DEFAULT_CONSUMER"
	ToolsConsumerGroup       = "TOOLS_CONSUMER"
	ScheduleConsumerGroup    = "SCHEDULE_CONSUMER"
	FilterSrvConsumerGroup   = "FILTERSRV_CONSUMER"
	MonitorConsumerGroup     = "__MONITOR_CONSUMER"
	ClientInnerProducerGroup = "CLIENT_INNER_PRODUCER"
	SelfTestProducerGroup    = "SELF_TEST_P_GROUP"
	SelfTestConsumerGroup    = "SELF_TEST_C_GROUP"
	ONSHTTPProxyGroup        = "CID_ONS-HTTP-PROXY"
	ONSAPIPermissionGroup    = "CID_ONSAPI_PERMISSION"
	ONSAPIOwnerGroup         = "CID_ONSAPI_OWNER"
	ONSAPIPullGroup          = "CID_ONSAPI_PULL"
	SystemGroupPrefix        = "CID_RMQ_SYS_"
	TransConsumerGroup       = "CID_RMQ_SYS_TRANS"
)

// Ext fields of the ACL hook (Java: SessionCredentials, MixAll.REQ_T).
const (
	ACLAccessKey     = "AccessKey"
	ACLSecretKey     = "SecretKey"
	ACLSignature     = "Signature"
	ACLSecurityToken = "SecurityToken"
	ACLRequestType   = "ReqT"
)
