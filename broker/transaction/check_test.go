package transaction

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/store"
)

// TestCheck: who does not decide is asked in every round about a new copy, until
// it is given up; the copies are counted as in Java.
func TestCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		a := w.send(t, message("T", 1, "a", ""))
		w.send(t, message("T", 1, "b", ""))
		c := w.send(t, message("T", 1, "c", ""))
		require.Equal(t, ok, w.end(a, commit))
		require.Equal(t, okRollback, w.end(c, rollback))
		require.Equal(t, int64(1), w.HalfMessages())
		w.after(59 * time.Second)
		require.Empty(t, w.asks())
		w.after(60 * time.Second)
		require.True(t, w.topics[codec.TransHalfTopic])
		asked := w.lastAsk(t)
		require.Equal(t, []string{"b@1m0s"}, w.asks())
		require.Equal(t, []string{"a", "b", "c", "b"}, w.halves(t))
		copied := w.store.all(t, codec.TransHalfTopic, 0)[3]
		require.Equal(t, visible("KEYS=k;TRAN_MSG=true;UNIQ_KEY=Ub;WAIT=true;PGROUP=PG;REAL_TOPIC=T;REAL_QID=1;TRANSACTION_CHECK_TIMES=1;TRAN_PREPARED_QUEUE_OFFSET=1"), copied.Properties)
		require.Equal(t, codec.CheckTransactionStateRequestHeader{
			TranStateTableOffset: 3, CommitLogOffset: copied.CommitLogOffset, MsgID: "Ub", TransactionID: "Ub",
			OffsetMsgID: string(codec.AppendOffsetMsgID(nil, brokerHost, copied.CommitLogOffset)),
		}, asked.header)
		require.Equal(t, "T", asked.body.Topic)
		require.Equal(t, int32(1), asked.body.QueueID)
		require.Equal(t, int64(3), asked.body.QueueOffset)
		require.Equal(t, copied.CommitLogOffset, asked.body.CommitLogOffset)
		require.Equal(t, int64(1), w.HalfMessages())

		w.after(5 * time.Minute)
		require.Equal(t, []string{"b@2m0s", "b@3m0s"}, w.asks())
		require.Equal(t, []string{"b"}, w.givenUp(t))
		require.True(t, w.topics[codec.TransCheckMaxTimeTopic])
		require.Equal(t, []string{"a", "b", "c", "b", "b", "b"}, w.halves(t))
		require.Equal(t, int64(0), w.HalfMessages())
		require.Equal(t, [2]int64{6, 3}, w.doneOffsets())
		// A late commit is still good.
		lost := w.store.all(t, codec.TransHalfTopic, 0)[5]
		require.Equal(t, ok, w.end(sent{5, lost.CommitLogOffset}, commit))
		require.Equal(t, []string{"a", "b"}, w.finals(t))
	})
}

// TestCheckAnswered: the producer commits what it was asked about.
func TestCheckAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		first := w.send(t, message("T", 1, "a", ""))
		w.after(time.Minute)
		asked := w.lastAsk(t)
		second := sent{asked.header.TranStateTableOffset, asked.header.CommitLogOffset}
		require.Equal(t, ok, w.end(second, commit))
		require.Equal(t, ok, w.end(first, commit)) // late, it is ended: no second delivery
		require.Equal(t, []string{"a"}, w.finals(t))
		require.Equal(t, []string{"1"}, w.opsWritten(t))
		w.asks()
		w.after(10 * time.Minute)
		require.Empty(t, w.asks())
		require.Equal(t, [2]int64{2, 1}, w.doneOffsets())
	})
}

// TestLateEnd: the end of the first copy ends those that were made since, over a restart too.
func TestLateEnd(t *testing.T) {
	for _, restart := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			first := w.send(t, message("T", 1, "a", ""))
			w.after(time.Minute)
			require.Len(t, w.asks(), 1)
			if restart {
				w.restart()
			}
			require.Equal(t, ok, w.end(first, commit))
			if restart {
				w.restart() // and forgets what it ended
			}
			w.after(10 * time.Minute)
			require.Empty(t, w.asks())
			require.Equal(t, []string{"a"}, w.finals(t))
			require.Equal(t, [2]int64{2, 1}, w.doneOffsets())
		})
	}
}

