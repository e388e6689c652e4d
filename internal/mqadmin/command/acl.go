package command

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/boostermq/booster/codec"
)

var updateAclConfig = &Command{
	Name: "updateAclConfig", Text: "Update acl config yaml file in broker",
	Options: []Option{
		required("a", "accessKey", "set accessKey in acl config file"),
		either("b", "brokerAddr", "update acl config file to which broker"),
		either("c", "clusterName", "update acl config file to which cluster"),
		required("s", "secretKey", "set secretKey in acl config file"),
		optional("t", "topicPerms", "set topicPerms list,eg: topicA=DENY,topicD=SUB"),
		optional("u", "defaultGroupPerm", "set default GroupPerm in acl config file"),
		optional("w", "whiteRemoteAddress", "set white ip Address for account in acl config file"),
		optional("g", "groupPerms", "set groupPerms list,eg: groupD=DENY,groupD=SUB"),
		optional("i", "defaultTopicPerm", "set default topicPerm in acl config file"),
		optional("m", "admin", "set admin flag in acl config file").boolean(),
	},
	Run: runUpdateAclConfig,
}

// runUpdateAclConfig creates an account or changes what is given of it. Where
// Java prints the address of an object, ours prints the account without its secret.
func runUpdateAclConfig(ctx context.Context, c *Call) error {
	account := codec.CreateAccessConfigRequestHeader{
		AccessKey: c.Text("a", ""), SecretKey: c.Text("s", ""), WhiteRemoteAddress: c.Text("w", ""), Admin: c.Bool("m", false),
		DefaultTopicPerm: c.Text("i", ""), DefaultGroupPerm: c.Text("u", ""), TopicPerms: c.Text("t", ""), GroupPerms: c.Text("g", ""),
	}
	err := c.eachTarget(ctx, c.Admin.Members, func(addr string) error {
		if err := c.Admin.UpdateAccount(ctx, addr, account); err != nil {
			return err
		}
		c.printf("create or update plain access config to %s success.\n", addr)
		return nil
	})
	if err != nil {
		return err
	}
	c.printf("PlainAccessConfig [accessKey=%s, whiteRemoteAddress=%s, admin=%t, defaultTopicPerm=%s, defaultGroupPerm=%s, topicPerms=[%s], groupPerms=[%s]]",
		account.AccessKey, account.WhiteRemoteAddress, account.Admin, account.DefaultTopicPerm, account.DefaultGroupPerm, account.TopicPerms, account.GroupPerms)
	return nil
}

var deleteAclConfig = &Command{
	Name: "deleteAclConfig", Alias: "deleteAccessConfig", Text: "Delete Acl Config Account in broker",
	Options: []Option{
		required("a", "accessKey", "set accessKey in acl config file for deleting which account"),
		either("b", "brokerAddr", "delete acl config account from which broker"),
		either("c", "clusterName", "delete acl config account from which cluster"),
	},
	Run: runDeleteAclConfig,
}

func runDeleteAclConfig(ctx context.Context, c *Call) error {
	accessKey := c.Text("a", "")
	err := c.eachTarget(ctx, c.Admin.Members, func(addr string) error {
		if err := c.Admin.DeleteAccount(ctx, addr, accessKey); err != nil {
			return err
		}
		c.printf("delete plain access config account from %s success.\n", addr)
		return nil
	})
	if err != nil {
		return err
	}
	c.printf("account's accesskey is:%s", accessKey)
	return nil
}

var updateGlobalWhiteAddr = &Command{
	Name: "updateGlobalWhiteAddr", Text: "Update global white address for acl Config File in broker",
	Options: []Option{
		optional("p", "aclFileFullPath", "update global white address of specified acl file,eg: /xxx/plain_test.yml"),
		either("b", "brokerAddr", "update global white address to which broker"),
		either("c", "clusterName", "update global white address to which cluster"),
		required("g", "globalWhiteRemoteAddresses", "set globalWhiteRemoteAddress list,eg: 10.10.103.*,192.168.0.*"),
	},
	Run: runUpdateGlobalWhiteAddr,
}

func runUpdateGlobalWhiteAddr(ctx context.Context, c *Call) error {
	return c.eachTarget(ctx, c.Admin.Members, func(addr string) error {
		if err := c.Admin.UpdateGlobalWhiteAddrs(ctx, addr, c.Text("g", ""), c.Text("p", "")); err != nil {
			return err
		}
		c.printf("update global white remote addresses to %s success.\n", addr)
		return nil
	})
}

var clusterAclConfigVersion = &Command{
	Name: "clusterAclConfigVersion", Text: "List all of acl config version information in cluster",
	Options: []Option{
		either("b", "brokerAddr", "query acl config version for which broker"),
		either("c", "clusterName", "query acl config version for specified cluster"),
	},
	Run: runClusterAclConfigVersion,
}

func runClusterAclConfigVersion(ctx context.Context, c *Call) error {
	const line = "%-16s  %-22s  %-22s  %-20s  %-22s  %-22s\n"
	whose := "broker"
	if c.Has("c") {
		whose = "cluster"
		c.printf(line, "#Cluster Name", "#Broker Name", "#Broker Addr", "#AclFilePath", "#AclConfigVersionNum", "#AclLastUpdateTime")
	}
	err := c.eachTarget(ctx, c.Admin.Masters, func(addr string) error {
		v, err := c.Admin.ACLVersions(ctx, addr)
		if err != nil {
			return err
		}
		for _, file := range slices.Sorted(maps.Keys(v.Files)) {
			version := v.Files[file]
			c.printf(line, v.ClusterName, v.BrokerName, v.BrokerAddr, file, fmt.Sprint(version.Counter), timeText(version.Timestamp))
		}
		return nil
	})
	if err != nil {
		return err
	}
	c.printf("get %s's plain access config version success.\n", whose)
	return nil
}
