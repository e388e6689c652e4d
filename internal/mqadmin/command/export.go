package command

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
	"github.com/boostermq/booster/internal/mqadmin"
)

var exportMetadata = &Command{
	Name: "exportMetadata", Text: "export metadata",
	Options: []Option{
		optional("b", "brokerAddr", "choose a broker to export"),
		optional("c", "clusterName", "choose a cluster to export"),
		flag("s", "specialTopic", "need retryTopic and dlqTopic"),
		flag("t", "topic", "only export topic metadata"),
		optional("f", "filePath", "export metadata.json path | default /tmp/rocketmq/export"),
		flag("g", "subscriptionGroup", "only export subscriptionGroup metadata"),
	},
	Run: runExportMetadata,
}

// metadata is the topics and groups of a cluster, those of its masters added up.
type metadata struct {
	TopicConfigTable       map[string]*codec.TopicConfig             `json:"topicConfigTable"`
	SubscriptionGroupTable map[string]*codec.SubscriptionGroupConfig `json:"subscriptionGroupTable"`
	ExportTime             int64                                     `json:"exportTime"`
}

// runExportMetadata writes the topics, the groups, or both of a cluster or of a
// broker. Java's does nothing for both of a broker.
func runExportMetadata(ctx context.Context, c *Call) error {
	switch {
	case c.Has("b") && c.Has("t"):
		topics, err := c.Admin.UserTopics(ctx, c.Text("b", ""), c.Has("s"))
		if err != nil {
			return err
		}
		return c.export("topic.json", &topics)
	case c.Has("b") && c.Has("g"):
		groups, err := c.Admin.UserGroups(ctx, c.Text("b", ""))
		if err != nil {
			return err
		}
		return c.export("subscriptionGroup.json", &groups)
	}
	data := metadata{TopicConfigTable: map[string]*codec.TopicConfig{}, SubscriptionGroupTable: map[string]*codec.SubscriptionGroupConfig{}}
	if err := c.eachTarget(ctx, c.Admin.Masters, func(addr string) error { return c.addMetadata(ctx, &data, addr) }); err != nil {
		return err
	}
	data.ExportTime = time.Now().UnixMilli()
	name := "metadata.json"
	switch {
	case c.Has("t"):
		name, data.SubscriptionGroupTable = "topic.json", nil
	case c.Has("g"):
		name, data.TopicConfigTable = "subscriptionGroup.json", nil
	}
	if err := c.export(name, &data); err != nil {
		return err
	}
	c.printf("\n") // unlike the other exports
	return nil
}

// addMetadata adds what a broker has: queues add up.
func (c *Call) addMetadata(ctx context.Context, data *metadata, addr string) error {
	topics, err := c.Admin.UserTopics(ctx, addr, c.Has("s"))
	if err != nil {
		return err
	}
	groups, err := c.Admin.UserGroups(ctx, addr)
	if err != nil {
		return err
	}
	for name, config := range topics.TopicConfigTable {
		if before := data.TopicConfigTable[name]; before != nil {
			config.ReadQueueNums += before.ReadQueueNums
			config.WriteQueueNums += before.WriteQueueNums
		}
		data.TopicConfigTable[name] = config
	}
	for name, config := range groups.SubscriptionGroupTable {
		if before := data.SubscriptionGroupTable[name]; before != nil {
			config.RetryQueueNums += before.RetryQueueNums
		}
		data.SubscriptionGroupTable[name] = config
	}
	return nil
}

// export writes v to a file in the directory of -f and says so.
func (c *Call) export(name string, v any) error {
	text, err := fastjson.MarshalPretty(v)
	if err != nil {
		return err
	}
	path := filepath.Join(c.Text("f", "/tmp/rocketmq/export"), name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		return err
	}
	c.printf("export %s success", path)
	return nil
}

var exportConfigs = &Command{
	Name: "exportConfigs", Text: "export configs",
	Options: []Option{
		required("c", "clusterName", "choose a cluster to export"),
		optional("f", "filePath", "export configs.json path | default /tmp/rocketmq/export"),
	},
	Run: runExportConfigs,
}

// configs is how large a cluster is, and the settings of its masters that say most.
type configs struct {
	ClusterScale  clusterScale                 `json:"clusterScale"`
	BrokerConfigs map[string]map[string]string `json:"brokerConfigs"`
}

type clusterScale struct {
	NamesrvSize      int `json:"namesrvSize"`
	MasterBrokerSize int `json:"masterBrokerSize"`
	SlaveBrokerSize  int `json:"slaveBrokerSize"`
}

// exportedSettings are those that exportConfigs writes.
var exportedSettings = []string{
	"brokerClusterName", "brokerId", "brokerName", "brokerRole", "fileReservedTime", "filterServerNums", "flushDiskType", "maxMessageSize",
	"messageDelayLevel", "msgTraceTopicName", "slaveReadEnable", "traceOn", "traceTopicEnable", "useTLS", "autoCreateTopicEnable", "autoCreateSubscriptionGroup",
}

func runExportConfigs(ctx context.Context, c *Call) error {
	brokers, err := c.Admin.Brokers(ctx, c.Text("c", ""))
	if err != nil {
		return err
	}
	masters := mqadmin.MastersOf(brokers)
	data := configs{
		ClusterScale: clusterScale{
			NamesrvSize: len(c.Admin.NameServers()), MasterBrokerSize: len(masters), SlaveBrokerSize: len(mqadmin.MembersOf(brokers)) - len(masters),
		},
		BrokerConfigs: map[string]map[string]string{},
	}
	for _, addr := range masters {
		all, err := c.settings(ctx, addr)
		if err != nil {
			return err
		}
		some := map[string]string{}
		for _, key := range exportedSettings {
			if value, ok := all[key]; ok {
				some[key] = value
			}
		}
		data.BrokerConfigs[all["brokerName"]] = some
	}
	return c.export("configs.json", &data)
}

// settings asks a broker for all its settings.
func (c *Call) settings(ctx context.Context, addr string) (map[string]string, error) {
	pairs, err := c.Admin.BrokerConfig(ctx, addr)
	all := map[string]string{}
	for _, p := range pairs {
		all[p.Key] = p.Value
	}
	if err == nil && all["brokerName"] == "" {
		err = fmt.Errorf("broker %s does not tell its name", addr)
	}
	return all, err
}
