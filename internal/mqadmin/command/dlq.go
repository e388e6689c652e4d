package command

import "slices"

// The commands for dead letters are not Java's, whose mqadmin has none.

var dlqList = &Command{
	Name: "dlqList", Text: "List the groups that have dead letters",
	Options: []Option{
		optional("c", "clusterName", "only in this cluster"),
		optional("g", "consumerGroup", "only of this group"),
	},
	Run: runDLQList,
}

var dlqQuery = &Command{
	Name: "dlqQuery", Text: "Print dead letters of a group",
	Options: slices.Concat(deadLetterOptions, []Option{
		optional("c", "count", "how many to print at most | default 32").number(),
		optional("l", "bodyLimit", "how many bytes of each body to print | default 1024").number(),
	}),
	Run: runDLQQuery,
}

var dlqResend = &Command{
	Name: "dlqResend", Text: "Send dead letters of a group again",
	Options: slices.Concat(deadLetterOptions, []Option{
		flag("a", "all", "all dead letters of the group"),
		optional("d", "destTopic", "send them to this topic | default: to the one they came from, for all groups that consume it"),
		flag("r", "retryTopic", "send them to the retry topic of the group: no other group gets them"),
		flag("y", "dry-run", "say what would be sent and send nothing"),
	}),
	Run: runDLQResend,
}

var dlqExport = &Command{
	Name: "dlqExport", Text: "Write dead letters of a group to a file, one JSON object a line",
	Options: slices.Concat(deadLetterOptions, []Option{
		required("d", "directory", "the folder for GROUP.dlq.jsonl, a file that must not be there yet"),
	}),
	Run: runDLQExport,
}

// deadLetterOptions choose dead letters of a group: without any, all of them.
var deadLetterOptions = []Option{
	required("g", "consumerGroup", "the group that could not consume them"),
	optional("t", "topic", "only those that came from this topic"),
	optional("i", "msgId", "only this one"),
	optional("k", "msgKey", "only those with this key"),
	optional("b", "beginTimestamp", "only those that died then or later[currentTimeMillis|yyyy-MM-dd#HH:mm:ss:SSS]"),
	optional("e", "endTimestamp", "only those that died then or before[currentTimeMillis|yyyy-MM-dd#HH:mm:ss:SSS]"),
	optional("q", "queue", "only those in this queue of the dead letters, eg: broker-a:0"),
	optional("o", "offsets", "only those at these offsets of the queue, eg: 17, 10-99 (with the last one) or 10-"),
}
