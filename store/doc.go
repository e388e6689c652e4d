// Package store keeps messages: the CommitLog and all that is derived from it
// (ConsumeQueue, ConsumeQueueExt, IndexFile, StoreCheckpoint). Files, names and
// bytes are those of RocketMQ 4.x, so one directory can be handed from the Java
// broker to Booster and back.
//
// Laws:
//   - flushedWhere ≤ committedWhere ≤ maxPhyOffset; readers never read past
//     maxPhyOffset; with SYNC_FLUSH nothing is dispatched beyond flushedWhere.
//   - A failed write or fsync of the commit log is never retried and never
//     acknowledged: the store becomes not writeable.
//   - Everything but the commit log is derived and can be rebuilt from it.
//   - What the checkpoint vouches for is durable before it says so; what
//     recovery takes back it takes out of the checkpoint first.
//   - No caller of PutMessage or CommitPending waits for a disk that was found
//     stalled by another.
//
// Locks, all short, in the order in which they may be taken:
//
//	ConsumeQueue.mu → CommitLog.mu (putMessageLock, memory only)
//	ConsumeQueue.mu → queueSet.mu, fileCache.mu
//	logFiles.mu (creates and deletes files), queueTable.mu, waitQueue.mu: leaves
//
// The write token (writer.token) is no lock: who does not get it goes on.
//
// Reading order: messagestore.go (the API), put.go, commitlog.go (append),
// commitlog_commit.go (write), commitlog_wait.go and commitlog_flush.go
// (durable), reput.go (dispatch), consumequeue.go, consumequeueext.go, getmessage.go,
// indexservice.go, recovery.go (the table), recovery_run.go, queueflush.go
// (checkpoint), shutdown.go.
package store
