package codec

// CreateTopicRequestHeader is the request header of 17 UPDATE_AND_CREATE_TOPIC.
type CreateTopicRequestHeader struct {
	Topic           string
	DefaultTopic    string
	ReadQueueNums   int32
	WriteQueueNums  int32
	Perm            int32
	TopicFilterType string // SINGLE_TAG or MULTI_TAG
	TopicSysFlag    int32  // optional; absent = 0
	Order           bool   // without effect: the name server knows
}

// AppendFields implements CustomHeader.
func (h *CreateTopicRequestHeader) AppendFields(w *FieldWriter) {
	w.Str("topic", h.Topic)
	w.Str("defaultTopic", h.DefaultTopic)
	w.Int("readQueueNums", int64(h.ReadQueueNums))
	w.Int("writeQueueNums", int64(h.WriteQueueNums))
	w.Int("perm", int64(h.Perm))
	w.Str("topicFilterType", h.TopicFilterType)
	w.Int("topicSysFlag", int64(h.TopicSysFlag))
	w.Bool("order", h.Order)
}

// DecodeFields fills h; string fields alias f.
func (h *CreateTopicRequestHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.Topic = r.str("topic")
	h.DefaultTopic = r.str("defaultTopic")
	h.ReadQueueNums = r.int32("readQueueNums")
	h.WriteQueueNums = r.int32("writeQueueNums")
	h.Perm = r.int32("perm")
	h.TopicFilterType = r.str("topicFilterType")
	h.TopicSysFlag = r.optInt32("topicSysFlag")
	h.Order = r.optBool("order")
	return r.err
}

// DeleteTopicRequestHeader is the request header of 215 DELETE_TOPIC_IN_BROKER.
type DeleteTopicRequestHeader struct {
	Topic string
}

// AppendFields implements CustomHeader.
func (h *DeleteTopicRequestHeader) AppendFields(w *FieldWriter) {
	w.Str("topic", h.Topic)
}

// DecodeFields fills h; string fields alias f.
func (h *DeleteTopicRequestHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.Topic = r.str("topic")
	return r.err
}

// GetTopicStatsInfoRequestHeader is the request header of 202 GET_TOPIC_STATS_INFO.
type GetTopicStatsInfoRequestHeader struct {
	Topic string
}

// AppendFields implements CustomHeader.
func (h *GetTopicStatsInfoRequestHeader) AppendFields(w *FieldWriter) {
	w.Str("topic", h.Topic)
}

// DecodeFields fills h; string fields alias f.
func (h *GetTopicStatsInfoRequestHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.Topic = r.str("topic")
	return r.err
}

// QueryTopicConsumeByWhoRequestHeader is the request header of 300 QUERY_TOPIC_CONSUME_BY_WHO.
type QueryTopicConsumeByWhoRequestHeader struct {
	Topic string
}

// AppendFields implements CustomHeader.
func (h *QueryTopicConsumeByWhoRequestHeader) AppendFields(w *FieldWriter) {
	w.Str("topic", h.Topic)
}

// DecodeFields fills h; string fields alias f.
func (h *QueryTopicConsumeByWhoRequestHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.Topic = r.str("topic")
	return r.err
}

// GetTopicsByClusterRequestHeader is the request header of 224 GET_TOPICS_BY_CLUSTER.
type GetTopicsByClusterRequestHeader struct {
	Cluster string
}

// AppendFields implements CustomHeader.
func (h *GetTopicsByClusterRequestHeader) AppendFields(w *FieldWriter) {
	w.Str("cluster", h.Cluster)
}

// DecodeFields fills h; string fields alias f.
func (h *GetTopicsByClusterRequestHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.Cluster = r.str("cluster")
	return r.err
}
