package command

var exportMetadata = &Command{
	Name: "exportMetadata", Text: "export metadata",
	Options: []Option{
		optional("b", "brokerAddr", "choose a broker to export"),
		optional("c", "clusterName", "choose a cluster to export"),
		flag("s", "specialTopic", "need retryTopic and dlqTopic"),
		flag("t", "topic", "only export topic metadata"),
		optional("f", "filePath", "export metadata.json path | default /tmp/rocketmq/export"),
		flag("g", "subscriptionGroup", "only export subscriptionGroup metadata"),
	},
}

var exportConfigs = &Command{
	Name: "exportConfigs", Text: "export configs",
	Options: []Option{
		required("c", "clusterName", "choose a cluster to export"),
		optional("f", "filePath", "export configs.json path | default /tmp/rocketmq/export"),
	},
}

var exportMetrics = &Command{
	Name: "exportMetrics", Text: "export metrics",
	Options: []Option{
		required("c", "clusterName", "choose a cluster to export"),
		optional("f", "filePath", "export metrics.json path | default /tmp/rocketmq/export"),
	},
}
