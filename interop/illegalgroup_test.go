package interop

import (
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/interop/internal/agent"
	"github.com/boostermq/booster/interop/internal/cluster"
)

// TestStoreWithIllegalRecords: a Java broker took messages back for groups whose names are paths, and dispatches nothing any
// more. Booster opens the folder it left: the records are skipped, which the log says, what the Java broker had accepted
// behind them is delivered, and everybody sends and consumes. To Booster itself the same requests are refused.
func TestStoreWithIllegalRecords(t *testing.T) {
	t.Parallel()
	namesrv := ownNamesrv(t, "namesrv")
	broker := ownBroker(t, cluster.BrokerOptions{Kind: cluster.Java, Namesrv: namesrv.Addr, Conf: map[string]string{"messageDelayLevel": "1s"}})
	topic, other := newTopic(t, namesrv.Addr, "Illegal", 2), newTopic(t, namesrv.Addr, "Legal", 2)
	p := startProducer(t, agent.Java497, namesrv.Addr, quickRoutes)
	sent := p.send(agent.Args{"topic": topic, "text": "before %d", "count": 10})
	groups := []string{"a/../../../escapeDead", "a/../../../escapeLater"}
	require.Zero(t, sendBack(t, broker.Addr, sent[0], groups[0], -1), "the Java broker takes it for the dead letter queue")
	require.Zero(t, sendBack(t, broker.Addr, sent[1], groups[1], 1), "the Java broker takes it for a retry")
	behind := p.send(agent.Args{"topic": other, "text": "behind %d", "count": 10})
	broker.Kill()
	config, err := os.ReadFile(filepath.Join(broker.StoreDir, "config", "subscriptionGroup.json"))
	require.NoError(t, err)
	require.Contains(t, string(config), "escape", "the Java broker keeps the group")
	before := foldersBelow(t, broker.Options.Dir)

	broker = again(t, broker, cluster.Booster)
	c := startConsumer(t, agent.Java497, namesrv.Addr, quickRoutes.With(agent.Args{"topic": other}))
	after := p.sendThrough(10, agent.Args{"topic": other, "text": "after"})
	c.await(20)
	requireDelivered(t, append(behind, after...), c.inbox.Messages())
	requireDelivered(t, sent, startConsumer(t, agent.Go212, namesrv.Addr, agent.Args{"topic": topic}).awaitAndStop(len(sent)))
	eventually(t, "the log tells of both records", func() bool {
		return strings.Contains(broker.Output(), "a record with an illegal topic or queue is skipped") &&
			strings.Contains(broker.Output(), "a delayed message cannot be delivered and is skipped")
	})
	for _, group := range groups {
		require.Equal(t, 1, sendBack(t, broker.Addr, after[0], group, -1), "Booster refuses it")
	}

	// Nor does a start on what Booster left differ.
	require.NoError(t, broker.Stop())
	broker = again(t, broker, cluster.Booster)
	more := p.sendThrough(5, agent.Args{"topic": other, "text": "more"})
	c.await(25)
	requireDelivered(t, append(append(behind, after...), more...), c.inbox.Messages())
	require.NotContains(t, strings.Join(newIn(before, foldersBelow(t, broker.Options.Dir)), " "), "escape", "folders made since the Java broker ended")
}

// sendBack sends 36 CONSUMER_SEND_MSG_BACK, as no client would, and returns the code of the answer.
func sendBack(t *testing.T, addr string, m agent.SendResult, group string, delayLevel int) int {
	t.Helper()
	offset, err := strconv.ParseInt(m.OffsetMsgID[16:], 16, 64)
	require.NoError(t, err)
	answer := callByHand(t, addr, 36, map[string]string{"offset": strconv.FormatInt(offset, 10), "group": group, "delayLevel": strconv.Itoa(delayLevel),
		"originMsgId": m.MsgID, "originTopic": m.Topic, "unitMode": "false", "maxReconsumeTimes": "16"})
	t.Logf("send-back for %s: %d %s", group, answer.Code, answer.Remark)
	return answer.Code
}

func foldersBelow(t *testing.T, dir string) map[string]bool {
	t.Helper()
	folders := make(map[string]bool)
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			folders[path] = true
		}
		return err
	}))
	return folders
}

func newIn(before, after map[string]bool) (names []string) {
	for name := range after {
		if !before[name] {
			names = append(names, name)
		}
	}
	return names
}
