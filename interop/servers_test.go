package interop

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/interop/internal/agent"
	"github.com/boostermq/booster/interop/internal/cluster"
)

// ownNamesrv starts a name server for one scenario; it is killed with the test.
func ownNamesrv(t *testing.T, name string) *cluster.Namesrv {
	t.Helper()
	n, err := cluster.StartNamesrv(cluster.NamesrvOptions{Kind: suite.kind, Dir: scenarioDir(t, name)})
	requireAvailable(t, err)
	t.Cleanup(func() { n.Kill() })
	return n
}

// ownBroker starts a broker for one scenario; it is killed with the test.
func ownBroker(t *testing.T, o cluster.BrokerOptions) *cluster.Broker {
	t.Helper()
	if o.Kind == "" {
		o.Kind = suite.kind
	}
	if o.Dir == "" {
		o.Dir = scenarioDir(t, "broker")
	}
	b, err := cluster.StartBroker(o)
	requireAvailable(t, err)
	t.Cleanup(b.Kill)
	return b
}

// again starts a broker of that kind on what b left; b must have ended.
func again(t *testing.T, b *cluster.Broker, kind cluster.Kind) *cluster.Broker {
	t.Helper()
	next, err := b.Again(kind)
	require.NoError(t, err)
	t.Cleanup(next.Kill)
	return next
}

// systemProperties is the environment which gives servers under test system properties.
func systemProperties(properties string) []string {
	if suite.kind == cluster.Java {
		return []string{"JDK_JAVA_OPTIONS=" + properties} // there JAVA_OPT is for the scripts, which we do without
	}
	return []string{"JAVA_OPT=" + properties}
}

// ownAgent starts a client process for one scenario, which may kill it.
func ownAgent(t *testing.T, kind string, jvmFlags ...string) *agent.Agent {
	t.Helper()
	a, err := agent.Start(kind, scenarioDir(t, "agent"), jvmFlags...)
	requireAvailable(t, err)
	t.Cleanup(a.Close)
	return a
}

func scenarioDir(t *testing.T, name string) string {
	return filepath.Join(suite.dir, unique(filepath.Base(t.Name())+"-"+name))
}

// sendThrough sends count messages one by one and repeats what fails, as long as the broker or its route may be away. A
// failed send may have been stored all the same: only the results are certain.
func (p *producer) sendThrough(count int, args agent.Args) []agent.SendResult {
	p.t.Helper()
	var sent []agent.SendResult
	for len(sent) < count {
		eventually(p.t, "a send", func() bool {
			r := p.trySend(args)[0]
			if r.Status == "SEND_OK" {
				sent = append(sent, r)
				return true
			}
			p.t.Logf("%s: %s", p.name, r.Error)
			return false
		})
	}
	return sent
}
