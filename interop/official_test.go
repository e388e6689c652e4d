package interop

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/interop/internal/agent"
	"github.com/boostermq/booster/interop/internal/cluster"
)

// officialRow is a command line that is given to a tool at both sites.
type officialRow struct {
	line      string
	newer     bool     // 4.4.0 does not have it; there that of 4.9.7 is run, so that both sites stay alike
	until     string   // what ends a command that would go on
	differs   []string // what may differ between two calls
	unordered bool     // the order of the lines is that of a hash table, which ours sorts
	drop      string   // lines which only one of them prints
	writes    string   // the file below DIR which is compared too
	fails     bool     // it ends with an exception, with ours by status 1
	alone     bool     // it leaves threads behind; TestStartMonitoring is that of ours
	why       string   // what is not compared, and why
	ourWhy    string   // the same for ours only
	ourFails  bool     // ours ends with status 1 although the official one just prints what is wrong, or nothing
}

// command is the name of the row's command.
func (r officialRow) command() string {
	name, _, _ := strings.Cut(r.line, " ")
	return name
}

// TestOfficialMQAdmin: the official mqadmin 4.4.0 and 4.9.7 print against Booster, for every command their help lists, what
// they print against a Java 4.9.7 in the same state, and ours prints against Booster what that of 4.9.7 prints against Java.
func TestOfficialMQAdmin(t *testing.T) {
	t.Parallel()
	sites := startSites(t, map[string]string{"aclEnable": "true", "traceTopicEnable": "true", "transactionCheckInterval": "1000"})
	tool497 := ownAgent(t, agent.MQAdmin)
	program, err := cluster.BoosterProgram()
	require.NoError(t, err)
	state := startOfficialState(sites, official(tool497))
	for _, c := range []*comparison{
		{name: "4.4.0", kind: agent.MQAdmin440, again: 4, newer: official(tool497), booster: official(ownAgent(t, agent.MQAdmin440, toolsHome(t)))},
		{name: "4.9.7", kind: agent.MQAdmin, booster: official(tool497)},
		{name: "ours", booster: ours(program), java: official(tool497)},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, sites, state) })
	}
}

// TestOfficialRowsAreComplete: every command of 4.9.8 has a row.
func TestOfficialRowsAreComplete(t *testing.T) {
	table, err := os.ReadFile(filepath.Join("..", "internal", "mqadmin", "command", "testdata", "commands.tsv"))
	require.NoError(t, err)
	rows := make(map[string]bool)
	for _, row := range slices.Concat(officialOnlineRows, officialOfflineRows) {
		rows[row.command()] = true
	}
	commands := make(map[string]bool)
	for line := range strings.Lines(string(table)) {
		name, _, _ := strings.Cut(line, "\t")
		commands[name] = true
	}
	delete(commands, "command") // the head of the table
	require.Len(t, commands, 56)
	for name := range commands {
		assert.Contains(t, rows, name)
	}
}

// comparison is one tool at Booster with one at Java.
type comparison struct {
	name, kind    string // kind of the process of an official tool
	booster, java tool   // java is booster when nil
	newer         tool   // takes the place of both for what they do not have
	again         int    // rows that may be given again

	compared map[string]int // rows by command
}

// isOurs tells that two tools are compared, not one at two sites.
func (c *comparison) isOurs() bool { return c.java != nil }

func (c *comparison) run(t *testing.T, sites []*site, state *officialState) {
	for _, s := range sites {
		s.t = t
	}
	c.compared = make(map[string]int)
	consumers := state.online(t)
	c.rows(t, sites, officialOnlineRows)
	state.offline(consumers)
	c.rows(t, sites, officialOfflineRows)
	listed := c.listed(sites[0])
	rows := 0
	for _, name := range listed {
		assert.NotZero(t, c.compared[name], "%s is listed by help and has no row", name)
		rows += c.compared[name]
	}
	t.Logf("%d commands, %d rows", len(listed), rows)
}

// listed are the commands of the tool's own help, without those that only Booster's has.
func (c *comparison) listed(s *site) []string {
	text, _, _ := strings.Cut(c.booster(s, "", "").out, "\nCommands that only")
	var names []string
	for _, m := range regexp.MustCompile(`(?m)^   (\w+) `).FindAllStringSubmatch(text, -1) {
		names = append(names, m[1])
	}
	require.Greater(s.t, len(names), 40)
	return names
}

func (c *comparison) rows(t *testing.T, sites []*site, rows []officialRow) {
	for _, row := range rows {
		if row.newer && c.newer != nil {
			for _, s := range sites {
				c.newer(s, row.line, row.until)
			}
			continue
		}
		c.compared[row.command()]++
		switch {
		case !row.alone:
			c.row(t, sites[0], sites[1], row)
		case !c.isOurs():
			alone := func(s *site, line, until string) printed {
				return official(ownAgent(t, c.kind, toolsHome(t)))(s, line, until)
			}
			(&comparison{booster: alone, newer: c.newer, again: c.again}).row(t, sites[0], sites[1], row)
		}
	}
}

