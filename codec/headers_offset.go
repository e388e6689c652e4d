package codec

// QueryConsumerOffsetResponseHeader is in answers to 14 QUERY_CONSUMER_OFFSET.
type QueryConsumerOffsetResponseHeader struct {
	Offset int64
}

// AppendFields implements CustomHeader.
func (h *QueryConsumerOffsetResponseHeader) AppendFields(w *FieldWriter) {
	w.Int("offset", h.Offset)
}

// DecodeFields fills h; string fields alias f.
func (h *QueryConsumerOffsetResponseHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.Offset = r.int64("offset")
	return r.err
}

// GetMaxOffsetRequestHeader is the request header of 30 GET_MAX_OFFSET.
type GetMaxOffsetRequestHeader struct {
	Topic      string
	QueueID    int32
	BrokerName string // bname: the broker the client means
}

// AppendFields implements CustomHeader.
func (h *GetMaxOffsetRequestHeader) AppendFields(w *FieldWriter) {
	w.Str("topic", h.Topic)
	w.Int("queueId", int64(h.QueueID))
	w.OptStr("bname", h.BrokerName)
}

// DecodeFields fills h; string fields alias f.
func (h *GetMaxOffsetRequestHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.Topic = r.str("topic")
	h.QueueID = r.int32("queueId")
	h.BrokerName = r.optStr("bname")
	return r.err
}

// GetMaxOffsetResponseHeader is in answers to 30 GET_MAX_OFFSET.
type GetMaxOffsetResponseHeader struct {
	Offset int64
}

// AppendFields implements CustomHeader.
func (h *GetMaxOffsetResponseHeader) AppendFields(w *FieldWriter) {
	w.Int("offset", h.Offset)
}

// DecodeFields fills h; string fields alias f.
func (h *GetMaxOffsetResponseHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.Offset = r.int64("offset")
	return r.err
}

// GetMinOffsetRequestHeader is the request header of 31 GET_MIN_OFFSET.
type GetMinOffsetRequestHeader struct {
	Topic      string
	QueueID    int32
	BrokerName string // bname: the broker the client means
}

// AppendFields implements CustomHeader.
func (h *GetMinOffsetRequestHeader) AppendFields(w *FieldWriter) {
	w.Str("topic", h.Topic)
	w.Int("queueId", int64(h.QueueID))
	w.OptStr("bname", h.BrokerName)
}

// DecodeFields fills h; string fields alias f.
func (h *GetMinOffsetRequestHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.Topic = r.str("topic")
	h.QueueID = r.int32("queueId")
	h.BrokerName = r.optStr("bname")
	return r.err
}

// GetMinOffsetResponseHeader is in answers to 31 GET_MIN_OFFSET.
type GetMinOffsetResponseHeader struct {
	Offset int64
}

// AppendFields implements CustomHeader.
func (h *GetMinOffsetResponseHeader) AppendFields(w *FieldWriter) {
	w.Int("offset", h.Offset)
}

// DecodeFields fills h; string fields alias f.
func (h *GetMinOffsetResponseHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.Offset = r.int64("offset")
	return r.err
}

// SearchOffsetRequestHeader is the request header of 29 SEARCH_OFFSET_BY_TIMESTAMP.
type SearchOffsetRequestHeader struct {
	Topic        string
	QueueID      int32
	TimestampMs  int64
	BrokerName   string // bname: the broker the client means
	BoundaryType string // of 5.x tools, optional: LOWER (as "") or UPPER
}

// AppendFields implements CustomHeader.
func (h *SearchOffsetRequestHeader) AppendFields(w *FieldWriter) {
	w.Str("topic", h.Topic)
	w.Int("queueId", int64(h.QueueID))
	w.Int("timestamp", h.TimestampMs)
	w.OptStr("bname", h.BrokerName)
	w.OptStr("boundaryType", h.BoundaryType)
}

// DecodeFields fills h; string fields alias f.
func (h *SearchOffsetRequestHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.Topic = r.str("topic")
	h.QueueID = r.int32("queueId")
	h.TimestampMs = r.int64("timestamp")
	h.BrokerName = r.optStr("bname")
	h.BoundaryType = r.optStr("boundaryType")
	return r.err
}

// SearchOffsetResponseHeader is in answers to 29 SEARCH_OFFSET_BY_TIMESTAMP.
type SearchOffsetResponseHeader struct {
	Offset int64
}

// AppendFields implements CustomHeader.
func (h *SearchOffsetResponseHeader) AppendFields(w *FieldWriter) {
	w.Int("offset", h.Offset)
}

// DecodeFields fills h; string fields alias f.
func (h *SearchOffsetResponseHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.Offset = r.int64("offset")
	return r.err
}

