package namesrv

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/vfs"
)

// TestPowerCutKeepsKVConfigs: what a name server answered with code 0 is there
// after a power cut, in the KV configs and in its settings.
func TestPowerCutKeepsKVConfigs(t *testing.T) {
	mem := vfs.NewMemFS()
	s := newMemServer(t, func(c *Config, o *Options) {
		c.Namesrv.KVConfigPath, c.Namesrv.ConfigStorePath = "/n/kvConfig.json", "/n/namesrv.properties"
		o.FS = mem
	})
	p := s.connect()
	rng := rand.New(rand.NewPCG(3, 4))
	for i := range 20 {
		key, value := fmt.Sprint("k", i%7), fmt.Sprint("v", i)
		p.ok(codec.PutKVConfig, "", "namespace", "A", "key", key, "value", value)
		p.ok(codec.UpdateNamesrvConfig, fmt.Sprintf("serverSelectorThreads=%d", i))
		crashed := mem.CrashClone(rng, vfs.Crash{UnsyncedPercent: 50 * (i % 2), Torn: true})

		m := NewKVConfigManager(crashed, "/n/kvConfig.json", slog.New(slog.DiscardHandler))
		require.NoError(t, m.Load())
		got, ok := m.Get("A", key)
		require.True(t, ok)
		require.Equal(t, value, got)

		c, _, err := LoadConfig(crashed, "/n/namesrv.properties", "/root", noEnv)
		require.NoError(t, err)
		require.Equal(t, i, c.Server.ServerSelectorThreads)
	}
}