// TestYoung: a message younger than the time-out is left alone, its own immunity
// time counts without costing checks or copies.
func TestYoung(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.after(30 * time.Second)
		w.send(t, message("T", 1, "a", ";CHECK_IMMUNITY_TIME_IN_SECONDS=200"))
		w.send(t, message("T", 1, "b", ";CHECK_IMMUNITY_TIME_IN_SECONDS=1"))
		w.send(t, message("T", 1, "x", ";CHECK_IMMUNITY_TIME_IN_SECONDS=oops"))
		w.after(55 * time.Second)
		w.send(t, message("T", 1, "c", ""))
		d := w.send(t, message("T", 1, "d", ";CHECK_IMMUNITY_TIME_IN_SECONDS=3600"))
		w.after(70 * time.Second)
		require.Equal(t, []string{"b@1m0s", "x@1m0s"}, w.asks())
		w.after(130 * time.Second)
		require.Equal(t, []string{"c@2m0s", "b@2m0s", "x@2m0s"}, w.asks())
		require.Equal(t, [2]int64{-1, -1}, w.doneOffsets()) // a, the first, is parked
		w.after(190 * time.Second)
		w.asks()
		require.Equal(t, okRollback, w.end(d, rollback))
		w.after(240 * time.Second)
		require.Equal(t, []string{"a@4m0s"}, w.asks()[:1])
		require.Equal(t, "1", codec.ParseProperties(w.lastCopy(t, "a").Properties)[codec.PropertyTransactionCheckTimes])
	})
}

// lastCopy is the last half message with this body.
func (w *world) lastCopy(t *testing.T, body string) (m codec.Message) {
	for _, half := range w.store.all(t, codec.TransHalfTopic, 0) {
		if string(half.Body) == body {
			m = half
		}
	}
	require.NotEmpty(t, m.Topic)
	return m
}

// TestOrphan: while the producers are away nothing counts, and little is written.
func TestOrphan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.set(func() { w.online["PG"] = false })
		w.send(t, message("T", 1, "a", ""))
		b := w.send(t, message("T", 1, "b", ""))
		w.send(t, message("T", 1, "c", ""))
		w.after(10 * time.Hour)
		require.Empty(t, w.asks())
		require.Empty(t, w.givenUp(t))
		require.LessOrEqual(t, len(w.halves(t)), 3+3*21) // a copy in half an hour
		require.Equal(t, int64(3), w.HalfMessages())
		require.Equal(t, ok, w.end(b, commit)) // by one who comes only for that
		w.after(10*time.Hour + time.Minute)
		require.Equal(t, int64(2), w.HalfMessages())
		copies := len(w.halves(t))
		w.set(func() { w.online["PG"] = true })
		w.after(10*time.Hour + 2*time.Minute)
		require.Equal(t, []string{"a@10h2m0s", "c@10h2m0s"}, w.asks())
		require.Equal(t, []string{"a", "c"}, w.halves(t)[copies:])
		require.Equal(t, "1", codec.ParseProperties(w.lastCopy(t, "a").Properties)[codec.PropertyTransactionCheckTimes])
		w.set(func() { w.online["PG"] = false })
		w.after(100 * time.Hour)
		require.Equal(t, []string{"a", "c"}, w.givenUp(t)) // for their age
		require.Equal(t, int64(0), w.HalfMessages())
	})
}

// TestUnsent: a check that reached no connection does not count.
func TestUnsent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.set(func() { w.failing = 3 * 5 }) // tries of five rounds
		w.send(t, message("T", 1, "a", ""))
		w.after(5*time.Minute + 30*time.Second)
		require.Empty(t, w.asks())
		require.Empty(t, w.givenUp(t))
		w.set(func() { w.failing = 2 })
		w.after(9*time.Minute + 30*time.Second)
		require.Equal(t, []string{"a@6m0s", "a@7m0s", "a@8m0s"}, w.asks())
		require.Equal(t, []string{"a"}, w.givenUp(t))
		require.Empty(t, w.checker.copies.last)
		require.Empty(t, w.checker.copies.root)
	})
}

// TestPoison: what one half message holds costs that message only.
func TestPoison(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		broken := func(body, props string) {
			m := message("T", 1, body, "")
			m.Properties = visible(props)
			toHalfTopic(m)
			w.store.PutMessage(m, &syncPut{done: make(chan struct{})})
		}
		broken("no topic", "TRAN_MSG=true;PGROUP=PG;REAL_QID=1")
		broken("no name", "TRAN_MSG=true;PGROUP=PG;REAL_TOPIC=../x;REAL_QID=1")
		broken("no queue", "TRAN_MSG=true;PGROUP=PG;REAL_TOPIC=T;REAL_QID=x")
		broken("no group", "TRAN_MSG=true;REAL_TOPIC=T;REAL_QID=1")
		broken("gone", "TRAN_MSG=true;PGROUP=PG;REAL_TOPIC=T;REAL_QID=1")
		broken("rotten", "TRAN_MSG=true;PGROUP=PG;REAL_TOPIC=T;REAL_QID=1")
		broken("own root", "TRAN_MSG=true;PGROUP=PG;REAL_TOPIC=T;REAL_QID=1;TRAN_PREPARED_QUEUE_OFFSET=99")
		broken("full", "TRAN_MSG=true;PGROUP=PG;REAL_TOPIC=T;REAL_QID=1;X="+strings.Repeat("x", 32767-57))
		halves := w.store.queues[queueKey(codec.TransHalfTopic, 0)]
		require.Len(t, halves, 8)
		halves[4], halves[5][88] = nil, halves[5][88]^1
		w.store.PutMessage(&codec.Message{Topic: codec.TransOpHalfTopic, Body: []byte("rubbish")}, &syncPut{done: make(chan struct{})})
		w.store.PutMessage(w.opMessage(1<<40), &syncPut{done: make(chan struct{})})
		w.send(t, message("T", 1, "last", ""))
		w.after(time.Minute)
		require.Equal(t, []string{"own root@1m0s", "full@1m0s", "last@1m0s"}, w.asks())
		require.Equal(t, []string{"no topic", "no name", "no queue", "no group", "full"}, w.givenUp(t))
		require.Equal(t, int64(9), w.doneOffsets()[0])
		w.after(10 * time.Minute)
		require.Equal(t, [2]int64{15, 9}, w.doneOffsets())
	})
}

