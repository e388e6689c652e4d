package interop

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/interop/internal/agent"
	"github.com/boostermq/booster/interop/internal/cluster"
)

const aclTopic = "TopicOfAccounts"

// accountsAdmin administers accounts with DefaultMQAdminExt, and has a client of each kind try what that did.
type accountsAdmin struct {
	aclServers
	t     *testing.T
	admin *adminClient
}

func startAccountsAdmin(t *testing.T, conf map[string]string) *accountsAdmin {
	t.Helper()
	s := startACLServers(t, conf, basicAccounts(nil))
	startProducer(t, agent.Java497, s.namesrv.Addr, aclAdmin).createTopic(aclTopic, 1)
	return &accountsAdmin{s, t, startAdminAs(t, s.namesrv.Addr, aclAdmin)}
}

// as returns the same with an administrator's client that signs with another account.
func (a *accountsAdmin) as(credentials agent.Args) *accountsAdmin {
	a.t.Helper()
	return &accountsAdmin{a.aclServers, a.t, startAdminAs(a.t, a.namesrv.Addr, credentials)}
}

func (a *accountsAdmin) try(op string, args agent.Args) error {
	return a.admin.try(op, agent.Args{"broker": a.broker.Addr}.With(args), nil)
}

func (a *accountsAdmin) call(op string, args agent.Args) {
	a.t.Helper()
	require.NoError(a.t, a.try(op, args))
}

// versions are the counters of changes that 52 tells, by file.
func (a *accountsAdmin) versions() map[string]int64 {
	a.t.Helper()
	var answer struct{ Counters map[string]int64 }
	a.admin.call("admin.aclVersions", agent.Args{"broker": a.broker.Addr}, &answer)
	return answer.Counters
}

// requireSends waits until a producer of every kind can send, or is refused with that text.
func (a *accountsAdmin) requireSends(credentials agent.Args, refusal string) {
	a.t.Helper()
	for _, kind := range matrix() {
		p := startProducer(a.t, kind, a.namesrv.Addr, credentials.With(agent.Args{"retries": 0}))
		eventuallyWithin(a.t, reloadTimeout, fmt.Sprintf("%s: %q", p.name, refusal), func() bool {
			r := p.trySend(agent.Args{"topic": aclTopic, "text": "x"})[0]
			if refusal == "" {
				return r.Status == "SEND_OK"
			}
			return r.Code == 1 && strings.Contains(r.Error, "org.apache.rocketmq.acl.common.AclException: "+refusal)
		})
	}
}

