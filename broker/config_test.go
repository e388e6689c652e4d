package broker

import (
	"errors"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/internal/properties"
	"github.com/boostermq/booster/internal/vfs"
	"github.com/boostermq/booster/store"
)

func testEnvironment(env map[string]string) Environment {
	return Environment{
		Getenv: func(key string) string { return env[key] }, Hostname: func() (string, error) { return "host-1", nil },
		Addrs: func() ([]InterfaceAddr, error) { return nil, nil },
	}
}

// TestDefaults: every key of 4.9.8 exists with its default; each has a setter.
func TestDefaults(t *testing.T) {
	c := DefaultConfig()
	cores := runtime.NumCPU()
	formulas := map[string]int{
		"cores": cores, "min(4,cores)": min(4, cores), "min(32,cores)": min(32, cores),
		"16+cores*2": 16 + 2*cores, "8+cores": 8 + cores, "8+cores*2": 8 + 2*cores,
	}
	f := func(file string, part any) {
		t.Helper()
		text, err := os.ReadFile("testdata/" + file)
		require.NoError(t, err)
		values := map[string]string{}
		for _, p := range properties.Pairs(part) {
			values[p.Key] = p.Value
		}
		for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n")[1:] {
			column := strings.Split(line, "\t")
			key, want := column[0], column[2]
			require.Contains(t, values, key)
			switch formula, ok := formulas[want]; {
			case ok:
				want = strconv.Itoa(formula)
			case key == "listenPort":
				want = "10911"
			case strings.HasPrefix(want, "${"):
				want = "" // filled by Complete
			}
			require.Equal(t, want, values[key], key)
			require.Equal(t, column[4] == "true", strings.Contains("\n"+string(properties.EncodeImportant(part)), "\n"+key+"="), "-m and %s", key)
			delete(values, key)
		}
		require.Empty(t, values)
	}
	f("broker-conf.tsv", &c.Broker)
	f("netty-server-conf.tsv", &c.Server)
	f("netty-client-conf.tsv", &c.Client)
}

func TestLoadConfig(t *testing.T) {
	path := t.TempDir() + "/broker.conf"
	require.NoError(t, os.WriteFile(path, []byte("# comment\nbrokerClusterName = C1\nbrokerName=b-0\nbrokerId=3\nnamesrvAddr=a:9876;127.0.0.1:9877\n"+
		"listenPort=30911\nhaListenPort=4\nbrokerRole=SYNC_MASTER\nautoCreateTopicEnable=false\nmapedFileSizeCommitLog=2048\nwriteBufferHighWaterMark=9\nnoSuchKey=1\n"), 0o600))
	c, unknown, err := LoadConfig(vfs.OS(), path, testEnvironment(map[string]string{"ROCKETMQ_HOME": "/opt/rocketmq", "NAMESRV_ADDR": "ignored:1"}))
	require.NoError(t, err)
	require.Equal(t, []properties.Pair{{Key: "noSuchKey", Value: "1", Line: 12}}, unknown)
	require.Equal(t, "C1", c.Broker.BrokerClusterName)
	require.EqualValues(t, 0, c.Broker.BrokerID, "a master's id is 0")
	require.Equal(t, "a:9876;127.0.0.1:9877", c.Broker.NamesrvAddr)
	require.Equal(t, 30912, c.Store.HAListenPort, "always listenPort + 1")
	require.Equal(t, 2048, c.Store.MappedFileSizeCommitLog, "the old spelling")
	require.False(t, c.Broker.AutoCreateTopicEnable)
	require.Equal(t, "/opt/rocketmq", c.Broker.RocketmqHome)
	require.Equal(t, 9, c.Client.WriteBufferHighWaterMark)
	require.Equal(t, "127.0.0.1:30911", c.BrokerAddr())
	require.Equal(t, "127.0.0.1:30912", c.HAServerAddr())
	require.Contains(t, c.brokerIP1Why, "loopback")
	require.Contains(t, string(c.Text()), "brokerName=b-0\n")
	require.Contains(t, string(c.ImportantText()), "brokerName=b-0\n")
	require.NotContains(t, string(c.ImportantText()), "listenPort")

	c, _, err = LoadConfig(vfs.OS(), "", testEnvironment(map[string]string{"NAMESRV_ADDR": "n:1"}))
	require.NoError(t, err)
	require.Equal(t, "n:1", c.Broker.NamesrvAddr)
	require.Equal(t, "host-1", c.Broker.BrokerName)
	require.Equal(t, 10912, c.Store.HAListenPort)
	require.NotContains(t, strings.Split(string(c.Text()), "\n"), "brokerIP1=")
}

func TestConfigRefused(t *testing.T) {
	f := func(text string, want error) {
		t.Helper()
		c := DefaultConfig()
		_, err := c.Apply([]byte(text))
		if err == nil {
			err = c.Complete(testEnvironment(nil))
		}
		if want == nil {
			require.Error(t, err)
			return
		}
		require.True(t, errors.Is(err, want), "%v", err)
	}
	f("brokerRole=SLAVE", ErrSlaveID)
	f("brokerRole=SLAVE\nbrokerId=-1", ErrSlaveID)
	f("brokerRole=KING", nil)
	f("brokerId=x", nil)
	f("namesrvAddr=host", ErrNamesrvAddr)
	f("namesrvAddr=host:70000", ErrNamesrvAddr)
	f("namesrvAddr=a:1;b", ErrNamesrvAddr)
	f("enableDLegerCommitLog=true", ErrNotSupported)

	c := DefaultConfig()
	c.Store.BrokerRole, c.Broker.BrokerID = store.Slave, 2
	require.NoError(t, c.Complete(testEnvironment(nil)))
	require.True(t, c.IsSlave())
	require.EqualValues(t, 2, c.Broker.BrokerID)
	_, _, err := LoadConfig(vfs.OS(), t.TempDir()+"/absent", testEnvironment(nil))
	require.ErrorIs(t, err, os.ErrNotExist)
}
