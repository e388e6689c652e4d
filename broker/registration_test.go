package broker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"log/slog"
	"maps"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
	"github.com/boostermq/booster/remoting"
)

// fakeNameServer keeps what brokers tell it.
type fakeNameServer struct {
	server *remoting.Server
	mu     sync.Mutex
	calls  []nameServerCall
	order  string // body of answers to 103
	same   bool   // answer to 322
}

type nameServerCall struct {
	code   int32
	oneway bool
	fields map[string]string
	body   []byte
}

func startNameServer(t *testing.T) *fakeNameServer {
	t.Helper()
	n := &fakeNameServer{}
	table := remoting.NewRouteTable()
	table.SetDefault(remoting.Route{Process: n.process})
	n.server = remoting.NewServer(remoting.ServerConfig{
		Addrs: []string{"127.0.0.1:0"}, Routes: func(int) *remoting.RouteTable { return table }, Log: testLog(t), EventLoops: 1,
	})
	require.NoError(t, n.server.Start())
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), answerTimeout)
		defer cancel()
		require.NoError(t, n.server.Shutdown(ctx))
	})
	return n
}

func (n *fakeNameServer) addr() string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(n.server.Ports()[0]))
}

func (n *fakeNameServer) process(r *remoting.Request) {
	cmd := r.Command.Clone()
	n.mu.Lock()
	n.calls = append(n.calls, nameServerCall{cmd.Code, cmd.IsOneway(), fields(cmd), cmd.Body})
	order, same := n.order, n.same
	n.mu.Unlock()
	resp := &codec.Command{Code: codec.Success}
	switch r.Code {
	case codec.RegisterBroker:
		resp.Header = &codec.RegisterBrokerResponseHeader{}
		resp.Body = []byte(order)
	case codec.QueryDataVersion:
		resp.Header = &codec.QueryDataVersionResponseHeader{Changed: !same}
	}
	r.Reply(resp)
}

// answer sets what 103 and 322 are answered.
func (n *fakeNameServer) answer(order string, same bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.order, n.same = order, same
}

func (n *fakeNameServer) of(code int32) []nameServerCall {
	n.mu.Lock()
	defer n.mu.Unlock()
	var found []nameServerCall
	for _, c := range n.calls {
		if c.code == code {
			found = append(found, c)
		}
	}
	return found
}

// routes are the topics a name server has routes of after all the registrations.
func (n *fakeNameServer) routes(t *testing.T) map[string]*codec.TopicConfig {
	t.Helper()
	routes := make(map[string]*codec.TopicConfig)
	var known codec.DataVersion
	for _, call := range n.of(codec.RegisterBroker) {
		if wrapper := registration(t, call); wrapper.DataVersion != known {
			maps.Copy(routes, wrapper.TopicConfigTable)
			known = wrapper.DataVersion
		}
	}
	return routes
}

func registration(t *testing.T, call nameServerCall) codec.TopicConfigSerializeWrapper {
	t.Helper()
	body, err := codec.DecodeRegisterBrokerBody(call.body, call.fields["compressed"] == "true")
	require.NoError(t, err)
	return body.TopicConfigSerializeWrapper
}

// registered decodes the topics of a 103.
func registered(t *testing.T, call nameServerCall) map[string]*codec.TopicConfig {
	t.Helper()
	return registration(t, call).TopicConfigTable
}

// quietOptions: name servers that are down are no news here.
func quietOptions() Options { return Options{Log: slog.New(slog.DiscardHandler)} }

