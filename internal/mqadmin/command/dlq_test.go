package command

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/mqadmin"
	"github.com/boostermq/booster/remoting"
)

// graveyard is a Booster with a group whose consumers refused some messages of AdmDead.
type graveyard struct {
	*booster
	admin *mqadmin.Admin
	mq    codec.MessageQueue
	ids   []string // UNIQ_KEY, by offset in the dead letter queue
}

const deadGroup = "DeadGroup"

// startGraveyard sends the bodies, each with key k<i>, and has all of them refused.
func startGraveyard(t *testing.T, bodies ...string) *graveyard {
	g := &graveyard{booster: startBooster(t, false), mq: codec.MessageQueue{Topic: "AdmDead", BrokerName: "broker-a"}}
	g.admin = mqadmin.New(mqadmin.Config{NameServers: []string{g.ns}})
	t.Cleanup(g.admin.Close)
	for _, topic := range []string{"AdmDead", "AdmDead2"} {
		require.Zero(t, g.run("updateTopic", "-t", topic, "-b", brokerAddr, "-r", "2", "-w", "2", "-n", nsAddr).status)
	}
	for i, body := range bodies {
		properties := map[string]string{codec.PropertyKeys: fmt.Sprintf("all k%d", i), codec.PropertyTags: "TagD", "own": "kept"}
		g.bury(mqadmin.Message{Topic: "AdmDead", Flag: 5, Properties: properties, Body: []byte(body)})
	}
	require.Eventually(t, func() bool {
		return g.run("dlqQuery", "-g", deadGroup, "-o", fmt.Sprint(len(bodies)-1), "-n", nsAddr).out != ""
	}, 10*time.Second, 10*time.Millisecond, "the dead letters can be read")
	return g
}

// bury sends a message and refuses it as a consumer does that will not have it again.
func (g *graveyard) bury(m mqadmin.Message) {
	g.t.Helper()
	sent, err := g.admin.Send(g.t.Context(), g.broker, "PG", g.mq, m)
	require.NoError(g.t, err)
	_, offset, err := codec.DecodeOffsetMsgID(sent.OffsetMsgID)
	require.NoError(g.t, err)
	client := remoting.NewClient(remoting.ClientConfig{Name: "refusing"})
	defer client.Close()
	resp, err := client.Invoke(g.t.Context(), g.broker, &codec.Command{Code: codec.ConsumerSendMsgBack, Header: &codec.ConsumerSendMsgBackRequestHeader{
		Offset: offset, Group: deadGroup, DelayLevel: -1, OriginMsgID: sent.OffsetMsgID, OriginTopic: m.Topic}})
	require.NoError(g.t, err)
	require.Equal(g.t, codec.Success, resp.Code, resp.Remark)
	g.ids = append(g.ids, sent.MsgID)
}

// ok runs a command that must not fail.
func (g *graveyard) ok(words ...string) string {
	g.t.Helper()
	r := g.run(append(words, "-n", nsAddr)...)
	require.Empty(g.t, r.err)
	require.Zero(g.t, r.status)
	return r.out
}

// refused runs a command that must fail, and returns why.
func (g *graveyard) refused(words ...string) string {
	g.t.Helper()
	r := g.run(append(words, "-n", nsAddr)...)
	require.Equal(g.t, 1, r.status, r.out)
	return r.err
}

var deadID = regexp.MustCompile(`(?m)^Message ID: +(\S+)$`)

// query returns the ids that dlqQuery prints.
func (g *graveyard) query(words ...string) []string {
	g.t.Helper()
	ids := []string{}
	for _, m := range deadID.FindAllStringSubmatch(g.ok(append([]string{"dlqQuery", "-g", deadGroup}, words...)...), -1) {
		ids = append(ids, m[1])
	}
	return ids
}

// stored awaits n messages in the first queues of a topic.
func (g *graveyard) stored(topic string, queues int32, n int) (all []mqadmin.StoredMessage) {
	g.t.Helper()
	require.Eventually(g.t, func() bool {
		all = nil
		for id := range queues {
			r, err := g.admin.Pull(g.t.Context(), g.broker, mqadmin.ToolsGroup, codec.MessageQueue{Topic: topic, BrokerName: "broker-a", QueueID: id}, "*", 0, 32)
			require.NoError(g.t, err)
			all = append(all, r.Messages...)
		}
		return len(all) >= n
	}, 10*time.Second, 10*time.Millisecond)
	require.Len(g.t, all, n)
	return all
}

