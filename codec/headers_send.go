package codec

// ReplyMessageRequestHeader is the request header of 326 PUSH_REPLY_MESSAGE_TO_CLIENT.
type ReplyMessageRequestHeader struct {
	ProducerGroup         string
	Topic                 string
	DefaultTopic          string
	DefaultTopicQueueNums int32
	QueueID               int32
	SysFlag               int32
	BornTimestampMs       int64
	Flag                  int32
	Properties            string // optional
	ReconsumeTimes        int32  // optional
	UnitMode              bool
	BornHost              string // ip:port
	StoreHost             string // ip:port
	StoreTimestampMs      int64  // optional
}

// AppendFields implements CustomHeader.
func (h *ReplyMessageRequestHeader) AppendFields(w *FieldWriter) {
	w.Str("producerGroup", h.ProducerGroup)
	w.Str("topic", h.Topic)
	w.Str("defaultTopic", h.DefaultTopic)
	w.Int("defaultTopicQueueNums", int64(h.DefaultTopicQueueNums))
	w.Int("queueId", int64(h.QueueID))
	w.Int("sysFlag", int64(h.SysFlag))
	w.Int("bornTimestamp", h.BornTimestampMs)
	w.Int("flag", int64(h.Flag))
	w.OptStr("properties", h.Properties)
	w.Int("reconsumeTimes", int64(h.ReconsumeTimes))
	w.Bool("unitMode", h.UnitMode)
	w.Str("bornHost", h.BornHost)
	w.Str("storeHost", h.StoreHost)
	w.Int("storeTimestamp", h.StoreTimestampMs)
}

// DecodeFields fills h; string fields alias f.
func (h *ReplyMessageRequestHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.ProducerGroup = r.str("producerGroup")
	h.Topic = r.str("topic")
	h.DefaultTopic = r.str("defaultTopic")
	h.DefaultTopicQueueNums = r.int32("defaultTopicQueueNums")
	h.QueueID = r.int32("queueId")
	h.SysFlag = r.int32("sysFlag")
	h.BornTimestampMs = r.int64("bornTimestamp")
	h.Flag = r.int32("flag")
	h.Properties = r.optStr("properties")
	h.ReconsumeTimes = r.optInt32("reconsumeTimes")
	h.UnitMode = r.optBool("unitMode")
	h.BornHost = r.str("bornHost")
	h.StoreHost = r.str("storeHost")
	h.StoreTimestampMs = r.optInt64("storeTimestamp")
	return r.err
}

// ConsumerSendMsgBackRequestHeader is the request header of 36 CONSUMER_SEND_MSG_BACK.
type ConsumerSendMsgBackRequestHeader struct {
	Offset               int64 // physical
	Group                string
	DelayLevel           int32  // 0: the broker chooses by the times consumed; < 0: to the dead letter topic
	OriginMsgID          string // optional; offset message id
	OriginTopic          string // optional
	UnitMode             bool
	MaxReconsumeTimes    int32  // optional
	HasMaxReconsumeTimes bool   // false: maxReconsumeTimes is absent
	BrokerName           string // bname: the broker the client means
}

// AppendFields implements CustomHeader.
func (h *ConsumerSendMsgBackRequestHeader) AppendFields(w *FieldWriter) {
	w.Int("offset", h.Offset)
	w.Str("group", h.Group)
	w.Int("delayLevel", int64(h.DelayLevel))
	w.OptStr("originMsgId", h.OriginMsgID)
	w.OptStr("originTopic", h.OriginTopic)
	w.Bool("unitMode", h.UnitMode)
	if h.HasMaxReconsumeTimes {
		w.Int("maxReconsumeTimes", int64(h.MaxReconsumeTimes))
	}
	w.OptStr("bname", h.BrokerName)
}

// DecodeFields fills h; string fields alias f.
func (h *ConsumerSendMsgBackRequestHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.Offset = r.int64("offset")
	h.Group = r.str("group")
	h.DelayLevel = r.int32("delayLevel")
	h.OriginMsgID = r.optStr("originMsgId")
	h.OriginTopic = r.optStr("originTopic")
	h.UnitMode = r.optBool("unitMode")
	h.MaxReconsumeTimes, h.HasMaxReconsumeTimes = r.maybeInt32("maxReconsumeTimes")
	h.BrokerName = r.optStr("bname")
	return r.err
}
