package codec

// ProcessQueueInfo is the state of one queue inside a consumer. Counts are
// messages, timestamps ms. The key "droped" is Java's spelling.
type ProcessQueueInfo struct {
	CommitOffset            int64 `json:"commitOffset"`
	CachedMsgMinOffset      int64 `json:"cachedMsgMinOffset"`
	CachedMsgMaxOffset      int64 `json:"cachedMsgMaxOffset"`
	CachedMsgCount          int32 `json:"cachedMsgCount"`
	CachedMsgSizeInMiB      int32 `json:"cachedMsgSizeInMiB"`
	TransactionMsgMinOffset int64 `json:"transactionMsgMinOffset"`
	TransactionMsgMaxOffset int64 `json:"transactionMsgMaxOffset"`
	TransactionMsgCount     int32 `json:"transactionMsgCount"`
	Locked                  bool  `json:"locked"`
	TryUnlockTimes          int64 `json:"tryUnlockTimes"`
	LastLockTimestamp       int64 `json:"lastLockTimestamp"`
	Dropped                 bool  `json:"droped"`
	LastPullTimestamp       int64 `json:"lastPullTimestamp"`
	LastConsumeTimestamp    int64 `json:"lastConsumeTimestamp"`
}

// ConsumeStatus is how a consumer does on one topic: RT in ms, TPS per second.
type ConsumeStatus struct {
	PullRT            float64 `json:"pullRT"`
	PullTPS           float64 `json:"pullTPS"`
	ConsumeRT         float64 `json:"consumeRT"`
	ConsumeOKTPS      float64 `json:"consumeOKTPS"`
	ConsumeFailedTPS  float64 `json:"consumeFailedTPS"`
	ConsumeFailedMsgs int64   `json:"consumeFailedMsgs"`
}

// ConsumerRunningInfo answers 307 GET_CONSUMER_RUNNING_INFO. The broker relays
// it untouched from the client. StatusTable is keyed by topic.
type ConsumerRunningInfo struct {
	Properties      map[string]string                 `json:"properties,always"`
	SubscriptionSet []SubscriptionData                `json:"subscriptionSet,always"`
	MQTable         map[MessageQueue]ProcessQueueInfo `json:"mqTable,always"`
	StatusTable     map[string]ConsumeStatus          `json:"statusTable,always"`
	Jstack          string                            `json:"jstack,omitempty"`
}

// Values of ConsumeMessageDirectlyResult.ConsumeResult (Java: CMResult).
const (
	CRSuccess        = "CR_SUCCESS"
	CRLater          = "CR_LATER"
	CRRollback       = "CR_ROLLBACK"
	CRCommit         = "CR_COMMIT"
	CRThrowException = "CR_THROW_EXCEPTION"
	CRReturnNull     = "CR_RETURN_NULL"
)

// ConsumeMessageDirectlyResult answers 309 CONSUME_MESSAGE_DIRECTLY. The
// broker relays it untouched from the client.
type ConsumeMessageDirectlyResult struct {
	Order          bool   `json:"order"`
	AutoCommit     bool   `json:"autoCommit"`
	ConsumeResult  string `json:"consumeResult,omitempty"`
	Remark         string `json:"remark,omitempty"`
	SpentTimeMills int64  `json:"spentTimeMills"`
}

// SetDefaults gives r what the Java class starts with.
func (r *ConsumeMessageDirectlyResult) SetDefaults() { r.AutoCommit = true }
