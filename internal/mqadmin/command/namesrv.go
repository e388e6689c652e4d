package command

import (
	"context"
	"strings"

	"github.com/boostermq/booster/internal/mqadmin"
)

var updateKvConfig = &Command{
	Name: "updateKvConfig", Text: "Create or update KV config.",
	Options: []Option{
		required("s", "namespace", "set the namespace"),
		required("v", "value", "set the key value"),
		required("k", "key", "set the key name"),
	},
	Run: runUpdateKvConfig,
}

func runUpdateKvConfig(ctx context.Context, c *Call) error {
	if err := c.Admin.PutKVConfig(ctx, c.Text("s", ""), c.Text("k", ""), c.Text("v", "")); err != nil {
		return err
	}
	c.printf("create or update kv config to namespace success.\n")
	return nil
}

var deleteKvConfig = &Command{
	Name: "deleteKvConfig", Text: "Delete KV config.",
	Options: []Option{
		required("s", "namespace", "set the namespace"),
		required("k", "key", "set the key name"),
	},
	Run: runDeleteKvConfig,
}

func runDeleteKvConfig(ctx context.Context, c *Call) error {
	if err := c.Admin.DeleteKVConfig(ctx, c.Text("s", ""), c.Text("k", "")); err != nil {
		return err
	}
	c.printf("delete kv config from namespace success.\n")
	return nil
}

var wipeWritePerm = &Command{
	Name: "wipeWritePerm", Text: "Wipe write perm of broker in all name server you defined in the -n param",
	Options: []Option{
		required("b", "brokerName", "broker name"),
	},
	Run: runWipeWritePerm,
}

var addWritePerm = &Command{
	Name: "addWritePerm", Text: "Add write perm of broker in all name server you defined in the -n param",
	Options: []Option{
		required("b", "brokerName", "broker name"),
	},
	Run: runAddWritePerm,
}

func runWipeWritePerm(ctx context.Context, c *Call) error {
	return c.changeWritePerm(ctx, c.Text("b", ""), "wipe", (*mqadmin.Admin).WipeWritePerm)
}

func runAddWritePerm(ctx context.Context, c *Call) error {
	return c.changeWritePerm(ctx, c.Text("b", ""), "add", (*mqadmin.Admin).AddWritePerm)
}

// changeWritePerm tells every name server, and the user of each whether it worked.
func (c *Call) changeWritePerm(ctx context.Context, broker, verb string, change func(a *mqadmin.Admin, ctx context.Context, addr, broker string) (int32, error)) error {
	return c.Admin.EachNameServer(func(addr string) error {
		topics, err := change(c.Admin, ctx, addr, broker)
		if err != nil {
			c.printf("%s write perm of broker[%s] in name server[%s] Failed\n", verb, broker, addr)
			return err
		}
		c.printf("%s write perm of broker[%s] in name server[%s] OK, %d\n", verb, broker, addr, topics)
		return nil
	})
}

var updateNamesrvConfig = &Command{
	Name: "updateNamesrvConfig", Text: "Update configs of name server.",
	Options: []Option{
		required("v", "value", "config value"),
		required("k", "key", "config key"),
	},
	Run: runUpdateNamesrvConfig,
}

func runUpdateNamesrvConfig(ctx context.Context, c *Call) error {
	key, value := c.Text("k", ""), c.Text("v", "")
	if err := c.Admin.UpdateNameServerConfig(ctx, key, value); err != nil {
		return err
	}
	c.printf("update name server config success![%s]\n%s : %s\n", strings.Join(c.Admin.NameServers(), ", "), key, value)
	return nil
}

var getNamesrvConfig = &Command{
	Name: "getNamesrvConfig", Text: "Get configs of name server.",
	Run: runGetNamesrvConfig,
}

func runGetNamesrvConfig(ctx context.Context, c *Call) error {
	return c.Admin.EachNameServer(func(addr string) error {
		pairs, err := c.Admin.NameServerConfig(ctx, addr)
		if err != nil {
			return err
		}
		c.printf("============%s============\n", addr)
		c.printPairs(pairs)
		return nil
	})
}
