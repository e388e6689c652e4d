package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func getenvOf(env map[string]string) func(string) string {
	return func(key string) string { return env[key] }
}

// TestHeap: the last word about the heap wins, in the order in which RocketMQ's scripts put them on a command line.
func TestHeap(t *testing.T) {
	for _, c := range []struct {
		opt, possible, operator, ext string
		bytes                        int64
		source                       string
	}{
		{"", "", "", "", 0, ""},
		{"-server -Xms4g -Xmx4g -Xmn2g", "", "", "", 4 << 30, "-Xmx4g in JAVA_OPT"},
		{"-Xmx4g", "100000000", "", "", 100000000, "MAX_POSSIBLE_HEAP=100000000"},
		{"-Xmx4g", "", " -Xms2g -Xmx2g -Xmn1g ", "", 2 << 30, "-Xmx2g in BROKER_MEM"},
		{"-Xmx4g", "100000000", "-Xmx2g", " -Xmx512m -XX:MaxDirectMemorySize=1g ", 512 << 20, "-Xmx512m in JAVA_OPT_EXT"},
		{"-Xmx1T", "", "", "", 1 << 40, "-Xmx1T in JAVA_OPT"},
		{"-Xmx", "lots", "-Xmxg", "-Xmx9mm -Xmx-1 -Xmx99999999999g", 0, ""},
	} {
		o := readJavaOptions(getenvOf(map[string]string{"JAVA_OPT": c.opt, "MAX_POSSIBLE_HEAP": c.possible, "BROKER_MEM": c.operator, "JAVA_OPT_EXT": c.ext}))
		require.Equal(t, c.bytes, o.maxHeap, c)
		require.Equal(t, c.source, o.heapSource, c)
	}
}

// TestMemoryLimit: the smaller one of the heap and of nine tenths of the control group's limit, and not below what works.
func TestMemoryLimit(t *testing.T) {
	for _, c := range []struct{ heap, group, limit int64 }{
		{0, 0, 0}, {1 << 30, 0, 1 << 30}, {0, 1 << 30, 1 << 30 / 10 * 9}, {4 << 30, 1 << 30, 1 << 30 / 10 * 9},
		{200 << 20, 1 << 30, 200 << 20},
	} {
		limit, _, advice := chooseMemoryLimit(javaOptions{maxHeap: c.heap}, c.group)
		require.Equal(t, c.limit, limit, c)
		require.Empty(t, advice)
	}
}

// TestMemoryTooSmall: what is too little, or no size, gets one sentence that says what to do.
func TestMemoryTooSmall(t *testing.T) {
	for _, c := range []struct {
		possible      string
		group         int64
		limit         int64
		why, sentence string
	}{
		{"1000", 0, minMemoryLimit, "MAX_POSSIBLE_HEAP=1000", "MAX_POSSIBLE_HEAP=1000 is too little memory and 64 MiB are used: give at least those"},
		{"lots", 0, 0, "", "MAX_POSSIBLE_HEAP=lots is no size of a heap and is passed over: give bytes, or a number with k, m, g or t"},
		{"", 40 << 20, minMemoryLimit, "90 % of the control group's 40 MiB",
			"the control group's 40 MiB are too little memory and the kernel may end this: give at least 72 MiB"},
		{"100000000", 40 << 20, minMemoryLimit, "90 % of the control group's 40 MiB",
			"the control group's 40 MiB are too little memory and the kernel may end this: give at least 72 MiB"},
		{"100000000", 72 << 20, 72 << 20 / 10 * 9, "90 % of the control group's 72 MiB", ""},
	} {
		limit, why, advice := chooseMemoryLimit(readJavaOptions(getenvOf(map[string]string{"MAX_POSSIBLE_HEAP": c.possible})), c.group)
		require.Equal(t, c.limit, limit, c)
		require.Equal(t, c.why, why, c)
		require.Equal(t, c.sentence, advice, c)
	}
}

