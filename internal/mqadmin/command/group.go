package command

var updateSubGroup = &Command{
	Name: "updateSubGroup", Text: "Update or create subscription group",
	Options: []Option{
		optional("q", "retryQueueNums", "retry queue nums"),
		optional("a", "notifyConsumerIdsChanged", "notify consumerId changed"),
		optional("b", "brokerAddr", "create subscription group to which broker"),
		optional("r", "retryMaxTimes", "retry max times"),
		optional("c", "clusterName", "create subscription group to which cluster"),
		optional("s", "consumeEnable", "consume enable"),
		optional("d", "consumeBroadcastEnable", "broadcast"),
		required("g", "groupName", "consumer group name"),
		optional("w", "whichBrokerWhenConsumeSlowly", "which broker id when consume slowly"),
		optional("i", "brokerId", "consumer from which broker id"),
		optional("m", "consumeFromMinEnable", "from min offset"),
	},
}

var deleteSubGroup = &Command{
	Name: "deleteSubGroup", Text: "Delete subscription group from broker.",
	Options: []Option{
		optional("b", "brokerAddr", "delete subscription group from which broker"),
		optional("r", "removeOffset", "remove offset"),
		optional("c", "clusterName", "delete subscription group from which cluster"),
		required("g", "groupName", "subscription group name"),
	},
}

var getConsumerConfig = &Command{
	Name: "getConsumerConfig", Text: "Get consumer config by subscription group name!",
	Options: []Option{
		required("g", "groupName", "subscription group name"),
	},
}
