package mqadmin

import (
	"maps"
	"slices"

	"github.com/boostermq/booster/codec"
)

// ofTheWay are the properties that tell of a message's way through brokers and
// consumers. Sent once more with them it would wait for its level, become a half
// message, not wait for the disk, or not be a new message for its consumers.
var ofTheWay = []string{
	codec.PropertyRetryTopic, codec.PropertyOriginMessageID, codec.PropertyReconsumeTime, codec.PropertyMaxReconsumeTimes,
	codec.PropertyConsumeStartTimestamp, codec.PropertyMinOffset, codec.PropertyMaxOffset,
	codec.PropertyWaitStoreMsgOK, codec.PropertyDelayTimeLevel, codec.PropertyRealTopic, codec.PropertyRealQueueID,
	codec.PropertyTransactionPrepared, codec.PropertyProducerGroup, codec.PropertyTransactionPreparedQueueOffset,
	codec.PropertyTransactionCheckTimes, codec.PropertyCheckImmunityTimeInSeconds, codec.PropertyTransactionID,
	codec.PropertyTransferFlag, codec.PropertyCorrectionFlag, codec.PropertyMQ2Flag,
	codec.PropertyMsgRegion, codec.PropertyTraceSwitch, codec.PropertyCluster,
	codec.PropertyInnerMultiDispatch, codec.PropertyInnerMultiQueueOffset,
}

// Fresh is m as its producer sent it, for topic: body, flag, keys, tags and the
// properties of the user. It keeps its id, by which consumers know a message again.
func (m StoredMessage) Fresh(topic string) Message {
	properties := maps.Clone(m.Properties)
	maps.DeleteFunc(properties, func(name, _ string) bool { return slices.Contains(ofTheWay, name) })
	return Message{
		Topic: topic, Flag: m.Flag, SysFlag: m.SysFlag & (codec.SysFlagCompressed | codec.CompressionMask),
		Properties: properties, Body: m.Packed,
	}
}
