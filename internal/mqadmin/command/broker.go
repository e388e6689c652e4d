package command

var brokerStatus = &Command{
	Name: "brokerStatus", Text: "Fetch broker runtime status data",
	Options: []Option{
		optional("b", "brokerAddr", "Broker address"),
		optional("c", "clusterName", "which cluster"),
	},
}

var brokerConsumeStats = &Command{
	Name: "brokerConsumeStats", Text: "Fetch broker consume stats data",
	Options: []Option{
		required("b", "brokerAddr", "Broker address"),
		optional("t", "timeoutMillis", "request timeout Millis"),
		optional("l", "level", "threshold of print diff"),
		optional("o", "order", "order topic"),
	},
}

var updateBrokerConfig = &Command{
	Name: "updateBrokerConfig", Text: "Update broker's config",
	Options: []Option{
		optional("b", "brokerAddr", "update which broker"),
		optional("c", "clusterName", "update which cluster"),
		required("v", "value", "config value"),
		required("k", "key", "config key"),
	},
}

var getBrokerConfig = &Command{
	Name: "getBrokerConfig", Text: "Get broker config by cluster or special broker!",
	Options: []Option{
		optional("b", "brokerAddr", "get which broker"),
		optional("c", "clusterName", "get which cluster"),
	},
}

var cleanExpiredCQ = &Command{
	Name: "cleanExpiredCQ", Text: "Clean expired ConsumeQueue on broker.",
	Options: []Option{
		optional("b", "brokerAddr", "Broker address"),
		optional("c", "cluster", "clustername"),
	},
}

var cleanUnusedTopic = &Command{
	Name: "cleanUnusedTopic", Text: "Clean unused topic on broker.",
	Options: []Option{
		optional("b", "brokerAddr", "Broker address"),
		optional("c", "cluster", "cluster name"),
	},
}

var deleteExpiredCommitLog = &Command{
	Name: "deleteExpiredCommitLog", Text: "Delete expired CommitLog files",
	Options: []Option{
		optional("b", "brokerAddr", "Broker address"),
		optional("c", "cluster", "clustername"),
		optional("n", "namesrvAddr", "Name server address"),
	},
}

var sendMsgStatus = &Command{
	Name: "sendMsgStatus", Text: "send msg to broker.",
	Options: []Option{
		required("b", "brokerName", "Broker Name"),
		optional("s", "messageSize", "Message Size, Default: 128"),
		optional("c", "count", "send message count, Default: 50"),
	},
}
