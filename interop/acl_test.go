package interop

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/interop/internal/agent"
	"github.com/boostermq/booster/interop/internal/cluster"
)

// reloadTimeout is twice the interval in which a broker looks at its accounts.
const reloadTimeout = 10 * time.Second

const aclDeniedTopic = "TopicDenied"

var (
	aclAdmin = agent.Args{"accessKey": "interopAdmin", "secretKey": "12345678"}
	aclUser  = agent.Args{"accessKey": "interopUser", "secretKey": "87654321"}
	aclNew   = agent.Args{"accessKey": "interopNewcomer", "secretKey": "newSecret01"}
)

// TestACL: a broker with aclEnable=true serves clients that sign with their account's secret, within the permissions of that
// account, and refuses all others with code 1 and the words of Java's broker.
func TestACL(t *testing.T) {
	t.Parallel()
	topics := make(map[string]string)
	for _, kind := range matrix() {
		topics[kind] = unique("ACL-" + kind)
	}
	s := startACLServers(t, nil, basicAccounts(topics))
	admin := startProducer(t, agent.Java497, s.namesrv.Addr, aclAdmin)
	admin.createTopic(aclDeniedTopic, 2)
	for kind, topic := range topics {
		admin.createTopic(topic, 2)
		t.Run(kind, func(t *testing.T) {
			sent := startProducer(t, kind, s.namesrv.Addr, aclUser).send(agent.Args{"topic": topic, "text": "Hello ACL %d", "count": 10})
			consumer := startConsumer(t, kind, s.namesrv.Addr, aclUser.With(agent.Args{"topic": topic}))
			requireDelivered(t, sent, consumer.awaitAndStop(len(sent)))
			for _, c := range aclRefusals(topic) {
				t.Run(c.name, func(t *testing.T) { c.requireRefused(t, kind, s.namesrv.Addr) })
			}
		})
	}
	t.Run("hot reload", func(t *testing.T) { s.requireReload(t, topics) })
}

// aclRefusal is a client that may not do what it tries.
type aclRefusal struct {
	name, topic string
	credentials agent.Args
	text        string
}

func aclRefusals(topic string) []aclRefusal {
	return []aclRefusal{
		{"wrong secret", topic, aclUser.With(agent.Args{"secretKey": "not-the-secret"}), "Check signature failed for accessKey=interopUser"},
		{"unknown key", topic, agent.Args{"accessKey": "nobody-known", "secretKey": "12345678"}, "No acl config for nobody-known"},
		{"no credentials", topic, nil, "No accessKey is configured"},
		{"denied topic", aclDeniedTopic, aclUser, "No default permission for topic:" + aclDeniedTopic},
	}
}

// requireRefused sends and pulls in vain.
func (r aclRefusal) requireRefused(t *testing.T, kind, namesrv string) {
	t.Helper()
	text := "org.apache.rocketmq.acl.common.AclException: " + r.text
	p := startProducer(t, kind, namesrv, r.credentials.With(agent.Args{"retries": 0}))
	result := p.trySend(agent.Args{"topic": r.topic, "text": "never"})[0]
	assert.Contains(t, result.Error, text)
	assert.Equal(t, 1, result.Code)

	puller := agent.Args{"name": unique("C-" + kind), "topic": r.topic}
	require.NoError(t, p.a.Call("pull.start", r.credentials.With(puller).With(agent.Args{"group": puller["name"], "namesrv": namesrv}), nil))
	t.Cleanup(func() { stopLeniently(t, p.a, "pull.stop", puller["name"].(string)) })
	err := p.a.Call("pull", puller.With(agent.Args{"brokerName": "broker-a", "queueId": 0, "offset": 0}), nil)
	var refused *agent.Error
	require.True(t, errors.As(err, &refused), "%v", err)
	assert.Contains(t, refused.Text, text)
	assert.Equal(t, 1, refused.Code)
}

// aclServers are a name server and a broker with the accounts in the file accounts; dir is for more such files.
type aclServers struct {
	namesrv       *cluster.Namesrv
	broker        *cluster.Broker
	accounts, dir string
}

func startACLServers(t *testing.T, conf map[string]string, accounts string) aclServers {
	t.Helper()
	home := t.TempDir()
	// Java's broker does not start without its logback files.
	require.NoError(t, os.CopyFS(home, os.DirFS(filepath.Join("java", "home"))))
	s := aclServers{namesrv: ownNamesrv(t, "namesrv"),
		accounts: filepath.Join(home, "conf", "plain_acl.yml"), dir: filepath.Join(home, "conf", "acl")}
	require.NoError(t, os.Mkdir(s.dir, 0o755))
	writeAccounts(t, s.accounts, accounts)
	all := map[string]string{"aclEnable": "true"}
	maps.Copy(all, conf)
	s.broker = ownBroker(t, cluster.BrokerOptions{Namesrv: s.namesrv.Addr, Conf: all, Env: []string{"ROCKETMQ_HOME=" + home}})
	return s
}

// basicAccounts are an administrator and a user who may use some topics.
func basicAccounts(topics map[string]string) string {
	var perms strings.Builder
	for _, topic := range topics {
		fmt.Fprintf(&perms, "  - %s=PUB|SUB\n", topic)
	}
	return fmt.Sprintf(`globalWhiteRemoteAddresses: []
accounts:
- accessKey: interopAdmin
  secretKey: 12345678
  whiteRemoteAddress:
  admin: true
- accessKey: interopUser
  secretKey: 87654321
  whiteRemoteAddress:
  admin: false
  defaultTopicPerm: DENY
  defaultGroupPerm: SUB
  topicPerms:
  - %s=DENY
%s`, aclDeniedTopic, perms.String())
}

// writeAccounts replaces a file of accounts as a whole, as an operator's tool should.
func writeAccounts(t *testing.T, file, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(file+".tmp", []byte(text), 0o600))
	require.NoError(t, os.Rename(file+".tmp", file))
}

// requireReload adds an account to the file: running clients that have used it in vain until then succeed.
func (s aclServers) requireReload(t *testing.T, topics map[string]string) {
	t.Helper()
	producers := make(map[string]*producer)
	for kind, topic := range topics {
		producers[topic] = startProducer(t, kind, s.namesrv.Addr, aclNew.With(agent.Args{"retries": 0}))
		require.Contains(t, producers[topic].trySend(agent.Args{"topic": topic, "text": "too early"})[0].Error, "No acl config for interopNewcomer")
	}
	before, err := os.ReadFile(s.accounts)
	require.NoError(t, err)
	writeAccounts(t, s.accounts, string(before)+"- accessKey: interopNewcomer\n  secretKey: newSecret01\n  admin: false\n  defaultTopicPerm: PUB\n")
	eventuallyWithin(t, reloadTimeout, "sends with the new account", func() bool {
		for topic, p := range producers {
			if r := p.trySend(agent.Args{"topic": topic, "text": "welcome"})[0]; r.Status != "SEND_OK" {
				require.Contains(t, r.Error, "No acl config for interopNewcomer")
				return false
			}
		}
		return true
	})
}
