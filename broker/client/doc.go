// Package client owns who is connected (Java: ConsumerManager, ProducerManager,
// RebalanceLockManager, ClientHousekeepingService): the connections and
// subscriptions of each consumer group, the connections of each producer group,
// and which client holds which queue of an orderly group. All of it is memory only.
//
// It sends nothing: Options.OnChange tells who notifies a group's clients.
//
// Laws:
//   - A connection that is gone is in no table: the close event removes it, and
//     a registration that races with the close event takes itself back.
//   - FindSubscriptionData, asked for every pull, allocates nothing.
//   - A change of a group's members is told to all that remain, however it came
//     about, so that all of them rebalance on the same list.
//   - What comes from a heart-beat may alias its frame: what is kept is cloned.
//
// Locks: ConsumerManager.mu and ProducerManager.mu guard their whole tables and
// are leaves; callbacks run without locks. A ConsumerGroupInfo handed out is a
// snapshot.
//
// Reading order: channel.go, consumermanager.go, consumergroupinfo.go,
// producermanager.go, rebalancelockmanager.go, housekeeping.go.
package client
