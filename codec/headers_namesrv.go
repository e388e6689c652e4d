package codec

// RegisterBrokerRequestHeader is the request header of 103 REGISTER_BROKER.
type RegisterBrokerRequestHeader struct {
	BrokerName   string
	BrokerAddr   string
	ClusterName  string
	HAServerAddr string
	BrokerID     int64
	Compressed   bool  // the body is the deflated form
	BodyCRC32    int32 // optional; 0: not to be checked
}

// AppendFields implements CustomHeader.
func (h *RegisterBrokerRequestHeader) AppendFields(w *FieldWriter) {
	w.Str("brokerName", h.BrokerName)
	w.Str("brokerAddr", h.BrokerAddr)
	w.Str("clusterName", h.ClusterName)
	w.Str("haServerAddr", h.HAServerAddr)
	w.Int("brokerId", h.BrokerID)
	w.Bool("compressed", h.Compressed)
	w.Int("bodyCrc32", int64(h.BodyCRC32))
}

// DecodeFields fills h; string fields alias f.
func (h *RegisterBrokerRequestHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.BrokerName = r.str("brokerName")
	h.BrokerAddr = r.str("brokerAddr")
	h.ClusterName = r.str("clusterName")
	h.HAServerAddr = r.str("haServerAddr")
	h.BrokerID = r.int64("brokerId")
	h.Compressed = r.optBool("compressed")
	h.BodyCRC32 = r.optInt32("bodyCrc32")
	return r.err
}

// RegisterBrokerResponseHeader is in answers to 103 REGISTER_BROKER.
type RegisterBrokerResponseHeader struct {
	HAServerAddr string // optional
	MasterAddr   string // optional
}

// AppendFields implements CustomHeader.
func (h *RegisterBrokerResponseHeader) AppendFields(w *FieldWriter) {
	w.OptStr("haServerAddr", h.HAServerAddr)
	w.OptStr("masterAddr", h.MasterAddr)
}

// DecodeFields fills h; string fields alias f.
func (h *RegisterBrokerResponseHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.HAServerAddr = r.optStr("haServerAddr")
	h.MasterAddr = r.optStr("masterAddr")
	return r.err
}

// UnRegisterBrokerRequestHeader is the request header of 104 UNREGISTER_BROKER.
type UnRegisterBrokerRequestHeader struct {
	BrokerName  string
	BrokerAddr  string
	ClusterName string
	BrokerID    int64
}

// AppendFields implements CustomHeader.
func (h *UnRegisterBrokerRequestHeader) AppendFields(w *FieldWriter) {
	w.Str("brokerName", h.BrokerName)
	w.Str("brokerAddr", h.BrokerAddr)
	w.Str("clusterName", h.ClusterName)
	w.Int("brokerId", h.BrokerID)
}

// DecodeFields fills h; string fields alias f.
func (h *UnRegisterBrokerRequestHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.BrokerName = r.str("brokerName")
	h.BrokerAddr = r.str("brokerAddr")
	h.ClusterName = r.str("clusterName")
	h.BrokerID = r.int64("brokerId")
	return r.err
}

// QueryDataVersionRequestHeader is the request header of 322 QUERY_DATA_VERSION.
type QueryDataVersionRequestHeader struct {
	BrokerName  string
	BrokerAddr  string
	ClusterName string
	BrokerID    int64
}

// AppendFields implements CustomHeader.
func (h *QueryDataVersionRequestHeader) AppendFields(w *FieldWriter) {
	w.Str("brokerName", h.BrokerName)
	w.Str("brokerAddr", h.BrokerAddr)
	w.Str("clusterName", h.ClusterName)
	w.Int("brokerId", h.BrokerID)
}

// DecodeFields fills h; string fields alias f.
func (h *QueryDataVersionRequestHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.BrokerName = r.str("brokerName")
	h.BrokerAddr = r.str("brokerAddr")
	h.ClusterName = r.str("clusterName")
	h.BrokerID = r.int64("brokerId")
	return r.err
}

