package command

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/mqadmin"
)

// TestMessageSession: a message is sent and found again by every command that looks for messages, as the recordings show
// them (testdata/output: sendMessage, queryMsg*, printMsg*, queryCq, consumeMessage).
func TestMessageSession(t *testing.T) {
	b := startBooster(t, false)
	ok := func(words ...string) string {
		t.Helper()
		r := b.run(append(words, "-n", nsAddr)...)
		require.Empty(t, r.err)
		require.Zero(t, r.status)
		return r.out
	}
	ok("updateTopic", "-t", "AdmTopic", "-b", brokerAddr, "-r", "4", "-w", "4")
	require.Eventually(t, func() bool { return b.run("topicRoute", "-t", "AdmTopic", "-n", nsAddr).status == 0 }, 10*time.Second, 10*time.Millisecond)

	sent := regexp.MustCompile(`^#Broker Name                      #QID  #Send Result            #MsgId\n` +
		`broker-a                          1     SEND_OK                 ([0-9A-F]{32,})\n$`).FindStringSubmatch(
		ok("sendMessage", "-t", "AdmTopic", "-p", "hello from mqadmin", "-k", "mk1", "-c", "TagM", "-b", "broker-a", "-i", "1"))
	require.NotNil(t, sent)
	id := sent[1]
	byKey := "#Message ID                                        #QID                                  #Offset\n"
	require.Eventually(t, func() bool { return b.run("queryMsgByKey", "-t", "AdmTopic", "-k", "mk1", "-n", nsAddr).status == 0 }, 10*time.Second, 10*time.Millisecond)
	require.Regexp(t, `^`+byKey+id+` +1 +0\n$`, ok("queryMsgByKey", "-t", "AdmTopic", "-k", "mk1"))

	detail := ok("queryMsgByOffset", "-t", "AdmTopic", "-b", "broker-a", "-i", "1", "-o", "0")
	offsetID := regexp.MustCompile(`OffsetID: +([0-9A-F]{32})\n`).FindStringSubmatch(detail)
	require.NotNil(t, offsetID, detail)
	path := filepath.Join(bodiesDir, id)
	t.Cleanup(func() { require.NoError(t, os.Remove(path)) })
	for _, text := range []string{detail, ok("queryMsgById", "-i", offsetID[1]), ok("queryMsgByUniqueKey", "-t", "AdmTopic", "-i", id)} {
		require.Regexp(t, `Topic:               AdmTopic\nTags:                \[TagM\]\nKeys:                \[mk1\]\nQueue ID:            1\nQueue Offset:        0\n`, text)
		require.Contains(t, text, "Message Body Path:   "+path+"\n\n\nWARN: No Consumer")
	}
	body, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "hello from mqadmin", string(body))

	line := `MSGID: ` + id + ` MessageExt \[brokerName=broker-a, queueId=1, .*, transactionId='null'\}\] BODY: hello from mqadmin\n`
	require.Regexp(t, `(?s)minOffset=0, maxOffset=1, MessageQueue \[topic=AdmTopic, brokerName=broker-a, queueId=1\]\n`+line+`-{56}\n`, ok("printMsg", "-t", "AdmTopic", "-s", "TagM"))
	require.Regexp(t, `^`+line+`Tag: TagM                           Count: 1\n$`,
		ok("printMsgByQueue", "-t", "AdmTopic", "-a", "broker-a", "-i", "1", "-p", "true", "-d", "true", "-f", "true"))
	require.Regexp(t, `^The oldler 2 message will be provided\nConsume ok\n`+line, ok("consumeMessage", "-t", "AdmTopic", "-b", "broker-a", "-i", "1", "-o", "0", "-c", "2"))
	require.Regexp(t, `^Queue data: \nmax: 1, min: 0\n={38}\nidx: 0\nConsumeQueueData\{physicOffset=0, physicSize=\d+, tagsCode=2598931, extendDataJson='null', bitMap='null', eval=false, msg='null'\}\n={38}\n$`,
		ok("queryCq", "-t", "AdmTopic", "-q", "1", "-i", "0", "-c", "5"))
	require.Regexp(t, `^prepare resend msg\. originalMsgId=`+offsetID[1]+`SendResult \[sendStatus=SEND_OK, msgId=`+id, ok("queryMsgById", "-i", offsetID[1], "-s", "true"))
	require.Regexp(t, `(?s)#RT\n(broker-a +[0-3]     true                    \d+\n){3}Avg RT: \d+\.\d\d\n$`, ok("checkMsgSendRT", "-t", "AdmTopic", "-a", "3", "-s", "64"))

	for _, words := range [][]string{
		{"queryMsgById", "-i", "nonsense"}, {"queryMsgByUniqueKey", "-t", "AdmTopic", "-i", "../../x"}, {"queryMsgByOffset", "-t", "AdmTopic", "-b", "broker-a", "-i", "1", "-o", "99"},
		{"sendMessage", "-t", "AdmTopic", "-p", "x", "-i", "1"}, {"consumeMessage", "-t", "AdmTopic", "-i", "1"}, {"printMsg", "-t", "AdmTopic", "-b", "soon"},
	} {
		r := b.run(append(words, "-n", nsAddr)...)
		require.Equal(t, 1, r.status, words)
		require.NotEmpty(t, r.err, words)
	}
}

// TestMessageTracks: the groups which have offsets of a topic follow each other on one line, as Java prints them.
func TestMessageTracks(t *testing.T) {
	b := startBooster(t, false)
	require.Zero(t, b.run("updateTopic", "-b", brokerAddr, "-t", "DemoTopic", "-r", "1", "-w", "1", "-n", nsAddr).status)
	admin := mqadmin.New(mqadmin.Config{NameServers: []string{b.ns}})
	defer admin.Close()
	sent, err := admin.Send(t.Context(), b.broker, "PG", demoQueue(0), mqadmin.Message{Topic: "DemoTopic", Body: []byte("m")})
	require.NoError(t, err)
	for _, group := range []string{"A", "B"} {
		require.Zero(t, b.run("updateTopic", "-b", brokerAddr, "-t", codec.RetryGroupTopicPrefix+group, "-r", "1", "-w", "1", "-n", nsAddr).status)
		require.NoError(t, admin.UpdateConsumerOffset(t.Context(), b.broker, group, demoQueue(0), 1))
	}
	var got result
	require.Eventually(t, func() bool {
		got = b.run("queryMsgByOffset", "-t", "DemoTopic", "-b", "broker-a", "-i", "0", "-o", "0", "-n", nsAddr)
		return got.status == 0
	}, 10*time.Second, 10*time.Millisecond, "the message can be pulled")
	t.Cleanup(func() { require.NoError(t, os.Remove(filepath.Join(bodiesDir, sent.MsgID))) })
	require.Regexp(t, `\n\n\nMessageTrack \[consumerGroup=A, trackType=NOT_ONLINE, exceptionDesc=CODE:206 DESC:[^\n]*\]`+
		`MessageTrack \[consumerGroup=B, trackType=NOT_ONLINE, exceptionDesc=CODE:206 DESC:[^\n]*\]$`, got.out)
}

// TestBodyFileName: no message id names a file outside of the folder.
func TestBodyFileName(t *testing.T) {
	for _, id := range []string{"", ".", ".."} {
		_, err := writeBody(id, nil)
		require.Error(t, err)
	}
	path, err := writeBody("../../TestBodyFileName", []byte("x"))
	require.NoError(t, err)
	require.Equal(t, filepath.Join(bodiesDir, ".._.._TestBodyFileName"), path)
	require.NoError(t, os.Remove(path))
}
