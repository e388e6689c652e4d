package codec

import "strconv"

// Request codes of RocketMQ 4.9.8 (Java: RequestCode). The comment gives Java's
// name and who serves it; "no handler" = declared there, answered with
// RequestCodeNotSupported.
const (
	SendMessage                      int32 = 10  // SEND_MESSAGE: broker
	PullMessage                      int32 = 11  // PULL_MESSAGE: broker
	QueryMessage                     int32 = 12  // QUERY_MESSAGE: broker
	QueryBrokerOffset                int32 = 13  // QUERY_BROKER_OFFSET: no handler
	QueryConsumerOffset              int32 = 14  // QUERY_CONSUMER_OFFSET: broker
	UpdateConsumerOffset             int32 = 15  // UPDATE_CONSUMER_OFFSET: broker
	UpdateAndCreateTopic             int32 = 17  // UPDATE_AND_CREATE_TOPIC: broker
	GetAllTopicConfig                int32 = 21  // GET_ALL_TOPIC_CONFIG: broker
	GetTopicConfigList               int32 = 22  // GET_TOPIC_CONFIG_LIST: no handler
	GetTopicNameList                 int32 = 23  // GET_TOPIC_NAME_LIST: no handler
	UpdateBrokerConfig               int32 = 25  // UPDATE_BROKER_CONFIG: broker
	GetBrokerConfig                  int32 = 26  // GET_BROKER_CONFIG: broker
	TriggerDeleteFiles               int32 = 27  // TRIGGER_DELETE_FILES: no handler
	GetBrokerRuntimeInfo             int32 = 28  // GET_BROKER_RUNTIME_INFO: broker
	SearchOffsetByTimestamp          int32 = 29  // SEARCH_OFFSET_BY_TIMESTAMP: broker
	GetMaxOffset                     int32 = 30  // GET_MAX_OFFSET: broker
	GetMinOffset                     int32 = 31  // GET_MIN_OFFSET: broker
	GetEarliestMsgStoreTime          int32 = 32  // GET_EARLIEST_MSG_STORETIME: broker
	ViewMessageByID                  int32 = 33  // VIEW_MESSAGE_BY_ID: broker
	HeartBeat                        int32 = 34  // HEART_BEAT: broker
	UnregisterClient                 int32 = 35  // UNREGISTER_CLIENT: broker
	ConsumerSendMsgBack              int32 = 36  // CONSUMER_SEND_MSG_BACK: broker
	EndTransaction                   int32 = 37  // END_TRANSACTION: broker
	GetConsumerListByGroup           int32 = 38  // GET_CONSUMER_LIST_BY_GROUP: broker
	CheckTransactionState            int32 = 39  // CHECK_TRANSACTION_STATE: client
	NotifyConsumerIDsChanged         int32 = 40  // NOTIFY_CONSUMER_IDS_CHANGED: client
	LockBatchMQ                      int32 = 41  // LOCK_BATCH_MQ: broker
	UnlockBatchMQ                    int32 = 42  // UNLOCK_BATCH_MQ: broker
	GetAllConsumerOffset             int32 = 43  // GET_ALL_CONSUMER_OFFSET: broker
	GetAllDelayOffset                int32 = 45  // GET_ALL_DELAY_OFFSET: broker
	CheckClientConfig                int32 = 46  // CHECK_CLIENT_CONFIG: broker
	UpdateAndCreateACLConfig         int32 = 50  // UPDATE_AND_CREATE_ACL_CONFIG: broker
	DeleteACLConfig                  int32 = 51  // DELETE_ACL_CONFIG: broker
	GetBrokerClusterACLInfo          int32 = 52  // GET_BROKER_CLUSTER_ACL_INFO: broker
	UpdateGlobalWhiteAddrsConfig     int32 = 53  // UPDATE_GLOBAL_WHITE_ADDRS_CONFIG: broker
	PutKVConfig                      int32 = 100 // PUT_KV_CONFIG: namesrv
	GetKVConfig                      int32 = 101 // GET_KV_CONFIG: namesrv
	DeleteKVConfig                   int32 = 102 // DELETE_KV_CONFIG: namesrv
	RegisterBroker                   int32 = 103 // REGISTER_BROKER: namesrv
	UnregisterBroker                 int32 = 104 // UNREGISTER_BROKER: namesrv
	GetRouteInfoByTopic              int32 = 105 // GET_ROUTEINFO_BY_TOPIC: namesrv
	GetBrokerClusterInfo             int32 = 106 // GET_BROKER_CLUSTER_INFO: namesrv
	UpdateAndCreateSubscriptionGroup int32 = 200 // UPDATE_AND_CREATE_SUBSCRIPTIONGROUP: broker
	GetAllSubscriptionGroupConfig    int32 = 201 // GET_ALL_SUBSCRIPTIONGROUP_CONFIG: broker
	GetTopicStatsInfo                int32 = 202 // GET_TOPIC_STATS_INFO: broker
	GetConsumerConnectionList        int32 = 203 // GET_CONSUMER_CONNECTION_LIST: broker
	GetProducerConnectionList        int32 = 204 // GET_PRODUCER_CONNECTION_LIST: broker
	WipeWritePermOfBroker            int32 = 205 // WIPE_WRITE_PERM_OF_BROKER: namesrv
	GetAllTopicListFromNameServer    int32 = 206 // GET_ALL_TOPIC_LIST_FROM_NAMESERVER: namesrv
	DeleteSubscriptionGroup          int32 = 207 // DELETE_SUBSCRIPTIONGROUP: broker
	GetConsumeStats                  int32 = 208 // GET_CONSUME_STATS: broker
	SuspendConsumer                  int32 = 209 // SUSPEND_CONSUMER: no handler
	ResumeConsumer                   int32 = 210 // RESUME_CONSUMER: no handler
	ResetConsumerOffsetInConsumer    int32 = 211 // RESET_CONSUMER_OFFSET_IN_CONSUMER: no handler
	ResetConsumerOffsetInBroker      int32 = 212 // RESET_CONSUMER_OFFSET_IN_BROKER: no handler
	AdjustConsumerThreadPool         int32 = 213 // ADJUST_CONSUMER_THREAD_POOL: no handler
	WhoConsumeTheMessage             int32 = 214 // WHO_CONSUME_THE_MESSAGE: no handler
	DeleteTopicInBroker              int32 = 215 // DELETE_TOPIC_IN_BROKER: broker
	DeleteTopicInNamesrv             int32 = 216 // DELETE_TOPIC_IN_NAMESRV: namesrv
	GetKVListByNamespace             int32 = 219 // GET_KVLIST_BY_NAMESPACE: namesrv
	ResetConsumerClientOffset        int32 = 220 // RESET_CONSUMER_CLIENT_OFFSET: client
	GetConsumerStatusFromClient      int32 = 221 // GET_CONSUMER_STATUS_FROM_CLIENT: client
	InvokeBrokerToResetOffset        int32 = 222 // INVOKE_BROKER_TO_RESET_OFFSET: broker
	InvokeBrokerToGetConsumerStatus  int32 = 223 // INVOKE_BROKER_TO_GET_CONSUMER_STATUS: broker
	GetTopicsByCluster               int32 = 224 // GET_TOPICS_BY_CLUSTER: namesrv
	QueryTopicConsumeByWho           int32 = 300 // QUERY_TOPIC_CONSUME_BY_WHO: broker
	RegisterFilterServer             int32 = 301 // REGISTER_FILTER_SERVER: no handler
	RegisterMessageFilterClass       int32 = 302 // REGISTER_MESSAGE_FILTER_CLASS: no handler
	QueryConsumeTimeSpan             int32 = 303 // QUERY_CONSUME_TIME_SPAN: broker
	GetSystemTopicListFromNS         int32 = 304 // GET_SYSTEM_TOPIC_LIST_FROM_NS: namesrv
	GetSystemTopicListFromBroker     int32 = 305 // GET_SYSTEM_TOPIC_LIST_FROM_BROKER: broker
	CleanExpiredConsumeQueue         int32 = 306 // CLEAN_EXPIRED_CONSUMEQUEUE: broker
	GetConsumerRunningInfo           int32 = 307 // GET_CONSUMER_RUNNING_INFO: broker, client
	QueryCorrectionOffset            int32 = 308 // QUERY_CORRECTION_OFFSET: broker
	ConsumeMessageDirectly           int32 = 309 // CONSUME_MESSAGE_DIRECTLY: broker, client
	SendMessageV2                    int32 = 310 // SEND_MESSAGE_V2: broker
	GetUnitTopicList                 int32 = 311 // GET_UNIT_TOPIC_LIST: namesrv
	GetHasUnitSubTopicList           int32 = 312 // GET_HAS_UNIT_SUB_TOPIC_LIST: namesrv
	GetHasUnitSubUnUnitTopicList     int32 = 313 // GET_HAS_UNIT_SUB_UNUNIT_TOPIC_LIST: namesrv
	CloneGroupOffset                 int32 = 314 // CLONE_GROUP_OFFSET: broker
	ViewBrokerStatsData              int32 = 315 // VIEW_BROKER_STATS_DATA: broker
	CleanUnusedTopic                 int32 = 316 // CLEAN_UNUSED_TOPIC: broker
	GetBrokerConsumeStats            int32 = 317 // GET_BROKER_CONSUME_STATS: broker
	UpdateNamesrvConfig              int32 = 318 // UPDATE_NAMESRV_CONFIG: namesrv
	GetNamesrvConfig                 int32 = 319 // GET_NAMESRV_CONFIG: namesrv
	SendBatchMessage                 int32 = 320 // SEND_BATCH_MESSAGE: broker
	QueryConsumeQueue                int32 = 321 // QUERY_CONSUME_QUEUE: broker
	QueryDataVersion                 int32 = 322 // QUERY_DATA_VERSION: namesrv
	ResumeCheckHalfMessage           int32 = 323 // RESUME_CHECK_HALF_MESSAGE: broker
	SendReplyMessage                 int32 = 324 // SEND_REPLY_MESSAGE: broker
	SendReplyMessageV2               int32 = 325 // SEND_REPLY_MESSAGE_V2: broker
	PushReplyMessageToClient         int32 = 326 // PUSH_REPLY_MESSAGE_TO_CLIENT: client
	AddWritePermOfBroker             int32 = 327 // ADD_WRITE_PERM_OF_BROKER: namesrv
	GetAllProducerInfo               int32 = 328 // GET_ALL_PRODUCER_INFO: broker
	DeleteExpiredCommitLog           int32 = 329 // DELETE_EXPIRED_COMMITLOG: broker
)

