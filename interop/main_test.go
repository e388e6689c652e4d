package interop

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/interop/internal/agent"
	"github.com/boostermq/booster/interop/internal/cluster"
	"github.com/boostermq/booster/interop/internal/javaenv"
)

// parallelScenarios is high for the machine: scenarios mostly wait for clients.
const parallelScenarios = "6"

// suite is what scenarios share; everything in it starts when first asked for.
var suite struct {
	dir    string
	kind   cluster.Kind
	agents map[string]*lazy[*agent.Agent]
	shared *lazy[*sharedCluster]
}

// lazy is a value made at most once, and only when somebody wants it.
type lazy[T any] struct {
	make    func() (T, error)
	once    sync.Once
	started atomic.Bool
	value   T
	err     error
}

func (l *lazy[T]) get() (T, error) {
	l.once.Do(func() {
		l.value, l.err = l.make()
		l.started.Store(true)
	})
	return l.value, l.err
}

// sharedCluster is the one most scenarios use, each with topics and groups of its own.
type sharedCluster struct {
	namesrv *cluster.Namesrv
	broker  *cluster.Broker
}

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if testing.Short() {
		fmt.Println("interop: nothing is run with -short")
		return 0
	}
	var err error
	if suite.kind, err = cluster.KindFromEnv(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if suite.dir, err = os.MkdirTemp("", "interop-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if err := flag.Set("test.parallel", parallelScenarios); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	suite.shared = &lazy[*sharedCluster]{make: startShared}
	suite.agents = make(map[string]*lazy[*agent.Agent])
	for _, kind := range agent.Kinds() {
		suite.agents[kind] = &lazy[*agent.Agent]{make: func() (*agent.Agent, error) { return agent.Start(kind, suite.dir) }}
	}
	code := m.Run()
	if err := errors.Join(stopShared(), findFaults()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	if code != 0 || os.Getenv("INTEROP_KEEP") != "" {
		fmt.Fprintln(os.Stderr, "logs and stores are in", suite.dir)
	} else if err := os.RemoveAll(suite.dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	return code
}

// sharedConf makes what takes minutes by default take seconds, and switches on what is off by default.
func sharedConf() map[string]string {
	return map[string]string{
		"enablePropertyFilter":     "true",
		"messageDelayLevel":        "1s 3s" + strings.Repeat(" 1s", 16),
		"traceTopicEnable":         "true",
		"transactionTimeOut":       "1000",
		"transactionCheckInterval": "1000",
	}
}

func startShared() (*sharedCluster, error) {
	namesrv, err := cluster.StartNamesrv(cluster.NamesrvOptions{Kind: suite.kind, Dir: filepath.Join(suite.dir, "shared-namesrv")})
	if err != nil {
		return nil, err
	}
	broker, err := cluster.StartBroker(cluster.BrokerOptions{
		Kind: suite.kind, Dir: filepath.Join(suite.dir, "shared-broker"), Namesrv: namesrv.Addr, Conf: sharedConf()})
	if err != nil {
		namesrv.Kill()
	}
	return &sharedCluster{namesrv, broker}, err
}

// stopShared also tells when a shared server did not live to the end.
func stopShared() error {
	for _, a := range suite.agents {
		if a.started.Load() && a.err == nil {
			a.value.Close()
		}
	}
	if !suite.shared.started.Load() || suite.shared.err != nil {
		return nil // an error of the start has failed every scenario already
	}
	s := suite.shared.value
	return errors.Join(s.broker.Err(), s.namesrv.Err(), s.broker.Stop(), s.namesrv.Stop())
}

// findFaults looks through the output of all servers for what must never be there.
func findFaults() error {
	logs, err := filepath.Glob(filepath.Join(suite.dir, "*", "booster-*.out"))
	if err != nil {
		return err
	}
	var faults []error
	for _, log := range logs {
		text, err := os.ReadFile(log)
		if err != nil {
			return err
		}
		for _, fault := range []string{"panic:", "fatal error:", "DATA RACE"} {
			if _, after, found := strings.Cut(string(text), fault); found {
				faults = append(faults, fmt.Errorf("%s: %s%.2000s", log, fault, after))
			}
		}
	}
	return errors.Join(faults...)
}

// shared returns the shared cluster.
func shared(t *testing.T) *sharedCluster {
	t.Helper()
	s, err := suite.shared.get()
	requireAvailable(t, err)
	return s
}

// client returns the shared agent of that kind.
func client(t *testing.T, kind string) *agent.Agent {
	t.Helper()
	require.Contains(t, suite.agents, kind)
	a, err := suite.agents[kind].get()
	requireAvailable(t, err)
	return a
}

// requireAvailable skips when the machine has no Java; in CI that is a failure.
func requireAvailable(t *testing.T, err error) {
	t.Helper()
	if errors.Is(err, javaenv.ErrMissing) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	require.NoError(t, err)
}