// TestStoreRefusesCopies: the round ends and is done again, nothing is lost.
func TestStoreRefusesCopies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.send(t, message("T", 1, "a", ""))
		w.send(t, message("T", 1, "b", ""))
		w.store.set(func() { w.store.refuse = func(*codec.Message) store.PutStatus { return store.ServiceNotAvailable } })
		w.after(10 * time.Minute)
		require.Empty(t, w.asks())
		w.store.set(func() { w.store.refuse = nil })
		w.after(11 * time.Minute)
		require.Equal(t, []string{"a@11m0s", "b@11m0s"}, w.asks())
	})
}

// TestOpNotDispatched: an end that cannot be read yet is known all the same.
func TestOpNotDispatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		a := w.send(t, message("T", 1, "a", ""))
		w.store.set(func() { w.store.hidden = 1 })
		require.Equal(t, ok, w.end(a, commit))
		w.after(3 * time.Minute)
		require.Empty(t, w.asks())
		w.store.set(func() { w.store.hidden = 0 })
		w.after(5 * time.Minute)
		require.Empty(t, w.asks())
		require.Equal(t, [2]int64{1, 1}, w.doneOffsets())
	})
}

// TestOffsetsFollowFlush: nothing is committed that a power cut could take back.
func TestOffsetsFollowFlush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.store.set(func() { w.store.flushed = 0 })
		w.send(t, message("T", 1, "a", ""))
		w.after(3 * time.Minute)
		require.Equal(t, [2]int64{-1, -1}, w.doneOffsets())
		w.store.set(func() { w.store.flushed = w.store.end })
		w.after(3*time.Minute + 2*time.Second)
		require.Equal(t, [2]int64{1, 0}, w.doneOffsets()) // of the first round
	})
}

// TestBeginCorrects: offsets beyond their queues, as after a crash that cut the log.
func TestBeginCorrects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.stop()
		for _, body := range []string{"a", "b", "c"} {
			w.send(t, message("T", 1, body, ""))
		}
		w.store.first[queueKey(codec.TransHalfTopic, 0)] = 1
		w.offsets.Commit("", codec.TransConsumerGroup, codec.TransOpHalfTopic, 0, 50)
		w.start()
		w.after(time.Minute)
		require.Equal(t, []string{"b@1m0s", "c@1m0s"}, w.asks())
		w.stop()
		w.offsets.Commit("", codec.TransConsumerGroup, codec.TransHalfTopic, 0, 50)
		w.start()
		w.send(t, message("T", 1, "d", ""))
		w.after(3 * time.Minute)
		require.Equal(t, []string{"d@2m0s"}, w.asks()[:1])
	})
}

// TestResume: what was given up can be brought back, and nothing else.
func TestResume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		failed := &Answer{1, "Put message back to RMQ_SYS_TRANS_HALF_TOPIC failed."}
		first := w.send(t, message("T", 1, "a", ""))
		w.after(5 * time.Minute)
		require.Len(t, w.asks(), 3)
		require.Equal(t, []string{"a"}, w.givenUp(t))
		id := func(phyOffset int64) string { return string(codec.AppendOffsetMsgID(nil, brokerHost, phyOffset)) }
		lost := w.store.all(t, codec.TransCheckMaxTimeTopic, 0)[0]
		require.Equal(t, ok, w.Resume(id(lost.CommitLogOffset)))
		require.Equal(t, "0", codec.ParseProperties(w.lastCopy(t, "a").Properties)[codec.PropertyTransactionCheckTimes])
		w.after(10 * time.Minute)
		require.Len(t, w.asks(), 3)
		require.Len(t, w.givenUp(t), 2)

		require.Equal(t, ok, w.end(first, commit))
		final := w.store.all(t, "T", 1)[0]
		for _, bad := range []string{"", "x", id(1), id(-1), id(final.CommitLogOffset), strings.Repeat("z", 32)} {
			require.Equal(t, failed, w.Resume(bad), bad)
		}
		w.store.refuse = func(*codec.Message) store.PutStatus { return store.ServiceNotAvailable }
		require.Equal(t, failed, w.Resume(id(lost.CommitLogOffset)))
	})
}

// TestNotStarted: a slave never checks.
func TestNotStarted(t *testing.T) {
	s := New(Options{})
	s.Shutdown()
	s.CommitOffsets()
	require.Zero(t, s.HalfMessages())
}
