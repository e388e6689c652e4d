package codec

// EndTransactionRequestHeader is the request header of 37 END_TRANSACTION.
type EndTransactionRequestHeader struct {
	ProducerGroup        string
	TranStateTableOffset int64 // queue offset of the half message
	CommitLogOffset      int64 // physical offset of the half message
	CommitOrRollback     int32 // TransactionCommitType, TransactionRollbackType or TransactionNotType
	FromTransactionCheck bool
	MsgID                string // UNIQ_KEY of the message
	TransactionID        string // optional
	BrokerName           string // bname: the broker the client means
}

// AppendFields implements CustomHeader.
func (h *EndTransactionRequestHeader) AppendFields(w *FieldWriter) {
	w.Str("producerGroup", h.ProducerGroup)
	w.Int("tranStateTableOffset", h.TranStateTableOffset)
	w.Int("commitLogOffset", h.CommitLogOffset)
	w.Int("commitOrRollback", int64(h.CommitOrRollback))
	w.Bool("fromTransactionCheck", h.FromTransactionCheck)
	w.Str("msgId", h.MsgID)
	w.OptStr("transactionId", h.TransactionID)
	w.OptStr("bname", h.BrokerName)
}

// DecodeFields fills h; string fields alias f.
func (h *EndTransactionRequestHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.ProducerGroup = r.str("producerGroup")
	h.TranStateTableOffset = r.int64("tranStateTableOffset")
	h.CommitLogOffset = r.int64("commitLogOffset")
	h.CommitOrRollback = r.int32("commitOrRollback")
	h.FromTransactionCheck = r.optBool("fromTransactionCheck")
	h.MsgID = r.str("msgId")
	h.TransactionID = r.optStr("transactionId")
	h.BrokerName = r.optStr("bname")
	return r.err
}

// CheckTransactionStateRequestHeader is the request header of 39 CHECK_TRANSACTION_STATE.
type CheckTransactionStateRequestHeader struct {
	TranStateTableOffset int64  // queue offset of the half message
	CommitLogOffset      int64  // physical offset of the half message
	MsgID                string // optional; UNIQ_KEY of the message
	TransactionID        string // optional
	OffsetMsgID          string // optional
	BrokerName           string // bname: the broker the client means
}

// AppendFields implements CustomHeader.
func (h *CheckTransactionStateRequestHeader) AppendFields(w *FieldWriter) {
	w.Int("tranStateTableOffset", h.TranStateTableOffset)
	w.Int("commitLogOffset", h.CommitLogOffset)
	w.OptStr("msgId", h.MsgID)
	w.OptStr("transactionId", h.TransactionID)
	w.OptStr("offsetMsgId", h.OffsetMsgID)
	w.OptStr("bname", h.BrokerName)
}

// DecodeFields fills h; string fields alias f.
func (h *CheckTransactionStateRequestHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.TranStateTableOffset = r.int64("tranStateTableOffset")
	h.CommitLogOffset = r.int64("commitLogOffset")
	h.MsgID = r.optStr("msgId")
	h.TransactionID = r.optStr("transactionId")
	h.OffsetMsgID = r.optStr("offsetMsgId")
	h.BrokerName = r.optStr("bname")
	return r.err
}

// CheckTransactionStateResponseHeader is declared by Java and used by nobody.
type CheckTransactionStateResponseHeader struct {
	ProducerGroup        string
	TranStateTableOffset int64
	CommitLogOffset      int64
	CommitOrRollback     int32
}

// AppendFields implements CustomHeader.
func (h *CheckTransactionStateResponseHeader) AppendFields(w *FieldWriter) {
	w.Str("producerGroup", h.ProducerGroup)
	w.Int("tranStateTableOffset", h.TranStateTableOffset)
	w.Int("commitLogOffset", h.CommitLogOffset)
	w.Int("commitOrRollback", int64(h.CommitOrRollback))
}

// DecodeFields fills h; string fields alias f.
func (h *CheckTransactionStateResponseHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.ProducerGroup = r.str("producerGroup")
	h.TranStateTableOffset = r.int64("tranStateTableOffset")
	h.CommitLogOffset = r.int64("commitLogOffset")
	h.CommitOrRollback = r.int32("commitOrRollback")
	return r.err
}
