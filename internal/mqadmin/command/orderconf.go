package command

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/mqadmin"
)

var updateOrderConf = &Command{
	Name: "updateOrderConf", Text: "Create or update or delete order conf",
	Options: []Option{
		required("t", "topic", "topic name"),
		optional("v", "orderConf", "set order conf [eg. brokerName1:num;brokerName2:num]"),
		required("m", "method", "option type [eg. put|get|delete"),
	},
	Run: runUpdateOrderConf,
}

// runUpdateOrderConf puts, gets or deletes the queues that ordered messages of a topic go to.
func runUpdateOrderConf(ctx context.Context, c *Call) error {
	topic, method := c.Text("t", ""), c.Text("m", "")
	switch method {
	case "get":
		conf, err := c.Admin.KVConfig(ctx, codec.NamespaceOrderTopicConfig, topic)
		if err != nil {
			return err
		}
		c.printf("get orderConf success. topic=[%s], orderConf=[%s] ", topic, conf)
	case "put":
		conf := c.Text("v", "")
		if conf == "" {
			return errors.New("please set orderConf with option -v")
		}
		if err := checkOrderConf(conf); err != nil {
			return err
		}
		if err := c.Admin.PutKVConfig(ctx, codec.NamespaceOrderTopicConfig, topic, conf); err != nil {
			return err
		}
		c.printf("update orderConf success. topic=[%s], orderConf=[%s]", topic, conf)
	case "delete":
		if err := c.Admin.DeleteKVConfig(ctx, codec.NamespaceOrderTopicConfig, topic); err != nil {
			return err
		}
		c.printf("delete orderConf success. topic=[%s]", topic)
	default:
		return fmt.Errorf("option -m takes put, get or delete, not %q: %w", method, errUsage)
	}
	return nil
}

// checkOrderConf: a conf that is not broker:n;broker:n stops every client of the topic.
func checkOrderConf(conf string) error {
	for _, piece := range strings.Split(conf, ";") {
		name, queues, ok := strings.Cut(piece, ":")
		if n, err := strconv.Atoi(queues); !ok || name == "" || err != nil || n <= 0 {
			return fmt.Errorf("order conf %q: want broker:queues;broker:queues", conf)
		}
	}
	return nil
}

// mergeOrderConf puts broker:n in place of what the topic's conf says of that
// broker (Java: createOrUpdateOrderConf of one broker).
func (c *Call) mergeOrderConf(ctx context.Context, topic, conf string) error {
	old, err := c.Admin.KVConfig(ctx, codec.NamespaceOrderTopicConfig, topic)
	if err != nil && !mqadmin.HasCode(err, codec.QueryNotFound) {
		return err
	}
	broker, _, _ := strings.Cut(conf, ":")
	pieces := slices.DeleteFunc(strings.Split(old, ";"), func(piece string) bool {
		return piece == "" || strings.HasPrefix(piece, broker+":")
	})
	pieces = slices.Sorted(slices.Values(append(pieces, conf)))
	return c.Admin.PutKVConfig(ctx, codec.NamespaceOrderTopicConfig, topic, strings.Join(pieces, ";"))
}
