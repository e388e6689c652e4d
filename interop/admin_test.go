package interop

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/interop/internal/agent"
)

// adminClient is a started DefaultMQAdminExt of the 4.9.7 tools; it stops with the test.
type adminClient struct {
	t    *testing.T
	a    *agent.Agent
	name string
}

func startAdmin(t *testing.T, namesrv string) *adminClient {
	t.Helper()
	return startAdminAs(t, namesrv, nil)
}

// startAdminAs starts one which signs with an account.
func startAdminAs(t *testing.T, namesrv string, credentials agent.Args) *adminClient {
	t.Helper()
	a := &adminClient{t, client(t, agent.MQAdmin), unique("Admin-client")}
	a.call("admin.start", agent.Args{"namesrv": namesrv}.With(credentials), nil)
	t.Cleanup(func() { stopLeniently(t, a.a, "admin.stop", a.name) })
	return a
}

func (a *adminClient) call(op string, args agent.Args, out any) {
	a.t.Helper()
	require.NoError(a.t, a.try(op, args, out))
}

func (a *adminClient) try(op string, args agent.Args, out any) error {
	return a.a.Call(op, agent.Args{"name": a.name}.With(args), out)
}