// Request codes that 5.x tools and clients send to a 4.x broker too (Java 5.x: RequestCode).
const (
	GetTopicConfig             int32 = 351 // GET_TOPIC_CONFIG: no handler
	GetSubscriptionGroupConfig int32 = 352 // GET_SUBSCRIPTIONGROUP_CONFIG: no handler
	LitePullMessage            int32 = 361 // LITE_PULL_MESSAGE: broker, as PullMessage
)

var requestCodeNames = map[int32]string{
	SendMessage:                      "SEND_MESSAGE",
	PullMessage:                      "PULL_MESSAGE",
	QueryMessage:                     "QUERY_MESSAGE",
	QueryBrokerOffset:                "QUERY_BROKER_OFFSET",
	QueryConsumerOffset:              "QUERY_CONSUMER_OFFSET",
	UpdateConsumerOffset:             "UPDATE_CONSUMER_OFFSET",
	UpdateAndCreateTopic:             "UPDATE_AND_CREATE_TOPIC",
	GetAllTopicConfig:                "GET_ALL_TOPIC_CONFIG",
	GetTopicConfigList:               "GET_TOPIC_CONFIG_LIST",
	GetTopicNameList:                 "GET_TOPIC_NAME_LIST",
	UpdateBrokerConfig:               "UPDATE_BROKER_CONFIG",
	GetBrokerConfig:                  "GET_BROKER_CONFIG",
	TriggerDeleteFiles:               "TRIGGER_DELETE_FILES",
	GetBrokerRuntimeInfo:             "GET_BROKER_RUNTIME_INFO",
	SearchOffsetByTimestamp:          "SEARCH_OFFSET_BY_TIMESTAMP",
	GetMaxOffset:                     "GET_MAX_OFFSET",
	GetMinOffset:                     "GET_MIN_OFFSET",
	GetEarliestMsgStoreTime:          "GET_EARLIEST_MSG_STORETIME",
	ViewMessageByID:                  "VIEW_MESSAGE_BY_ID",
	HeartBeat:                        "HEART_BEAT",
	UnregisterClient:                 "UNREGISTER_CLIENT",
	ConsumerSendMsgBack:              "CONSUMER_SEND_MSG_BACK",
	EndTransaction:                   "END_TRANSACTION",
	GetConsumerListByGroup:           "GET_CONSUMER_LIST_BY_GROUP",
	CheckTransactionState:            "CHECK_TRANSACTION_STATE",
	NotifyConsumerIDsChanged:         "NOTIFY_CONSUMER_IDS_CHANGED",
	LockBatchMQ:                      "LOCK_BATCH_MQ",
	UnlockBatchMQ:                    "UNLOCK_BATCH_MQ",
	GetAllConsumerOffset:             "GET_ALL_CONSUMER_OFFSET",
	GetAllDelayOffset:                "GET_ALL_DELAY_OFFSET",
	CheckClientConfig:                "CHECK_CLIENT_CONFIG",
	UpdateAndCreateACLConfig:         "UPDATE_AND_CREATE_ACL_CONFIG",
	DeleteACLConfig:                  "DELETE_ACL_CONFIG",
	GetBrokerClusterACLInfo:          "GET_BROKER_CLUSTER_ACL_INFO",
	UpdateGlobalWhiteAddrsConfig:     "UPDATE_GLOBAL_WHITE_ADDRS_CONFIG",
	PutKVConfig:                      "PUT_KV_CONFIG",
	GetKVConfig:                      "GET_KV_CONFIG",
	DeleteKVConfig:                   "DELETE_KV_CONFIG",
	RegisterBroker:                   "REGISTER_BROKER",
	UnregisterBroker:                 "UNREGISTER_BROKER",
	GetRouteInfoByTopic:              "GET_ROUTEINFO_BY_TOPIC",
	GetBrokerClusterInfo:             "GET_BROKER_CLUSTER_INFO",
	UpdateAndCreateSubscriptionGroup: "UPDATE_AND_CREATE_SUBSCRIPTIONGROUP",
	GetAllSubscriptionGroupConfig:    "GET_ALL_SUBSCRIPTIONGROUP_CONFIG",
	GetTopicStatsInfo:                "GET_TOPIC_STATS_INFO",
	GetConsumerConnectionList:        "GET_CONSUMER_CONNECTION_LIST",
	GetProducerConnectionList:        "GET_PRODUCER_CONNECTION_LIST",
	WipeWritePermOfBroker:            "WIPE_WRITE_PERM_OF_BROKER",
	GetAllTopicListFromNameServer:    "GET_ALL_TOPIC_LIST_FROM_NAMESERVER",
	DeleteSubscriptionGroup:          "DELETE_SUBSCRIPTIONGROUP",
	GetConsumeStats:                  "GET_CONSUME_STATS",
	SuspendConsumer:                  "SUSPEND_CONSUMER",
	ResumeConsumer:                   "RESUME_CONSUMER",
	ResetConsumerOffsetInConsumer:    "RESET_CONSUMER_OFFSET_IN_CONSUMER",
	ResetConsumerOffsetInBroker:      "RESET_CONSUMER_OFFSET_IN_BROKER",
	AdjustConsumerThreadPool:         "ADJUST_CONSUMER_THREAD_POOL",
	WhoConsumeTheMessage:             "WHO_CONSUME_THE_MESSAGE",
	DeleteTopicInBroker:              "DELETE_TOPIC_IN_BROKER",
	DeleteTopicInNamesrv:             "DELETE_TOPIC_IN_NAMESRV",
	GetKVListByNamespace:             "GET_KVLIST_BY_NAMESPACE",
	ResetConsumerClientOffset:        "RESET_CONSUMER_CLIENT_OFFSET",
	GetConsumerStatusFromClient:      "GET_CONSUMER_STATUS_FROM_CLIENT",
	InvokeBrokerToResetOffset:        "INVOKE_BROKER_TO_RESET_OFFSET",
	InvokeBrokerToGetConsumerStatus:  "INVOKE_BROKER_TO_GET_CONSUMER_STATUS",
	GetTopicsByCluster:               "GET_TOPICS_BY_CLUSTER",
	QueryTopicConsumeByWho:           "QUERY_TOPIC_CONSUME_BY_WHO",
	RegisterFilterServer:             "REGISTER_FILTER_SERVER",
	RegisterMessageFilterClass:       "REGISTER_MESSAGE_FILTER_CLASS",
	QueryConsumeTimeSpan:             "QUERY_CONSUME_TIME_SPAN",
	GetSystemTopicListFromNS:         "GET_SYSTEM_TOPIC_LIST_FROM_NS",
	GetSystemTopicListFromBroker:     "GET_SYSTEM_TOPIC_LIST_FROM_BROKER",
	CleanExpiredConsumeQueue:         "CLEAN_EXPIRED_CONSUMEQUEUE",
	GetConsumerRunningInfo:           "GET_CONSUMER_RUNNING_INFO",
	QueryCorrectionOffset:            "QUERY_CORRECTION_OFFSET",
	ConsumeMessageDirectly:           "CONSUME_MESSAGE_DIRECTLY",
	SendMessageV2:                    "SEND_MESSAGE_V2",
	GetUnitTopicList:                 "GET_UNIT_TOPIC_LIST",
	GetHasUnitSubTopicList:           "GET_HAS_UNIT_SUB_TOPIC_LIST",
	GetHasUnitSubUnUnitTopicList:     "GET_HAS_UNIT_SUB_UNUNIT_TOPIC_LIST",
	CloneGroupOffset:                 "CLONE_GROUP_OFFSET",
	ViewBrokerStatsData:              "VIEW_BROKER_STATS_DATA",
	CleanUnusedTopic:                 "CLEAN_UNUSED_TOPIC",
	GetBrokerConsumeStats:            "GET_BROKER_CONSUME_STATS",
	UpdateNamesrvConfig:              "UPDATE_NAMESRV_CONFIG",
	GetNamesrvConfig:                 "GET_NAMESRV_CONFIG",
	SendBatchMessage:                 "SEND_BATCH_MESSAGE",
	QueryConsumeQueue:                "QUERY_CONSUME_QUEUE",
	QueryDataVersion:                 "QUERY_DATA_VERSION",
	ResumeCheckHalfMessage:           "RESUME_CHECK_HALF_MESSAGE",
	SendReplyMessage:                 "SEND_REPLY_MESSAGE",
	SendReplyMessageV2:               "SEND_REPLY_MESSAGE_V2",
	PushReplyMessageToClient:         "PUSH_REPLY_MESSAGE_TO_CLIENT",
	AddWritePermOfBroker:             "ADD_WRITE_PERM_OF_BROKER",
	GetAllProducerInfo:               "GET_ALL_PRODUCER_INFO",
	DeleteExpiredCommitLog:           "DELETE_EXPIRED_COMMITLOG",
	GetTopicConfig:                   "GET_TOPIC_CONFIG",
	GetSubscriptionGroupConfig:       "GET_SUBSCRIPTIONGROUP_CONFIG",
	LitePullMessage:                  "LITE_PULL_MESSAGE",
}

// RequestCodeName returns Java's name of a request code, its decimal text when unknown.
func RequestCodeName(code int32) string {
	if name, ok := requestCodeNames[code]; ok {
		return name
	}
	return strconv.Itoa(int(code))
}
