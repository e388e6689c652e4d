package codec

// KVTable is a plain table of strings: the answers to 28
// GET_BROKER_RUNTIME_INFO, 103 REGISTER_BROKER and 219
// GET_KVLIST_BY_NAMESPACE.
type KVTable struct {
	Table map[string]string `json:"table,always"`
}

// KVConfigSerializeWrapper is kvConfig.json of the name server: namespace →
// key → value.
type KVConfigSerializeWrapper struct {
	ConfigTable map[string]map[string]string `json:"configTable,always"`
}
