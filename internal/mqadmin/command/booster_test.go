package command

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/broker"
	"github.com/boostermq/booster/namesrv"
	"github.com/boostermq/booster/remoting"
)

// booster is a name server and a broker in the place of the recorded ones: in
// the words of a command line their addresses stand for the recorded ones, and
// the other way round in what is printed.
type booster struct {
	t              *testing.T
	ns, broker     string // where they really are
	home           string // with conf/plain_acl.yml of the recording
	nsRec, brokRec string
}

// startBooster starts both; acl makes them stand where the recordings had those with ACL.
func startBooster(t *testing.T, acl bool) *booster {
	b := &booster{t: t, home: t.TempDir(), nsRec: nsAddr, brokRec: brokerAddr}
	accounts, err := os.ReadFile("testdata/plain_acl.yml")
	require.NoError(t, err)
	require.NoError(t, os.Mkdir(filepath.Join(b.home, "conf"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(b.home, "conf", "plain_acl.yml"), accounts, 0o600))
	if acl {
		b.nsRec, b.brokRec = aclNSAddr, aclBrokerAddr
	}
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))

	nsConfig := namesrv.DefaultConfig(t.TempDir())
	nsConfig.Server.ListenPort = 0
	ns := namesrv.New(nsConfig, namesrv.Options{Log: log, TLS: new(remoting.DefaultTLSConfig())})
	require.NoError(t, ns.Start(t.Context()))
	t.Cleanup(func() { shutdown(t, ns.Shutdown) })
	_, port, err := net.SplitHostPort(ns.Addr())
	require.NoError(t, err)
	b.ns = net.JoinHostPort("127.0.0.1", port)

	c := broker.DefaultConfig()
	c.Store.StorePathRootDir = t.TempDir()
	c.Store.MappedFileSizeCommitLog, c.Store.MappedFileSizeConsumeQueue = 1<<20, 20*1000
	c.Store.MaxHashSlotNum, c.Store.MaxIndexNum = 1000, 4000
	c.Server.ListenPort = 0
	c.Booster.BindAddress, c.Broker.BrokerIP1, c.Broker.BrokerIP2 = "127.0.0.1", "127.0.0.1", "127.0.0.1"
	c.Broker.BrokerName, c.Broker.NamesrvAddr, c.Broker.ACLEnable, c.Broker.RocketmqHome = "broker-a", b.ns, acl, b.home
	require.NoError(t, c.Complete(broker.SystemEnvironment()))
	br, err := broker.New(c, broker.Options{Log: log})
	require.NoError(t, err)
	require.NoError(t, br.Start(t.Context()))
	t.Cleanup(func() { shutdown(t, br.Shutdown) })
	b.broker = br.Addr()
	require.Eventually(t, func() bool {
		return strings.Contains(b.run("topicRoute", "-t", "TBW102", "-n", b.nsRec).out, b.brokRec)
	}, 10*time.Second, 10*time.Millisecond, "the broker is registered")
	return b
}

func shutdown(t *testing.T, stop func(ctx context.Context) error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	require.NoError(t, stop(ctx))
}

// real puts the real addresses into the words of a command line.
func (b *booster) real(words []string) []string {
	addrs, out := strings.NewReplacer(b.nsRec, b.ns, b.brokRec, b.broker), make([]string, len(words))
	for i, w := range words {
		out[i] = addrs.Replace(w)
	}
	return out
}

// run executes mqadmin with ROCKETMQ_HOME.
func (b *booster) run(words ...string) result {
	b.t.Helper()
	getenv := func(key string) string { return map[string]string{"ROCKETMQ_HOME": b.home}[key] }
	var out, errs bytes.Buffer
	status := Run(b.t.Context(), b.real(words), Env{Out: &out, Err: &errs, Getenv: getenv, Property: func(string) string { return "" }})
	recorded := strings.NewReplacer(b.broker, b.brokRec, b.ns, b.nsRec, b.home, "/opt/rocketmq")
	return result{recorded.Replace(out.String()), recorded.Replace(errs.String()), status}
}

// signed gives the account of the recording to mqadmin.
func (b *booster) signed() {
	b.t.Helper()
	tools := filepath.Join(b.home, "conf", "tools.yml")
	require.NoError(b.t, os.WriteFile(tools, []byte("accessKey: rocketmq2\nsecretKey: 12345678\n"), 0o600))
}