// row compares what a row prints. Where the tool is one whose connections fail by themselves, a row that differs is given again
// at both sites; a defect of the server shows in every try, or in more rows than the tool's own do.
func (c *comparison) row(t *testing.T, booster, java *site, row officialRow) {
	found := c.compare(t, booster, java, row)
	for len(found) > 0 && c.again > 0 {
		c.again--
		t.Logf("mqadmin %s is given again: %s", row.line, strings.Join(found, "\n"))
		found = c.compare(t, booster, java, row)
	}
	for _, f := range found {
		t.Error(f)
	}
}

// findings are what an assertion found wrong; they implement assert.TestingT.
type findings []string

func (f *findings) Errorf(format string, args ...any) { *f = append(*f, fmt.Sprintf(format, args...)) }

// compare gives a row to both sites and tells what is not as it has to be.
func (c *comparison) compare(t *testing.T, booster, java *site, row officialRow) (found findings) {
	atJava := c.booster
	if c.isOurs() {
		atJava = c.java
	}
	got := c.booster(booster, row.line, row.until)
	want := atJava(java, row.line, row.until)
	got.out, want.out = row.enough(got.out), row.enough(want.out)
	if c.isOurs() {
		assert.Equal(&found, row.fails || row.ourFails, got.failed, "%s: status of ours\n%s%s", row.line, got.out, got.err)
	}
	why := row.why
	if why == "" && c.isOurs() {
		why = row.ourWhy
	}
	if why != "" {
		t.Logf("not compared: mqadmin %s: %s", row.line, why)
		assert.NotEqual(&found, row.lines(java, want.out+want.err, false), row.lines(booster, got.out+got.err, false), "%s: it is the same", row.line)
		return found
	}
	if row.writes != "" {
		got.out += booster.exported(row.writes)
		want.out += java.exported(row.writes)
	}
	if !want.failed || c.newer == nil { // some do not work with 4.4.0
		assert.Equal(&found, row.fails, want.failed, "%s at Java: %s%s", row.line, want.out, want.err)
	}
	assertSame(&found, row.line, row.lines(java, want.out, c.isOurs()), row.lines(booster, got.out, c.isOurs()))
	if !c.isOurs() {
		assertSame(&found, row.line, java.steady(want.err, row.differs), booster.steady(got.err, row.differs))
		return found
	}
	if cause := officialCause.FindStringSubmatch(java.steady(want.err, nil)); cause != nil {
		assert.Contains(&found, booster.steady(got.err, nil), cause[1], row.line)
	}
	return found
}

// assertSame tells which lines only one of two outputs has, or that their order differs.
func assertSame(t assert.TestingT, line, java, booster string) {
	if java == booster {
		return
	}
	var text strings.Builder
	only := func(sign, these, others string) {
		there := strings.Split(others, "\n")
		for l := range strings.SplitSeq(these, "\n") {
			if i := slices.Index(there, l); i >= 0 {
				there = slices.Delete(there, i, i+1)
			} else {
				text.WriteString(sign + l + "\n")
			}
		}
	}
	only("Java:    ", java, booster)
	only("Booster: ", booster, java)
	if text.Len() == 0 {
		text.WriteString("the lines have another order; Java's:\n" + java)
	}
	t.Errorf("mqadmin %s\n%s", line, text.String())
}

// officialCause is where a stack trace says what a server answered.
var officialCause = regexp.MustCompile(`(?m)(CODE: \d+  DESC: .*?)(\.? BROKER: \S+|\.)?$`)

// enough is text as far as until matches: how much more comes before the command ends is chance.
func (r officialRow) enough(text string) string {
	if end := regexp.MustCompile(r.until).FindStringIndex(text); end != nil && end[1] > 0 {
		return text[:end[1]]
	}
	return text
}

// lines are what is compared.
func (r officialRow) lines(s *site, text string, ours bool) string {
	text = s.steady(text, r.differs)
	if r.drop != "" {
		text = regexp.MustCompile("(?m)^(?:"+r.drop+").*\n").ReplaceAllString(text, "")
	}
	if r.unordered || ours {
		text = strings.Join(slices.Sorted(strings.SplitSeq(text, "\n")), "\n")
	}
	return text
}

// officialState is what the sites have before the first row: topic Seen with five messages in queue 1 and one with a trace in
// queue 2, which SeenGroup has consumed, and producers SeenProducers, which are online.
type officialState struct {
	sites   []*site
	mqadmin tool
}

func startOfficialState(sites []*site, mqadmin tool) *officialState {
	st := &officialState{sites: sites, mqadmin: mqadmin}
	for _, s := range sites {
		st.send(s)
	}
	return st
}