// QueryDataVersionResponseHeader is in answers to 322 QUERY_DATA_VERSION.
type QueryDataVersionResponseHeader struct {
	Changed bool
}

// AppendFields implements CustomHeader.
func (h *QueryDataVersionResponseHeader) AppendFields(w *FieldWriter) {
	w.Bool("changed", h.Changed)
}

// DecodeFields fills h; string fields alias f.
func (h *QueryDataVersionResponseHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.Changed = r.bool("changed")
	return r.err
}

// GetRouteInfoRequestHeader is the request header of 105 GET_ROUTEINFO_BY_TOPIC.
type GetRouteInfoRequestHeader struct {
	Topic                  string
	AcceptStandardJSONOnly bool // the answer has quoted keys only
}

// AppendFields implements CustomHeader.
func (h *GetRouteInfoRequestHeader) AppendFields(w *FieldWriter) {
	w.Str("topic", h.Topic)
	if h.AcceptStandardJSONOnly {
		w.Bool("acceptStandardJsonOnly", true)
	}
}

// DecodeFields fills h; string fields alias f.
func (h *GetRouteInfoRequestHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.Topic = r.str("topic")
	h.AcceptStandardJSONOnly = r.optBool("acceptStandardJsonOnly")
	return r.err
}

// PutKVConfigRequestHeader is the request header of 100 PUT_KV_CONFIG.
type PutKVConfigRequestHeader struct {
	Namespace string
	Key       string
	Value     string
}

// AppendFields implements CustomHeader.
func (h *PutKVConfigRequestHeader) AppendFields(w *FieldWriter) {
	w.Str("namespace", h.Namespace)
	w.Str("key", h.Key)
	w.Str("value", h.Value)
}

// DecodeFields fills h; string fields alias f.
func (h *PutKVConfigRequestHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.Namespace = r.str("namespace")
	h.Key = r.str("key")
	h.Value = r.str("value")
	return r.err
}

// GetKVConfigRequestHeader is the request header of 101 GET_KV_CONFIG.
type GetKVConfigRequestHeader struct {
	Namespace string
	Key       string
}

// AppendFields implements CustomHeader.
func (h *GetKVConfigRequestHeader) AppendFields(w *FieldWriter) {
	w.Str("namespace", h.Namespace)
	w.Str("key", h.Key)
}

// DecodeFields fills h; string fields alias f.
func (h *GetKVConfigRequestHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.Namespace = r.str("namespace")
	h.Key = r.str("key")
	return r.err
}

// GetKVConfigResponseHeader is in answers to 101 GET_KV_CONFIG.
type GetKVConfigResponseHeader struct {
	Value string // optional
}

// AppendFields implements CustomHeader.
func (h *GetKVConfigResponseHeader) AppendFields(w *FieldWriter) {
	w.OptStr("value", h.Value)
}

// DecodeFields fills h; string fields alias f.
func (h *GetKVConfigResponseHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.Value = r.optStr("value")
	return r.err
}

// DeleteKVConfigRequestHeader is the request header of 102 DELETE_KV_CONFIG.
type DeleteKVConfigRequestHeader struct {
	Namespace string
	Key       string
}

// AppendFields implements CustomHeader.
func (h *DeleteKVConfigRequestHeader) AppendFields(w *FieldWriter) {
	w.Str("namespace", h.Namespace)
	w.Str("key", h.Key)
}

// DecodeFields fills h; string fields alias f.
func (h *DeleteKVConfigRequestHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.Namespace = r.str("namespace")
	h.Key = r.str("key")
	return r.err
}

// GetKVListByNamespaceRequestHeader is the request header of 219 GET_KVLIST_BY_NAMESPACE.
type GetKVListByNamespaceRequestHeader struct {
	Namespace string
}

// AppendFields implements CustomHeader.
func (h *GetKVListByNamespaceRequestHeader) AppendFields(w *FieldWriter) {
	w.Str("namespace", h.Namespace)
}

