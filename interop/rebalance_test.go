package interop

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/interop/internal/agent"
)

// TestGroupSharesQueues: the consumers of a group, of whichever client, divide the queues among them whenever one joins or
// leaves, and every message reaches the group.
func TestGroupSharesQueues(t *testing.T) {
	t.Parallel()
	s := shared(t)
	for _, kinds := range [][]string{
		{agent.Java440, agent.Java440, agent.Java497},
		{agent.Java497, agent.Java497, agent.Go212},
		{agent.Go212, agent.Go212, agent.Java440},
		{agent.Java533, agent.Java533, agent.Java440},
	} {
		t.Run(strings.Join(kinds, " "), func(t *testing.T) {
			t.Parallel()
			topic, group := newTopic(t, s.namesrv.Addr, "Shared", 8), unique("Shared-group")
			p := startProducer(t, kinds[0], s.namesrv.Addr, nil)
			args := agent.Args{"topic": topic, "group": group}
			members := []*consumer{startConsumer(t, kinds[0], s.namesrv.Addr, args)}
			requireShared(t, p, topic, members, []int{8})
			members = append(members, startConsumer(t, kinds[1], s.namesrv.Addr, args))
			requireShared(t, p, topic, members, []int{4, 4})
			members = append(members, startConsumer(t, kinds[2], s.namesrv.Addr, args))
			requireShared(t, p, topic, members, []int{2, 3, 3})
			members[1].stop()
			members = slices.Delete(members, 1, 2)
			requireShared(t, p, topic, members, []int{4, 4})
		})
	}
}

// requireShared waits until the members have as many queues as sizes say and no queue twice, then sends: what is sent must
// arrive, each message at one member, once.
func requireShared(t *testing.T, p *producer, topic string, members []*consumer, sizes []int) {
	t.Helper()
	eventually(t, "queues shared", func() bool {
		var all, have []int
		for _, m := range members {
			queues := m.queues(topic)
			all, have = append(all, queues...), append(have, len(queues))
		}
		slices.Sort(all)
		slices.Sort(have)
		return slices.Equal(have, sizes) && slices.Equal(all, []int{0, 1, 2, 3, 4, 5, 6, 7})
	})
	sent := p.send(agent.Args{"topic": topic, "text": "%d", "count": 48})
	ours := make(map[string]bool)
	for _, r := range sent {
		ours[r.MsgID] = true
	}
	var msgs []agent.Message
	eventually(t, "all delivered", func() bool {
		msgs = msgs[:0]
		for _, c := range members {
			for _, m := range c.inbox.Messages() {
				if ours[m.MsgID] {
					msgs = append(msgs, m)
				}
			}
		}
		return len(msgs) >= len(sent)
	})
	requireDelivered(t, sent, msgs)
	for _, c := range members {
		require.NotEmpty(t, c.inbox.Messages(), c.name)
	}
}