// What differs from run to run, and is made equal on both sides.
var (
	aTime    = regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`)
	anObject = regexp.MustCompile(`(?s)org\.apache\.rocketmq\.common\.PlainAccessConfig@.*|PlainAccessConfig \[.*`)
	topics   = regexp.MustCompile(`OK, \d+`) // how many topics a broker has
	anRT     = regexp.MustCompile(`rt=\d+ms`)
	anID     = regexp.MustCompile(`(msgId|offsetMsgId)=[0-9A-F]+`)
)

func steady(text string) string {
	text = aTime.ReplaceAllString(text, "TIME")
	text = anObject.ReplaceAllString(text, "ACCOUNT")
	text = topics.ReplaceAllString(text, "OK, N")
	return anID.ReplaceAllString(anRT.ReplaceAllString(text, "rt=Nms"), "$1=ID")
}

// golden runs a recorded command line; it must print the same.
func (b *booster) golden(name string) {
	b.t.Helper()
	r := load(b.t, name)
	got := b.run(r.words...)
	require.Empty(b.t, got.err, name)
	require.Equal(b.t, steady(r.output), steady(got.out), name)
	require.Zero(b.t, got.status, name)
}

// goldenError runs a recorded command line that failed; it must fail for the same cause.
func (b *booster) goldenError(name string) {
	b.t.Helper()
	r := load(b.t, name)
	got := b.run(r.words...)
	require.Contains(b.t, got.err, strings.SplitN(r.cause(b.t), ", org.apache", 2)[0], name)
	require.Empty(b.t, got.out, name)
	require.Equal(b.t, 1, got.status, name)
}

// TestTopicSession: the recorded session of an operator, against Booster.
func TestTopicSession(t *testing.T) {
	b := startBooster(t, false)
	b.golden("updateTopic-c")
	b.golden("updateTopic-b")
	b.golden("updateTopic-order")
	b.goldenError("updateTopic-badname")
	b.goldenError("updateTopic-system")
	b.golden("updateOrderConf-get")
	b.golden("updateTopicPerm")
	b.golden("updateTopicPerm-c")
	require.Equal(t, result{out: "new perm equals to the old one!\n"}, b.run("updateTopicPerm", "-c", "DefaultCluster", "-t", "AdmTopicB", "-p", "6", "-n", nsAddr))
	require.Contains(t, b.run("updateTopicPerm", "-b", "127.0.0.1:1", "-t", "AdmTopicB", "-p", "4", "-n", nsAddr).err, "no master at 127.0.0.1:1 has topic AdmTopicB")
	b.golden("deleteTopic")
	b.goldenError("topicRoute-missing")
	b.golden("updateOrderConf-put")
	b.golden("updateOrderConf-delete")
	require.Contains(t, b.run("updateOrderConf", "-m", "get", "-t", "AdmOrder", "-n", nsAddr).err, "CODE: 22")
	b.golden("updateKvConfig")
	b.golden("deleteKvConfig")

	require.Equal(t, 0, b.run("updateTopic", "-c", "DefaultCluster", "-t", "DemoTopic", "-r", "4", "-w", "4", "-n", nsAddr).status)
	b.golden("topicRoute")
	b.golden("topicRoute-l")
	b.golden("topicClusterList")
	b.golden("wipeWritePerm")
	b.golden("topicRoute-after-wipe")
	b.golden("addWritePerm")
	b.golden("topicRoute")
}

// TestOrderTopicOfBroker: each broker of an ordered topic has its own piece of the conf.
func TestOrderTopicOfBroker(t *testing.T) {
	b := startBooster(t, false)
	put := func(conf string) {
		require.Zero(t, b.run("updateOrderConf", "-m", "put", "-t", "Ordered", "-v", conf, "-n", nsAddr).status)
	}
	get := func() string { return b.run("updateOrderConf", "-m", "get", "-t", "Ordered", "-n", nsAddr).out }
	update := func(queues string) {
		got := b.run("updateTopic", "-b", brokerAddr, "-t", "Ordered", "-o", "true", "-r", queues, "-w", queues, "-n", nsAddr)
		require.Equal(t, "set broker orderConf. isOrder=true, orderConf=[broker-a:"+queues+"]create topic to 127.0.0.1:21011 success.\n"+
			"TopicConfig [topicName=Ordered, readQueueNums="+queues+", writeQueueNums="+queues+", perm=RW-, topicFilterType=SINGLE_TAG, topicSysFlag=0, order=true]", got.out, got.err)
	}
	update("2")
	require.Contains(t, get(), "orderConf=[broker-a:2]")
	put("broker-a:2;broker-b:3")
	update("5")
	require.Contains(t, get(), "orderConf=[broker-a:5;broker-b:3]")
}

// TestBrokerSession: the recorded calls that change nothing one could see, and the settings.
func TestBrokerSession(t *testing.T) {
	b := startBooster(t, false)
	b.golden("cleanExpiredCQ")
	b.golden("cleanUnusedTopic")
	b.golden("deleteExpiredCommitLog")
	b.golden("sendMsgStatus")
	b.golden("updateNamesrvConfig")
	b.goldenError("updateNamesrvConfig-blacklisted")
	for _, name := range []string{"getBrokerConfig", "getNamesrvConfig"} {
		got, keys := b.run(load(t, name).words...), recordedTable(t, name, "=  ")
		for key := range keys {
			require.Regexp(t, `(?m)^`+key+` *=  `, got.out, name)
		}
	}
	status := b.run("brokerStatus", "-b", brokerAddr, "-n", nsAddr)
	for key := range recordedTable(t, "brokerStatus", ":") {
		if !strings.HasPrefix(key, "commitLogDiskRatio_") { // has the path of the store in its name
			require.Regexp(t, `(?m)^`+key+` *: `, status.out)
		}
	}
	require.Regexp(t, `(?m)^DefaultCluster    broker-a                0     127\.0\.0\.1:21011        V4_9_8 .* 0\.\d{4}$`, b.run("clusterList", "-n", nsAddr).out)
	require.Equal(t, load(t, "brokerConsumeStats").output[:strings.Index(load(t, "brokerConsumeStats").output, "\n")+1]+"\nDiff Total: 0\n",
		b.run("brokerConsumeStats", "-b", brokerAddr, "-n", nsAddr).out)
}

// TestACLSession: the recorded session against a broker with ACL; what is
// refused without signature is granted with it.
func TestACLSession(t *testing.T) {
	b := startBooster(t, true)
	b.goldenError("updateTopic-acl-no-credentials")
	b.signed()
	b.golden("updateTopic-acl")
	b.golden("clusterAclConfigVersion")
	b.golden("clusterAclConfigVersion-c")
	b.golden("updateAclConfig")
	b.golden("updateAclConfig-c")
	b.goldenError("updateAclConfig-bad")
	b.golden("deleteAclConfig")
	b.goldenError("deleteAclConfig-missing")
	b.golden("updateGlobalWhiteAddr")
	b.golden("clusterAclConfigVersion-after")
	got, err := os.ReadFile(filepath.Join(b.home, "conf", "plain_acl.yml"))
	require.NoError(t, err)
	require.Contains(t, string(got), "newUser01")
	require.NotContains(t, string(got), "newUser02")
	require.Contains(t, string(got), "10.10.103.*")
	account := b.run(load(t, "updateAclConfig").words...)
	require.Contains(t, account.out, "PlainAccessConfig [accessKey=newUser01, whiteRemoteAddress=10.1.2.*, admin=false,")
	require.NotContains(t, account.out, "newSecret01", "a secret is not printed")
}

// TestTLS: with tls.enable the connections are encrypted.
func TestTLS(t *testing.T) {
	b := startBooster(t, false)
	none := func(string) string { return "" }
	var first byte
	tapped := func(ctx context.Context, addr string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
		return &tap{Conn: conn, first: &first}, err
	}
	for _, enable := range []bool{false, true} {
		tls := remoting.DefaultTLSConfig()
		tls.Enable = enable
		var out, errs bytes.Buffer
		status := Run(t.Context(), []string{"topicList", "-n", b.ns}, Env{Out: &out, Err: &errs, Getenv: none, Property: none, TLS: &tls, Dial: tapped})
		require.Zero(t, status, errs.String())
		require.Contains(t, out.String(), "TBW102\n")
		require.Equal(t, enable, first == 0x16)
	}
}

// tap keeps the first byte that was written last.
type tap struct {
	net.Conn
	first *byte
	wrote bool
}

func (c *tap) Write(b []byte) (int, error) {
	if !c.wrote && len(b) > 0 {
		*c.first, c.wrote = b[0], true
	}
	return c.Conn.Write(b)
}

// TestEndless: lines keep coming until the user stops.
func TestEndless(t *testing.T) {
	b := startBooster(t, false)
	for _, c := range []struct{ words, line string }{
		{"clusterRT -c DefaultCluster -a 3 -s 64 -i 0", `^DefaultCluster            broker-a                  \d+\.\d\d +3                 0               $`},
		{"clusterRT -a 3 -i 0 -p true -m room1", `^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\|room1\|DefaultCluster\|broker-a\|\d+$`},
		{"clusterList -i 0", `^DefaultCluster    broker-a                0     `},
		{"clusterList -m -i 0", `^DefaultCluster    broker-a       `},
	} {
		t.Run(c.words, func(t *testing.T) {
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			matched := make(chan struct{}, 3)
			lines := lineWriter(func(line string) {
				if regexp.MustCompile(c.line).MatchString(line) {
					select {
					case matched <- struct{}{}:
					default: // seen often enough
					}
				}
			})
			done := make(chan int, 1)
			none := func(string) string { return "" }
			words := append(strings.Fields(c.words), "-n", b.ns)
			go func() { done <- Run(ctx, words, Env{Out: lines, Err: io.Discard, Getenv: none, Property: none}) }()
			for range cap(matched) {
				select {
				case <-matched:
				case <-time.After(20 * time.Second):
					t.Fatal("no line like ", c.line)
				}
			}
			stop()
			require.Zero(t, <-done)
		})
	}
	require.Contains(t, b.run("clusterRT", "-c", "NoSuch", "-n", nsAddr).err, "cluster [NoSuch] not exist")
	require.Contains(t, b.run("clusterRT", "-a", "1", "-n", nsAddr).err, "at least 2")
}

// lineWriter is called with every line written.
type lineWriter func(line string)

func (w lineWriter) Write(b []byte) (int, error) {
	w(strings.TrimSuffix(string(b), "\n"))
	return len(b), nil
}