// TestControlGroupLimit reads both versions of the kernel's interface, inside a container and outside.
func TestControlGroupLimit(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		limit int64
	}{
		"version 2, parent is tighter": {map[string]string{
			"/proc/self/cgroup":             "0::/a/b\n",
			"/sys/fs/cgroup/a/b/memory.max": "max\n",
			"/sys/fs/cgroup/a/memory.max":   "1073741824\n",
		}, 1 << 30},
		"version 2, own namespace": {map[string]string{"/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/memory.max": "5242880\n"}, 5 << 20},
		"version 1, path of the host": {map[string]string{
			"/proc/self/cgroup":                           "5:cpu,cpuacct:/docker/x\n4:memory:/docker/x\n",
			"/sys/fs/cgroup/memory/memory.limit_in_bytes": "268435456\n",
		}, 256 << 20},
		"version 1, no limit": {map[string]string{
			"/proc/self/cgroup": "4:memory:/\n", "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
		}, 0},
		"none":    {map[string]string{}, 0},
		"garbage": {map[string]string{"/proc/self/cgroup": "0:\n:::\n0::/x\n", "/sys/fs/cgroup/x/memory.max": "-5"}, 0},
	} {
		limit := controlGroupLimit(func(path string) ([]byte, error) {
			if text, ok := c.files[path]; ok {
				return []byte(text), nil
			}
			return nil, os.ErrNotExist
		})
		require.Equal(t, c.limit, limit, name)
	}
}

// TestSystemProperties: what JAVA_OPT and JAVA_OPT_EXT set is set; a file overrides it; what means nothing is said.
func TestSystemProperties(t *testing.T) {
	home := t.TempDir()
	cmd := program(t, "mqbroker", "-p")
	cmd.Env = append(cmd.Env, "NAMESRV_ADDR=127.0.0.1:1",
		"JAVA_OPT=-server -Drocketmq.namesrv.addr=127.0.0.1:2 -Drocketmq.home.dir=/h -Dcom.rocketmq.remoting.socket.sndbuf.size=77",
		"JAVA_OPT_EXT=-Duser.home="+home+" -Drocketmq.namesrv.addr=127.0.0.1:3")
	stdout, stderr, status := outcome(t, cmd)
	require.Zero(t, status, stderr)
	for _, want := range []string{"namesrvAddr=127.0.0.1:3", "rocketmqHome=/h", "serverSocketSndBufSize=77", "clientSocketSndBufSize=77",
		"storePathRootDir=" + filepath.Join(home, "store")} {
		require.Contains(t, stdout, " - "+want+"\n")
	}
	cmd = program(t, "mqbroker", "-c", writeConf(t, "serverSocketSndBufSize=5\n"), "-p")
	cmd.Env = append(cmd.Env, "JAVA_OPT=-Dcom.rocketmq.remoting.socket.sndbuf.size=77")
	stdout, _, _ = outcome(t, cmd)
	require.Contains(t, stdout, " - serverSocketSndBufSize=5\n")

	cmd = program(t, "mqbroker", "-p")
	cmd.Env = append(cmd.Env, "JAVA_OPT=-Dcom.rocketmq.remoting.socket.backlog=x")
	_, stderr, status = outcome(t, cmd)
	require.Equal(t, exitFailure, status)
	require.Contains(t, stderr, "serverSocketBacklog=x")

	o := readJavaOptions(getenvOf(map[string]string{"JAVA_OPT": "-Drocketmq.broker.diskSpaceWarningLevelRatio=0.95 -Dfile.encoding=UTF-8"}))
	_, ignored := o.settings()
	require.Len(t, ignored, 1)
	require.Equal(t, "-Drocketmq.broker.diskSpaceWarningLevelRatio", ignored[0].Key)
}

// TestLockMaxLive: the life of queue locks is set as for a Java broker, with its system property, in milliseconds.
func TestLockMaxLive(t *testing.T) {
	for text, want := range map[string]time.Duration{"": 0, "-Xmx1g -Drocketmq.broker.rebalance.lockMaxLiveTime=1500 -Dother=1": 1500 * time.Millisecond} {
		o := readJavaOptions(getenvOf(map[string]string{"JAVA_OPT_EXT": text}))
		d, err := o.lockMaxLive()
		require.NoError(t, err)
		require.Equal(t, want, d)
	}
	o := readJavaOptions(getenvOf(map[string]string{"JAVA_OPT_EXT": "-Drocketmq.broker.rebalance.lockMaxLiveTime=soon"}))
	_, err := o.lockMaxLive()
	require.ErrorContains(t, err, "lockMaxLiveTime")
}
