package interop

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/boostermq/booster/interop/internal/agent"
	"github.com/boostermq/booster/interop/internal/cluster"
)

// TestConsoleACL: the dashboard's page of accounts, on a broker that wants signed requests.
func TestConsoleACL(t *testing.T) {
	t.Parallel()
	servers := startACLServers(t, nil, basicAccounts(nil))
	for name, vip := range map[string]bool{"VIP channel on": true, "VIP channel off": false} {
		t.Run(name, func(t *testing.T) { // one after the other: both change the one file
			c := &console{t: t, a: client(t, agent.Dashboard), vip: vip, namesrv: servers.namesrv.Addr, credentials: aclAdmin}
			c.aclPage(servers.accounts)
		})
	}
}

// account is one as the file and the page have it.
type account struct {
	AccessKey          string   `yaml:"accessKey" json:"accessKey"`
	SecretKey          string   `yaml:"secretKey" json:"secretKey"`
	WhiteRemoteAddress string   `yaml:"whiteRemoteAddress" json:"whiteRemoteAddress"`
	Admin              bool     `yaml:"admin" json:"admin"`
	DefaultTopicPerm   string   `yaml:"defaultTopicPerm" json:"defaultTopicPerm"`
	DefaultGroupPerm   string   `yaml:"defaultGroupPerm" json:"defaultGroupPerm"`
	TopicPerms         []string `yaml:"topicPerms" json:"topicPerms"`
	GroupPerms         []string `yaml:"groupPerms" json:"groupPerms"`
}

func (c *console) aclPage(file string) {
	var addr string
	c.on("ACL/version", func(a action) {
		var info clusterInfo
		a.ask(&info, "examineBrokerClusterInfo")
		addr = info.BrokerAddrTable["broker-a"].BrokerAddrs["0"]
		var version struct{ BrokerName, BrokerAddr, ClusterName string }
		a.ask(&version, "examineBrokerClusterAclVersionInfo", addr)
		assert.Equal(a, []string{"broker-a", addr, "DefaultCluster"}, []string{version.BrokerName, version.BrokerAddr, version.ClusterName})
	})
	added := account{unique("console-account"), "12345678", "192.168.0.*", false, "DENY", "SUB",
		[]string{"topicA=DENY"}, []string{"groupB=PUB|SUB"}}
	c.on("ACL/add and update", func(a action) {
		a.ask(nil, "createAndUpdatePlainAccessConfig", addr, added)
		assert.Contains(a, a.accounts(addr, file), added)
		added.SecretKey, added.TopicPerms = "87654321", []string{"topicA=PUB"}
		a.ask(nil, "createAndUpdatePlainAccessConfig", addr, added)
		assert.Contains(a, a.accounts(addr, file), added)
	})
	c.on("ACL/white list", func(a action) {
		a.ask(nil, "updateGlobalWhiteAddrConfig", addr, "10.10.0.*")
		assert.Equal(a, []string{"10.10.0.*"}, readACL(a.T, file).GlobalWhiteRemoteAddresses)
	})
	c.on("ACL/delete", func(a action) {
		a.ask(nil, "deletePlainAccessConfig", addr, added.AccessKey)
		for _, left := range a.accounts(addr, file) {
			assert.NotEqual(a, added.AccessKey, left.AccessKey)
		}
	})
}

// accounts is the list of the page. Brokers from 4.9.8 on do not tell it: it holds the secrets. Then the file is read.
func (a action) accounts(addr, file string) []account {
	a.Helper()
	if suite.kind != cluster.Java {
		refused := a.refused("examineBrokerClusterAclConfig", addr)
		assert.Equal(a, 3, refused.Code)
		assert.Contains(a, refused.Text, "request type 54 not supported")
		return readACL(a.T, file).Accounts
	}
	var config struct{ PlainAccessConfigs []account }
	a.ask(&config, "examineBrokerClusterAclConfig", addr)
	return config.PlainAccessConfigs
}

type aclFile struct {
	GlobalWhiteRemoteAddresses []string  `yaml:"globalWhiteRemoteAddresses"`
	Accounts                   []account `yaml:"accounts"`
}

func readACL(t *testing.T, file string) (content aclFile) {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(text, &content))
	return content
}
