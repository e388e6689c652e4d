package command

var resetOffsetByTime = &Command{
	Name: "resetOffsetByTime", Text: "Reset consumer offset by timestamp(without client restart).",
	Options: []Option{
		required("s", "timestamp", "set the timestamp[now|currentTimeMillis|yyyy-MM-dd#HH:mm:ss:SSS]"),
		flag("c", "cplus", "reset c++ client offset"),
		required("t", "topic", "set the topic"),
		optional("f", "force", "set the force rollback by timestamp switch[true|false]"),
		required("g", "group", "set the consumer group"),
	},
}

var skipAccumulatedMessage = &Command{
	Name: "skipAccumulatedMessage", Text: "Skip all messages that are accumulated (not consumed) currently",
	Options: []Option{
		required("t", "topic", "set the topic"),
		optional("f", "force", "set the force rollback by timestamp switch[true|false]"),
		required("g", "group", "set the consumer group"),
	},
}

var cloneGroupOffset = &Command{
	Name: "cloneGroupOffset", Text: "clone offset from other group.",
	Options: []Option{
		required("s", "srcGroup", "set source consumer group"),
		required("d", "destGroup", "set destination consumer group"),
		required("t", "topic", "set the topic"),
		optional("o", "offline", "the group or the topic is offline"),
	},
}
