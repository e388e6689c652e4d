package command

var queryMsgById = &Command{
	Name: "queryMsgById", Text: "Query Message by Id",
	Options: []Option{
		optional("s", "sendMessage", "resend message"),
		optional("d", "clientId", "The consumer's client id"),
		optional("u", "unitName", "unit name"),
		optional("g", "consumerGroup", "consumer group name"),
		required("i", "msgId", "Message Id"),
	},
	Run: runQueryMsgByID,
}

var queryMsgByKey = &Command{
	Name: "queryMsgByKey", Text: "Query Message by Key",
	Options: []Option{
		required("t", "topic", "topic name"),
		required("k", "msgKey", "Message Key"),
	},
	Run: runQueryMsgByKey,
}

var queryMsgByUniqueKey = &Command{
	Name: "queryMsgByUniqueKey", Text: "Query Message by Unique key",
	Options: []Option{
		flag("a", "showAll", "Print all message, the limit is 32"),
		optional("d", "clientId", "The consumer's client id"),
		required("t", "topic", "The topic of msg"),
		optional("g", "consumerGroup", "consumer group name"),
		required("i", "msgId", "Message Id"),
	},
	Run: runQueryMsgByUniqueKey,
}

var queryMsgByOffset = &Command{
	Name: "queryMsgByOffset", Text: "Query Message by offset",
	Options: []Option{
		required("b", "brokerName", "Broker Name"),
		required("t", "topic", "topic name"),
		required("i", "queueId", "Queue Id").number(),
		required("o", "offset", "Queue Offset").number(),
	},
	Run: runQueryMsgByOffset,
}

var queryMsgTraceById = &Command{
	Name: "queryMsgTraceById", Alias: "QueryMsgTraceById", Text: "query a message trace",
	Options: []Option{
		optional("t", "traceTopic", "The name value of message trace topic"),
		required("i", "msgId", "Message Id"),
	},
	Run: runQueryMsgTraceByID,
}

var printMsg = &Command{
	Name: "printMsg", Text: "Print Message Detail",
	Options: []Option{
		optional("b", "beginTimestamp ", "Begin timestamp[currentTimeMillis|yyyy-MM-dd#HH:mm:ss:SSS]"),
		optional("c", "charsetName ", "CharsetName(eg: UTF-8,GBK)"),
		optional("s", "subExpression ", "Subscribe Expression(eg: TagA || TagB)"),
		required("t", "topic", "topic name"),
		optional("d", "printBody ", "print body"),
		optional("e", "endTimestamp ", "End timestamp[currentTimeMillis|yyyy-MM-dd#HH:mm:ss:SSS]"),
	},
	Run: runPrintMsg,
}

var printMsgByQueue = &Command{
	Name: "printMsgByQueue", Text: "Print Message Detail",
	Options: []Option{
		optional("p", "print msg", "print msg. eg: true | false(default)"),
		required("a", "brokerName ", "broker name"),
		optional("b", "beginTimestamp ", "Begin timestamp[currentTimeMillis|yyyy-MM-dd#HH:mm:ss:SSS]"),
		optional("c", "charsetName ", "CharsetName(eg: UTF-8,GBK)"),
		optional("s", "subExpression ", "Subscribe Expression(eg: TagA || TagB)"),
		required("t", "topic", "topic name"),
		optional("d", "printBody ", "print body. eg: true | false(default)"),
		optional("e", "endTimestamp ", "End timestamp[currentTimeMillis|yyyy-MM-dd#HH:mm:ss:SSS]"),
		optional("f", "calculate", "calculate by tag. eg: true | false(default)"),
		required("i", "queueId ", "queue id").number(),
	},
	Run: runPrintMsgByQueue,
}

var queryCq = &Command{
	Name: "queryCq", Text: "Query cq command.",
	Options: []Option{
		required("q", "queue", "queue num, ie. 1").number(),
		optional("b", "broker", "broker addr."),
		optional("c", "count", "how many.").number(),
		required("t", "topic", "topic name"),
		optional("g", "consumer", "consumer group."),
		required("i", "index", "start queue index.").number(),
	},
	Run: runQueryCq,
}

var sendMessage = &Command{
	Name: "sendMessage", Text: "Send a message",
	Options: []Option{
		required("p", "body", "UTF-8 string format of the message body"),
		optional("b", "broker", "Send message to target broker"),
		optional("c", "tags", "Message tags"),
		required("t", "topic", "Topic name"),
		optional("i", "qid", "Send message to target queue").number(),
		optional("k", "key", "Message keys"),
		optional("m", "msgTraceEnable", "Message Trace Enable, Default: false"),
	},
	Run: runSendMessage,
}

var consumeMessage = &Command{
	Name: "consumeMessage", Text: "Consume message",
	Options: []Option{
		optional("b", "brokerName", "Broker name"),
		optional("s", "beginTimestamp ", "Begin timestamp[currentTimeMillis|yyyy-MM-dd#HH:mm:ss:SSS]"),
		optional("c", "MessageNumber", "Number of message to be consumed").number(),
		required("t", "topic", "Topic name"),
		optional("e", "endTimestamp ", "End timestamp[currentTimeMillis|yyyy-MM-dd#HH:mm:ss:SSS]"),
		optional("g", "consumerGroup", "Consumer group name"),
		optional("i", "queueId", "Queue Id").number(),
		optional("o", "offset", "Queue offset").number(),
	},
	Run: runConsumeMessage,
}

var checkMsgSendRT = &Command{
	Name: "checkMsgSendRT", Text: "check message send response time",
	Options: []Option{
		optional("a", "amount", "message amount | default 100").number(),
		optional("s", "size", "message size | default 128 Byte").number(),
		required("t", "topic", "topic name"),
	},
	Run: runCheckMsgSendRT,
}
