package store

import (
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestConfigTags(t *testing.T) {
	seen := map[string]bool{}
	important := 0
	typ := reflect.TypeFor[Config]()
	for i := range typ.NumField() {
		words := strings.Split(typ.Field(i).Tag.Get("prop"), ",")
		require.NotEmpty(t, words[0], typ.Field(i).Name)
		for _, w := range words {
			name, isAlias := strings.CutPrefix(w, "alias=")
			switch {
			case w == "important":
				important++
			default:
				require.False(t, seen[name], "%s twice (alias %v)", name, isAlias)
				seen[name] = true
			}
		}
	}
	require.Equal(t, 78, typ.NumField(), "the keys of 4.9.8")
	require.Equal(t, 20, important)
	for _, old := range []string{"mapedFileSizeCommitLog", "mapedFileSizeConsumeQueue", "enableBatchPush"} {
		require.True(t, seen[old], "the spelling %s is read too", old)
	}
}

func TestConfigPathsAndSizes(t *testing.T) {
	c := DefaultConfig()
	require.NoError(t, c.validate())
	c.StorePathRootDir = "/data/a,b"
	writable, all := c.commitLogPaths()
	require.Equal(t, []string{"/data/a,b/commitlog"}, writable, "only storePathCommitLog is a list")
	require.Equal(t, writable, all)
	c.StorePathCommitLog, c.ReadOnlyCommitLogStorePaths = "/d1/log, /d2/log", "/old/log"
	writable, all = c.commitLogPaths()
	require.Equal(t, []string{"/d1/log", "/d2/log"}, writable)
	require.Equal(t, []string{"/d1/log", "/d2/log", "/old/log"}, all)
	c.MappedFileSizeConsumeQueue = 6_000_001
	require.EqualValues(t, 6_000_020, c.cqFileBytes())
	require.Equal(t, 75, c.DiskMaxUsedSpaceRatioClamped())
	c.DiskMaxUsedSpaceRatio = 3
	require.Equal(t, 10, c.DiskMaxUsedSpaceRatioClamped())
}

func TestConfigValues(t *testing.T) {
	f := func(want string, change func(c *Config)) {
		t.Helper()
		c := DefaultConfig()
		change(&c)
		require.ErrorContains(t, c.validate(), want)
	}
	f("storePathRootDir", func(c *Config) { c.StorePathRootDir = "" })
	f("mappedFileSizeCommitLog=5", func(c *Config) { c.MappedFileSizeCommitLog = 5 })
	f("mappedFileSizeConsumeQueue=0", func(c *Config) { c.MappedFileSizeConsumeQueue = 0 })
	f("maxMessageSize", func(c *Config) { c.MaxMessageSize = 0 })
	f("maxIndexNum", func(c *Config) { c.MaxIndexNum = 0 })
	var role BrokerRole
	require.NoError(t, role.UnmarshalText([]byte("SLAVE")))
	require.Equal(t, Slave, role)
	require.Error(t, role.UnmarshalText([]byte("slave")))
	var flush FlushDiskType
	require.NoError(t, flush.UnmarshalText([]byte("SYNC_FLUSH")))
	require.Equal(t, SyncFlush, flush)
	require.Error(t, flush.UnmarshalText([]byte("")))
	_, err := Open(Options{})
	require.Error(t, err)
}

func TestLogOnSeveralPaths(t *testing.T) {
	dir := t.TempDir()
	cfg := testConfig(dir)
	cfg.MappedFileSizeCommitLog = 4096
	cfg.StorePathCommitLog = dir + "/d1," + dir + "/d2"
	s := openStore(t, testOptions(cfg))
	for range 30 {
		put(t, s, "T", 0, strings.Repeat("x", 1000))
	}
	require.NoError(t, s.Shutdown())
	require.FileExists(t, offsetFilePath(dir+"/d1", 0))
	require.FileExists(t, offsetFilePath(dir+"/d2", 4096))
	require.FileExists(t, offsetFilePath(dir+"/d1", 8192))
	s = openStore(t, testOptions(cfg))
	require.Len(t, bodies(t, s, "T", 0, 0), 30)
}
