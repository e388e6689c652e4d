package interop

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/interop/internal/agent"
	"github.com/boostermq/booster/interop/internal/cluster"
)

// The topics and groups of TestACLPermissions and its accounts. A group name that no line names has the default permission.
const permissionAccounts = `globalWhiteRemoteAddresses: []
accounts:
- accessKey: interopAdmin
  secretKey: 12345678
  admin: true
- accessKey: openByDefault
  secretKey: 12345678
  defaultTopicPerm: PUB|SUB
  defaultGroupPerm: SUB
  topicPerms:
  - PermDeny=DENY
  - PermPub=PUB
  - PermSub=SUB
  groupPerms:
  - PermGroupDeny=DENY
  - PermGroupPub=PUB
- accessKey: closedByDefault
  secretKey: 12345678
  defaultTopicPerm: DENY
  defaultGroupPerm: DENY
  topicPerms:
  - PermPub=PUB
  - PermBoth=SUB|PUB
  groupPerms:
  - PermGroup=SUB
- accessKey: subscriberByDefault
  secretKey: 12345678
  defaultTopicPerm: SUB
  defaultGroupPerm: SUB
- accessKey: saysNothing
  secretKey: 12345678
- accessKey: heldAdmin
  secretKey: 12345678
  admin: true
  topicPerms:
  - PermPub=PUB
- accessKey: fromHome
  secretKey: 12345678
  whiteRemoteAddress: 127.0.0.{1,2}
- accessKey: elsewhere
  secretKey: 12345678
  whiteRemoteAddress: 10.9.*.*
`

// permission is what one account may do with a topic and, pulling, in a group. An empty refusal: it may.
type permission struct {
	account, op, topic, group, refusal string
}

const (
	refusedTopic = "No default permission for topic:"
	refusedGroup = "No default permission for group:"
)

func permissions() []permission {
	return []permission{
		{"openByDefault", "send", "PermBoth", "", ""},
		{"openByDefault", "send", "PermPub", "", ""},
		{"openByDefault", "send", "PermSub", "", refusedTopic + "PermSub"},
		{"openByDefault", "send", "PermDeny", "", refusedTopic + "PermDeny"},
		{"openByDefault", "pull", "PermBoth", "PermGroup", ""},
		{"openByDefault", "pull", "PermSub", "PermAnyGroup", ""},
		{"openByDefault", "pull", "PermPub", "PermGroup", refusedTopic + "PermPub"},
		{"openByDefault", "pull", "PermBoth", "PermGroupDeny", refusedGroup + "PermGroupDeny"},
		{"openByDefault", "pull", "PermBoth", "PermGroupPub", refusedGroup + "PermGroupPub"},
		{"closedByDefault", "send", "PermBoth", "", ""},
		{"closedByDefault", "send", "PermPub", "", ""},
		{"closedByDefault", "send", "PermSub", "", refusedTopic + "PermSub"},
		{"closedByDefault", "pull", "PermBoth", "PermGroup", ""},
		{"closedByDefault", "pull", "PermPub", "PermGroup", refusedTopic + "PermPub"},
		{"closedByDefault", "pull", "PermBoth", "PermAnyGroup", refusedGroup + "PermAnyGroup"},
		{"subscriberByDefault", "send", "PermBoth", "", refusedTopic + "PermBoth"},
		{"subscriberByDefault", "pull", "PermDeny", "PermAnyGroup", ""},
		{"saysNothing", "send", "PermBoth", "", refusedTopic + "PermBoth"},
		{"saysNothing", "pull", "PermBoth", "PermGroup", refusedTopic + "PermBoth"},
		{"heldAdmin", "send", "PermPub", "", ""},
		{"heldAdmin", "send", "PermBoth", "", refusedTopic + "PermBoth"},
		// From a white address nobody looks at signature or permissions.
		{"fromHome", "send", "PermDeny", "", ""},
		{"fromHome", "pull", "PermDeny", "PermGroupDeny", ""},
		{"elsewhere", "send", "PermBoth", "", "Check signature failed for accessKey=elsewhere"},
	}
}