// TestRegistration: 103 at the start to every name server although one is
// down, one-way when a topic appears, awaited with 17, 104 at the stop.
func TestRegistration(t *testing.T) {
	n1, n2 := startNameServer(t), startNameServer(t)
	n2.answer(`{"table":{"BenchmarkTest":"spec-a:4"}}`, false)
	opts := quietOptions()
	opts.LookupHost = func(_ context.Context, host string) ([]string, error) {
		if host != "names.example" {
			return nil, errors.New("no such host")
		}
		return []string{"127.0.0.1"}, nil
	}
	c := testConfig(t)
	c.Broker.NamesrvAddr = n1.addr() + ";127.0.0.1:1; names.example:" + strconv.Itoa(n2.server.Ports()[0]) + ";absent.example:9876"
	b, err := New(c, opts)
	require.NoError(t, err)
	require.NoError(t, b.Start(t.Context()))

	identity := map[string]string{
		"brokerName": "spec-a", "brokerAddr": b.Addr(), "clusterName": "SpecC", "haServerAddr": b.Config().HAServerAddr(), "brokerId": "0",
	}
	for _, n := range []*fakeNameServer{n1, n2} {
		calls := n.of(codec.RegisterBroker)
		require.Len(t, calls, 1)
		require.False(t, calls[0].oneway)
		for key, want := range identity {
			require.Equal(t, want, calls[0].fields[key], key)
		}
		require.Equal(t, "false", calls[0].fields["compressed"])
		require.Equal(t, strconv.Itoa(int(crc32.ChecksumIEEE(calls[0].body)&0x7FFFFFFF)), calls[0].fields["bodyCrc32"])
		require.Equal(t, len(b.topics.Snapshot()), len(registered(t, calls[0])))
	}
	require.True(t, b.topics.Select("BenchmarkTest").Order, "the order table is taken over")

	p := dial(t, b)
	requireAnswer(t, p.sendV2(sendHeader("Auto"), "x"), codec.Success, "")
	require.Eventually(t, func() bool { return len(n1.of(codec.RegisterBroker)) >= 2 && len(n2.of(codec.RegisterBroker)) >= 2 }, answerTimeout, time.Millisecond)
	last := n1.of(codec.RegisterBroker)[1]
	require.True(t, last.oneway)
	require.Contains(t, registered(t, last), "Auto")
	require.Contains(t, registered(t, last), "TBW102")

	requireAnswer(t, p.do(codec.UpdateAndCreateTopic, topicHeader("Made"), nil), codec.Success, remarkNotSet)
	made := func(n *fakeNameServer) bool {
		for _, call := range n.of(codec.RegisterBroker) {
			if topics := registered(t, call); !call.oneway && topics["Made"] != nil {
				return true
			}
		}
		return false
	}
	require.True(t, made(n1) && made(n2), "both know the topic before the answer")

	stopBroker(t, b)
	for _, n := range []*fakeNameServer{n1, n2} {
		calls := n.of(codec.UnregisterBroker)
		require.Len(t, calls, 1)
		delete(identity, "haServerAddr")
		require.Equal(t, identity, calls[0].fields)
	}
}

// TestRegistrationOfTopicsAtOnce: name servers pass over a registration with the version they know already, so what one says
// must be all there is in that version. Topics that several tools create at once all have a route when they are told so.
func TestRegistrationOfTopicsAtOnce(t *testing.T) {
	n := startNameServer(t)
	b := startBrokerWith(t, quietOptions(), func(c *Config) { c.Broker.NamesrvAddr = n.addr() })
	tools := make([]*peer, 8)
	for i := range tools {
		tools[i] = dial(t, b)
	}
	for round := range 10 {
		opaques := make([]int32, len(tools))
		for i, p := range tools {
			opaques[i] = p.send(&codec.Command{Code: codec.UpdateAndCreateTopic, Header: topicHeader(fmt.Sprintf("AtOnce-%d-%d", round, i))})
		}
		for i, p := range tools {
			requireAnswer(t, p.answer(opaques[i]), codec.Success, remarkNotSet)
		}
		routes := n.routes(t)
		for i := range tools {
			require.Contains(t, routes, fmt.Sprintf("AtOnce-%d-%d", round, i))
		}
	}
}

