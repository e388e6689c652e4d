package interop

import (
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

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
	require.Equal(t, "ok\n", httpGet(t, d.HTTPAddr, "/readyz"))
	require.Contains(t, httpGet(t, d.HTTPAddr, "/"), "<title>Booster</title>")
	metrics := httpGet(t, d.HTTPAddr, "/metrics")
	require.Contains(t, metrics, "\nbooster_namesrv_brokers 1\n", "one port for both")
	require.Regexp(t, `(?m)^rocketmq_producer_offset\{broker="broker-a",cluster="DefaultCluster",topic="[^"]+"\} [1-9]`, metrics)
}

// httpGet is the text at an address, which must be there.
func httpGet(t *testing.T, addr, path string) string {
	t.Helper()
	resp, err := http.Get("http://" + addr + path)
	require.NoError(t, err)
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, errors.Join(err, resp.Body.Close()))
	require.Equal(t, http.StatusOK, resp.StatusCode, path)
	return string(text)
}
