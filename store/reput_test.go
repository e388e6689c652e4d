package store

import (
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
