package command

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestQuickstartProducer: a thousand lines as Java prints them, with a topic that the first message makes and with one that is there.
func TestQuickstartProducer(t *testing.T) {
	b := startBooster(t, false)
	produce := func(namesrv string) (status int, out, errs string) {
		var o, e bytes.Buffer
		status = QuickstartProducer(t.Context(), Env{Out: &o, Err: &e, Property: func(string) string { return "" },
			Getenv: func(key string) string { return map[string]string{"NAMESRV_ADDR": namesrv}[key] }})
		return status, o.String(), e.String()
	}
	line := regexp.MustCompile(`^SendResult \[sendStatus=SEND_OK, msgId=[0-9A-F]{32}, offsetMsgId=[0-9A-F]{32}, ` +
		`messageQueue=MessageQueue \[topic=TopicTest, brokerName=broker-a, queueId=([0-3])\], queueOffset=\d+\]$`)
	for round := 1; round <= 2; round++ {
		status, out, errs := produce(b.ns)
		require.Zero(t, status, errs)
		lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
		require.Len(t, lines, quickstartMessages)
		perQueue := map[string]int{}
		for _, l := range lines {
			match := line.FindStringSubmatch(l)
			require.NotNil(t, match, l)
			perQueue[match[1]]++
		}
		require.Equal(t, map[string]int{"0": 250, "1": 250, "2": 250, "3": 250}, perQueue)
	}
	stored := b.run("consumeMessage", "-t", "TopicTest", "-b", "broker-a", "-i", "0", "-o", "250", "-c", "1", "-n", nsAddr)
	require.Contains(t, stored.out, "TAGS=TagA")
	require.Contains(t, stored.out, "BODY: Hello RocketMQ 0\n")

	status, out, errs := produce("")
	require.Equal(t, 1, status)
	require.Empty(t, out)
	require.Contains(t, errs, "Producer: ")
	status, _, errs = produce("127.0.0.1:1")
	require.Equal(t, 1, status)
	require.Contains(t, errs, "127.0.0.1:1")
}
