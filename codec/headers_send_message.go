package codec

// SendMessageRequestHeader is the request header of 10 SEND_MESSAGE and 324
// SEND_REPLY_MESSAGE and, with one-letter names (Java: SendMessageRequestHeaderV2),
// of 310 SEND_MESSAGE_V2, 320 SEND_BATCH_MESSAGE and 325 SEND_REPLY_MESSAGE_V2.
type SendMessageRequestHeader struct {
	ProducerGroup         string // a
	Topic                 string // b
	DefaultTopic          string // c: pattern when the topic is to be created
	DefaultTopicQueueNums int32  // d
	QueueID               int32  // e: < 0: the broker chooses
	SysFlag               int32  // f
	BornTimestampMs       int64  // g
	Flag                  int32  // h
	Properties            string // i, optional: see properties_format.go
	ReconsumeTimes        int32  // j, optional
	UnitMode              bool   // k
	MaxReconsumeTimes     int32  // l, optional
	HasMaxReconsumeTimes  bool   // false: l is absent
	Batch                 bool   // m: the body is a batch, whatever the code
	BrokerName            string // n, bname: optional
}

// SendMessageRequestHeaderV2 is the same header in its one-letter form.
type SendMessageRequestHeaderV2 SendMessageRequestHeader

var (
	sendMandatory   = [...]string{"producerGroup", "topic", "defaultTopic", "defaultTopicQueueNums", "queueId", "sysFlag", "bornTimestamp", "flag"}
	sendV2Mandatory = [...]string{"a", "b", "c", "d", "e", "f", "g", "h"}
)

// Decode fills h from the fields of a request with this code; string fields alias f.
func (h *SendMessageRequestHeader) Decode(code int32, f Fields) error {
	switch code {
	case SendMessageV2, SendBatchMessage, SendReplyMessageV2:
		return h.DecodeFieldsV2(f)
	}
	return h.DecodeFields(f)
}

// DecodeFields fills h from the long form; string fields alias f.
func (h *SendMessageRequestHeader) DecodeFields(f Fields) error {
	*h = SendMessageRequestHeader{}
	var s fieldScan
	for i := range f {
		v := f[i].Value
		switch k := f[i].Key; k {
		case "producerGroup":
			h.ProducerGroup = s.str(0, v)
		case "topic":
			h.Topic = s.str(1, v)
		case "defaultTopic":
			h.DefaultTopic = s.str(2, v)
		case "defaultTopicQueueNums":
			h.DefaultTopicQueueNums = s.int32(3, k, v)
		case "queueId":
			h.QueueID = s.int32(4, k, v)
		case "sysFlag":
			h.SysFlag = s.int32(5, k, v)
		case "bornTimestamp":
			h.BornTimestampMs = s.int64(6, k, v)
		case "flag":
			h.Flag = s.int32(7, k, v)
		case "properties":
			h.Properties = v
		case "reconsumeTimes":
			h.ReconsumeTimes = s.int32(optional, k, v)
		case "unitMode":
			h.UnitMode = isTrue(v)
		case "maxReconsumeTimes":
			h.MaxReconsumeTimes, h.HasMaxReconsumeTimes = s.int32(optional, k, v), v != ""
		case "batch":
			h.Batch = isTrue(v)
		case "bname":
			h.BrokerName = v
		}
	}
	return s.done(sendMandatory[:])
}

// DecodeFieldsV2 fills h from the one-letter form; string fields alias f.
func (h *SendMessageRequestHeader) DecodeFieldsV2(f Fields) error {
	*h = SendMessageRequestHeader{}
	var s fieldScan
	for i := range f {
		k, v := f[i].Key, f[i].Value
		if len(k) != 1 {
			continue
		}
		switch k[0] {
		case 'a':
			h.ProducerGroup = s.str(0, v)
		case 'b':
			h.Topic = s.str(1, v)
		case 'c':
			h.DefaultTopic = s.str(2, v)
		case 'd':
			h.DefaultTopicQueueNums = s.int32(3, k, v)
		case 'e':
			h.QueueID = s.int32(4, k, v)
		case 'f':
			h.SysFlag = s.int32(5, k, v)
		case 'g':
			h.BornTimestampMs = s.int64(6, k, v)
		case 'h':
			h.Flag = s.int32(7, k, v)
		case 'i':
			h.Properties = v
		case 'j':
			h.ReconsumeTimes = s.int32(optional, k, v)
		case 'k':
			h.UnitMode = isTrue(v)
		case 'l':
			h.MaxReconsumeTimes, h.HasMaxReconsumeTimes = s.int32(optional, k, v), v != ""
		case 'm':
			h.Batch = isTrue(v)
		case 'n':
			h.BrokerName = v
		}
	}
	return s.done(sendV2Mandatory[:])
}

