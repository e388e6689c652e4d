package codec

// UnregisterClientRequestHeader is the request header of 35 UNREGISTER_CLIENT.
type UnregisterClientRequestHeader struct {
	ClientID      string
	ProducerGroup string // optional
	ConsumerGroup string // optional
}

// AppendFields implements CustomHeader.
func (h *UnregisterClientRequestHeader) AppendFields(w *FieldWriter) {
	w.Str("clientID", h.ClientID)
	w.OptStr("producerGroup", h.ProducerGroup)
	w.OptStr("consumerGroup", h.ConsumerGroup)
}

// DecodeFields fills h; string fields alias f.
func (h *UnregisterClientRequestHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.ClientID = r.str("clientID")
	h.ProducerGroup = r.optStr("producerGroup")
	h.ConsumerGroup = r.optStr("consumerGroup")
	return r.err
}

// GetConsumerListByGroupRequestHeader is the request header of 38 GET_CONSUMER_LIST_BY_GROUP.
type GetConsumerListByGroupRequestHeader struct {
	ConsumerGroup string
}

// AppendFields implements CustomHeader.
func (h *GetConsumerListByGroupRequestHeader) AppendFields(w *FieldWriter) {
	w.Str("consumerGroup", h.ConsumerGroup)
}

// DecodeFields fills h; string fields alias f.
func (h *GetConsumerListByGroupRequestHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.ConsumerGroup = r.str("consumerGroup")
	return r.err
}

// NotifyConsumerIdsChangedRequestHeader is the request header of 40 NOTIFY_CONSUMER_IDS_CHANGED.
type NotifyConsumerIdsChangedRequestHeader struct {
	ConsumerGroup string
}

// AppendFields implements CustomHeader.
func (h *NotifyConsumerIdsChangedRequestHeader) AppendFields(w *FieldWriter) {
	w.Str("consumerGroup", h.ConsumerGroup)
}

// DecodeFields fills h; string fields alias f.
func (h *NotifyConsumerIdsChangedRequestHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.ConsumerGroup = r.str("consumerGroup")
	return r.err
}

// GetConsumerConnectionListRequestHeader is the request header of 203 GET_CONSUMER_CONNECTION_LIST.
type GetConsumerConnectionListRequestHeader struct {
	ConsumerGroup string
}

// AppendFields implements CustomHeader.
func (h *GetConsumerConnectionListRequestHeader) AppendFields(w *FieldWriter) {
	w.Str("consumerGroup", h.ConsumerGroup)
}

// DecodeFields fills h; string fields alias f.
func (h *GetConsumerConnectionListRequestHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.ConsumerGroup = r.str("consumerGroup")
	return r.err
}

// GetProducerConnectionListRequestHeader is the request header of 204 GET_PRODUCER_CONNECTION_LIST.
type GetProducerConnectionListRequestHeader struct {
	ProducerGroup string
}

// AppendFields implements CustomHeader.
func (h *GetProducerConnectionListRequestHeader) AppendFields(w *FieldWriter) {
	w.Str("producerGroup", h.ProducerGroup)
}

// DecodeFields fills h; string fields alias f.
func (h *GetProducerConnectionListRequestHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.ProducerGroup = r.str("producerGroup")
	return r.err
}

// GetConsumerRunningInfoRequestHeader is the request header of 307 GET_CONSUMER_RUNNING_INFO.
type GetConsumerRunningInfoRequestHeader struct {
	ConsumerGroup string
	ClientID      string
	JstackEnable  bool
}

// AppendFields implements CustomHeader.
func (h *GetConsumerRunningInfoRequestHeader) AppendFields(w *FieldWriter) {
	w.Str("consumerGroup", h.ConsumerGroup)
	w.Str("clientId", h.ClientID)
	w.Bool("jstackEnable", h.JstackEnable)
}

// DecodeFields fills h; string fields alias f.
func (h *GetConsumerRunningInfoRequestHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.ConsumerGroup = r.str("consumerGroup")
	h.ClientID = r.str("clientId")
	h.JstackEnable = r.optBool("jstackEnable")
	return r.err
}

// GetConsumeStatsRequestHeader is the request header of 208 GET_CONSUME_STATS.
type GetConsumeStatsRequestHeader struct {
	ConsumerGroup string
	Topic         string // optional
}

// AppendFields implements CustomHeader.
func (h *GetConsumeStatsRequestHeader) AppendFields(w *FieldWriter) {
	w.Str("consumerGroup", h.ConsumerGroup)
	w.OptStr("topic", h.Topic)
}

// DecodeFields fills h; string fields alias f.
func (h *GetConsumeStatsRequestHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.ConsumerGroup = r.str("consumerGroup")
	h.Topic = r.optStr("topic")
	return r.err
}

// DeleteSubscriptionGroupRequestHeader is the request header of 207 DELETE_SUBSCRIPTIONGROUP.
type DeleteSubscriptionGroupRequestHeader struct {
	GroupName    string
	RemoveOffset bool
}

// AppendFields implements CustomHeader.
func (h *DeleteSubscriptionGroupRequestHeader) AppendFields(w *FieldWriter) {
	w.Str("groupName", h.GroupName)
	w.Bool("removeOffset", h.RemoveOffset)
}

// DecodeFields fills h; string fields alias f.
func (h *DeleteSubscriptionGroupRequestHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.GroupName = r.str("groupName")
	h.RemoveOffset = r.optBool("removeOffset")
	return r.err
}
