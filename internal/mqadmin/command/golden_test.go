package command

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
	"github.com/boostermq/booster/internal/memnet"
	"github.com/boostermq/booster/remoting"
)

// The golden tests run the command lines of testdata/output, recorded with the
// mqadmin of 4.9.8, and compare what is printed byte for byte with what was
// printed there. The servers are either fakes that listen, in memory, at the
// recorded addresses and give the answers the recording must have had, or a
// Booster whose addresses are put in place of the recorded ones (booster_test.go).

// Addresses of the recordings.
const (
	nsAddr        = "127.0.0.1:21001"
	brokerAddr    = "127.0.0.1:21011"
	aclNSAddr     = "127.0.0.1:21131"
	aclBrokerAddr = "127.0.0.1:21141"
)

// recording is one file of testdata/output: a command line and what came of it.
type recording struct {
	words  []string
	output string
}

// quoted is a word of a recorded command line.
var quoted = regexp.MustCompile(`'[^']*'|\S+`)

func load(t *testing.T, name string) recording {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "output", name+".txt"))
	require.NoError(t, err)
	line, output, _ := strings.Cut(string(text), "\n")
	line, ok := strings.CutPrefix(line, "# mqadmin ")
	require.True(t, ok, name)
	line, _, _ = strings.Cut(line, "   (") // a remark on the recording
	var words []string
	for _, w := range quoted.FindAllString(line, -1) {
		words = append(words, strings.Trim(w, "'"))
	}
	return recording{words: words, output: output}
}

// javaCause is where a recorded stack trace says what went wrong.
var javaCause = regexp.MustCompile(`(?m)(CODE: \d+  DESC: .*?)(\.? BROKER: \S+|\.)?$`)

// cause returns what a recorded stack trace says went wrong.
func (r recording) cause(t *testing.T) string {
	t.Helper()
	m := javaCause.FindStringSubmatch(r.output)
	require.NotNil(t, m, r.output)
	return m[1]
}

// result is what one run printed.
type result struct {
	out, err string
	status   int
}

// run executes mqadmin over dial, without any settings.
func run(t *testing.T, dial func(ctx context.Context, addr string) (net.Conn, error), words ...string) result {
	t.Helper()
	return runUntil(t.Context(), dial, words...)
}

// runUntil is run until the command ends or ctx does.
func runUntil(ctx context.Context, dial func(ctx context.Context, addr string) (net.Conn, error), words ...string) result {
	none := func(string) string { return "" }
	var out, errs bytes.Buffer
	status := Run(ctx, words, Env{Out: &out, Err: &errs, Getenv: none, Property: none, Dial: dial})
	return result{out.String(), errs.String(), status}
}

// requireGolden runs the recorded command line; it must print the same.
func requireGolden(t *testing.T, f *fake, name string) {
	t.Helper()
	r := load(t, name)
	got := run(t, f.net.Dial, r.words...)
	require.Equal(t, r.output, got.out, name)
	require.Empty(t, got.err, name)
	require.Zero(t, got.status, name)
}

// requireGoldenSet is requireGolden where Java's lines are in the order of a hash table: ours are sorted.
func requireGoldenSet(t *testing.T, f *fake, name string) {
	t.Helper()
	r := load(t, name)
	got := run(t, f.net.Dial, r.words...)
	require.Zero(t, got.status, got.err)
	require.Equal(t, sortedLines(r.output), sortedLines(got.out), name)
}

func sortedLines(text string) []string { return slices.Sorted(strings.SplitSeq(text, "\n")) }

// requireGoldenError runs the recorded command line; where Java printed a stack
// trace we print its cause in one line, and nothing on standard output but want.
func requireGoldenError(t *testing.T, f *fake, name, want string) {
	t.Helper()
	r := load(t, name)
	got := run(t, f.net.Dial, r.words...)
	require.Equal(t, want, got.out, name)
	require.Contains(t, got.err, r.cause(t), name)
	require.Equal(t, 1, strings.Count(got.err, "\n"), got.err)
	require.Equal(t, 1, got.status, name)
}

// answer makes the answer of a fake to one request.
type answer func(req *codec.Command) *codec.Command

// fake is servers in memory that answer from a script.
type fake struct {
	t   *testing.T
	net *memnet.Network
	mu  sync.Mutex
	// seen is the requests by code, in order.
	seen map[int32][]*codec.Command
}

func newFake(t *testing.T) *fake {
	return &fake{t: t, net: memnet.New(), seen: map[int32][]*codec.Command{}}
}

// serve starts a server at addr; a code without answer gets 3.
func (f *fake) serve(addr string, answers map[int32]answer) *fake {
	routes := remoting.NewRouteTable()
	for code, answer := range answers {
		routes.Register(remoting.Route{Code: code, Process: func(r *remoting.Request) {
			f.mu.Lock()
			f.seen[code] = append(f.seen[code], r.Clone())
			f.mu.Unlock()
			r.Reply(answer(&r.Command))
		}})
	}
	listener, err := f.net.Listen(addr)
	require.NoError(f.t, err)
	server := remoting.NewServer(remoting.ServerConfig{Routes: func(int) *remoting.RouteTable { return routes }})
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			running.Go(func() { server.ServeConn(conn) })
		}
	})
	f.t.Cleanup(func() {
		require.NoError(f.t, listener.Close())
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(f.t, server.Shutdown(ctx))
		running.Wait()
	})
	return f
}

// last returns the last request of a code that any of the servers got.
func (f *fake) last(code int32) *codec.Command {
	f.t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	seen := f.seen[code]
	require.NotEmpty(f.t, seen, "no request %d came", code)
	return seen[len(seen)-1]
}

// body answers with v as JSON, text with text as it is, success with nothing.
func body(v any) answer {
	return func(*codec.Command) *codec.Command {
		b, err := fastjson.Marshal(v)
		if err != nil {
			return &codec.Command{Code: codec.SystemError, Remark: err.Error()}
		}
		return &codec.Command{Body: b}
	}
}

func text(b string) answer {
	return func(*codec.Command) *codec.Command { return &codec.Command{Body: []byte(b)} }
}

func header(h codec.CustomHeader) answer {
	return func(*codec.Command) *codec.Command { return &codec.Command{Header: h} }
}

func refuse(code int32, remark string) answer {
	return func(*codec.Command) *codec.Command { return &codec.Command{Code: code, Remark: remark} }
}

var success answer = func(*codec.Command) *codec.Command { return &codec.Command{} }

// recordedCluster is what the name server of the recordings knew.
var recordedCluster = codec.ClusterInfo{
	BrokerAddrTable:  map[string]codec.BrokerData{"broker-a": recordedBroker(brokerAddr)},
	ClusterAddrTable: map[string][]string{"DefaultCluster": {"broker-a"}},
}

func recordedBroker(addr string) codec.BrokerData {
	return codec.BrokerData{Cluster: "DefaultCluster", BrokerName: "broker-a", BrokerAddrs: map[int64]string{0: addr}}
}

// recordedRoute is the route of DemoTopic.
func recordedRoute(perm int32) codec.TopicRouteData {
	return codec.TopicRouteData{
		BrokerDatas: []codec.BrokerData{recordedBroker(brokerAddr)},
		QueueDatas:  []codec.QueueData{{BrokerName: "broker-a", Perm: perm, ReadQueueNums: 4, WriteQueueNums: 4}},
	}
}

// recordedTime is a time of the recordings, which were made in the local zone, in ms.
func recordedTime(t *testing.T, text string) int64 {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04:05,000", text, time.Local)
	require.NoError(t, err)
	return at.UnixMilli()
}
