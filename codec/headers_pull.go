package codec

// PullMessageRequestHeader is the request header of 11 PULL_MESSAGE and 361 LITE_PULL_MESSAGE.
type PullMessageRequestHeader struct {
	ConsumerGroup    string
	Topic            string
	QueueID          int32
	QueueOffset      int64 // first position wanted
	MaxMsgNums       int32
	SysFlag          int32  // bits PullFlag…
	CommitOffset     int64  // to be stored when PullFlagCommitOffset is set
	SuspendTimeoutMs int64  // suspendTimeoutMillis: how long to wait when PullFlagSuspend is set
	Subscription     string // optional: expression, when PullFlagSubscription is set
	SubVersion       int64
	ExpressionType   string // optional: "" = TAG
	BrokerName       string // bname, optional
	MaxMsgBytes      int32  // of 5.x clients, optional: 0 = no wish
}

var pullMandatory = [...]string{
	"consumerGroup", "topic", "queueId", "queueOffset", "maxMsgNums", "sysFlag", "commitOffset", "suspendTimeoutMillis", "subVersion",
}

// DecodeFields fills h; string fields alias f.
func (h *PullMessageRequestHeader) DecodeFields(f Fields) error {
	*h = PullMessageRequestHeader{}
	var s fieldScan
	for i := range f {
		v := f[i].Value
		switch k := f[i].Key; k {
		case "consumerGroup":
			h.ConsumerGroup = s.str(0, v)
		case "topic":
			h.Topic = s.str(1, v)
		case "queueId":
			h.QueueID = s.int32(2, k, v)
		case "queueOffset":
			h.QueueOffset = s.int64(3, k, v)
		case "maxMsgNums":
			h.MaxMsgNums = s.int32(4, k, v)
		case "sysFlag":
			h.SysFlag = s.int32(5, k, v)
		case "commitOffset":
			h.CommitOffset = s.int64(6, k, v)
		case "suspendTimeoutMillis":
			h.SuspendTimeoutMs = s.int64(7, k, v)
		case "subVersion":
			h.SubVersion = s.int64(8, k, v)
		case "subscription":
			h.Subscription = v
		case "expressionType":
			h.ExpressionType = v
		case "bname":
			h.BrokerName = v
		case "maxMsgBytes":
			h.MaxMsgBytes = s.int32(optional, k, v)
		}
	}
	return s.done(pullMandatory[:])
}

// AppendFields implements CustomHeader.
func (h *PullMessageRequestHeader) AppendFields(w *FieldWriter) {
	w.Str("consumerGroup", h.ConsumerGroup)
	w.Str("topic", h.Topic)
	w.Int("queueId", int64(h.QueueID))
	w.Int("queueOffset", h.QueueOffset)
	w.Int("maxMsgNums", int64(h.MaxMsgNums))
	w.Int("sysFlag", int64(h.SysFlag))
	w.Int("commitOffset", h.CommitOffset)
	w.Int("suspendTimeoutMillis", h.SuspendTimeoutMs)
	w.OptStr("subscription", h.Subscription)
	w.Int("subVersion", h.SubVersion)
	w.OptStr("expressionType", h.ExpressionType)
	w.OptStr("bname", h.BrokerName)
	if h.MaxMsgBytes != 0 {
		w.Int("maxMsgBytes", int64(h.MaxMsgBytes))
	}
}

// PullMessageResponseHeader is in answers to 11 PULL_MESSAGE and 361
// LITE_PULL_MESSAGE, also in those without messages.
type PullMessageResponseHeader struct {
	SuggestWhichBrokerID int64 // which replica to ask next time
	NextBeginOffset      int64
	MinOffset            int64
	MaxOffset            int64
}

var pullResponseMandatory = [...]string{"suggestWhichBrokerId", "nextBeginOffset", "minOffset", "maxOffset"}

// AppendFields implements CustomHeader.
func (h *PullMessageResponseHeader) AppendFields(w *FieldWriter) {
	w.Int("suggestWhichBrokerId", h.SuggestWhichBrokerID)
	w.Int("nextBeginOffset", h.NextBeginOffset)
	w.Int("minOffset", h.MinOffset)
	w.Int("maxOffset", h.MaxOffset)
}

// DecodeFields fills h.
func (h *PullMessageResponseHeader) DecodeFields(f Fields) error {
	*h = PullMessageResponseHeader{}
	var s fieldScan
	for i := range f {
		v := f[i].Value
		switch k := f[i].Key; k {
		case "suggestWhichBrokerId":
			h.SuggestWhichBrokerID = s.int64(0, k, v)
		case "nextBeginOffset":
			h.NextBeginOffset = s.int64(1, k, v)
		case "minOffset":
			h.MinOffset = s.int64(2, k, v)
		case "maxOffset":
			h.MaxOffset = s.int64(3, k, v)
		}
	}
	return s.done(pullResponseMandatory[:])
}
