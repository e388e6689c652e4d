// Package transaction keeps half messages back until their producer decides
// (Java: TransactionalMessageBridge, TransactionalMessageService,
// EndTransactionProcessor, TransactionalMessageCheckService).
//
// A half message (property TRAN_MSG) waits as a record of
// RMQ_SYS_TRANS_HALF_TOPIC, queue 0, with its destination in REAL_TOPIC and
// REAL_QID. Code 37 ends it: a commit appends the final message, commit and
// rollback append an op message to RMQ_SYS_TRANS_OP_HALF_TOPIC, queue 0, whose
// body is the queue offset of the half message in decimal. Whoever has no op
// message is asked: the check appends the half message again, with a count, and
// sends 39 to a producer of its group. How far both queues are done stands among
// the consumer offsets, as group CID_RMQ_SYS_TRANS.
//
// Words: the root of a half message is the queue offset of its first copy, which
// a copy carries in TRAN_PREPARED_QUEUE_OFFSET. Who ends one copy ends all.
//
// Laws:
//   - An op message is needed until the check has passed every half message that
//     existed when it was read: until then the op offset stays before it.
//   - The half offset passes a half message only when that is ended, copied to
//     the end of the queue, or given up, and offsets are committed only when
//     everything they build on is durable in the log.
//   - Only a check that was handed to a connection counts.
//   - What one half message holds costs that message, never the queue; a store
//     that takes nothing ends the round.
//
// Differences from Java: a message without producer or within its own immunity
// time is parked in memory instead of being copied and counted in every round; a
// half message is ended once (a second 37 does nothing) while this process
// remembers it; DELAY of a half message is dropped (Java loses the message).
//
// Reading order: bridge.go (what a half and a final message is),
// opmessage_format.go, service.go, end.go (37), check.go (one round), judge.go
// (one half message), ops.go, copies.go, parked.go, checkback.go (39),
// resume.go (323).
//
// Locks: endings.mu only; the fields of checker belong to the check goroutine.
package transaction
