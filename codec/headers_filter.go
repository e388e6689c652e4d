package codec

// RegisterFilterServerRequestHeader was the request header of 301 REGISTER_FILTER_SERVER up to 4.9.5.
type RegisterFilterServerRequestHeader struct {
	FilterServerAddr string
}

// AppendFields implements CustomHeader.
func (h *RegisterFilterServerRequestHeader) AppendFields(w *FieldWriter) {
	w.Str("filterServerAddr", h.FilterServerAddr)
}

// DecodeFields fills h; string fields alias f.
func (h *RegisterFilterServerRequestHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.FilterServerAddr = r.str("filterServerAddr")
	return r.err
}

// RegisterFilterServerResponseHeader was in answers to 301 REGISTER_FILTER_SERVER up to 4.9.5.
type RegisterFilterServerResponseHeader struct {
	BrokerName string
	BrokerID   int64 // optional
}

// AppendFields implements CustomHeader.
func (h *RegisterFilterServerResponseHeader) AppendFields(w *FieldWriter) {
	w.Str("brokerName", h.BrokerName)
	w.Int("brokerId", h.BrokerID)
}

// DecodeFields fills h; string fields alias f.
func (h *RegisterFilterServerResponseHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.BrokerName = r.str("brokerName")
	h.BrokerID = r.optInt64("brokerId")
	return r.err
}

// RegisterMessageFilterClassRequestHeader is the request header of 302 REGISTER_MESSAGE_FILTER_CLASS.
type RegisterMessageFilterClassRequestHeader struct {
	ConsumerGroup string
	Topic         string
	ClassName     string
	ClassCRC      int32
}

// AppendFields implements CustomHeader.
func (h *RegisterMessageFilterClassRequestHeader) AppendFields(w *FieldWriter) {
	w.Str("consumerGroup", h.ConsumerGroup)
	w.Str("topic", h.Topic)
	w.Str("className", h.ClassName)
	w.Int("classCRC", int64(h.ClassCRC))
}

// DecodeFields fills h; string fields alias f.
func (h *RegisterMessageFilterClassRequestHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.ConsumerGroup = r.str("consumerGroup")
	h.Topic = r.str("topic")
	h.ClassName = r.str("className")
	h.ClassCRC = r.int32("classCRC")
	return r.err
}
