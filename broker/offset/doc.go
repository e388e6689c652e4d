// Package offset owns how far each group has consumed each queue (Java:
// ConsumerOffsetManager) and config/consumerOffset.json.
//
// It knows neither topics, groups nor clients: callers validate names before
// they commit, and tell what may be forgotten.
//
// Laws:
//   - Query and Commit of a known queue build no strings and allocate nothing.
//   - What is kept owns its strings: keys are cloned from the request once.
//   - Persist writes only when something changed since the last write that
//     succeeded, and what it writes is no older than its call.
//
// Locks, all leaves: a shard's mu (its part of the table), persistMu (who
// writes the file). Persist takes the shards' one after the other inside persistMu.
//
// Reading order: manager.go, table.go, query.go, persist.go, offsets_format.go.
package offset
