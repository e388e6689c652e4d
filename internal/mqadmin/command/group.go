package command

import (
	"context"
	"errors"
	"fmt"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/mqadmin"
)

var updateSubGroup = &Command{
	Name: "updateSubGroup", Text: "Update or create subscription group",
	Options: []Option{
		optional("q", "retryQueueNums", "retry queue nums").int32(),
		optional("a", "notifyConsumerIdsChanged", "notify consumerId changed").boolean(),
		optional("b", "brokerAddr", "create subscription group to which broker"),
		optional("r", "retryMaxTimes", "retry max times").int32(),
		optional("c", "clusterName", "create subscription group to which cluster"),
		optional("s", "consumeEnable", "consume enable").boolean(),
		optional("d", "consumeBroadcastEnable", "broadcast").boolean(),
		required("g", "groupName", "consumer group name"),
		optional("w", "whichBrokerWhenConsumeSlowly", "which broker id when consume slowly").number(),
		optional("i", "brokerId", "consumer from which broker id").number(),
		optional("m", "consumeFromMinEnable", "from min offset").boolean(),
	},
	Run: runUpdateSubGroup,
}

// runUpdateSubGroup makes a group with these settings, or gives it them. What
// is not said gets Java's default, also where the group had something else.
func runUpdateSubGroup(ctx context.Context, c *Call) error {
	config := codec.SubscriptionGroupConfig{
		GroupName:                      c.Text("g", ""),
		ConsumeEnable:                  c.Bool("s", true),
		ConsumeFromMinEnable:           c.Bool("m", false),
		ConsumeBroadcastEnable:         c.Bool("d", false),
		RetryQueueNums:                 c.Int32("q", 1),
		RetryMaxTimes:                  c.Int32("r", 16),
		BrokerID:                       int64(c.Int("i", 0)),
		WhichBrokerWhenConsumeSlowly:   int64(c.Int("w", 1)),
		NotifyConsumerIdsChangedEnable: c.Bool("a", true),
	}
	err := c.eachTarget(ctx, c.Admin.Masters, func(addr string) error {
		if err := c.Admin.UpdateGroup(ctx, addr, config); err != nil {
			return err
		}
		c.printf("create subscription group to %s success.\n", addr)
		return nil
	})
	if err != nil {
		return err
	}
	c.printf("SubscriptionGroupConfig [groupName=%s, consumeEnable=%t, consumeFromMinEnable=%t, consumeBroadcastEnable=%t, retryQueueNums=%d, "+
		"retryMaxTimes=%d, brokerId=%d, whichBrokerWhenConsumeSlowly=%d, notifyConsumerIdsChangedEnable=%t]",
		config.GroupName, config.ConsumeEnable, config.ConsumeFromMinEnable, config.ConsumeBroadcastEnable, config.RetryQueueNums,
		config.RetryMaxTimes, config.BrokerID, config.WhichBrokerWhenConsumeSlowly, config.NotifyConsumerIdsChangedEnable)
	return nil
}

var deleteSubGroup = &Command{
	Name: "deleteSubGroup", Text: "Delete subscription group from broker.",
	Options: []Option{
		optional("b", "brokerAddr", "delete subscription group from which broker"),
		optional("r", "removeOffset", "remove offset").boolean(),
		optional("c", "clusterName", "delete subscription group from which cluster"),
		required("g", "groupName", "subscription group name"),
	},
	Run: runDeleteSubGroup,
}

// runDeleteSubGroup deletes a group from one broker, or from a cluster together
// with its topics for retries and dead letters.
func runDeleteSubGroup(ctx context.Context, c *Call) error {
	group, cluster := c.Text("g", ""), c.Text("c", "")
	inCluster := ""
	if !c.Has("b") {
		inCluster = fmt.Sprintf(" in cluster [%s]", cluster)
	}
	err := c.eachTarget(ctx, c.Admin.Masters, func(addr string) error {
		if err := c.Admin.DeleteGroup(ctx, addr, group, c.Bool("r", false)); err != nil {
			return err
		}
		c.printf("delete subscription group [%s] from broker [%s]%s success.\n", group, addr, inCluster)
		return nil
	})
	if err != nil || c.Has("b") {
		return err
	}
	return errors.Join(c.deleteTopic(ctx, cluster, codec.RetryGroupTopicPrefix+group), c.deleteTopic(ctx, cluster, codec.DLQGroupTopicPrefix+group))
}

var getConsumerConfig = &Command{
	Name: "getConsumerConfig", Text: "Get consumer config by subscription group name!",
	Options: []Option{
		required("g", "groupName", "subscription group name"),
	},
	Run: runGetConsumerConfig,
}

// runGetConsumerConfig prints the settings of a group on every broker that has it.
func runGetConsumerConfig(ctx context.Context, c *Call) error {
	group := c.Text("g", "")
	info, err := c.Admin.ClusterInfo(ctx)
	if err != nil {
		return err
	}
	found := false
	for _, cluster := range mqadmin.Clusters(info) {
		for _, b := range mqadmin.BrokersOf(info, cluster) {
			groups, askErr := c.Admin.GroupConfigs(ctx, mqadmin.BrokerAddr(b))
			err = errors.Join(err, askErr)
			if config := groups.SubscriptionGroupTable[group]; config != nil {
				found = true
				c.printf("=============================%s:%s=============================\n", cluster, b.BrokerName)
				c.printGroupConfig(*config)
			}
		}
	}
	if err == nil && !found {
		err = fmt.Errorf("no broker has group %s", group)
	}
	return err
}

func (c *Call) printGroupConfig(config codec.SubscriptionGroupConfig) {
	for _, field := range []struct {
		name  string
		value any
	}{
		{"groupName", config.GroupName},
		{"consumeEnable", config.ConsumeEnable},
		{"consumeFromMinEnable", config.ConsumeFromMinEnable},
		{"consumeBroadcastEnable", config.ConsumeBroadcastEnable},
		{"retryQueueNums", config.RetryQueueNums},
		{"retryMaxTimes", config.RetryMaxTimes},
		{"brokerId", config.BrokerID},
		{"whichBrokerWhenConsumeSlowly", config.WhichBrokerWhenConsumeSlowly},
		{"notifyConsumerIdsChangedEnable", config.NotifyConsumerIdsChangedEnable},
	} {
		c.printf("%-40s=  %v\n", field.name, field.value)
	}
}
