// Package schedule delays messages by level (Java: ScheduleMessageService).
//
// A message with a delay level L waits as a record of SCHEDULE_TOPIC_XXXX, queue
// L−1, with its destination in REAL_TOPIC and REAL_QID; the tag slot of its
// queue entry is the time of delivery (the store's dispatch sees to that). When
// the time has come its record is appended again, for the destination.
//
// The package owns that substitution, the delivery and delayOffset.json. It
// knows no connection, no topic config and no role: the broker starts it where
// messages are written.
//
// Laws:
//   - At least once: the offset of a level never passes a message the store has
//     not taken, and an offset reaches delayOffset.json only when everything
//     delivered before it is durable in the log.
//   - Nothing that one record holds stops its level; a store that takes nothing
//     stops it until it does again.
//   - Nobody polls: the delivery sleeps until the earliest message of all levels
//     is due, or until one arrives in a level that was empty.
//
// Reading order: levels.go (what the send path calls), service.go (goroutines),
// level.go (one level), delivery.go (one batch), offsets.go (the file).
//
// Lock order: offsets.mu is the only lock.
package schedule
