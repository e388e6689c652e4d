package transaction

import (
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/store"
)

var ok, okRollback = &Answer{Code: codec.Success}, &Answer{codec.Success, "not set any response code"}

func TestEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var counted []string
		w.o.Committed = func(topic string, queueID int32, sizeBytes int) {
			require.Equal(t, int32(1), queueID)
			require.Positive(t, sizeBytes)
			counted = append(counted, topic)
		}
		a, b, c := w.send(t, message("T", 1, "a", "")), w.send(t, message("T", 1, "b", "")), w.send(t, message("T", 1, "c", ""))
		require.Equal(t, okRollback, w.end(b, rollback))
		require.Nil(t, w.end(c, unknown))
		require.Equal(t, ok, w.end(a, commit))
		require.Equal(t, []string{"a"}, w.finals(t))
		require.Equal(t, []string{"1", "0"}, w.opsWritten(t))
		require.Equal(t, []string{"T"}, counted)

		final := w.store.all(t, "T", 1)[0]
		require.Equal(t, a.phyOffset, final.PreparedTransactionOffset)
		require.Equal(t, codec.SysFlagCompressed|codec.TransactionCommitType, final.SysFlag)
		require.Equal(t, visible("KEYS=k;TRAN_MSG=true;UNIQ_KEY=Ua;WAIT=true;PGROUP=PG;REAL_TOPIC=T;REAL_QID=1"), final.Properties)

		// Once only, whatever is said later.
		require.Equal(t, ok, w.end(a, commit))
		require.Equal(t, ok, w.end(b, commit))
		require.Equal(t, ok, w.end(a, rollback))
		require.Equal(t, []string{"a"}, w.finals(t))
		require.Len(t, w.opsWritten(t), 2)
	})
}

func TestEndRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		m := w.send(t, message("T", 1, "a", ""))
		final := w.store.end
		good := codec.EndTransactionRequestHeader{ProducerGroup: "PG", TranStateTableOffset: m.queueOffset, CommitLogOffset: m.phyOffset, CommitOrRollback: commit}
		f := func(code int32, remark string, change func(h *codec.EndTransactionRequestHeader)) {
			t.Helper()
			h := good
			change(&h)
			require.Equal(t, &Answer{code, remark}, w.End(&h))
			require.Len(t, w.finals(t), 0)
			require.Empty(t, w.opsWritten(t))
		}
		f(1, "commitOrRollback field wrong", func(h *codec.EndTransactionRequestHeader) { h.CommitOrRollback = 4 })
		f(1, "Find prepared transaction message failed", func(h *codec.EndTransactionRequestHeader) { h.CommitLogOffset = 1 })
		f(1, "Find prepared transaction message failed", func(h *codec.EndTransactionRequestHeader) { h.CommitLogOffset = -1 })
		f(1, "The producer group wrong", func(h *codec.EndTransactionRequestHeader) { h.ProducerGroup = "other" })
		f(1, "The producer group wrong", func(h *codec.EndTransactionRequestHeader) { h.ProducerGroup = "" })
		f(1, "The transaction state table offset wrong", func(h *codec.EndTransactionRequestHeader) { h.TranStateTableOffset = 5 })
		w.store.log[final+8] = w.store.log[m.phyOffset] // a record that says it lies elsewhere
		f(1, "The commit log offset wrong", func(h *codec.EndTransactionRequestHeader) { h.CommitLogOffset = final + 8 })
		for status, want := range map[store.PutStatus]Answer{
			store.CreateMappedFileFailed: {1, "Create mapped file failed."},
			store.MessageIllegal: {13, "The message is illegal, maybe msg body or properties length not matched. " +
				"msg body length limit 4194304B, msg properties length limit 32KB."},
			store.ServiceNotAvailable: {14, "Service not available now."},
			store.OSPageCacheBusy:     {1, "OS page cache busy, please try another machine"},
			store.UnknownError:        {1, "UNKNOWN_ERROR"},
		} {
			w.store.refuse = func(*codec.Message) store.PutStatus { return status }
			f(want.Code, want.Remark, func(*codec.EndTransactionRequestHeader) {})
		}
		w.store.refuse = nil
		w.config.Slave = true
		f(11, "not set any response code", func(*codec.EndTransactionRequestHeader) {})
		w.config.Slave = false

		require.Equal(t, ok, w.End(&good)) // a refusal is no end
		require.Equal(t, []string{"a"}, w.finals(t))
		h := good
		h.CommitLogOffset, h.TranStateTableOffset = final, 0 // the final message is no half message
		require.Equal(t, &Answer{1, "Find prepared transaction message failed"}, w.End(&h))
	})
}

// TestEndDelivered: the message is stored though disk or slave did not answer.
func TestEndDelivered(t *testing.T) {
	for _, status := range []store.PutStatus{store.FlushDiskTimeout, store.FlushSlaveTimeout, store.SlaveNotAvailable} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			m := w.send(t, message("T", 1, "a", ""))
			w.store.refuse = func(*codec.Message) store.PutStatus { return status }
			require.Equal(t, ok, w.end(m, commit))
			require.Equal(t, []string{"a"}, w.finals(t))
			require.Equal(t, []string{"0"}, w.opsWritten(t))
		})
	}
}

// TestEndTogether: many producers end one message, it is delivered once.
func TestEndTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		m := w.send(t, message("T", 1, "a", ""))
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if got := w.end(m, commit); *got != *ok {
					t.Errorf("%+v", got)
				}
			})
		}
		all.Wait()
		require.Equal(t, []string{"a"}, w.finals(t))
		require.Equal(t, []string{"0"}, w.opsWritten(t))
	})
}

// TestEndWithoutOp: the op message is lost, the half message is ended none the less.
func TestEndWithoutOp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		m := w.send(t, message("T", 1, "a", ""))
		w.store.refuse = func(m *codec.Message) store.PutStatus {
			if m.Topic == codec.TransOpHalfTopic {
				return store.ServiceNotAvailable
			}
			return store.PutOK
		}
		require.Equal(t, ok, w.end(m, commit))
		w.store.refuse = nil
		w.after(testConfig().CheckInterval * 3)
		require.Empty(t, w.asks())
		require.Equal(t, [2]int64{1, 0}, [2]int64{w.doneOffsets()[0], max(0, w.doneOffsets()[1])})
	})
}

func TestEndingsForget(t *testing.T) {
	var e endings
	for i := range int64(maxEndings + 10) {
		require.True(t, e.mark(i))
	}
	require.False(t, e.mark(maxEndings))
	require.False(t, e.has(9))
	require.True(t, e.has(10))
	require.Len(t, e.done, maxEndings)
	require.False(t, e.claim(5))
	e.release(5, false)
	require.False(t, e.claim(5))
	e.release(5, true)
	require.True(t, e.claim(5))
	require.Empty(t, e.busy)
}
