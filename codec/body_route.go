package codec

// QueueData is what one broker has of a topic (Java: QueueData).
type QueueData struct {
	BrokerName     string `json:"brokerName"`
	ReadQueueNums  int32  `json:"readQueueNums"`
	WriteQueueNums int32  `json:"writeQueueNums"`
	Perm           int32  `json:"perm"`
	TopicSysFlag   int32  `json:"topicSysFlag"`
}

// BrokerData is one broker name with the addresses "ip:port" of its members;
// key 0 is the master (Java: BrokerData).
type BrokerData struct {
	Cluster     string           `json:"cluster"`
	BrokerName  string           `json:"brokerName"`
	BrokerAddrs map[int64]string `json:"brokerAddrs,always"`
}

// TopicRouteData answers 105 GET_ROUTEINFO_BY_TOPIC. FilterServerTable maps
// broker addresses to filter servers and is empty since 4.9.6.
type TopicRouteData struct {
	OrderTopicConf    string              `json:"orderTopicConf,omitempty"`
	QueueDatas        []QueueData         `json:"queueDatas,always"`
	BrokerDatas       []BrokerData        `json:"brokerDatas,always"`
	FilterServerTable map[string][]string `json:"filterServerTable,always"`
}

// ClusterInfo answers 106 GET_BROKER_CLUSTER_INFO: brokers by name, broker
// names by cluster.
type ClusterInfo struct {
	BrokerAddrTable  map[string]BrokerData `json:"brokerAddrTable,always"`
	ClusterAddrTable map[string][]string   `json:"clusterAddrTable,always"`
}
