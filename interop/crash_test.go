package interop

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/interop/internal/cluster"
)

// crashKills is how often a crash loop kills the broker; INTEROP_CRASHES says otherwise.
const crashKills = 5

// TestCrashLoop: the broker is killed again and again while clients send. What was acknowledged is there, at the place the
// producer was told, for good; queues have no holes; nobody was given a message that is not there any more. The folder can
// then be read by the Java broker, which finds the same. In the third loop the Java broker and Booster take turns on one
// folder.
func TestCrashLoop(t *testing.T) {
	t.Parallel()
	for _, loop := range []struct {
		name, flush string
		turns       []cluster.Kind
	}{
		{"async flush", "ASYNC_FLUSH", []cluster.Kind{suite.kind}},
		{"sync flush", "SYNC_FLUSH", []cluster.Kind{suite.kind}},
		{"taking turns", "ASYNC_FLUSH", []cluster.Kind{suite.kind, cluster.Java}},
	} {
		t.Run(loop.name, func(t *testing.T) {
			t.Parallel()
			namesrv := ownNamesrv(t, "namesrv")
			broker := ownBroker(t, cluster.BrokerOptions{
				Namesrv: namesrv.Addr, Conf: smallFiles(map[string]string{"flushDiskType": loop.flush})})
			var floods []*flood
			for _, kind := range matrix() {
				f := startFlood(t, kind, namesrv.Addr, plainFlood)
				f.javaRecovers = slices.Contains(loop.turns, cluster.Java)
				floods = append(floods, f)
			}
			for i := range kills(t) {
				awaitMore(floods, func() int { return 100 + rand.IntN(500) })
				broker.Kill()
				broker = again(t, broker, loop.turns[(i+1)%len(loop.turns)])
				t.Logf("killed, continued by %s", broker.Name)
			}
			awaitMore(floods, func() int { return 100 })
			for _, f := range floods {
				f.stop()
				f.check(fmt.Sprint("after ", kills(t), " kills"))
			}
			broker.Kill()
			again(t, broker, cluster.Java)
			for _, f := range floods {
				f.javaRecovers = true
				f.check("read by the Java broker")
			}
		})
	}
}

func kills(t *testing.T) int {
	t.Helper()
	text := os.Getenv("INTEROP_CRASHES")
	if text == "" {
		return crashKills
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err, "INTEROP_CRASHES")
	return n
}