// DecodeFields fills h; string fields alias f.
func (h *GetKVListByNamespaceRequestHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.Namespace = r.str("namespace")
	return r.err
}

// WipeWritePermOfBrokerRequestHeader is the request header of 205 WIPE_WRITE_PERM_OF_BROKER.
type WipeWritePermOfBrokerRequestHeader struct {
	BrokerName string
}

// AppendFields implements CustomHeader.
func (h *WipeWritePermOfBrokerRequestHeader) AppendFields(w *FieldWriter) {
	w.Str("brokerName", h.BrokerName)
}

// DecodeFields fills h; string fields alias f.
func (h *WipeWritePermOfBrokerRequestHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.BrokerName = r.str("brokerName")
	return r.err
}

// WipeWritePermOfBrokerResponseHeader is in answers to 205 WIPE_WRITE_PERM_OF_BROKER.
type WipeWritePermOfBrokerResponseHeader struct {
	WipeTopicCount int32
}

// AppendFields implements CustomHeader.
func (h *WipeWritePermOfBrokerResponseHeader) AppendFields(w *FieldWriter) {
	w.Int("wipeTopicCount", int64(h.WipeTopicCount))
}

// DecodeFields fills h; string fields alias f.
func (h *WipeWritePermOfBrokerResponseHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.WipeTopicCount = r.int32("wipeTopicCount")
	return r.err
}

// AddWritePermOfBrokerRequestHeader is the request header of 327 ADD_WRITE_PERM_OF_BROKER.
type AddWritePermOfBrokerRequestHeader struct {
	BrokerName string
}

// AppendFields implements CustomHeader.
func (h *AddWritePermOfBrokerRequestHeader) AppendFields(w *FieldWriter) {
	w.Str("brokerName", h.BrokerName)
}

// DecodeFields fills h; string fields alias f.
func (h *AddWritePermOfBrokerRequestHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.BrokerName = r.str("brokerName")
	return r.err
}

// AddWritePermOfBrokerResponseHeader is in answers to 327 ADD_WRITE_PERM_OF_BROKER.
type AddWritePermOfBrokerResponseHeader struct {
	AddTopicCount int32
}

// AppendFields implements CustomHeader.
func (h *AddWritePermOfBrokerResponseHeader) AppendFields(w *FieldWriter) {
	w.Int("addTopicCount", int64(h.AddTopicCount))
}

// DecodeFields fills h; string fields alias f.
func (h *AddWritePermOfBrokerResponseHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.AddTopicCount = r.int32("addTopicCount")
	return r.err
}

// DeleteTopicFromNamesrvRequestHeader is the request header of 216 DELETE_TOPIC_IN_NAMESRV.
type DeleteTopicFromNamesrvRequestHeader struct {
	Topic       string
	ClusterName string // optional
}

// AppendFields implements CustomHeader.
func (h *DeleteTopicFromNamesrvRequestHeader) AppendFields(w *FieldWriter) {
	w.Str("topic", h.Topic)
	w.OptStr("clusterName", h.ClusterName)
}

// DecodeFields fills h; string fields alias f.
func (h *DeleteTopicFromNamesrvRequestHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.Topic = r.str("topic")
	h.ClusterName = r.optStr("clusterName")
	return r.err
}

// RegisterOrderTopicRequestHeader is declared by Java and used by nobody.
type RegisterOrderTopicRequestHeader struct {
	Topic            string
	OrderTopicString string
}

// AppendFields implements CustomHeader.
func (h *RegisterOrderTopicRequestHeader) AppendFields(w *FieldWriter) {
	w.Str("topic", h.Topic)
	w.Str("orderTopicString", h.OrderTopicString)
}

// DecodeFields fills h; string fields alias f.
func (h *RegisterOrderTopicRequestHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.Topic = r.str("topic")
	h.OrderTopicString = r.str("orderTopicString")
	return r.err
}
