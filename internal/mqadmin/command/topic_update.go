package command

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/mqadmin"
)

var updateTopic = &Command{
	Name: "updateTopic", Text: "Update or create topic",
	Options: []Option{
		optional("p", "perm", "set topic's permission(2|4|6), intro[2:W 4:R; 6:RW]").int32(),
		either("b", "brokerAddr", "create topic to which broker"),
		optional("r", "readQueueNums", "set read queue nums").int32(),
		either("c", "clusterName", "create topic to which cluster"),
		optional("s", "hasUnitSub", "has unit sub (true|false)").boolean(),
		required("t", "topic", "topic name"),
		optional("u", "unit", "is unit topic (true|false)").boolean(),
		optional("w", "writeQueueNums", "set write queue nums").int32(),
		optional("o", "order", "set topic's order(true|false)").boolean(),
	},
	Run: runUpdateTopic,
}

// runUpdateTopic creates a topic or changes its settings; what is not given
// gets Java's default, not what the topic had.
func runUpdateTopic(ctx context.Context, c *Call) error {
	config := codec.TopicConfig{
		TopicName: c.Text("t", ""), ReadQueueNums: c.Int32("r", 8), WriteQueueNums: c.Int32("w", 8),
		Perm: c.Int32("p", codec.PermRead|codec.PermWrite), TopicFilterType: codec.SingleTag, Order: c.Bool("o", false),
	}
	if c.Bool("u", false) {
		config.TopicSysFlag |= codec.TopicFlagUnit
	}
	if c.Bool("s", false) {
		config.TopicSysFlag |= codec.TopicFlagUnitSub
	}
	if c.Has("b") {
		return c.updateTopicOfBroker(ctx, c.Text("b", ""), config)
	}
	return c.updateTopicOfCluster(ctx, c.Text("c", ""), config)
}

func (c *Call) updateTopicOfBroker(ctx context.Context, addr string, config codec.TopicConfig) error {
	if err := c.Admin.UpdateTopic(ctx, addr, config); err != nil {
		return err
	}
	if config.Order {
		name, err := c.Admin.BrokerNameByAddr(ctx, addr)
		if err != nil {
			return err
		}
		conf := fmt.Sprintf("%s:%d", name, config.WriteQueueNums)
		if err := c.mergeOrderConf(ctx, config.TopicName, conf); err != nil {
			return err
		}
		c.printf("set broker orderConf. isOrder=true, orderConf=[%s]", conf)
	}
	c.printf("create topic to %s success.\n", addr)
	c.printf("%s", topicConfigText(config))
	return nil
}

func (c *Call) updateTopicOfCluster(ctx context.Context, cluster string, config codec.TopicConfig) error {
	brokers, err := c.Admin.Brokers(ctx, cluster)
	if err != nil {
		return err
	}
	masters := mqadmin.MastersOf(brokers)
	for _, addr := range masters {
		if err := c.Admin.UpdateTopic(ctx, addr, config); err != nil {
			return err
		}
		c.printf("create topic to %s success.\n", addr)
	}
	if config.Order {
		var conf []string
		for _, b := range brokers {
			conf = append(conf, fmt.Sprintf("%s:%d", b.BrokerName, config.WriteQueueNums))
		}
		text := strings.Join(conf, ";")
		if err := c.Admin.PutKVConfig(ctx, codec.NamespaceOrderTopicConfig, config.TopicName, text); err != nil {
			return err
		}
		c.printf("set cluster orderConf. isOrder=true, orderConf=[%s]", text)
	}
	c.printf("%s", topicConfigText(config))
	return nil
}

var deleteTopic = &Command{
	Name: "deleteTopic", Text: "Delete topic from broker and NameServer.",
	Options: []Option{
		required("c", "clusterName", "delete topic from which cluster"),
		required("t", "topic", "topic name"),
	},
	Run: runDeleteTopic,
}

func runDeleteTopic(ctx context.Context, c *Call) error {
	return c.deleteTopic(ctx, c.Text("c", ""), c.Text("t", ""))
}

// deleteTopic deletes a topic from the masters of a cluster, then from the name servers.
func (c *Call) deleteTopic(ctx context.Context, cluster, topic string) error {
	masters, err := c.Admin.Masters(ctx, cluster)
	if err != nil {
		return err
	}
	for _, addr := range masters {
		if err := c.Admin.DeleteTopicInBroker(ctx, addr, topic); err != nil {
			return err
		}
	}
	c.printf("delete topic [%s] from cluster [%s] success.\n", topic, cluster)
	if err := c.Admin.DeleteTopicInNameServers(ctx, topic, cluster); err != nil {
		return err
	}
	c.printf("delete topic [%s] from NameServer success.\n", topic)
	return nil
}

var updateTopicPerm = &Command{
	Name: "updateTopicPerm", Text: "Update topic perm",
	Options: []Option{
		required("p", "perm", "set topic's permission(2|4|6), intro[2:W; 4:R; 6:RW]").int32(),
		optional("b", "brokerAddr", "create topic to which broker"),
		optional("c", "clusterName", "create topic to which cluster"),
		required("t", "topic", "topic name"),
	},
	Run: runUpdateTopicPerm,
}

// runUpdateTopicPerm changes the permission of a topic and keeps its queues.
func runUpdateTopicPerm(ctx context.Context, c *Call) error {
	if !c.Has("b") && !c.Has("c") {
		return errUsage
	}
	topic := c.Text("t", "")
	route, err := c.Admin.TopicRoute(ctx, topic)
	if err != nil {
		return err
	}
	brokers := route.BrokerDatas
	if c.Has("b") {
		brokers = nil
		for _, b := range route.BrokerDatas {
			if b.BrokerAddrs[codec.MasterID] == c.Text("b", "") {
				brokers = append(brokers, b)
			}
		}
		if len(brokers) == 0 {
			return fmt.Errorf("no master at %s has topic %s", c.Text("b", ""), topic)
		}
	} else if brokers, err = c.Admin.Brokers(ctx, c.Text("c", "")); err != nil {
		return err
	}
	return c.updatePerm(ctx, topic, route, brokers)
}

// updatePerm sets the permission on the masters of brokers, each with the queues it has now.
func (c *Call) updatePerm(ctx context.Context, topic string, route codec.TopicRouteData, brokers []codec.BrokerData) error {
	perm, done := c.Int32("p", 0), false
	for _, q := range route.QueueDatas {
		for _, b := range brokers {
			addr, isMaster := b.BrokerAddrs[codec.MasterID]
			if !isMaster || b.BrokerName != q.BrokerName {
				continue
			}
			done = true
			if q.Perm == perm {
				c.printf("new perm equals to the old one!\n")
				continue
			}
			config := codec.TopicConfig{
				TopicName: topic, ReadQueueNums: q.ReadQueueNums, WriteQueueNums: q.WriteQueueNums,
				Perm: perm, TopicFilterType: codec.SingleTag, TopicSysFlag: q.TopicSysFlag,
			}
			if err := c.Admin.UpdateTopic(ctx, addr, config); err != nil {
				return err
			}
			c.printf("update topic perm from %d to %d in %s success.\n", q.Perm, perm, addr)
			if c.Has("b") {
				c.printf("%s.\n", topicConfigText(config))
			}
		}
	}
	if !done {
		return errors.New("none of the brokers has topic " + topic)
	}
	return nil
}