// TestRegistrationMasked: a read-only broker registers its topics read-only.
func TestRegistrationMasked(t *testing.T) {
	n := startNameServer(t)
	b := startBrokerWith(t, quietOptions(), func(c *Config) {
		c.Broker.NamesrvAddr, c.Broker.BrokerPermission, c.Broker.CompressedRegister = n.addr(), codec.PermRead, true
	})
	calls := n.of(codec.RegisterBroker)
	require.Len(t, calls, 1)
	require.Equal(t, "true", calls[0].fields["compressed"])
	for _, topic := range registered(t, calls[0]) {
		require.Equal(t, codec.PermRead, topic.Perm)
	}
	require.EqualValues(t, 6, b.topics.Select("BenchmarkTest").Perm)
}

// TestNeedRegister: without forceRegister the versions decide.
func TestNeedRegister(t *testing.T) {
	n := startNameServer(t)
	b := startBrokerWith(t, quietOptions(), func(c *Config) { c.Broker.NamesrvAddr = n.addr() })
	n.answer("", true)
	b.registerBrokerAll(t.Context(), false)
	require.Len(t, n.of(codec.RegisterBroker), 1)
	versions := n.of(codec.QueryDataVersion)
	require.Len(t, versions, 1)
	var version codec.DataVersion
	require.NoError(t, fastjson.Unmarshal(versions[0].body, &version))
	require.Equal(t, b.topics.DataVersion(), version)
	n.answer("", false)
	b.registerBrokerAll(t.Context(), false)
	require.Len(t, n.of(codec.RegisterBroker), 2)
}

func TestRegisterPeriod(t *testing.T) {
	for ms, want := range map[int]time.Duration{1: 10 * time.Second, 30000: 30 * time.Second, 100000: time.Minute} {
		c := DefaultConfig()
		c.Broker.RegisterNameServerPeriod = ms
		b := &Controller{conf: newConfiguration(nil, nil, "unused", &c)}
		require.Equal(t, want, b.registerPeriod())
	}
}

// TestResolve: names are asked anew each time; one that fails keeps its last answer.
func TestResolve(t *testing.T) {
	answers := map[string][]string{"a": {"10.0.0.1", "fd00::1"}, "b": {"10.0.0.1"}}
	api := newBrokerOuterAPI(nil, slog.New(slog.DiscardHandler))
	api.lookupHost = func(_ context.Context, host string) ([]string, error) {
		if ips := answers[host]; ips != nil {
			return ips, nil
		}
		return nil, errors.New("no such host")
	}
	api.UpdateNameServers([]string{"a:9876", "b:9876", "10.0.0.9:1", "c:9876"})
	require.Equal(t, []string{"10.0.0.1:9876", "[fd00::1]:9876", "10.0.0.9:1"}, api.resolve(t.Context()))
	answers = map[string][]string{"b": {"10.0.0.2"}, "c": {"10.0.0.3"}}
	require.Equal(t, []string{"10.0.0.1:9876", "[fd00::1]:9876", "10.0.0.2:9876", "10.0.0.9:1", "10.0.0.3:9876"}, api.resolve(t.Context()))
}

// TestNameServerFailureIsSaidOnce: a name server that is not there yet is tried again and again, and spoken of once.
func TestNameServerFailureIsSaidOnce(t *testing.T) {
	var log bytes.Buffer
	api := newBrokerOuterAPI(nil, slog.New(slog.NewTextHandler(&log, nil)))
	api.UpdateNameServers([]string{"127.0.0.1:1", "127.0.0.1:2"})
	fails := map[string]bool{"127.0.0.1:1": true}
	for _, down := range []bool{true, true, true, false, false, true} {
		fails["127.0.0.1:1"] = down
		err := api.each(t.Context(), func(_ context.Context, addr string) error {
			if fails[addr] {
				return errors.New("refused")
			}
			return nil
		})
		require.Equal(t, down, err != nil)
	}
	require.Equal(t, 2, strings.Count(log.String(), `msg="name server not reached, trying again" addr=127.0.0.1:1 err=refused`))
	require.Equal(t, 1, strings.Count(log.String(), `msg="name server reached" addr=127.0.0.1:1`))
	require.Equal(t, 3, strings.Count(log.String(), "\n"))
}