// TestACLAdministration: 50 makes and changes accounts, 51 deletes them, 53 sets white lists and 52 counts the changes, sent
// by the official administration client. They are in force at once, for clients of every kind.
func TestACLAdministration(t *testing.T) {
	t.Parallel()
	a := startAccountsAdmin(t, nil)
	before := a.versions()[a.accounts]
	account := agent.Args{"account": "interopNewcomer", "secret": "newSecret01"}
	a.requireSends(aclNew, "No acl config for interopNewcomer")
	a.call("admin.updateAccount", account.With(agent.Args{"topicPerms": []string{aclTopic + "=PUB"}}))
	a.requireSends(aclNew, "")
	a.call("admin.updateAccount", account.With(agent.Args{"topicPerms": []string{aclTopic + "=SUB"}, "defaultTopicPerm": "PUB"}))
	a.requireSends(aclNew, "No default permission for topic:"+aclTopic)
	a.call("admin.updateAccount", account.With(agent.Args{"secret": "newSecret02", "admin": true, "topicPerms": []string{aclTopic + "=PUB|SUB"}}))
	a.requireSends(aclNew, "Check signature failed for accessKey=interopNewcomer")
	changed := aclNew.With(agent.Args{"secretKey": "newSecret02"})
	a.requireSends(changed, "")
	a.as(changed).call("admin.updateAccount", account.With(agent.Args{"whiteRemoteAddress": "127.0.0.1"}))
	a.requireSends(aclNew.With(agent.Args{"secretKey": "whatever"}), "")
	a.call("admin.deleteAccount", account)
	a.requireSends(aclNew, "No acl config for interopNewcomer")

	a.call("admin.globalWhiteAddrs", agent.Args{"addrs": "10.9.9.9,127.0.0.1"})
	a.requireSends(nil, "")
	a.call("admin.globalWhiteAddrs", agent.Args{"addrs": "10.9.9.9"})
	if suite.kind != cluster.Java { // which lets in whom it once knew as white until it is started again
		a.requireSends(nil, "No accessKey is configured")
	}
	require.Equal(t, before+7, a.versions()[a.accounts])

	text, err := os.ReadFile(a.accounts)
	require.NoError(t, err)
	for _, c := range []struct {
		op   string
		args agent.Args
		code int
		text string
	}{
		{"admin.updateAccount", agent.Args{"account": "interopShort", "secret": "short"}, 209, "secretKey=short cannot be null and length should longer than 6"},
		{"admin.updateAccount", account.With(agent.Args{"topicPerms": []string{"NoPermission"}}), 209, "Parse Resource format error for NoPermission"},
		{"admin.updateAccount", account.With(agent.Args{"topicPerms": []string{"T=SEND"}}), 209, "resource permission error for T=SEND"},
		{"admin.deleteAccount", agent.Args{"account": "nobodyKnown"}, 210, "The accesskey[nobodyKnown] corresponding to accessConfig has been deleted failed."},
		{"admin.globalWhiteAddrs", agent.Args{"addrs": "10.9.9.9", "file": "/etc/hosts"}, 211, "has been updated failed."},
	} {
		var refused *agent.Error
		require.ErrorAs(t, a.try(c.op, c.args), &refused, "%v", c)
		require.Equal(t, c.code, refused.Code, "%s", refused.Text)
		require.Contains(t, refused.Text, c.text)
	}
	after, err := os.ReadFile(a.accounts)
	require.NoError(t, err)
	require.Equal(t, string(text), string(after))
}

// TestACLOfOthers: who is no administrator may not change accounts, nor others' offsets. 4.9.8 lets everybody who has an
// account, and so does Booster with aclLaxAs498.
func TestACLOfOthers(t *testing.T) {
	t.Parallel()
	strictAndLax(t, func(t *testing.T, lax bool) {
		a := startAccountsAdmin(t, map[string]string{"aclLaxAs498": fmt.Sprint(lax)})
		for code, other := range map[int]func(u *accountsAdmin) error{
			50: func(u *accountsAdmin) error {
				return u.try("admin.updateAccount", agent.Args{"account": "interopMine", "secret": "12345678"})
			},
			53: func(u *accountsAdmin) error { return u.try("admin.globalWhiteAddrs", agent.Args{"addrs": "10.9.9.9"}) },
			222: func(u *accountsAdmin) error {
				return u.try("admin.resetOffset", agent.Args{"group": unique("Others"), "topic": aclTopic, "timestampMs": 0})
			},
		} {
			err := fmt.Sprint(other(a.as(aclUser)))
			if lax {
				require.NotContains(t, err, "AclException")
			} else {
				require.Contains(t, err, fmt.Sprintf("Need admin permission for request code=%d, but accessKey=interopUser is not", code))
			}
		}
	})
}

// TestACLFolder: accounts in files below conf/acl count as soon as a file is there, and no more when it is gone; a file that
// cannot be read changes nothing.
func TestACLFolder(t *testing.T) {
	t.Parallel()
	a := startAccountsAdmin(t, nil)
	file := filepath.Join(a.dir, "team.yml")
	a.requireSends(aclNew, "No acl config for interopNewcomer")
	writeAccounts(t, file, "accounts:\n- accessKey: interopNewcomer\n  secretKey: newSecret01\n  topicPerms:\n  - "+aclTopic+"=PUB\n")
	a.requireSends(aclNew, "")
	require.Contains(t, a.versions(), file)
	a.call("admin.updateAccount", agent.Args{"account": "interopNewcomer", "secret": "newSecret02", "defaultTopicPerm": "DENY"})
	a.requireSends(aclNew, "Check signature failed for accessKey=interopNewcomer")
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Contains(t, string(text), "newSecret02", "an account is changed in the file that has it")
	require.NoError(t, os.Remove(file))
	a.requireSends(aclNew, "No acl config for interopNewcomer")
}
