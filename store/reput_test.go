package store

import (
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/internal/vfs"
)

// TestDispatchLingers: while nobody waits for messages dispatch lets them
// gather, no longer than reputLinger; who begins to wait gets what is there at once.
func TestDispatchLingers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		awaited := false
		o := testOptions(testConfig("/store"))
		o.FS = vfs.NewMemFS()
		o.Awaited = func() bool { return awaited }
		s := openStore(t, o)
		dispatched := func(want int64) {
			t.Helper()
			synctest.Wait()
			require.Equal(t, want, s.MaxOffsetInQueue("T", 0))
		}
		synctest.Wait() // dispatch waits for records
		put(t, s, "T", 0, "gathers")
		dispatched(0)
		put(t, s, "T", 0, "too")
		time.Sleep(reputLinger)
		dispatched(2)
		put(t, s, "T", 0, "is waited for")
		dispatched(2)
		awaited = true
		s.DispatchSoon()
		dispatched(3)
		put(t, s, "T", 0, "does not gather")
		dispatched(4)
	})
}

// TestDispatchWaitsForDisk: a read error that passes costs no message, one that
// lasts costs those of its page, and a stop meanwhile leaves the rest to the next start.
func TestDispatchWaitsForDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ff := vfs.NewFaultFS(vfs.NewMemFS(), nil)
		o := testOptions(testConfig("/store"))
		o.FS = ff
		s := openStore(t, o)
		fail := func(page int64) {
			reads := vfs.Touching(vfs.On("commitlog", vfs.OpRead), page*pageBytes, (page+1)*pageBytes)
			ff.Inject(vfs.Always(reads, vfs.Fault{Err: syscall.EIO}))
		}
		dispatched := func(want int64) {
			t.Helper()
			synctest.Wait()
			require.Equal(t, want, s.MaxOffsetInQueue("T", 0))
		}
		synctest.Wait()
		fail(0)
		put(t, s, "T", 0, "a")
		dispatched(0)
		time.Sleep(reputReadRetry * reputReadTries / 2)
		ff.Inject(nil)
		time.Sleep(reputReadRetry)
		dispatched(1)

		put(t, s, "U", 0, strings.Repeat("x", pageBytes)) // ends in page 1
		put(t, s, "T", 0, "b")
		dispatched(2)
		fail(1)
		put(t, s, "T", 0, "c") // in page 1, too
		require.EqualValues(t, 1, (s.MaxPhyOffset()-1)/pageBytes)
		put(t, s, "U", 0, strings.Repeat("x", 2*pageBytes))
		put(t, s, "T", 0, "d")
		dispatched(2)
		time.Sleep(reputReadRetry * reputReadTries)
		dispatched(4) // a filler for c
		q := s.queues.find("T", 0)
		lost, ok := q.entry(2)
		require.True(t, ok && lost.filler())

		fail((s.MaxPhyOffset() + pageBytes) / pageBytes)
		put(t, s, "U", 0, strings.Repeat("x", 2*pageBytes))
		put(t, s, "T", 0, "e")
		dispatched(4)
		require.NoError(t, s.Shutdown())
		require.NotZero(t, s.DispatchBehindBytes())
		ff.Inject(nil)
		s = openStore(t, o)
		require.EqualValues(t, 5, s.MaxOffsetInQueue("T", 0))
		require.EqualValues(t, 3, s.MaxOffsetInQueue("U", 0))
	})
}
