package namesrv

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMetricsAndHealth: nowhere by default, where metricsAddr says otherwise; a
// port that is taken does not stop a name server.
func TestMetricsAndHealth(t *testing.T) {
	start := func(addr string) *Controller {
		c := DefaultConfig(t.TempDir())
		c.Server.ListenPort, c.Booster.BindAddress, c.Booster.MetricsAddr = 0, "127.0.0.1", addr
		n := New(c, Options{})
		require.NoError(t, n.Start(t.Context()))
		t.Cleanup(func() { require.NoError(t, n.Shutdown(context.Background())) })
		return n
	}
	require.Empty(t, start("").HTTPAddr())
	n := start(":0")
	require.Regexp(t, `^127\.0\.0\.1:\d+$`, n.HTTPAddr())
	get := func(path string) string {
		resp, err := http.Get("http://" + n.HTTPAddr() + path)
		require.NoError(t, err)
		text, err := io.ReadAll(resp.Body)
		require.NoError(t, errors.Join(err, resp.Body.Close()))
		require.Equal(t, 200, resp.StatusCode)
		return string(text)
	}
	require.Equal(t, "ok\n", get("/healthz"))
	require.Equal(t, "ok\n", get("/readyz"))
	require.NoError(t, n.kv.Put("ns", "key", "value"))
	text := get("/metrics")
	require.Contains(t, text, "\nbooster_namesrv_brokers 0\n")
	require.Contains(t, text, "\nbooster_namesrv_kv_keys 1\n")
	require.Contains(t, text, "\ngo_goroutines ")
	require.Empty(t, start(n.HTTPAddr()).HTTPAddr(), "the port is in use")

	for _, bad := range []string{"5558", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:70000", ":-1"} {
		c := DefaultConfig(t.TempDir())
		c.Booster.MetricsAddr = bad
		require.ErrorContains(t, c.Validate(), "metricsAddr="+bad)
	}
}
