package command

import (
	"context"
	"errors"

	"github.com/boostermq/booster/internal/mqadmin"
)

var cleanExpiredCQ = &Command{
	Name: "cleanExpiredCQ", Text: "Clean expired ConsumeQueue on broker.",
	Options: []Option{
		optional("b", "brokerAddr", "Broker address"),
		optional("c", "cluster", "clustername"),
	},
	Run: runCleanExpiredCQ,
}

var deleteExpiredCommitLog = &Command{
	Name: "deleteExpiredCommitLog", Text: "Delete expired CommitLog files",
	Options: []Option{
		optional("b", "brokerAddr", "Broker address"),
		optional("c", "cluster", "clustername"),
		optional("n", "namesrvAddr", "Name server address"),
	},
	Run: runDeleteExpiredCommitLog,
}

var cleanUnusedTopic = &Command{
	Name: "cleanUnusedTopic", Text: "Clean unused topic on broker.",
	Options: []Option{
		optional("b", "brokerAddr", "Broker address"),
		optional("c", "cluster", "cluster name"),
	},
	Run: runCleanUnusedTopic,
}

func runCleanExpiredCQ(ctx context.Context, c *Call) error {
	return c.clean(ctx, c.Admin.CleanExpiredConsumeQueue)
}

func runDeleteExpiredCommitLog(ctx context.Context, c *Call) error {
	return c.clean(ctx, c.Admin.DeleteExpiredCommitLog)
}

func runCleanUnusedTopic(ctx context.Context, c *Call) error {
	return c.clean(ctx, c.Admin.CleanUnusedTopic)
}

// clean makes a call to the broker of -b, to the members of the cluster of -c,
// or to all brokers there are.
func (c *Call) clean(ctx context.Context, call func(ctx context.Context, addr string) error) error {
	addrs := []string{c.Text("b", "")}
	if !c.Has("b") {
		info, err := c.Admin.ClusterInfo(ctx)
		if err != nil {
			return err
		}
		clusters := mqadmin.Clusters(info)
		if c.Has("c") {
			clusters = []string{c.Text("c", "")}
		}
		addrs = nil
		for _, cluster := range clusters {
			addrs = append(addrs, mqadmin.MembersOf(mqadmin.BrokersOf(info, cluster))...)
		}
	}
	if len(addrs) == 0 {
		return errors.New("no broker is registered there")
	}
	var failed error
	for _, addr := range addrs {
		failed = errors.Join(failed, call(ctx, addr))
	}
	if failed != nil {
		c.printf("false")
		return failed
	}
	c.printf("success")
	return nil
}
