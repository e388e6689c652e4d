package command

var consumerConnection = &Command{
	Name: "consumerConnection", Text: "Query consumer's socket connection, client version and subscription",
	Options: []Option{
		optional("b", "brokerAddr", "broker address"),
		required("g", "consumerGroup", "consumer group name"),
	},
}

var consumerProgress = &Command{
	Name: "consumerProgress", Text: "Query consumers's progress, speed",
	Options: []Option{
		optional("s", "showClientIP", "Show Client IP per Queue"),
		optional("g", "groupName", "consumer group name"),
	},
}

var consumerStatus = &Command{
	Name: "consumerStatus", Text: "Query consumer's internal data structure",
	Options: []Option{
		optional("b", "brokerAddr", "broker address"),
		flag("s", "jstack", "Run jstack command in the consumer progress"),
		required("g", "consumerGroup", "consumer group name"),
		optional("i", "clientId", "The consumer's client id"),
	},
}

var producerConnection = &Command{
	Name: "producerConnection", Text: "Query producer's socket connection and client version",
	Options: []Option{
		required("t", "topic", "topic name"),
		required("g", "producerGroup", "producer group name"),
	},
}

var producer = &Command{
	Name: "producer", Text: "Query producer's instances, connection, status, etc.",
	Options: []Option{
		required("b", "broker", "broker address"),
	},
}

var startMonitoring = &Command{
	Name: "startMonitoring", Text: "Start Monitoring",
}
