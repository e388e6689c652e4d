// Package stats counts what goes through the broker (Java: BrokerStatsManager,
// BrokerStats, StoreStatsService) and answers codes 315, 28 and 208 from it.
//
// It only counts: it neither logs nor decides.
//
// Laws:
//   - A message is counted once, in its queue; topic, group and broker sum up
//     when somebody looks. Put and Pull find a queue with one look-up that
//     allocates nothing.
//   - Counting takes no lock that a reader holds: a look-up takes the read lock of
//     one of 64 shards, which only the first message of a queue takes to write,
//     and the rest are atomic adds. Readers and samples lock sets and items,
//     which counting never does.
//   - An item lives until its topic or group is deleted; a counter somebody
//     still holds then counts into the void.
//   - An item that did not move for a whole window keeps no samples of it:
//     thousands of idle queues cost a few words each.
//
// Lock order: a shard of the counters, a set's mu, an item's mu.
//
// Reading order: names.go, item.go, itemset.go, manager.go, counters.go,
// storestatsservice.go, histogram.go.
package stats