// TestDeadLettersShown: dlqList counts, dlqQuery shows those that are chosen and cannot do anything to a terminal.
func TestDeadLettersShown(t *testing.T) {
	g := startGraveyard(t, "zero", "one\x1b[2J\n\xff中", strings.Repeat("中", 10), "three", "four")
	now := regexp.QuoteMeta(time.Now().Format("2006-01-02")) + ` \d\d:\d\d:\d\d,\d{3}`
	head := "#Cluster              #Consumer Group                                    #Dead Letters  #Oldest                  #Newest\n"
	require.Regexp(t, `^`+head+`DefaultCluster        DeadGroup {54}5  `+now+`  `+now+`\n$`, g.ok("dlqList"))
	require.Contains(t, g.ok("dlqList", "-g", deadGroup, "-c", "DefaultCluster"), deadGroup)
	require.Equal(t, head, g.ok("dlqList", "-g", "Healthy"))
	require.Equal(t, head, g.ok("dlqList", "-c", "NoSuch"))

	require.Equal(t, g.ids, g.query())
	require.Equal(t, g.ids[1:4], g.query("-o", "1-3"))
	require.Equal(t, g.ids[3:], g.query("-o", "3-", "-q", "broker-a:0"))
	require.Equal(t, g.ids[2:3], g.query("-i", g.ids[2]))
	require.Empty(t, g.query("-t", "Other"))
	require.Equal(t, g.ids, g.query("-t", "AdmDead"))
	require.Empty(t, g.query("-e", "2020-01-01#00:00:00:000"))
	require.Equal(t, g.ids, g.query("-b", "2020-01-01#00:00:00:000", "-e", "now"))
	require.Eventually(t, func() bool { return g.run("dlqQuery", "-g", deadGroup, "-k", "k4", "-n", nsAddr).status == 0 }, 10*time.Second, 10*time.Millisecond)
	require.Equal(t, g.ids[4:], g.query("-k", "k4"))
	require.ElementsMatch(t, g.ids, g.query("-k", "all"))

	require.Regexp(t, `^Message ID:          `+g.ids[1]+`\nOffset ID:           [0-9A-F]{32}\nOrigin Message ID:   [0-9A-F]{32}\nFrom Topic:          AdmDead\nTags:                TagD\n`+
		`Keys:                all k1\nQueue:               broker-a:0\nQueue Offset:        1\nReconsume Times:     1\nBorn Timestamp:      `+now+`\nDied Timestamp:      `+now+`\n`+
		`Born Host:           127\.0\.0\.1:\d+\nProperties:          \{.*own=kept.*\}\nBody Size:           12\nBody:                one\\x1b\[2J\\n\\xff中\n\n$`, g.ok("dlqQuery", "-g", deadGroup, "-o", "1"))
	require.Contains(t, g.ok("dlqQuery", "-g", deadGroup, "-o", "2", "-l", "8"), "Body:                中中\n                     (24 bytes more)\n")
	require.Contains(t, g.ok("dlqQuery", "-g", deadGroup, "-o", "0", "-l", "0"), "Body:                \n                     (4 bytes more)\n")

	few := g.run("dlqQuery", "-g", deadGroup, "-c", "2", "-n", nsAddr)
	require.Equal(t, 2, len(deadID.FindAllString(few.out, -1)))
	require.Equal(t, "mqadmin dlqQuery: there are more dead letters: choose a range, or raise -c\n", few.err)
	require.Equal(t, 1, few.status)
	for _, c := range []struct{ words, want string }{
		{"-g Healthy", "group Healthy has no dead letters: there is no topic %DLQ%Healthy"},
		{"-g a/b", "illegal characters"},
		{"-g DeadGroup -o 3-1", "takes 17, 10-99 or 10-"},
		{"-g DeadGroup -o x", "takes 17, 10-99 or 10-"},
		{"-g DeadGroup -q broker-b:0", "topic %DLQ%DeadGroup has no queue broker-b:0"},
		{"-g DeadGroup -b soon", "times are milliseconds or"},
		{"-g DeadGroup -i x -b 0", "-i and -k are given alone or with -t"},
		{"-g DeadGroup -k x", "CODE: 208"},
		{"-g DeadGroup -i 0123", "dead letter 0123: CODE: 208"},
	} {
		require.Contains(t, g.refused(append([]string{"dlqQuery"}, strings.Fields(c.words)...)...), c.want, c.words)
	}
}