// send makes the topics and their messages.
func (st *officialState) send(s *site) {
	s.t.Helper()
	for _, line := range []string{"updateTopic -b BROKER -t Seen -r 3 -w 3", "updateTopic -b BROKER -t Again -r 1 -w 1",
		"updateSubGroup -b BROKER -g SeenGroup", "updateTopic -b BROKER -t %RETRY%SeenGroup -r 1 -w 1",
		// startMonitoring may or may not come to making its own before it is ended.
		"updateSubGroup -b BROKER -g __MONITOR_CONSUMER", "updateTopic -b BROKER -t %RETRY%__MONITOR_CONSUMER -r 1 -w 1"} {
		require.Contains(s.t, st.mqadmin(s, line, "").out, "success")
	}
	p := startProducer(s.t, agent.Java497, s.namesrv.Addr, agent.Args{"group": "SeenProducers", "instanceName": "producer-" + s.name})
	p.awaitTopic("Seen", 3)
	p.awaitTopic("Again", 1)
	sent := p.send(agent.Args{"topic": "Seen", "queueId": 1, "keys": "key", "tags": "TagA", "text": "seen by all", "count": 5})
	s.words["MSGID"], s.words["UNIQUE"] = sent[0].OffsetMsgID, sent[0].MsgID
	s.words["AGAIN"] = p.send(agent.Args{"topic": "Again", "keys": "again", "text": "sent again"})[0].OffsetMsgID
	tracer := startProducer(s.t, agent.Java497, s.namesrv.Addr, agent.Args{"trace": true, "group": "Tracers", "instanceName": "tracer-" + s.name})
	s.words["TRACED"] = tracer.send(agent.Args{"topic": "Seen", "queueId": 2, "keys": "traced", "text": "with a trace"})[0].MsgID
	eventually(s.t, "the trace", func() bool {
		return !st.mqadmin(s, "queryMsgByKey -t RMQ_SYS_TRACE_TOPIC -k TRACED", "").failed
	})
}

// consume commits the offsets of SeenGroup: when a push consumer does is a matter of seconds.
func (st *officialState) consume(s *site) {
	s.t.Helper()
	name, a := unique("P-official"), client(s.t, agent.Java497)
	require.NoError(s.t, a.Call("pull.start", agent.Args{"name": name, "group": "SeenGroup", "namesrv": s.namesrv.Addr, "topic": "Seen"}, nil))
	for _, c := range []agent.Args{{"topic": "Seen", "queueId": 0, "offset": 0}, {"topic": "Seen", "queueId": 1, "offset": 5},
		{"topic": "Seen", "queueId": 2, "offset": 1}, {"topic": "%RETRY%SeenGroup", "queueId": 0, "offset": 0}} {
		queue := c.With(agent.Args{"name": name, "brokerName": "broker-a"})
		require.NoError(s.t, a.Call("pull.commit", queue, nil))
		// A commit is one-way, and goes down with a client that stops at once.
		eventually(s.t, "the commit", func() bool {
			var answer struct{ Offset int }
			require.NoError(s.t, a.Call("pull.committed", queue, &answer))
			return answer.Offset == c["offset"]
		})
	}
	require.NoError(s.t, a.Call("pull.stop", agent.Args{"name": name}, nil))
	eventually(s.t, "the offsets", func() bool {
		text := st.mqadmin(s, "consumerProgress -g SeenGroup", "").out
		return strings.Count(text, "broker-a") == 4 && strings.Contains(text, "Diff Total: 0")
	})
}

// online starts a consumer of SeenGroup at every site. They have a process of their own, which ends without waiting: after
// each reset of offsets a client sleeps for ten seconds.
func (st *officialState) online(t *testing.T) *agent.Agent {
	t.Helper()
	process := ownAgent(t, agent.Java497)
	for _, s := range st.sites {
		st.consume(s)
		c := startConsumerOf(t, process, s.namesrv.Addr, agent.Args{"topic": "Seen", "group": "SeenGroup", "instanceName": "consumer-" + s.name})
		c.stopped = true // with its process
		c.awaitQueues("Seen", 3)
		c.awaitQueues("%RETRY%SeenGroup", 1)
		eventually(t, "the consumer is known", func() bool {
			lines := strings.Split(st.mqadmin(s, "consumerConnection -g SeenGroup", "").out, "\n")
			if len(lines) < 2 {
				return false
			}
			s.words["CLIENT"], _, _ = strings.Cut(lines[1], " ")
			return strings.Contains(s.words["CLIENT"], "consumer-")
		})
	}
	return process
}

// offline ends them, and waits until the brokers know.
func (st *officialState) offline(consumers *agent.Agent) {
	consumers.Close()
	for _, s := range st.sites {
		eventually(s.t, "the group is offline", func() bool { return st.mqadmin(s, "consumerConnection -g SeenGroup", "").failed })
	}
}
