package main

import (
	"encoding/base64"
	"fmt"
	"math/rand"
	"strconv"
	"strings"
	"time"

	"github.com/apache/rocketmq-client-go/v2/primitive"
)

// command is one line from the driver; which fields matter depends on Op. Absent numbers are nil where 0 has a meaning.
type command struct {
	ID   int64  `json:"id"`
	Op   string `json:"op"`
	Name string `json:"name"` // of the producer or consumer; the group when absent

	// producer.start, consumer.start, pull.start
	Group             string `json:"group"`
	Namesrv           string `json:"namesrv"` // host:port;host:port
	InstanceName      string `json:"instanceName"`
	VIP               bool   `json:"vip"`
	UnitName          string `json:"unitName"`
	Namespace         string `json:"namespace"`
	TimeoutMs         int64  `json:"timeoutMs"`
	Retries           *int   `json:"retries"`
	CompressOverBytes *int   `json:"compressOverBytes"`
	QueueNums         *int   `json:"defaultTopicQueueNums"`
	Transaction       bool   `json:"transaction"`
	AccessKey         string `json:"accessKey"`
	SecretKey         string `json:"secretKey"`
	Trace             bool   `json:"trace"`

	// send, flood
	Topic      string            `json:"topic"`
	Tags       string            `json:"tags"`
	Keys       string            `json:"keys"`
	Flag       int32             `json:"flag"`
	DelayLevel int               `json:"delayLevel"`
	Properties map[string]string `json:"properties"`
	Base64     string            `json:"base64"`
	Text       string            `json:"text"`
	Size       *int              `json:"size"`
	Fill       string            `json:"fill"`
	Seed       int64             `json:"seed"`
	Count      *int              `json:"count"`
	Mode       string            `json:"mode"`
	QueueID    *int              `json:"queueId"`
	OrderBy    string            `json:"orderBy"`
	Threads    *int              `json:"threads"`
	WaitMs     int64             `json:"waitMs"`
	PauseMs    int64             `json:"pauseMs"`
	Local      string            `json:"local"`
	Check      string            `json:"check"`
	Messages   []command         `json:"messages"`
	MsgID      string            `json:"msgId"`

	// consumer.start, pull
	Expression        string `json:"expression"`
	Filter            string `json:"filter"`
	Model             string `json:"model"`
	FromWhere         string `json:"fromWhere"`
	Orderly           bool   `json:"orderly"`
	LockIntervalMs    int64  `json:"lockIntervalMs"`
	ConsumeTimestamp  string `json:"consumeTimestamp"`
	Failures          int32  `json:"failures"`
	NextDelayLevel    int    `json:"nextDelayLevel"`
	MaxReconsumeTimes *int32 `json:"maxReconsumeTimes"`
	ConsumeBatch      *int   `json:"consumeBatch"`
	PullBatch         *int   `json:"pullBatch"`
	BrokerName        string `json:"brokerName"`
	Offset            int64  `json:"offset"`
	Max               *int   `json:"max"`
}

func (c *command) name() string {
	if c.Name != "" {
		return c.Name
	}
	return c.Group
}

// instance gives every client its own connection and client id, unless the driver wants the client's own choice.
func (c *command) instance() string {
	if c.InstanceName != "" {
		return c.InstanceName
	}
	return c.name()
}

func (c *command) namesrv() primitive.NamesrvAddr {
	return strings.Split(c.Namesrv, ";")
}

func (c *command) credentials() primitive.Credentials {
	return primitive.Credentials{AccessKey: c.AccessKey, SecretKey: c.SecretKey}
}

func (c *command) trace() *primitive.TraceConfig {
	return &primitive.TraceConfig{GroupName: c.name() + "-trace", Access: primitive.Local, NamesrvAddrs: c.namesrv(),
		Credentials: c.credentials()}
}

func or[T any](v *T, absent T) T {
	if v == nil {
		return absent
	}
	return *v
}

func (c *command) wait() time.Duration {
	if c.WaitMs > 0 {
		return time.Duration(c.WaitMs) * time.Millisecond
	}
	return 30 * time.Second
}

// message builds message number i; "%d" in text, keys and property values stands for i.
func (c *command) message(i int) (*primitive.Message, error) {
	body, err := c.body(i)
	if err != nil {
		return nil, err
	}
	m := primitive.NewMessage(c.Topic, body)
	m.Flag = c.Flag
	if c.Tags != "" {
		m.WithTag(c.Tags)
	}
	if c.Keys != "" {
		m.WithKeys([]string{numbered(c.Keys, i)})
	}
	if c.DelayLevel > 0 {
		m.WithDelayTimeLevel(c.DelayLevel)
	}
	for k, v := range c.Properties {
		m.WithProperty(k, numbered(v, i))
	}
	return m, nil
}

// body is base64, or text, or size bytes with fill "random" (default, incompressible) or "text" (compressible).
func (c *command) body(i int) ([]byte, error) {
	switch {
	case c.Base64 != "":
		b, err := base64.StdEncoding.DecodeString(c.Base64)
		if err != nil {
			return nil, fmt.Errorf("base64: %w", err)
		}
		return b, nil
	case c.Size == nil:
		return []byte(numbered(c.Text, i)), nil
	case c.Fill == "text":
		return []byte(strings.Repeat("x", *c.Size)), nil
	}
	b := make([]byte, *c.Size)
	_, err := rand.New(rand.NewSource(c.Seed + int64(i))).Read(b)
	return b, err
}

func numbered(text string, i int) string {
	return strings.ReplaceAll(text, "%d", strconv.Itoa(i))
}