// TestDeadLettersResent: what is resent is what the producer sent, for everybody, for the group alone, or elsewhere; the dead
// letters stay.
func TestDeadLettersResent(t *testing.T) {
	g := startGraveyard(t, "zero", "one", "two", "three", "four")
	require.Contains(t, g.refused("dlqResend", "-g", deadGroup), "say which dead letters")
	require.Contains(t, g.refused("dlqResend", "-g", deadGroup, "-a", "-r", "-d", "AdmDead2"), "either -d or -r")
	dry := g.ok("dlqResend", "-g", deadGroup, "-o", "1-3", "--dry-run")
	require.Regexp(t, `(?m)^`+g.ids[1]+` +broker-a:0 +1  AdmDead broker-a:0 +DRY RUN$`, dry)
	require.Contains(t, dry, "\n3 dead letters of group DeadGroup would be resent\n")
	g.stored("AdmDead", 2, 5)

	sent := g.ok("dlqResend", "-g", deadGroup, "-o", "1-3")
	require.Regexp(t, `(?m)^`+g.ids[1]+` +broker-a:0 +1  AdmDead broker-a:0 +SEND_OK$`, sent)
	require.Contains(t, sent, "\n3 dead letters of group DeadGroup resent\n")
	twice := map[string][]mqadmin.StoredMessage{}
	for _, m := range g.stored("AdmDead", 2, 8) {
		twice[m.MsgID()] = append(twice[m.MsgID()], m)
	}
	for i, id := range g.ids {
		copies := twice[id]
		require.Len(t, copies, map[bool]int{true: 2, false: 1}[i >= 1 && i <= 3])
		for _, m := range copies[1:] {
			first := copies[0]
			for _, place := range []string{codec.PropertyMinOffset, codec.PropertyMaxOffset} {
				delete(m.Properties, place)
				delete(first.Properties, place)
			}
			require.Equal(t, first.Properties, m.Properties)
			require.Equal(t, first.Body, m.Body)
			require.Equal(t, first.Flag, m.Flag)
			require.Zero(t, m.ReconsumeTimes)
		}
	}

	g.ok("updateSubGroup", "-b", brokerAddr, "-g", deadGroup, "-r", "0") // nothing of it is consumed again
	require.Contains(t, g.ok("dlqResend", "-g", deadGroup, "-i", g.ids[4], "-r"), "1 dead letters of group DeadGroup resent")
	again := g.stored(codec.RetryTopic(deadGroup), 1, 1)[0]
	require.Equal(t, "AdmDead", again.Properties[codec.PropertyRetryTopic])
	require.Equal(t, "four", string(again.Body))
	g.stored("AdmDead", 2, 8)

	g.ok("dlqResend", "-g", deadGroup, "-a", "-d", "AdmDead2")
	for _, m := range g.stored("AdmDead2", 2, 5) {
		require.NotContains(t, m.Properties, codec.PropertyRetryTopic)
	}
	require.Equal(t, g.ids, g.query())

	require.Zero(t, g.run("deleteTopic", "-c", "DefaultCluster", "-t", "AdmDead", "-n", nsAddr).status)
	require.Regexp(t, `^mqadmin dlqResend: resending dead letter `+g.ids[2]+` of queue broker-a:0 offset 2: topic AdmDead: CODE: 17  DESC: .*; to go on with it: -q broker-a:0 -o 2-\n$`,
		g.refused("dlqResend", "-g", deadGroup, "-o", "2-"))
}

