package broker

import (
	"context"
	"time"
)

// protectPeriod is how often consumers are looked at (Java: protectBroker).
const protectPeriod = 3 * time.Minute

// protectFromSlowConsumers forbids consuming, with
// disableConsumeIfConsumerReadSlowly=true, to groups online whose next message
// lies more than consumerFallbehindThreshold bytes behind the end of the log:
// they would read from the disk and push out of memory what all others need.
// An administrator lets a group consume again (code 200).
//
// Differences from Java: judged is what the group has committed, not the
// statistics of its last pulls from disk.
func (b *Controller) protectFromSlowConsumers(context.Context) {
	c := b.Config()
	if !c.Broker.DisableConsumeIfConsumerReadSlowly {
		return
	}
	slow := make(map[string]int64)
	end := b.store.MaxPhyOffset()
	b.offsets.Each(func(group, topic string, queues map[int32]int64) {
		if sub, _, online := b.consumers.FindSubscriptionData(group, topic); !online || sub == nil {
			return
		}
		for queueID, offset := range queues {
			if phy := b.store.CommitLogOffsetInQueue(topic, queueID, offset); offset < b.store.MaxOffsetInQueue(topic, queueID) {
				slow[group] = max(slow[group], end-phy)
			}
		}
	})
	for group, behindBytes := range slow {
		if behindBytes > c.Broker.ConsumerFallbehindThreshold {
			b.groups.DisableConsume(group)
			b.log.Warn("a group that reads too slowly may not consume any more; allow it again with updateSubGroup -s true", "group", group,
				"behindBytes", behindBytes, "consumerFallbehindThreshold", c.Broker.ConsumerFallbehindThreshold)
		}
	}
}
