// Package stats counts what goes through the broker (Java: BrokerStatsManager,
// BrokerStats, StoreStatsService) and answers codes 315, 28 and 208 from it.
//
// It only counts: it neither logs nor decides.
//
// Laws:
//   - A message is counted once, in its queue; topic, group and broker sum up
//     when somebody looks. Put and Pull find a queue with one look-up that
//     allocates nothing.
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
