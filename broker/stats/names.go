package stats

// Names of the statistics as 315 VIEW_BROKER_STATS_DATA asks for them, with the
// form of their keys.
const (
	TopicPutNums = "TOPIC_PUT_NUMS" // topic
	TopicPutSize = "TOPIC_PUT_SIZE" // topic; bytes

	GroupGetNums    = "GROUP_GET_NUMS"    // topic@group
	GroupGetSize    = "GROUP_GET_SIZE"    // topic@group; bytes
	SndbckPutNums   = "SNDBCK_PUT_NUMS"   // topic@group
	GroupGetLatency = "GROUP_GET_LATENCY" // queueId@topic@group, topic@group without enableDetailStat; ms a read took

	QueuePutNums = "QUEUE_PUT_NUMS" // topic@queueId
	QueuePutSize = "QUEUE_PUT_SIZE" // topic@queueId; bytes
	QueueGetNums = "QUEUE_GET_NUMS" // topic@queueId@group
	QueueGetSize = "QUEUE_GET_SIZE" // topic@queueId@group; bytes

	BrokerPutNums = "BROKER_PUT_NUMS" // cluster
	BrokerGetNums = "BROKER_GET_NUMS" // cluster

	GroupGetFromDiskNums  = "GROUP_GET_FROM_DISK_NUMS"  // topic@group
	GroupGetFromDiskSize  = "GROUP_GET_FROM_DISK_SIZE"  // topic@group; bytes
	BrokerGetFromDiskNums = "BROKER_GET_FROM_DISK_NUMS" // cluster
	BrokerGetFromDiskSize = "BROKER_GET_FROM_DISK_SIZE" // cluster; bytes

	// Momentary values, queueId@topic@group; not reachable through 315.
	GroupGetFallSize = "GROUP_GET_FALL_SIZE" // bytes the group is behind
	GroupGetFallTime = "GROUP_GET_FALL_TIME" // ms the group is behind
)

// names are those that are sampled.
func names() []string {
	return []string{
		TopicPutNums, TopicPutSize, GroupGetNums, GroupGetSize, SndbckPutNums, GroupGetLatency,
		QueuePutNums, QueuePutSize, QueueGetNums, QueueGetSize, BrokerPutNums, BrokerGetNums,
		GroupGetFromDiskNums, GroupGetFromDiskSize, BrokerGetFromDiskNums, BrokerGetFromDiskSize,
	}
}

// keySeparator stands between the parts of a key; no topic or group contains it.
const keySeparator = "@"
