package namesrv

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/internal/properties"
	"github.com/boostermq/booster/internal/vfs"
)

func noEnv(string) string { return "" }

func TestDefaultConfigIsJavas(t *testing.T) {
	c, unknown, err := LoadConfig(vfs.OS(), "", "/root", func(key string) string {
		return map[string]string{"ROCKETMQ_HOME": "/opt/rocketmq-4.9.8"}[key]
	})
	require.NoError(t, err)
	require.Empty(t, unknown)
	// What mqnamesrv -p of 4.9.8 prints, in its order.
	require.Equal(t, `rocketmqHome=/opt/rocketmq-4.9.8
kvConfigPath=/root/namesrv/kvConfig.json
configStorePath=/root/namesrv/namesrv.properties
productEnvName=center
clusterTest=false
orderMessageEnable=false
configBlackList=configBlackList;configStorePath;kvConfigPath
listenPort=9876
serverWorkerThreads=8
serverCallbackExecutorThreads=0
serverSelectorThreads=3
serverOnewaySemaphoreValue=256
serverAsyncSemaphoreValue=64
serverChannelMaxIdleTimeSeconds=120
serverSocketSndBufSize=0
serverSocketRcvBufSize=0
writeBufferHighWaterMark=0
writeBufferLowWaterMark=0
serverSocketBacklog=1024
serverPooledByteBufAllocatorEnable=true
useEpollNativeSelector=false
`, strings.TrimSuffix(string(c.Text()), "bindAddress=\nmetricsAddr=\nlogDir=\nlogLevel=info\nlogFormat=text\n"))
	require.Equal(t, ":9876", c.ListenAddr())
}

func TestLoadConfig(t *testing.T) {
	path := filepath.Join(t.TempDir(), "namesrv.conf")
	require.NoError(t, os.WriteFile(path, []byte("# mine\nlistenPort=9877\nconfigStorePath=/elsewhere\nbindAddress=[::1]\nnope=1\n"), 0o600))
	c, unknown, err := LoadConfig(vfs.OS(), path, "/root", noEnv)
	require.NoError(t, err)
	require.Equal(t, []properties.Pair{{Key: "nope", Value: "1", Line: 5}}, unknown)
	require.Equal(t, path, c.Namesrv.ConfigStorePath, "with -c the file itself is written")
	require.Equal(t, "[::1]:9877", c.ListenAddr())

	for text, want := range map[string]string{
		"listenPort=x":                         "line 1: listenPort=x: want an integer",
		"listenPort=65536":                     "listenPort=65536: want a port",
		"serverChannelMaxIdleTimeSeconds=0":    "serverChannelMaxIdleTimeSeconds=0: want at least 1",
		"kvConfigPath=":                        "kvConfigPath is empty",
		"clusterTest=on":                       "line 1: clusterTest=on: want true or false",
		`productEnvName=\u00zz`:                "malformed",
		"\n\nserverWorkerThreads = 4294967296": "line 3: serverWorkerThreads=4294967296: want an integer",
	} {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		_, _, err := LoadConfig(vfs.OS(), path, "/root", noEnv)
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, path)
	}
	_, _, err = LoadConfig(vfs.OS(), path+".none", "/root", noEnv)
	require.ErrorIs(t, err, os.ErrNotExist)
}