// TestACLPermissions: permissions for topics and groups, those that an account has by default, and white lists of accounts,
// with every client. A batch is a send too, and a retry topic is its group's, whoever sends to it: 4.9.8 forgets both, and so
// does aclLaxAs498.
func TestACLPermissions(t *testing.T) {
	t.Parallel()
	strictAndLax(t, func(t *testing.T, lax bool) {
		s := startACLServers(t, map[string]string{"aclLaxAs498": fmt.Sprint(lax)}, permissionAccounts)
		admin := startProducer(t, agent.Java497, s.namesrv.Addr, aclAdmin)
		for _, topic := range []string{"PermBoth", "PermPub", "PermSub", "PermDeny"} {
			admin.createTopic(topic, 1)
			admin.send(agent.Args{"topic": topic, "text": "there"})
		}
		forgotten := []permission{
			{"saysNothing", "batch", "PermBoth", "", refusedTopic + "PermBoth"},
			{"openByDefault", "send", "%RETRY%PermGroupDeny", "", refusedGroup + "PermGroupDeny"},
		}
		for i := range forgotten {
			if lax {
				forgotten[i].refusal = ""
			}
		}
		for _, kind := range matrix() {
			t.Run(kind, func(t *testing.T) {
				t.Parallel()
				v := visitor{t, kind, s.namesrv.Addr, make(map[string]*producer)}
				for _, p := range slices.Concat(permissions(), forgotten) {
					v.require(p)
				}
			})
		}
	})
}

// strictAndLax runs a test with what 4.9.8 forgets checked and not; the Java broker is lax whatever the setting says.
func strictAndLax(t *testing.T, test func(t *testing.T, lax bool)) {
	t.Helper()
	for _, lax := range []bool{false, true} {
		if suite.kind == cluster.Java && !lax {
			continue
		}
		t.Run(map[bool]string{false: "strict", true: "as 4.9.8"}[lax], func(t *testing.T) {
			t.Parallel()
			test(t, lax)
		})
	}
}

// visitor is a client that tries what accounts may do.
type visitor struct {
	t             *testing.T
	kind, namesrv string
	producers     map[string]*producer // by account
}

func (v visitor) require(p permission) {
	v.t.Helper()
	err := v.try(p)
	if p.refusal == "" {
		require.NoError(v.t, err, "%+v", p)
		return
	}
	var refused *agent.Error
	require.True(v.t, errors.As(err, &refused), "%+v: %v", p, err)
	require.Contains(v.t, refused.Text, "org.apache.rocketmq.acl.common.AclException: "+p.refusal, "%+v", p)
	require.Equal(v.t, 1, refused.Code, "%+v", p)
}

func (v visitor) try(p permission) error {
	v.t.Helper()
	secret := "12345678"
	if p.account == "fromHome" || p.account == "elsewhere" {
		secret = "not-the-secret"
	}
	credentials := agent.Args{"accessKey": p.account, "secretKey": secret}
	if p.op == "pull" {
		return tryPull(v.t, client(v.t, v.kind), v.namesrv, p.topic, credentials.With(agent.Args{"group": p.group}))
	}
	sender, started := v.producers[p.account]
	if !started {
		sender = startProducer(v.t, v.kind, v.namesrv, credentials.With(agent.Args{"retries": 0}))
		v.producers[p.account] = sender
	}
	if p.op == "batch" {
		one := agent.Args{"topic": p.topic, "text": "of a batch"}
		_, err := sender.trySendBatch(one, one)
		return err
	}
	if r := sender.trySend(agent.Args{"topic": p.topic, "text": "sent"})[0]; r.Error != "" {
		return &agent.Error{Op: p.op, Text: r.Error, Code: r.Code}
	}
	return nil
}

// tryPull pulls once from the beginning of queue 0, as a client with these arguments of pull.start.
func tryPull(t *testing.T, a *agent.Agent, namesrv, topic string, start agent.Args) error {
	t.Helper()
	puller := agent.Args{"name": unique("C-" + a.Kind), "topic": topic}
	require.NoError(t, a.Call("pull.start", puller.With(agent.Args{"namesrv": namesrv}).With(start), nil))
	defer stopLeniently(t, a, "pull.stop", puller["name"].(string))
	return a.Call("pull", puller.With(agent.Args{"brokerName": "broker-a", "queueId": 0, "offset": 0}), nil)
}