// TestDeadLettersByTime: a time divides the dead letters exactly, also where several died within one millisecond.
func TestDeadLettersByTime(t *testing.T) {
	g := startGraveyard(t, strings.Split(strings.Repeat("x ", 12)+"x", " ")...)
	letters := g.export(t.TempDir())
	require.Len(t, letters, 13)
	for _, at := range letters {
		var then, later, before []string
		for _, l := range letters {
			if l.StoreTimestamp == at.StoreTimestamp {
				then = append(then, l.MsgID)
			}
			if l.StoreTimestamp >= at.StoreTimestamp {
				later = append(later, l.MsgID)
			}
			if l.StoreTimestamp <= at.StoreTimestamp {
				before = append(before, l.MsgID)
			}
		}
		ms := fmt.Sprint(at.StoreTimestamp)
		require.Equal(t, then, g.query("-b", ms, "-e", ms))
		require.Equal(t, later, g.query("-b", ms))
		require.Equal(t, before, g.query("-e", ms))
	}
}

// export runs dlqExport and reads what it wrote.
func (g *graveyard) export(dir string, words ...string) (letters []deadLetter) {
	g.t.Helper()
	path := filepath.Join(dir, "DeadGroup.dlq.jsonl")
	out := g.ok(append([]string{"dlqExport", "-g", deadGroup, "-d", dir}, words...)...)
	text, err := os.ReadFile(path)
	require.NoError(g.t, err)
	for line := range strings.Lines(string(text)) {
		var l deadLetter
		require.NoError(g.t, json.Unmarshal([]byte(line), &l))
		letters = append(letters, l)
	}
	require.Equal(g.t, fmt.Sprintf("%d dead letters of group DeadGroup exported to %s\n", len(letters), path), out)
	return letters
}

// TestDeadLettersExported: every line has all of a message; a file that is there is not touched, and a failure leaves none.
func TestDeadLettersExported(t *testing.T) {
	g := startGraveyard(t, "zero", "\xff\x00", "")
	dir := filepath.Join(t.TempDir(), "new", "folder")
	letters := g.export(dir)
	require.Len(t, letters, 3)
	for i, l := range letters {
		require.Equal(t, []any{g.ids[i], int64(i), "AdmDead", "%DLQ%DeadGroup", "broker-a", fmt.Sprintf("all k%d", i), "TagD", "kept", int32(1), int32(5)},
			[]any{l.MsgID, l.QueueOffset, l.FromTopic, l.Topic, l.BrokerName, l.Keys, l.Tags, l.Properties["own"], l.ReconsumeTimes, l.Flag})
		require.Len(t, l.OriginMsgID, 32)
		require.NotContains(t, l.Properties, codec.PropertyMaxOffset)
	}
	require.Equal(t, []byte("zero"), letters[0].BodyBase64)
	require.Equal(t, "zero", *letters[0].BodyText)
	require.Equal(t, []byte("\xff\x00"), letters[1].BodyBase64)
	require.Nil(t, letters[1].BodyText)
	require.Empty(t, *letters[2].BodyText)
	require.Len(t, g.export(t.TempDir(), "-o", "1-"), 2)

	require.Contains(t, g.refused("dlqExport", "-g", deadGroup, "-d", dir), "file exists")
	again, err := os.ReadFile(filepath.Join(dir, "DeadGroup.dlq.jsonl"))
	require.NoError(t, err)
	require.Equal(t, 3, strings.Count(string(again), "\n"))
	empty := t.TempDir()
	require.Contains(t, g.refused("dlqExport", "-g", "Healthy", "-d", empty), "no dead letters")
	require.Contains(t, g.refused("dlqExport", "-g", "../Healthy", "-d", empty), "illegal characters")
	files, err := os.ReadDir(empty)
	require.NoError(t, err)
	require.Empty(t, files)
}

// TestDeadLettersWriteOnly: brokers before 4.9.2 made the topic write-only; what is to be done is said, and helps.
func TestDeadLettersWriteOnly(t *testing.T) {
	g := startGraveyard(t, "zero")
	g.ok("updateTopicPerm", "-t", "%DLQ%DeadGroup", "-b", brokerAddr, "-p", "2")
	require.Contains(t, g.ok("dlqList"), deadGroup)
	why := g.refused("dlqQuery", "-g", deadGroup)
	help := regexp.MustCompile(`mqadmin (updateTopicPerm -t %DLQ%DeadGroup -b 127\.0\.0\.1:21011 -p 6)\n$`).FindStringSubmatch(why)
	require.NotNil(t, help, why)
	g.ok(strings.Fields(help[1])...)
	require.Equal(t, g.ids, g.query())
}
