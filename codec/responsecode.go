package codec

import "strconv"

// Response codes of RocketMQ 4.9.8 (Java: ResponseCode, RemotingSysResponseCode).
// The comment gives Java's name.
const (
	Success                            int32 = 0   // SUCCESS
	SystemError                        int32 = 1   // SYSTEM_ERROR
	SystemBusy                         int32 = 2   // SYSTEM_BUSY
	RequestCodeNotSupported            int32 = 3   // REQUEST_CODE_NOT_SUPPORTED
	TransactionFailed                  int32 = 4   // TRANSACTION_FAILED
	FlushDiskTimeout                   int32 = 10  // FLUSH_DISK_TIMEOUT
	SlaveNotAvailable                  int32 = 11  // SLAVE_NOT_AVAILABLE
	FlushSlaveTimeout                  int32 = 12  // FLUSH_SLAVE_TIMEOUT
	MessageIllegal                     int32 = 13  // MESSAGE_ILLEGAL
	ServiceNotAvailable                int32 = 14  // SERVICE_NOT_AVAILABLE
	VersionNotSupported                int32 = 15  // VERSION_NOT_SUPPORTED
	NoPermission                       int32 = 16  // NO_PERMISSION
	TopicNotExist                      int32 = 17  // TOPIC_NOT_EXIST
	TopicExistAlready                  int32 = 18  // TOPIC_EXIST_ALREADY
	PullNotFound                       int32 = 19  // PULL_NOT_FOUND
	PullRetryImmediately               int32 = 20  // PULL_RETRY_IMMEDIATELY
	PullOffsetMoved                    int32 = 21  // PULL_OFFSET_MOVED
	QueryNotFound                      int32 = 22  // QUERY_NOT_FOUND
	SubscriptionParseFailed            int32 = 23  // SUBSCRIPTION_PARSE_FAILED
	SubscriptionNotExist               int32 = 24  // SUBSCRIPTION_NOT_EXIST
	SubscriptionNotLatest              int32 = 25  // SUBSCRIPTION_NOT_LATEST
	SubscriptionGroupNotExist          int32 = 26  // SUBSCRIPTION_GROUP_NOT_EXIST
	FilterDataNotExist                 int32 = 27  // FILTER_DATA_NOT_EXIST
	FilterDataNotLatest                int32 = 28  // FILTER_DATA_NOT_LATEST
	TransactionShouldCommit            int32 = 200 // TRANSACTION_SHOULD_COMMIT
	TransactionShouldRollback          int32 = 201 // TRANSACTION_SHOULD_ROLLBACK
	TransactionStateUnknow             int32 = 202 // TRANSACTION_STATE_UNKNOW
	TransactionStateGroupWrong         int32 = 203 // TRANSACTION_STATE_GROUP_WRONG
	NoBuyerID                          int32 = 204 // NO_BUYER_ID
	NotInCurrentUnit                   int32 = 205 // NOT_IN_CURRENT_UNIT
	ConsumerNotOnline                  int32 = 206 // CONSUMER_NOT_ONLINE
	ConsumeMsgTimeout                  int32 = 207 // CONSUME_MSG_TIMEOUT
	NoMessage                          int32 = 208 // NO_MESSAGE
	UpdateAndCreateACLConfigFailed     int32 = 209 // UPDATE_AND_CREATE_ACL_CONFIG_FAILED
	DeleteACLConfigFailed              int32 = 210 // DELETE_ACL_CONFIG_FAILED
	UpdateGlobalWhiteAddrsConfigFailed int32 = 211 // UPDATE_GLOBAL_WHITE_ADDRS_CONFIG_FAILED
	FlowControl                        int32 = 215 // FLOW_CONTROL
)

var responseCodeNames = map[int32]string{
	Success:                            "SUCCESS",
	SystemError:                        "SYSTEM_ERROR",
	SystemBusy:                         "SYSTEM_BUSY",
	RequestCodeNotSupported:            "REQUEST_CODE_NOT_SUPPORTED",
	TransactionFailed:                  "TRANSACTION_FAILED",
	FlushDiskTimeout:                   "FLUSH_DISK_TIMEOUT",
	SlaveNotAvailable:                  "SLAVE_NOT_AVAILABLE",
	FlushSlaveTimeout:                  "FLUSH_SLAVE_TIMEOUT",
	MessageIllegal:                     "MESSAGE_ILLEGAL",
	ServiceNotAvailable:                "SERVICE_NOT_AVAILABLE",
	VersionNotSupported:                "VERSION_NOT_SUPPORTED",
	NoPermission:                       "NO_PERMISSION",
	TopicNotExist:                      "TOPIC_NOT_EXIST",
	TopicExistAlready:                  "TOPIC_EXIST_ALREADY",
	PullNotFound:                       "PULL_NOT_FOUND",
	PullRetryImmediately:               "PULL_RETRY_IMMEDIATELY",
	PullOffsetMoved:                    "PULL_OFFSET_MOVED",
	QueryNotFound:                      "QUERY_NOT_FOUND",
	SubscriptionParseFailed:            "SUBSCRIPTION_PARSE_FAILED",
	SubscriptionNotExist:               "SUBSCRIPTION_NOT_EXIST",
	SubscriptionNotLatest:              "SUBSCRIPTION_NOT_LATEST",
	SubscriptionGroupNotExist:          "SUBSCRIPTION_GROUP_NOT_EXIST",
	FilterDataNotExist:                 "FILTER_DATA_NOT_EXIST",
	FilterDataNotLatest:                "FILTER_DATA_NOT_LATEST",
	TransactionShouldCommit:            "TRANSACTION_SHOULD_COMMIT",
	TransactionShouldRollback:          "TRANSACTION_SHOULD_ROLLBACK",
	TransactionStateUnknow:             "TRANSACTION_STATE_UNKNOW",
	TransactionStateGroupWrong:         "TRANSACTION_STATE_GROUP_WRONG",
	NoBuyerID:                          "NO_BUYER_ID",
	NotInCurrentUnit:                   "NOT_IN_CURRENT_UNIT",
	ConsumerNotOnline:                  "CONSUMER_NOT_ONLINE",
	ConsumeMsgTimeout:                  "CONSUME_MSG_TIMEOUT",
	NoMessage:                          "NO_MESSAGE",
	UpdateAndCreateACLConfigFailed:     "UPDATE_AND_CREATE_ACL_CONFIG_FAILED",
	DeleteACLConfigFailed:              "DELETE_ACL_CONFIG_FAILED",
	UpdateGlobalWhiteAddrsConfigFailed: "UPDATE_GLOBAL_WHITE_ADDRS_CONFIG_FAILED",
	FlowControl:                        "FLOW_CONTROL",
}

// ResponseCodeName returns Java's name of a response code, its decimal text when unknown.
func ResponseCodeName(code int32) string {
	if name, ok := responseCodeNames[code]; ok {
		return name
	}
	return strconv.Itoa(int(code))
}