// AppendFields implements CustomHeader: the long form.
func (h *SendMessageRequestHeader) AppendFields(w *FieldWriter) {
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
	w.Bool("batch", h.Batch)
	if h.HasMaxReconsumeTimes {
		w.Int("maxReconsumeTimes", int64(h.MaxReconsumeTimes))
	}
	w.OptStr("bname", h.BrokerName)
}

// AppendFieldsV2 renders the one-letter form.
func (h *SendMessageRequestHeader) AppendFieldsV2(w *FieldWriter) {
	w.Str("a", h.ProducerGroup)
	w.Str("b", h.Topic)
	w.Str("c", h.DefaultTopic)
	w.Int("d", int64(h.DefaultTopicQueueNums))
	w.Int("e", int64(h.QueueID))
	w.Int("f", int64(h.SysFlag))
	w.Int("g", h.BornTimestampMs)
	w.Int("h", int64(h.Flag))
	w.OptStr("i", h.Properties)
	w.Int("j", int64(h.ReconsumeTimes))
	w.Bool("k", h.UnitMode)
	if h.HasMaxReconsumeTimes {
		w.Int("l", int64(h.MaxReconsumeTimes))
	}
	w.Bool("m", h.Batch)
	w.OptStr("n", h.BrokerName)
}

// V2 is h as the header of a request in the one-letter form.
func (h *SendMessageRequestHeader) V2() *SendMessageRequestHeaderV2 {
	return (*SendMessageRequestHeaderV2)(h)
}

// AppendFields implements CustomHeader: the one-letter form.
func (h *SendMessageRequestHeaderV2) AppendFields(w *FieldWriter) {
	(*SendMessageRequestHeader)(h).AppendFieldsV2(w)
}

// DecodeFields fills h from the one-letter form; string fields alias f.
func (h *SendMessageRequestHeaderV2) DecodeFields(f Fields) error {
	return (*SendMessageRequestHeader)(h).DecodeFieldsV2(f)
}

// SendMessageResponseHeader is in answers to 10, 310, 320, 324 and 325. Java
// clients dereference the ext map of those: it must be there.
type SendMessageResponseHeader struct {
	MsgID         string // offset message id; of a batch: comma-joined
	QueueID       int32
	QueueOffset   int64  // of a batch: the first
	TransactionID string // optional: UNIQ_KEY of a half message
}

var sendResponseMandatory = [...]string{"msgId", "queueId", "queueOffset"}

// AppendFields implements CustomHeader.
func (h *SendMessageResponseHeader) AppendFields(w *FieldWriter) {
	w.Str("msgId", h.MsgID)
	w.Int("queueId", int64(h.QueueID))
	w.Int("queueOffset", h.QueueOffset)
	w.OptStr("transactionId", h.TransactionID)
}

// DecodeFields fills h; string fields alias f.
func (h *SendMessageResponseHeader) DecodeFields(f Fields) error {
	*h = SendMessageResponseHeader{}
	var s fieldScan
	for i := range f {
		v := f[i].Value
		switch k := f[i].Key; k {
		case "msgId":
			h.MsgID = s.str(0, v)
		case "queueId":
			h.QueueID = s.int32(1, k, v)
		case "queueOffset":
			h.QueueOffset = s.int64(2, k, v)
		case "transactionId":
			h.TransactionID = v
		}
	}
	return s.done(sendResponseMandatory[:])
}
