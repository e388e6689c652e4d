package codec

// QueryMessageRequestHeader is the request header of 12 QUERY_MESSAGE.
type QueryMessageRequestHeader struct {
	Topic            string
	Key              string
	MaxNum           int32
	BeginTimestampMs int64
	EndTimestampMs   int64
}

// AppendFields implements CustomHeader.
func (h *QueryMessageRequestHeader) AppendFields(w *FieldWriter) {
	w.Str("topic", h.Topic)
	w.Str("key", h.Key)
	w.Int("maxNum", int64(h.MaxNum))
	w.Int("beginTimestamp", h.BeginTimestampMs)
	w.Int("endTimestamp", h.EndTimestampMs)
}

// DecodeFields fills h; string fields alias f.
func (h *QueryMessageRequestHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.Topic = r.str("topic")
	h.Key = r.str("key")
	h.MaxNum = r.int32("maxNum")
	h.BeginTimestampMs = r.int64("beginTimestamp")
	h.EndTimestampMs = r.int64("endTimestamp")
	return r.err
}

// QueryMessageResponseHeader is in answers to 12 QUERY_MESSAGE.
type QueryMessageResponseHeader struct {
	IndexLastUpdateTimestampMs int64
	IndexLastUpdatePhyOffset   int64
}

// AppendFields implements CustomHeader.
func (h *QueryMessageResponseHeader) AppendFields(w *FieldWriter) {
	w.Int("indexLastUpdateTimestamp", h.IndexLastUpdateTimestampMs)
	w.Int("indexLastUpdatePhyoffset", h.IndexLastUpdatePhyOffset)
}

// DecodeFields fills h; string fields alias f.
func (h *QueryMessageResponseHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.IndexLastUpdateTimestampMs = r.int64("indexLastUpdateTimestamp")
	h.IndexLastUpdatePhyOffset = r.int64("indexLastUpdatePhyoffset")
	return r.err
}

// ViewMessageRequestHeader is the request header of 33 VIEW_MESSAGE_BY_ID.
type ViewMessageRequestHeader struct {
	Offset int64 // physical
}

// AppendFields implements CustomHeader.
func (h *ViewMessageRequestHeader) AppendFields(w *FieldWriter) {
	w.Int("offset", h.Offset)
}

// DecodeFields fills h; string fields alias f.
func (h *ViewMessageRequestHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.Offset = r.int64("offset")
	return r.err
}

// QueryConsumeQueueRequestHeader is the request header of 321 QUERY_CONSUME_QUEUE.
type QueryConsumeQueueRequestHeader struct {
	Topic         string // optional
	QueueID       int32  // optional
	Index         int64  // optional; queue offset to start at
	Count         int32  // optional
	ConsumerGroup string // optional
}

// AppendFields implements CustomHeader.
func (h *QueryConsumeQueueRequestHeader) AppendFields(w *FieldWriter) {
	w.OptStr("topic", h.Topic)
	w.Int("queueId", int64(h.QueueID))
	w.Int("index", h.Index)
	w.Int("count", int64(h.Count))
	w.OptStr("consumerGroup", h.ConsumerGroup)
}

// DecodeFields fills h; string fields alias f.
func (h *QueryConsumeQueueRequestHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.Topic = r.optStr("topic")
	h.QueueID = r.optInt32("queueId")
	h.Index = r.optInt64("index")
	h.Count = r.optInt32("count")
	h.ConsumerGroup = r.optStr("consumerGroup")
	return r.err
}

// QueryConsumeTimeSpanRequestHeader is the request header of 303 QUERY_CONSUME_TIME_SPAN.
type QueryConsumeTimeSpanRequestHeader struct {
	Topic string
	Group string
}

// AppendFields implements CustomHeader.
func (h *QueryConsumeTimeSpanRequestHeader) AppendFields(w *FieldWriter) {
	w.Str("topic", h.Topic)
	w.Str("group", h.Group)
}

// DecodeFields fills h; string fields alias f.
func (h *QueryConsumeTimeSpanRequestHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.Topic = r.str("topic")
	h.Group = r.str("group")
	return r.err
}

// ConsumeMessageDirectlyResultRequestHeader is the request header of 309 CONSUME_MESSAGE_DIRECTLY.
type ConsumeMessageDirectlyResultRequestHeader struct {
	ConsumerGroup string
	ClientID      string // optional
	MsgID         string // optional
	BrokerName    string // optional
}

// AppendFields implements CustomHeader.
func (h *ConsumeMessageDirectlyResultRequestHeader) AppendFields(w *FieldWriter) {
	w.Str("consumerGroup", h.ConsumerGroup)
	w.OptStr("clientId", h.ClientID)
	w.OptStr("msgId", h.MsgID)
	w.OptStr("brokerName", h.BrokerName)
}

// DecodeFields fills h; string fields alias f.
func (h *ConsumeMessageDirectlyResultRequestHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.ConsumerGroup = r.str("consumerGroup")
	h.ClientID = r.optStr("clientId")
	h.MsgID = r.optStr("msgId")
	h.BrokerName = r.optStr("brokerName")
	return r.err
}

// ResumeCheckHalfMessageRequestHeader is the request header of 323 RESUME_CHECK_HALF_MESSAGE.
type ResumeCheckHalfMessageRequestHeader struct {
	MsgID string // optional
}

// AppendFields implements CustomHeader.
func (h *ResumeCheckHalfMessageRequestHeader) AppendFields(w *FieldWriter) {
	w.OptStr("msgId", h.MsgID)
}

// DecodeFields fills h; string fields alias f.
func (h *ResumeCheckHalfMessageRequestHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.MsgID = r.optStr("msgId")
	return r.err
}
