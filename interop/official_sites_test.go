package interop

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/internal/freeport"
	"github.com/boostermq/booster/interop/internal/agent"
	"github.com/boostermq/booster/interop/internal/cluster"
)

// site is a name server and a broker of one kind. All sites of a test get the same state.
type site struct {
	t       *testing.T
	name    string // of the site, in names of clients
	namesrv *cluster.Namesrv
	broker  *cluster.Broker
	dir     string // what commands write goes below it
	// words are what a row may name, with what this site has in its place.
	words map[string]string
}

// officialAccounts is the file of accounts the brokers start with: everybody here may do everything, so that commands about
// accounts have something to be about.
const officialAccounts = `globalWhiteRemoteAddresses:
- 127.0.0.1
accounts:
- accessKey: interopAdmin
  secretKey: 12345678
  whiteRemoteAddress:
  admin: true
`

// startSites starts a Booster and a Java 4.9.7.
func startSites(t *testing.T, conf map[string]string) []*site {
	t.Helper()
	var sites []*site
	for _, kind := range []cluster.Kind{cluster.Booster, cluster.Java} {
		home := t.TempDir()
		require.NoError(t, os.CopyFS(home, os.DirFS(filepath.Join("java", "home"))))
		require.NoError(t, os.WriteFile(filepath.Join(home, "conf", "plain_acl.yml"), []byte(officialAccounts), 0o600))
		namesrv, err := cluster.StartNamesrv(cluster.NamesrvOptions{Kind: kind, Dir: scenarioDir(t, string(kind)+"-namesrv"), Env: []string{"ROCKETMQ_HOME=" + home}})
		requireAvailable(t, err)
		t.Cleanup(namesrv.Kill)
		broker := ownBroker(t, cluster.BrokerOptions{Kind: kind, Namesrv: namesrv.Addr, Conf: conf,
			Dir: scenarioDir(t, string(kind)+"-broker"), Env: []string{"ROCKETMQ_HOME=" + home}})
		s := &site{t: t, name: fmt.Sprintf("site-%d", len(sites)), namesrv: namesrv, broker: broker, dir: t.TempDir(), words: make(map[string]string)}
		s.words["BROKER"], s.words["NAMESRV"], s.words["DIR"], s.words["SITE"] = broker.Addr, namesrv.Addr, s.dir, s.name
		s.words["HOME"], s.words["NAMESRVDIR"], s.words["BROKERDIR"] = home, namesrv.Options.Dir, broker.Options.Dir
		sites = append(sites, s)
	}
	return sites
}

// toolsHome is the JVM flag for a home with the account an administrator uses; 4.4.0 does nothing without one.
func toolsHome(t *testing.T) string {
	t.Helper()
	home := t.TempDir()
	require.NoError(t, os.CopyFS(home, os.DirFS(filepath.Join("java", "home"))))
	require.NoError(t, os.WriteFile(filepath.Join(home, "conf", "tools.yml"), []byte("accessKey: interopAdmin\nsecretKey: 12345678\n"), 0o600))
	return "-Drocketmq.home.dir=" + home
}

// args are the words of a row for this site.
func (s *site) args(line string) []string {
	if line == "" {
		return []string{}
	}
	for word, here := range s.words {
		line = strings.ReplaceAll(line, word, here)
	}
	return strings.Fields(line + " -n " + s.namesrv.Addr)
}

// common is what differs from site to site and from call to call in any output.
var common = []struct {
	pattern *regexp.Regexp
	to      string
}{
	{regexp.MustCompile(`\b20\d\d-\d\d-\d\d \d\d:\d\d:\d\d(,\d{3})?`), "TIME"},
	{regexp.MustCompile(`\b1\d{12}\b`), "MS"},
	{regexp.MustCompile(`\b(?:[0-9A-F]{56}|[0-9A-F]{32})\b`), "ID"},
	{regexp.MustCompile(`\b\d+\.\d+\.\d+\.\d+:\d+`), "HOST:PORT"},
	{regexp.MustCompile(`\bV4_9_\d\b`), "V4_9_X"},
	{regexp.MustCompile(`\((\w+)\.java:\d+\)`), "($1.java)"},
	{regexp.MustCompile(`\b\d+ ?\(?ms\)?`), "N ms"},
	{regexp.MustCompile(`(\$\$Lambda\S*?)?@[0-9a-f]{4,8}\b`), "@OBJECT"},
	{regexp.MustCompile(`(lastLockTimestamp=|consumeTimestamp +: )20\d{12,15}\b`), "${1}TIME"},
	{regexp.MustCompile(`([cC]onsume TPS|spentTimeMills=|lastPullTimestamp=|_INNER_TRACE_PRODUCER-Tracers-PRODUCE-|[lL]istenPort +=).*`), "$1"},
}

