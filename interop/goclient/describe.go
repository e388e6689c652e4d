package main

import (
	"crypto/sha1"
	"encoding/hex"
	"strings"

	"github.com/apache/rocketmq-client-go/v2/primitive"
)

// textPrefix is how much of a body an event repeats, in UTF-16 units as the Java agent counts; length and sha1 tell the whole.
const textPrefix = 64

var sendStatus = map[primitive.SendStatus]string{
	primitive.SendOK:                "SEND_OK",
	primitive.SendFlushDiskTimeout:  "FLUSH_DISK_TIMEOUT",
	primitive.SendFlushSlaveTimeout: "FLUSH_SLAVE_TIMEOUT",
	primitive.SendSlaveNotAvailable: "SLAVE_NOT_AVAILABLE",
	primitive.SendUnknownError:      "UNKNOWN_ERROR",
}

var pullStatus = map[primitive.PullStatus]string{
	primitive.PullFound:         "FOUND",
	primitive.PullNoNewMsg:      "NO_NEW_MSG",
	primitive.PullNoMsgMatched:  "NO_MATCHED_MSG",
	primitive.PullOffsetIllegal: "OFFSET_ILLEGAL",
	primitive.PullBrokerTimeout: "BROKER_TIMEOUT",
}

func describeResult(r *primitive.SendResult, body []byte) fields {
	f := fields{"status": sendStatus[r.Status], "msgId": r.MsgID, "offsetMsgId": r.OffsetMsgID, "queueOffset": r.QueueOffset,
		"transactionId": r.TransactionID, "sha1": sha1Hex(body), "length": len(body)}
	if q := r.MessageQueue; q != nil {
		f["topic"], f["brokerName"], f["queueId"] = q.Topic, q.BrokerName, q.QueueId
	}
	return f
}

func describeQueues(queues []*primitive.MessageQueue) []fields {
	l := make([]fields, 0, len(queues))
	for _, q := range queues {
		l = append(l, fields{"topic": q.Topic, "brokerName": q.BrokerName, "queueId": q.QueueId})
	}
	return l
}

func describe(m *primitive.MessageExt) fields {
	return fields{
		"topic": m.Topic, "queueId": m.Queue.QueueId, "queueOffset": m.QueueOffset,
		"msgId": m.MsgId, "offsetMsgId": m.OffsetMsgId, "keys": m.GetKeys(), "tags": m.GetTags(),
		"sha1": sha1Hex(m.Body), "length": len(m.Body), "text": prefix(m.Body),
		"properties": m.GetProperties(), "reconsumeTimes": m.ReconsumeTimes, "flag": m.Flag,
		"sysFlag": m.SysFlag, "bornHost": m.BornHost, "storeHost": m.StoreHost,
		"bornTimestampMs": m.BornTimestamp, "storeTimestampMs": m.StoreTimestamp,
		"commitLogOffset": m.CommitLogOffset, "storeSize": m.StoreSize,
		"preparedTransactionOffset": m.PreparedTransactionOffset,
	}
}

func describeAll(msgs []*primitive.MessageExt) []fields {
	l := make([]fields, 0, len(msgs))
	for _, m := range msgs {
		l = append(l, describe(m))
	}
	return l
}

func prefix(body []byte) string {
	runes := []rune(strings.ToValidUTF8(string(body[:min(len(body), 4*textPrefix)]), "\uFFFD"))
	return string(runes[:min(len(runes), textPrefix)])
}

func sha1Hex(b []byte) string {
	sum := sha1.Sum(b)
	return hex.EncodeToString(sum[:])
}
