package broker

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
)

// TestSlowConsumersAreStopped: with disableConsumeIfConsumerReadSlowly a group online that is too far behind may not
// consume any more; one that is not, one that is offline, and one whose queue is read to its end may.
func TestSlowConsumersAreStopped(t *testing.T) {
	b := startBroker(t, func(c *Config) {
		c.Broker.DisableConsumeIfConsumerReadSlowly, c.Broker.ConsumerFallbehindThreshold = true, 1000
	})
	p := dial(t, b)
	putMessages(t, b, p, "T1", 20) // about 150 bytes each
	groups := map[string]int64{"behind": 0, "close": 19, "atTheEnd": 20, "offline": 0}
	for group, offset := range groups {
		if group != "offline" {
			requireAnswer(t, p.do(codec.HeartBeat, nil, heartbeatBody(t, "c-"+group, consumerOf(group, "T1"))), codec.Success, "")
		} else {
			b.groups.Find(group)
		}
		b.offsets.Commit("test", group, "T1", 0, offset)
	}
	b.protectFromSlowConsumers(t.Context())
	for group := range groups {
		require.Equal(t, group != "behind", b.groups.Peek(group).ConsumeEnable, group)
	}
	requireAnswer(t, p.do(codec.PullMessage, pullHeader("behind", "T1", 0), nil), codec.NoPermission, "subscription group no permission, behind")
}
