package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/mqadmin"
)

// bodiesDir is where Java's tool puts bodies, in the folder of temporary files.
const (
	temporaryDir = "/tmp"
	bodiesInside = "rocketmq/msgbodys"
	bodiesDir    = temporaryDir + "/" + bodiesInside
)

// printDetail prints a message, writes its body to a file and tells which groups consumed it. withID adds the line of its place.
func (c *Call) printDetail(ctx context.Context, m mqadmin.StoredMessage, withID bool) error {
	path, err := writeBody(m.MsgID(), m.Body)
	if err != nil {
		return err
	}
	line := func(name string, value any) { c.printf("%-20s %v\n", name, value) }
	if withID {
		line("OffsetID:", m.OffsetMsgID())
	}
	line("Topic:", m.Topic)
	line("Tags:", "["+cmp.Or(m.Properties[codec.PropertyTags], "null")+"]")
	line("Keys:", "["+cmp.Or(m.Properties[codec.PropertyKeys], "null")+"]")
	line("Queue ID:", m.QueueID)
	line("Queue Offset:", m.QueueOffset)
	line("CommitLog Offset:", m.CommitLogOffset)
	line("Reconsume Times:", m.ReconsumeTimes)
	line("Born Timestamp:", timeTextMs(m.BornTimestampMs))
	line("Store Timestamp:", timeTextMs(m.StoreTimestampMs))
	line("Born Host:", m.BornHost)
	line("Store Host:", m.StoreHost)
	line("System Flag:", m.SysFlag)
	line("Properties:", propertiesText(m))
	line("Message Body Path:", path)
	return c.printTracks(ctx, m)
}

// writeBody writes a body into bodiesDir. No link leads out of the folder of temporary files.
func writeBody(id string, body []byte) (path string, err error) {
	name, err := fileName("message id", id)
	if err != nil {
		return "", err
	}
	temporary, err := os.OpenRoot(temporaryDir)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, temporary.Close()) }()
	if err := temporary.MkdirAll(bodiesInside, 0o755); err != nil {
		return "", err
	}
	file, err := temporary.OpenFile(filepath.Join(bodiesInside, name), os.O_WRONLY|os.O_CREATE|os.O_TRUNC|syscall.O_NOFOLLOW, 0o644)
	if err != nil {
		return "", err
	}
	_, err = file.Write(body)
	return filepath.Join(bodiesDir, name), errors.Join(err, file.Close())
}

// printTracks prints what each group of the topic made of m (Java: messageTrackDetail).
func (c *Call) printTracks(ctx context.Context, m mqadmin.StoredMessage) error {
	groups, err := c.Admin.TopicConsumers(ctx, m.Topic)
	if err != nil {
		return err
	}
	if len(groups) == 0 {
		c.printf("\n\nWARN: No Consumer")
		return nil
	}
	c.printf("\n\n")
	for _, group := range groups {
		track, exception := c.track(ctx, group, m)
		c.printf("MessageTrack [consumerGroup=%s, trackType=%s, exceptionDesc=%s]", group, track, exception)
	}
	return nil
}

// track is Java's TrackType, and why it could not be told.
func (c *Call) track(ctx context.Context, group string, m mqadmin.StoredMessage) (track, exception string) {
	conn, err := c.Admin.ConsumerConnection(ctx, group)
	var refused *mqadmin.ResponseError
	switch {
	case mqadmin.HasCode(err, codec.ConsumerNotOnline):
		return "NOT_ONLINE", fmt.Sprintf("CODE:%d DESC:Not found the consumer group connection", codec.ConsumerNotOnline)
	case errors.As(err, &refused):
		return "UNKNOWN", fmt.Sprintf("CODE:%d DESC:%s", refused.Code, refused.Remark)
	case err != nil:
		return "UNKNOWN", err.Error()
	case conn.ConsumeType == codec.ConsumeActively:
		return "PULL", "null"
	case conn.MessageModel == codec.Broadcasting:
		return "CONSUME_BROADCASTING", "null"
	}
	consumed, err := c.Admin.Consumed(ctx, group, m)
	if err != nil {
		return "UNKNOWN", err.Error()
	}
	if !consumed {
		return "NOT_CONSUME_YET", "null"
	}
	tags := conn.SubscriptionTable[m.Topic].TagsSet
	if len(tags) == 0 || slices.Contains(tags, "*") || slices.Contains(tags, m.Properties[codec.PropertyTags]) {
		return "CONSUMED", "null"
	}
	return "CONSUMED_BUT_FILTERED", "null"
}

// propertiesText prints properties as Java prints its HashMap: by bucket, of
// which there are 16 and twice as many whenever three quarters are in use; in
// one bucket as they stand in the message.
func propertiesText(m mqadmin.StoredMessage) string {
	buckets := 16
	for len(m.Properties) > buckets/4*3 {
		buckets *= 2
	}
	bucket := func(name string) int {
		h := uint32(codec.JavaStringHash(name))
		return int(h^h>>16) & (buckets - 1)
	}
	names := slices.SortedFunc(maps.Keys(m.Properties), func(x, y string) int {
		return cmp.Or(bucket(x)-bucket(y), strings.Index(m.Message.Properties, x)-strings.Index(m.Message.Properties, y), cmp.Compare(x, y))
	})
	pairs := make([]string, len(names))
	for i, name := range names {
		pairs[i] = name + "=" + m.Properties[name]
	}
	return "{" + strings.Join(pairs, ", ") + "}"
}

// messageText is Java's MessageExt.toString.
func messageText(m mqadmin.StoredMessage) string {
	body := make([]string, len(m.Body))
	for i, b := range m.Body {
		body[i] = fmt.Sprint(int8(b))
	}
	return fmt.Sprintf("MessageExt [brokerName=%s, queueId=%d, storeSize=%d, queueOffset=%d, sysFlag=%d, bornTimestamp=%d, bornHost=/%s, "+
		"storeTimestamp=%d, storeHost=/%s, msgId=%s, commitLogOffset=%d, bodyCRC=%d, reconsumeTimes=%d, preparedTransactionOffset=%d, "+
		"toString()=Message{topic='%s', flag=%d, properties=%s, body=[%s], transactionId='%s'}]",
		cmp.Or(m.BrokerName, "null"), m.QueueID, m.StoreSizeBytes, m.QueueOffset, m.SysFlag, m.BornTimestampMs, m.BornHost,
		m.StoreTimestampMs, m.StoreHost, m.OffsetMsgID(), m.CommitLogOffset, m.BodyCRC, m.ReconsumeTimes, m.PreparedTransactionOffset,
		m.Topic, m.Flag, propertiesText(m), strings.Join(body, ", "), cmp.Or(m.Properties[codec.PropertyTransactionID], "null"))
}

// printMessage prints m in one line, with its body as text.
func (c *Call) printMessage(m mqadmin.StoredMessage, withBody bool) {
	body := "NOT PRINT BODY"
	if withBody {
		body = string(m.Body)
	}
	c.printf("MSGID: %s %s BODY: %s\n", m.MsgID(), messageText(m), body)
}

func queueText(mq codec.MessageQueue) string {
	return fmt.Sprintf("MessageQueue [topic=%s, brokerName=%s, queueId=%d]", mq.Topic, mq.BrokerName, mq.QueueID)
}
