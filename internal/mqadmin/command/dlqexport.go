package command

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"unicode/utf8"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/mqadmin"
)

// deadLetter is one line of an export.
type deadLetter struct {
	MsgID          string            `json:"msgId"`
	OffsetMsgID    string            `json:"offsetMsgId"`
	OriginMsgID    string            `json:"originMsgId,omitempty"`
	FromTopic      string            `json:"fromTopic"`
	Topic          string            `json:"topic"`
	BrokerName     string            `json:"brokerName,omitempty"`
	QueueID        int32             `json:"queueId"`
	QueueOffset    int64             `json:"queueOffset"`
	ReconsumeTimes int32             `json:"reconsumeTimes"`
	BornTimestamp  int64             `json:"bornTimestamp"`
	BornHost       string            `json:"bornHost"`
	StoreTimestamp int64             `json:"storeTimestamp"`
	StoreHost      string            `json:"storeHost"`
	Flag           int32             `json:"flag"`
	SysFlag        int32             `json:"sysFlag"`
	Keys           string            `json:"keys,omitempty"`
	Tags           string            `json:"tags,omitempty"`
	Properties     map[string]string `json:"properties"`
	BodyBase64     []byte            `json:"bodyBase64"`
	BodyText       *string           `json:"bodyText,omitempty"` // nil when the body is no text
}

func deadLetterOf(m mqadmin.StoredMessage) deadLetter {
	d := deadLetter{
		MsgID: m.MsgID(), OffsetMsgID: m.OffsetMsgID(), OriginMsgID: m.Properties[codec.PropertyOriginMessageID],
		FromTopic: m.Properties[codec.PropertyRetryTopic], Topic: m.Topic, BrokerName: m.BrokerName, QueueID: m.QueueID, QueueOffset: m.QueueOffset,
		ReconsumeTimes: m.ReconsumeTimes, BornTimestamp: m.BornTimestampMs, BornHost: m.BornHost.String(),
		StoreTimestamp: m.StoreTimestampMs, StoreHost: m.StoreHost.String(), Flag: m.Flag, SysFlag: m.SysFlag,
		Keys: m.Properties[codec.PropertyKeys], Tags: m.Properties[codec.PropertyTags], Properties: m.Properties,
		BodyBase64: append([]byte{}, m.Body...), // not null
	}
	if utf8.Valid(m.Body) {
		text := string(m.Body)
		d.BodyText = &text
	}
	return d
}

// runDLQExport writes a file named after the group. An export that fails leaves none.
func runDLQExport(ctx context.Context, c *Call) (err error) {
	name, err := fileName("group", c.Text("g", ""))
	if err != nil {
		return err
	}
	name += ".dlq.jsonl"
	if err := os.MkdirAll(c.Text("d", ""), 0o755); err != nil {
		return err
	}
	dir, err := os.OpenRoot(c.Text("d", ""))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	file, err := dir.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) // bodies are not for everybody
	if err != nil {
		return err
	}
	count, out := 0, bufio.NewWriter(file)
	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	err = c.eachDeadLetter(ctx, func(m mqadmin.StoredMessage) error {
		count++
		return lines.Encode(deadLetterOf(m))
	})
	if err = errors.Join(err, out.Flush(), file.Sync(), file.Close()); err != nil {
		return errors.Join(err, dir.Remove(name))
	}
	c.printf("%d dead letters of group %s exported to %s\n", count, c.Text("g", ""), filepath.Join(c.Text("d", ""), name))
	return nil
}
