package interop

import (
	"testing"

	"github.com/boostermq/booster/interop/internal/cluster"
)

// TestDev: `booster dev` is a whole cluster in one process, ready for every client; and it comes back on its data.
func TestDev(t *testing.T) {
	t.Parallel()
	if suite.kind != cluster.Booster {
		t.Skip("only Booster has it")
	}
	d, err := cluster.StartDev(scenarioDir(t, "dev"))
	requireAvailable(t, err)
	t.Cleanup(d.Kill)
	for _, kind := range matrix() {
		requireRoundTrip(t, kind, d.NamesrvAddr)
	}
}
