// Package subscription owns the table of consumer groups of a broker (Java:
// SubscriptionGroupManager): the built-in groups, automatic creation on first
// touch and config/subscriptionGroup.json.
//
// It knows no connections: who is online is the business of broker/client.
//
// Laws: the table is an immutable snapshot replaced as a whole, Find takes no
// lock and allocates nothing for a known group, and what it returns is never
// modified. A name that is no group name never enters the table. Methods that
// change the table have written the file when they return, so they wait for the
// disk. A failed write is logged and repeated by the next Persist.
//
// Locks, all leaves: mu (who builds the next snapshot), persistMu (who writes
// the file).
//
// Reading order: manager.go, persist.go.
package subscription