// GetEarliestMsgStoretimeRequestHeader is the request header of 32 GET_EARLIEST_MSG_STORETIME.
type GetEarliestMsgStoretimeRequestHeader struct {
	Topic      string
	QueueID    int32
	BrokerName string // bname: the broker the client means
}

// AppendFields implements CustomHeader.
func (h *GetEarliestMsgStoretimeRequestHeader) AppendFields(w *FieldWriter) {
	w.Str("topic", h.Topic)
	w.Int("queueId", int64(h.QueueID))
	w.OptStr("bname", h.BrokerName)
}

// DecodeFields fills h; string fields alias f.
func (h *GetEarliestMsgStoretimeRequestHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.Topic = r.str("topic")
	h.QueueID = r.int32("queueId")
	h.BrokerName = r.optStr("bname")
	return r.err
}

// GetEarliestMsgStoretimeResponseHeader is in answers to 32 GET_EARLIEST_MSG_STORETIME.
type GetEarliestMsgStoretimeResponseHeader struct {
	TimestampMs int64
}

// AppendFields implements CustomHeader.
func (h *GetEarliestMsgStoretimeResponseHeader) AppendFields(w *FieldWriter) {
	w.Int("timestamp", h.TimestampMs)
}

// DecodeFields fills h; string fields alias f.
func (h *GetEarliestMsgStoretimeResponseHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.TimestampMs = r.int64("timestamp")
	return r.err
}

// CloneGroupOffsetRequestHeader is the request header of 314 CLONE_GROUP_OFFSET.
type CloneGroupOffsetRequestHeader struct {
	SrcGroup  string
	DestGroup string
	Topic     string // optional
	Offline   bool
}

// AppendFields implements CustomHeader.
func (h *CloneGroupOffsetRequestHeader) AppendFields(w *FieldWriter) {
	w.Str("srcGroup", h.SrcGroup)
	w.Str("destGroup", h.DestGroup)
	w.OptStr("topic", h.Topic)
	w.Bool("offline", h.Offline)
}

// DecodeFields fills h; string fields alias f.
func (h *CloneGroupOffsetRequestHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.SrcGroup = r.str("srcGroup")
	h.DestGroup = r.str("destGroup")
	h.Topic = r.optStr("topic")
	h.Offline = r.optBool("offline")
	return r.err
}

// ResetOffsetRequestHeader is the request header of 220 RESET_CONSUMER_CLIENT_OFFSET and 222 INVOKE_BROKER_TO_RESET_OFFSET.
type ResetOffsetRequestHeader struct {
	Topic       string
	Group       string
	TimestampMs int64 // optional; -1: to the end; in ms
	IsForce     bool
}

// AppendFields implements CustomHeader.
func (h *ResetOffsetRequestHeader) AppendFields(w *FieldWriter) {
	w.Str("topic", h.Topic)
	w.Str("group", h.Group)
	w.Int("timestamp", h.TimestampMs)
	w.Bool("isForce", h.IsForce)
}

// DecodeFields fills h; string fields alias f.
func (h *ResetOffsetRequestHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.Topic = r.str("topic")
	h.Group = r.str("group")
	h.TimestampMs = r.optInt64("timestamp")
	h.IsForce = r.optBool("isForce")
	return r.err
}

// GetConsumerStatusRequestHeader is the request header of 221 GET_CONSUMER_STATUS_FROM_CLIENT and 223 INVOKE_BROKER_TO_GET_CONSUMER_STATUS.
type GetConsumerStatusRequestHeader struct {
	Topic      string
	Group      string
	ClientAddr string // optional; client id
}

// AppendFields implements CustomHeader.
func (h *GetConsumerStatusRequestHeader) AppendFields(w *FieldWriter) {
	w.Str("topic", h.Topic)
	w.Str("group", h.Group)
	w.OptStr("clientAddr", h.ClientAddr)
}

// DecodeFields fills h; string fields alias f.
func (h *GetConsumerStatusRequestHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.Topic = r.str("topic")
	h.Group = r.str("group")
	h.ClientAddr = r.optStr("clientAddr")
	return r.err
}

// QueryCorrectionOffsetHeader is the request header of 308 QUERY_CORRECTION_OFFSET.
type QueryCorrectionOffsetHeader struct {
	FilterGroups string // optional; comma-separated
	CompareGroup string
	Topic        string
}

// AppendFields implements CustomHeader.
func (h *QueryCorrectionOffsetHeader) AppendFields(w *FieldWriter) {
	w.OptStr("filterGroups", h.FilterGroups)
	w.Str("compareGroup", h.CompareGroup)
	w.Str("topic", h.Topic)
}

// DecodeFields fills h; string fields alias f.
func (h *QueryCorrectionOffsetHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.FilterGroups = r.optStr("filterGroups")
	h.CompareGroup = r.str("compareGroup")
	h.Topic = r.str("topic")
	return r.err
}
