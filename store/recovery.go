package store

import (
	"fmt"
)

// What recovery finds. Each dimension is a bit set, so that a row of the table
// can name several values.
type (
	stopState  uint8 // how the last process ended: the abort file
	logState   uint8
	queueState uint8 // what the consume queues say about the end of the log
	markState  uint8 // Booster's mark in the checkpoint
	timesState uint8 // Java's times in the checkpoint
)

const (
	stopClean   stopState = 1 << iota // no abort file
	stopUnclean                       // abort file there
	stopAny     = stopClean | stopUnclean
)
const (
	logEmpty logState = 1 << iota // no file
	logFilled
)
const (
	queuesTail    queueState = 1 << iota // the last entry of all points at the record it names
	queuesWrong                          // it does not: queues ahead of the log, or foreign
	queuesNone                           // no entry at all
	queuesDamaged                        // files that do not fit together
	queuesAny     = queuesTail | queuesWrong | queuesNone | queuesDamaged
)
const (
	markGood markState = 1 << iota // a record begins at the safe offset, or the log ends there
	markBad                        // no mark, a Java broker ran since, or nothing fits it
	markAny  = markGood | markBad
)
const (
	timesGood timesState = 1 << iota // some file begins before them
	timesBad
	timesAny = timesGood | timesBad
)

// scanStart is where recovery begins to read the log. Queue entries of
// records from there on are cut (except after scanFromTail, which only cuts what
// lies behind the end of the log) and dispatched again.
type scanStart int

const (
	scanNothing   scanStart = iota
	scanFromTail            // the record of the last queue entry
	scanThirdLast           // the third-last file
	scanFromMark            // the safe offset of the checkpoint
	scanFromTimes           // the last file that begins 3 s before the checkpoint's times
	scanFirst               // the first file
)

// recoveryCase is one row of the table.
type recoveryCase struct {
	letter string
	stop   stopState
	log    logState
	queues queueState
	mark   markState
	times  timesState
	start  scanStart
}

// recoveryCases is what Open does in which situation; every combination meets
// exactly one row.
//
//	A  There is no log: whatever queues exist point nowhere. They are emptied.
//	B  Clean stop. All was dispatched and durable, so the last entry of the
//	   queues names the last record but for records without queue. Read from there.
//	C  Clean stop, but the queues disagree with the log, as when one was restored
//	   from a backup without the other. Read the last three files, as Java does.
//	D  Clean stop, consumequeue/ was deleted: rebuild it.
//	E  Killed. Before the safe offset all is durable; behind it nothing that is
//	   derived is believed.
//	F  Killed, the safe offset is no help: the last stop or run was Java's, or a
//	   power cut took the log behind it. The checkpoint's times name a file.
//	G  Killed, and the checkpoint is missing or too new for what is left of the
//	   log: everything is read and dispatched again.
//	H  Queue files were found that do not fit together; they are gone by now.
//	   Rebuild all: nothing tells where the lost entries belonged.
func recoveryCases() []recoveryCase {
	return []recoveryCase{
		{"A", stopAny, logEmpty, queuesAny, markAny, timesAny, scanNothing},
		{"B", stopClean, logFilled, queuesTail, markAny, timesAny, scanFromTail},
		{"C", stopClean, logFilled, queuesWrong, markAny, timesAny, scanThirdLast},
		{"D", stopClean, logFilled, queuesNone, markAny, timesAny, scanFirst},
		{"E", stopUnclean, logFilled, queuesAny &^ queuesDamaged, markGood, timesAny, scanFromMark},
		{"F", stopUnclean, logFilled, queuesAny &^ queuesDamaged, markBad, timesGood, scanFromTimes},
		{"G", stopUnclean, logFilled, queuesAny &^ queuesDamaged, markBad, timesBad, scanFirst},
		{"H", stopAny, logFilled, queuesDamaged, markAny, timesAny, scanFirst},
	}
}

// situation is one value of each dimension.
type situation struct {
	stop   stopState
	log    logState
	queues queueState
	mark   markState
	times  timesState
}

func (c *recoveryCase) meets(s situation) bool {
	return c.stop&s.stop != 0 && c.log&s.log != 0 && c.queues&s.queues != 0 && c.mark&s.mark != 0 && c.times&s.times != 0
}

func findRecoveryCase(s situation) (recoveryCase, error) {
	for _, c := range recoveryCases() {
		if c.meets(s) {
			return c, nil
		}
	}
	return recoveryCase{}, fmt.Errorf("no recovery case for %+v", s)
}
