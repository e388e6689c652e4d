package acl

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// TestMain looks for goroutines left behind. The two of ants belong to a global
// pool that gnet starts when it is imported.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/panjf2000/ants/v2.(*poolCommon).purgeStaleWorkers"),
		goleak.IgnoreAnyFunction("github.com/panjf2000/ants/v2.(*poolCommon).ticktock"))
}

// TestConcurrently: requests are judged while files are read and changed; an
// account that nobody touches is let in all the time.
func TestConcurrently(t *testing.T) {
	f := loaded(t, Options{}, account1("steady01", "secret01")+"globalWhiteRemoteAddresses: [10.0.0.1]\n")
	var writers, readers sync.WaitGroup
	stop := make(chan struct{})
	errs := make(chan error, 100)
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if err := f.Validate(elsewhere, signed(request(28, "a", "b"), "steady01", "secret01")); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	for w := range 3 {
		writers.Go(func() {
			for n := range 10 {
				name := fmt.Sprintf("changing%d%d", w, n)
				if err := f.UpdateAccessConfig(&AccessConfig{AccessKey: name, SecretKey: "secret01"}); err != nil {
					errs <- err
				}
				f.poll()
				f.Versions()
				if n%2 == 0 {
					if err := f.DeleteAccessConfig(name); err != nil {
						errs <- err
					}
				}
			}
		})
	}
	writers.Wait()
	close(stop)
	readers.Wait()
	close(errs)
	require.NoError(t, <-errs)
	require.Len(t, f.state.Load().accounts, 16)
	plain, _ := f.Versions()
	require.Equal(t, int64(45), plain.Counter)
}
