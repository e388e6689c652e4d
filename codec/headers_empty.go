package codec

// Headers without fields: an answer with one carries "extFields":{}, as Java's do.

// EndTransactionResponseHeader is declared by Java and used by nobody.
type EndTransactionResponseHeader struct{}

// AppendFields implements CustomHeader.
func (h *EndTransactionResponseHeader) AppendFields(*FieldWriter) {}

// DecodeFields implements the reading side: nothing to read.
func (h *EndTransactionResponseHeader) DecodeFields(Fields) error { return nil }

// GetAllProducerInfoRequestHeader is the request header of 328 GET_ALL_PRODUCER_INFO.
type GetAllProducerInfoRequestHeader struct{}

// AppendFields implements CustomHeader.
func (h *GetAllProducerInfoRequestHeader) AppendFields(*FieldWriter) {}

// DecodeFields implements the reading side: nothing to read.
func (h *GetAllProducerInfoRequestHeader) DecodeFields(Fields) error { return nil }

// GetAllTopicConfigResponseHeader is in answers to 21 GET_ALL_TOPIC_CONFIG.
type GetAllTopicConfigResponseHeader struct{}

// AppendFields implements CustomHeader.
func (h *GetAllTopicConfigResponseHeader) AppendFields(*FieldWriter) {}

// DecodeFields implements the reading side: nothing to read.
func (h *GetAllTopicConfigResponseHeader) DecodeFields(Fields) error { return nil }

// GetConsumerListByGroupResponseHeader is in answers to 38 GET_CONSUMER_LIST_BY_GROUP.
type GetConsumerListByGroupResponseHeader struct{}

// AppendFields implements CustomHeader.
func (h *GetConsumerListByGroupResponseHeader) AppendFields(*FieldWriter) {}

// DecodeFields implements the reading side: nothing to read.
func (h *GetConsumerListByGroupResponseHeader) DecodeFields(Fields) error { return nil }

// UnregisterClientResponseHeader is in answers to 35 UNREGISTER_CLIENT.
type UnregisterClientResponseHeader struct{}

// AppendFields implements CustomHeader.
func (h *UnregisterClientResponseHeader) AppendFields(*FieldWriter) {}

// DecodeFields implements the reading side: nothing to read.
func (h *UnregisterClientResponseHeader) DecodeFields(Fields) error { return nil }

// UpdateConsumerOffsetResponseHeader is in answers to 15 UPDATE_CONSUMER_OFFSET.
type UpdateConsumerOffsetResponseHeader struct{}

// AppendFields implements CustomHeader.
func (h *UpdateConsumerOffsetResponseHeader) AppendFields(*FieldWriter) {}

// DecodeFields implements the reading side: nothing to read.
func (h *UpdateConsumerOffsetResponseHeader) DecodeFields(Fields) error { return nil }

// ViewMessageResponseHeader is declared by Java and used by nobody.
type ViewMessageResponseHeader struct{}

// AppendFields implements CustomHeader.
func (h *ViewMessageResponseHeader) AppendFields(*FieldWriter) {}

// DecodeFields implements the reading side: nothing to read.
func (h *ViewMessageResponseHeader) DecodeFields(Fields) error { return nil }
