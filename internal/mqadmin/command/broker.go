package command

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/mqadmin"
	"github.com/boostermq/booster/internal/properties"
)

var brokerStatus = &Command{
	Name: "brokerStatus", Text: "Fetch broker runtime status data",
	Options: []Option{
		optional("b", "brokerAddr", "Broker address"),
		optional("c", "clusterName", "which cluster"),
	},
	Run: runBrokerStatus,
}

// runBrokerStatus prints the runtime information of one broker, or of all
// members of a cluster with their address before each line.
func runBrokerStatus(ctx context.Context, c *Call) error {
	switch {
	case c.Has("b"):
		return c.printStatus(ctx, c.Text("b", ""), "")
	case !c.Has("c"):
		return errUsage
	}
	brokers, err := c.Admin.Brokers(ctx, c.Text("c", ""))
	if err != nil {
		return err
	}
	for _, addr := range mqadmin.MembersOf(brokers) {
		err = errors.Join(err, c.printStatus(ctx, addr, fmt.Sprintf("%-24s ", addr)))
	}
	return err
}

func (c *Call) printStatus(ctx context.Context, addr, prefix string) error {
	info, err := c.Admin.RuntimeInfo(ctx, addr)
	if err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(info)) {
		c.printf("%s%-32s: %s\n", prefix, key, info[key])
	}
	return nil
}

var getBrokerConfig = &Command{
	Name: "getBrokerConfig", Text: "Get broker config by cluster or special broker!",
	Options: []Option{
		optional("b", "brokerAddr", "get which broker"),
		optional("c", "clusterName", "get which cluster"),
	},
	Run: runGetBrokerConfig,
}

// runGetBrokerConfig prints the settings of one broker, or of a cluster's
// masters with their slaves after them, as they come: Java's order is a hash table's.
func runGetBrokerConfig(ctx context.Context, c *Call) error {
	switch {
	case c.Has("b"):
		addr := c.Text("b", "")
		c.printf("============%s============\n", addr)
		return c.printBrokerConfig(ctx, addr)
	case !c.Has("c"):
		return errUsage
	}
	brokers, err := c.Admin.Brokers(ctx, c.Text("c", ""))
	if err != nil {
		return err
	}
	for _, b := range brokers {
		master, ok := b.BrokerAddrs[codec.MasterID]
		if !ok {
			master = "NO_MASTER"
		} else {
			c.printf("============Master: %s============\n", master)
			err = errors.Join(err, c.printBrokerConfig(ctx, master))
		}
		for _, id := range mqadmin.BrokerIDs(b) {
			if slave := b.BrokerAddrs[id]; id != codec.MasterID {
				c.printf("============My Master: %s=====Slave: %s============\n", master, slave)
				err = errors.Join(err, c.printBrokerConfig(ctx, slave))
			}
		}
	}
	return err
}

func (c *Call) printBrokerConfig(ctx context.Context, addr string) error {
	pairs, err := c.Admin.BrokerConfig(ctx, addr)
	if err != nil {
		return err
	}
	c.printPairs(pairs)
	c.printf("\n")
	return nil
}

func (c *Call) printPairs(pairs []properties.Pair) {
	for _, p := range pairs {
		c.printf("%-50s=  %s\n", p.Key, p.Value)
	}
}

var updateBrokerConfig = &Command{
	Name: "updateBrokerConfig", Text: "Update broker's config",
	Options: []Option{
		optional("b", "brokerAddr", "update which broker"),
		optional("c", "clusterName", "update which cluster"),
		required("v", "value", "config value"),
		required("k", "key", "config key"),
	},
	Run: runUpdateBrokerConfig,
}

func runUpdateBrokerConfig(ctx context.Context, c *Call) error {
	return c.eachTarget(ctx, c.Admin.Masters, func(addr string) error {
		if err := c.Admin.UpdateBrokerConfig(ctx, addr, c.Text("k", ""), c.Text("v", "")); err != nil {
			return err
		}
		c.printf("update broker config success, %s\n", addr)
		return nil
	})
}

// eachTarget runs call for the broker of -b, or for those that find returns for
// the cluster of -c, also after one failed: each keeps its own state.
func (c *Call) eachTarget(ctx context.Context, find func(ctx context.Context, cluster string) ([]string, error), call func(addr string) error) error {
	switch {
	case c.Has("b"):
		return call(c.Text("b", ""))
	case !c.Has("c"):
		return errUsage
	}
	addrs, err := find(ctx, c.Text("c", ""))
	if err != nil {
		return err
	}
	var failed error
	for _, addr := range addrs {
		failed = errors.Join(failed, call(addr))
	}
	return failed
}
