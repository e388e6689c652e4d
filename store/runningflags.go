package store

import (
	"strings"
	"sync/atomic"
)

// runningFlags says why the store cannot be written (Java: RunningFlags). Bits
// are set by whoever finds the fault; diskFull alone is cleared again.
type runningFlags struct{ bits atomic.Uint32 }

const (
	flagShutdown        uint32 = 1 << iota // stopped, stopping or not started yet
	flagCommitLogError                     // a write or fsync of the log failed
	flagLogicQueueError                    // a consume queue could not be written for too long
	flagIndexFileError                     //
	flagDiskFull                           // the cleaner's: above the warning level
)

var flagReasons = [...]string{
	"the message store has been shut down", "a write or sync of the commit log failed", "a consume queue cannot be written",
	"an index file cannot be written", "the broker's disk is full",
}

func (f *runningFlags) set(bit uint32)   { f.bits.Or(bit) }
func (f *runningFlags) clear(bit uint32) { f.bits.And(^bit) }

func (f *runningFlags) writeable() bool { return f.bits.Load() == 0 }

// reasons names every set bit.
func (f *runningFlags) reasons() string {
	var names []string
	for i, b := 0, f.bits.Load(); i < len(flagReasons); i++ {
		if b&(1<<i) != 0 {
			names = append(names, flagReasons[i])
		}
	}
	return strings.Join(names, ", ")
}
