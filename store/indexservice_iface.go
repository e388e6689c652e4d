package store

import "github.com/boostermq/booster/codec"

// indexService is what the store needs of the index files (Java: IndexService).
// Put and Commit are called by the dispatch goroutine only, Query by anybody, the rest by
// one goroutine at a time.
type indexService interface {
	// Load opens the files. clean = the last stop was clean; otherwise files
	// newer than safeMs (checkpoint.indexMsgTimestamp) must not be believed.
	// What recovery dispatches again is Put again.
	Load(clean bool, safeMs int64) error
	// Truncate forgets what points at or beyond endPhyOffset, where the log ends.
	Truncate(endPhyOffset int64) error
	// Put takes UNIQ_KEY and KEYS of a record, Commit lets what was put be found.
	// Strings of v die with the call. The errors are for the log: dispatch goes on.
	Put(v *codec.DispatchView) error
	Commit() error
	// Query returns physical offsets of records that may carry topic#key, newest first.
	Query(topic, key string, maxNum int, beginMs, endMs int64) indexResult
	// DeleteExpired deletes files that point only below minPhyOffset.
	DeleteExpired(minPhyOffset int64)
	// Flush makes durable what the checkpoint shall vouch for and returns the
	// store time up to which that is everything.
	Flush() (safeMs int64, err error)
	// Shutdown flushes and closes all files.
	Shutdown() error
}

type indexResult struct {
	phyOffsets          []int64
	lastUpdateTimestamp int64 // end time of the newest file, ms
	lastUpdatePhyOffset int64 // end offset of the newest file
}