// steady makes equal what must differ between sites.
func (s *site) steady(text string, differs []string) string {
	vip := freeport.Addr(s.broker.Options.Port - 2) // 4.4.0 prefers it
	text = strings.NewReplacer(s.broker.Addr, "BROKER", vip, "BROKER", s.namesrv.Addr, "NAMESRV").Replace(text)
	words := slices.Collect(maps.Keys(s.words))
	slices.SortFunc(words, func(a, b string) int { return len(s.words[b]) - len(s.words[a]) }) // some are parts of others
	for _, word := range words {
		text = strings.ReplaceAll(text, s.words[word], word)
	}
	for _, c := range common {
		text = c.pattern.ReplaceAllString(text, c.to)
	}
	for _, d := range differs {
		text = regexp.MustCompile("(?m)"+d).ReplaceAllString(text, "DIFFERS")
	}
	return text
}

// printed is what a command printed, and whether it failed.
type printed struct {
	out, err string
	failed   bool
}

// tool runs a command line at a site. A command that does not end by itself ends when what it printed matches until.
type tool func(s *site, line, until string) printed

// official is one of the official tools.
func official(a *agent.Agent) tool {
	return func(s *site, line, until string) printed {
		s.t.Helper()
		args := agent.Args{"args": s.args(line)}
		if until != "" {
			args["until"] = until
		}
		var p printed
		for range 30 {
			var answer struct{ Output string }
			require.NoError(s.t, a.Call("mqadmin", args, &answer), line)
			if p = splitTrace(answer.Output); !disconnected.MatchString(s.steady(p.err, nil)) {
				break
			}
		}
		return p
	}
}

// disconnected: two threads of a client 4.4.0 which open a connection at the same time close each other's.
// On a busy machine that happens several times in a row.
var disconnected = regexp.MustCompile(`(send request|connect) to <(BROKER|NAMESRV)> failed`)

// javaException begins a stack trace.
var javaException = regexp.MustCompile(`(?m)^(?:Exception in thread "[^"]*" )?[\w.$]+(?:Exception|Error)\b.*\n(?:.*\n)*?(?:\tat .*\n|\t\.\.\. .*\n|Caused by: .*\n|For more information.*\n|See http.*\n)+`)

// javaFrame is a line of a stack trace that says where, not what.
var javaFrame = regexp.MustCompile(`(?m)^\t(?:at|\.\.\.) .*\n`)

// splitTrace takes stack traces out of what Java printed.
func splitTrace(text string) printed {
	p := printed{out: text}
	p.err = javaFrame.ReplaceAllString(strings.Join(javaException.FindAllString(text, -1), ""), "")
	if p.failed = p.err != ""; p.failed {
		p.out = javaException.ReplaceAllString(text, "")
	}
	return p
}

// ours is booster admin.
func ours(program string) tool {
	return func(s *site, line, until string) printed {
		s.t.Helper()
		ctx, cancel := context.WithTimeout(s.t.Context(), awaitTimeout)
		defer cancel()
		cmd := exec.CommandContext(ctx, program, append([]string{"admin"}, s.args(line)...)...)
		cmd.Dir = s.dir
		var errs bytes.Buffer
		out := &watched{enough: func(string) {}}
		cmd.Stdout, cmd.Stderr = out, &errs
		if until != "" {
			cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
			out.enough = func(text string) {
				if regexp.MustCompile(until).MatchString(text) {
					cancel()
				}
			}
		}
		err := cmd.Run()
		if until != "" {
			require.Regexp(s.t, until, out.text.String(), "%s: %s", line, errs.String())
		}
		return printed{out: out.text.String(), err: errs.String(), failed: err != nil && until == ""}
	}
}

// watched shows what was written so far whenever there is more.
type watched struct {
	text   bytes.Buffer
	enough func(text string)
}

// Write implements io.Writer.
func (w *watched) Write(b []byte) (int, error) {
	n, err := w.text.Write(b)
	w.enough(w.text.String())
	return n, err
}

// exported is the file a command wrote, without what changes from call to call.
func (s *site) exported(file string) string {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join(s.dir, file))
	require.NoError(s.t, err)
	var v map[string]any
	require.NoError(s.t, json.Unmarshal(text, &v), "%s", text)
	for _, changing := range []string{"exportTime", "totalTps", "tps", "diskRatio", "rocketmqVersion", "timestamp"} {
		remove(v, changing)
	}
	text, err = json.MarshalIndent(v, "", " ")
	require.NoError(s.t, err)
	return string(text)
}