// TestACLConsumers: who may send to a topic and consume in a group has all that hangs on it: messages come again from the
// group's retry topic and end in its dead letters, from an orderly consumer too, transactions are decided when the broker
// asks, and traces are written.
func TestACLConsumers(t *testing.T) {
	t.Parallel()
	accounts := "accounts:\n- accessKey: interopAdmin\n  secretKey: 12345678\n  admin: true\n"
	var users []aclConsumer
	for _, kind := range matrix() {
		u := aclConsumer{kind: kind, account: unique("Account"), topic: unique("ACLTopic"), group: unique("ACLGroup"), orderly: unique("ACLOrderly")}
		accounts += fmt.Sprintf("- accessKey: %s\n  secretKey: 12345678\n  topicPerms:\n  - %s=PUB|SUB\n  groupPerms:\n  - %s=SUB\n  - %s=SUB\n",
			u.account, u.topic, u.group, u.orderly)
		users = append(users, u)
	}
	s := startACLServers(t, checks(500, map[string]string{"messageDelayLevel": "1s 1s 1s 1s 1s", "traceTopicEnable": "true"}), accounts)
	admin := startProducer(t, agent.Java497, s.namesrv.Addr, aclAdmin)
	for _, u := range users {
		admin.createTopic(u.topic, 1)
		t.Run(u.kind, func(t *testing.T) {
			t.Parallel()
			u.requireServed(t, s.namesrv.Addr)
		})
	}
}

// aclConsumer is an account, what it may use, and the client that uses it.
type aclConsumer struct{ kind, account, topic, group, orderly string }

func (u aclConsumer) requireServed(t *testing.T, namesrv string) {
	t.Helper()
	account := agent.Args{"accessKey": u.account, "secretKey": "12345678"}
	failing := account.With(agent.Args{"topic": u.topic, "failures": 100, "maxReconsumeTimes": 1, "suspendMs": 50})
	c := startFailing(t, u.kind, namesrv, failing.With(agent.Args{"group": u.group}))
	tracing := client(t, u.kind)
	if u.kind == agent.Java440 || u.kind == agent.Go212 {
		tracing = ownAgent(t, u.kind) // all tracing in a process of theirs goes by the name server it began with
	}
	p := startProducerOf(t, tracing, namesrv, account.With(agent.Args{"trace": true}))
	sent := p.send(agent.Args{"topic": u.topic, "text": "again"})[0]
	require.Equal(t, 1, c.await(2)[1].ReconsumeTimes)
	require.Equal(t, sent.SHA1, startPullerAs(t, namesrv, "%DLQ%"+u.group, aclAdmin).find(0, sent.MsgID).SHA1)
	c.stop()

	// The Java broker wants a permission for the group of a producer within the client, which nobody knows.
	if u.kind != agent.Go212 && suite.kind != cluster.Java {
		o := startFailing(t, u.kind, namesrv, failing.With(agent.Args{"group": u.orderly, "orderly": true}))
		startPullerAs(t, namesrv, "%DLQ%"+u.orderly, aclAdmin).find(0, sent.MsgID)
		o.stop()
	}

	tx := startProducer(t, u.kind, namesrv, account.With(agent.Args{"transaction": true}))
	tx.sendHalf(u.topic, "when asked", "UNKNOW", "COMMIT_MESSAGE", nil)
	next := startConsumer(t, u.kind, namesrv, account.With(agent.Args{"topic": u.topic, "group": u.group}))
	require.Equal(t, "when asked", next.await(1)[0].Text)
	traces := startPullerAs(t, namesrv, "RMQ_SYS_TRACE_TOPIC", aclAdmin)
	eventually(t, "the trace of "+sent.MsgID, func() bool { // a Java broker does not take the signature of a query by key
		return slices.ContainsFunc(traces.readQueue(0), func(m agent.Message) bool {
			return strings.Contains(m.Keys, sent.MsgID) && tells([]agent.Message{m}, "Pub\x01")
		})
	})
}
