package codec

// QueryConsumerOffsetRequestHeader is the request header of 14 QUERY_CONSUMER_OFFSET.
type QueryConsumerOffsetRequestHeader struct {
	ConsumerGroup string
	Topic         string
	QueueID       int32
	BrokerName    string // bname, optional
	// NotZeroIfNotFound: a 5.x client sent setZeroIfNotFound=false, it wants
	// QueryNotFound where 4.x answers 0 for a young queue.
	NotZeroIfNotFound bool
}

var queryOffsetMandatory = [...]string{"consumerGroup", "topic", "queueId"}

// DecodeFields fills h; string fields alias f.
func (h *QueryConsumerOffsetRequestHeader) DecodeFields(f Fields) error {
	*h = QueryConsumerOffsetRequestHeader{}
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
		case "bname":
			h.BrokerName = v
		case "setZeroIfNotFound":
			h.NotZeroIfNotFound = v != "" && !isTrue(v)
		}
	}
	return s.done(queryOffsetMandatory[:])
}

// AppendFields implements CustomHeader.
func (h *QueryConsumerOffsetRequestHeader) AppendFields(w *FieldWriter) {
	w.Str("consumerGroup", h.ConsumerGroup)
	w.Str("topic", h.Topic)
	w.Int("queueId", int64(h.QueueID))
	w.OptStr("bname", h.BrokerName)
	if h.NotZeroIfNotFound {
		w.Bool("setZeroIfNotFound", false)
	}
}

// UpdateConsumerOffsetRequestHeader is the request header of 15 UPDATE_CONSUMER_OFFSET.
type UpdateConsumerOffsetRequestHeader struct {
	ConsumerGroup string
	Topic         string
	QueueID       int32
	CommitOffset  int64  // next position to consume
	BrokerName    string // bname, optional
}

var updateOffsetMandatory = [...]string{"consumerGroup", "topic", "queueId", "commitOffset"}

// DecodeFields fills h; string fields alias f.
func (h *UpdateConsumerOffsetRequestHeader) DecodeFields(f Fields) error {
	*h = UpdateConsumerOffsetRequestHeader{}
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
		case "commitOffset":
			h.CommitOffset = s.int64(3, k, v)
		case "bname":
			h.BrokerName = v
		}
	}
	return s.done(updateOffsetMandatory[:])
}

// AppendFields implements CustomHeader.
func (h *UpdateConsumerOffsetRequestHeader) AppendFields(w *FieldWriter) {
	w.Str("consumerGroup", h.ConsumerGroup)
	w.Str("topic", h.Topic)
	w.Int("queueId", int64(h.QueueID))
	w.Int("commitOffset", h.CommitOffset)
	w.OptStr("bname", h.BrokerName)
}
