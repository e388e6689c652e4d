package namesrv

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/internal/vfs"
)

func newKV(t *testing.T, path string) *KVConfigManager {
	m := NewKVConfigManager(vfs.OS(), path, slog.New(slog.DiscardHandler))
	require.NoError(t, m.Load())
	return m
}

func kvFile(t *testing.T, path string) string {
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(data)
}

func TestKVConfigFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "namesrv", "kvConfig.json")
	m := newKV(t, path)
	require.Nil(t, m.OrderTable())
	require.NoError(t, m.Put("ns1", "k1", "v1"))
	require.Equal(t, `{"configTable":{"ns1":{"k1":"v1"}}}`, kvFile(t, path))
	require.NoError(t, m.Put(orderTopicNamespace, "T", "b:4"))
	require.NoError(t, m.Delete("ns1", "k1"))
	require.NoError(t, m.Delete("ns1", "never there"))
	require.NoError(t, m.Delete(orderTopicNamespace, "T"))
	require.Equal(t, `{"configTable":{"ORDER_TOPIC_CONFIG":{},"ns1":{}}}`, kvFile(t, path), "as the recorded kvConfig.json of 4.9.8")
	require.Equal(t, `{"configTable":{"ORDER_TOPIC_CONFIG":{"T":"b:4"},"ns1":{}}}`, kvFile(t, path+".bak"))
	namespaces, keys := m.Count()
	require.Equal(t, []int{2, 0}, []int{namespaces, keys})

	again := newKV(t, path)
	require.Equal(t, `{"table":{}}`, string(again.OrderTable()))
	_, ok, err := again.Table("ns1")
	require.NoError(t, err)
	require.True(t, ok)
}

func TestKVConfigDamagedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kvConfig.json")
	m := newKV(t, path)
	require.NoError(t, m.Put("ns", "k", "old"))
	require.NoError(t, m.Put("ns", "k", "new"))
	require.NoError(t, os.WriteFile(path, []byte(`{"configTable":{"ns":{"k":"n`), 0o600))
	m = newKV(t, path)
	value, ok := m.Get("ns", "k")
	require.True(t, ok)
	require.Equal(t, "old", value)

	require.NoError(t, os.WriteFile(path+".bak", make([]byte, 100), 0o600))
	m = NewKVConfigManager(vfs.OS(), path, slog.New(slog.DiscardHandler))
	require.ErrorContains(t, m.Load(), "kvConfig.json.bak")
	_, ok = m.Get("ns", "k")
	require.False(t, ok)
}

func TestKVConfigBounds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kvConfig.json")
	m := newKV(t, path)
	require.ErrorContains(t, m.Put("n", "k", strings.Repeat("v", maxKVValueBytes+1)), "longer than")
	require.ErrorContains(t, m.Put("n", "k\xff", "v"), "not UTF-8")
	require.NoFileExists(t, path)
	big := map[string]string{"k": strings.Repeat("v", maxKVFileBytes)}
	require.NoError(t, m.publish(map[string]map[string]string{"n": big}))
	require.ErrorContains(t, m.Put("n", "k2", "v"), "all KV configs together")
	_, ok := m.Get("n", "k2")
	require.False(t, ok)
}
