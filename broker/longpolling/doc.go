// Package longpolling holds pulls that found nothing (Java:
// PullRequestHoldService) until a message they want arrives, their time is up
// or their connection is gone.
//
// It neither reads the store nor answers anybody: what is to be run again goes
// to Options.Wake, which hands it to the pull executor.
//
// Laws:
//   - A held pull is an entry in a slice: no goroutine, no timer.
//   - NotifyMessageArriving is called for every message. With nobody waiting in
//     that queue it costs a hash and one atomic load and allocates nothing.
//   - No wake-up is lost: Suspend looks at the queue's end once more after the
//     entry is in, and the store has moved the end before it notifies.
//   - Each request leaves exactly once: through Wake or through Drop.
//
// Locks: a shard's mu, a leaf; of foreign code only a request's filter and its
// channel's Alive run inside.
//
// Reading order: pullrequest.go, holdservice.go, shard.go.
package longpolling
