package codec

// CreateAccessConfigRequestHeader is the request header of 50 UPDATE_AND_CREATE_ACL_CONFIG.
type CreateAccessConfigRequestHeader struct {
	AccessKey          string
	SecretKey          string // optional
	WhiteRemoteAddress string // optional
	Admin              bool
	DefaultTopicPerm   string // optional
	DefaultGroupPerm   string // optional
	TopicPerms         string // optional; topic=PERM, comma-separated
	GroupPerms         string // optional; group=PERM, comma-separated
}

// AppendFields implements CustomHeader.
func (h *CreateAccessConfigRequestHeader) AppendFields(w *FieldWriter) {
	w.Str("accessKey", h.AccessKey)
	w.OptStr("secretKey", h.SecretKey)
	w.OptStr("whiteRemoteAddress", h.WhiteRemoteAddress)
	w.Bool("admin", h.Admin)
	w.OptStr("defaultTopicPerm", h.DefaultTopicPerm)
	w.OptStr("defaultGroupPerm", h.DefaultGroupPerm)
	w.OptStr("topicPerms", h.TopicPerms)
	w.OptStr("groupPerms", h.GroupPerms)
}

// DecodeFields fills h; string fields alias f.
func (h *CreateAccessConfigRequestHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.AccessKey = r.str("accessKey")
	h.SecretKey = r.optStr("secretKey")
	h.WhiteRemoteAddress = r.optStr("whiteRemoteAddress")
	h.Admin = r.optBool("admin")
	h.DefaultTopicPerm = r.optStr("defaultTopicPerm")
	h.DefaultGroupPerm = r.optStr("defaultGroupPerm")
	h.TopicPerms = r.optStr("topicPerms")
	h.GroupPerms = r.optStr("groupPerms")
	return r.err
}

// DeleteAccessConfigRequestHeader is the request header of 51 DELETE_ACL_CONFIG.
type DeleteAccessConfigRequestHeader struct {
	AccessKey string
}

// AppendFields implements CustomHeader.
func (h *DeleteAccessConfigRequestHeader) AppendFields(w *FieldWriter) {
	w.Str("accessKey", h.AccessKey)
}

// DecodeFields fills h; string fields alias f.
func (h *DeleteAccessConfigRequestHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.AccessKey = r.str("accessKey")
	return r.err
}

// UpdateGlobalWhiteAddrsConfigRequestHeader is the request header of 53 UPDATE_GLOBAL_WHITE_ADDRS_CONFIG.
type UpdateGlobalWhiteAddrsConfigRequestHeader struct {
	GlobalWhiteAddrs string
	ACLFileFullPath  string // optional; mqadmin leaves it out although Java calls it mandatory
}

// AppendFields implements CustomHeader.
func (h *UpdateGlobalWhiteAddrsConfigRequestHeader) AppendFields(w *FieldWriter) {
	w.Str("globalWhiteAddrs", h.GlobalWhiteAddrs)
	w.OptStr("aclFileFullPath", h.ACLFileFullPath)
}

// DecodeFields fills h; string fields alias f.
func (h *UpdateGlobalWhiteAddrsConfigRequestHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.GlobalWhiteAddrs = r.str("globalWhiteAddrs")
	h.ACLFileFullPath = r.optStr("aclFileFullPath")
	return r.err
}

// GetBrokerAclConfigResponseHeader is in answers to 52 GET_BROKER_CLUSTER_ACL_INFO.
type GetBrokerAclConfigResponseHeader struct {
	Version           string
	AllACLFileVersion string // optional
	BrokerName        string
	BrokerAddr        string
	ClusterName       string
}

// AppendFields implements CustomHeader.
func (h *GetBrokerAclConfigResponseHeader) AppendFields(w *FieldWriter) {
	w.Str("version", h.Version)
	w.OptStr("allAclFileVersion", h.AllACLFileVersion)
	w.Str("brokerName", h.BrokerName)
	w.Str("brokerAddr", h.BrokerAddr)
	w.Str("clusterName", h.ClusterName)
}

// DecodeFields fills h; string fields alias f.
func (h *GetBrokerAclConfigResponseHeader) DecodeFields(f Fields) error {
	r := fieldReader{f: f}
	h.Version = r.str("version")
	h.AllACLFileVersion = r.optStr("allAclFileVersion")
	h.BrokerName = r.str("brokerName")
	h.BrokerAddr = r.str("brokerAddr")
	h.ClusterName = r.str("clusterName")
	return r.err
}
