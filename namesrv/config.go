package namesrv

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/boostermq/booster/internal/logging"
	"github.com/boostermq/booster/internal/properties"
	"github.com/boostermq/booster/internal/vfs"
)

// NamesrvConfig holds the name server's own settings (Java: NamesrvConfig).
type NamesrvConfig struct {
	RocketmqHome       string `prop:"rocketmqHome"`
	KVConfigPath       string `prop:"kvConfigPath"`
	ConfigStorePath    string `prop:"configStorePath"` // the -c file when one was given
	ProductEnvName     string `prop:"productEnvName"`
	ClusterTest        bool   `prop:"clusterTest"` // ask other name servers for unknown topics; read at start only
	OrderMessageEnable bool   `prop:"orderMessageEnable"`
	ConfigBlackList    string `prop:"configBlackList"` // keys that 318 refuses, divided by ;
}

// NettyServerConfig holds the settings of the listening side (Java:
// NettyServerConfig). Keys that size Netty's threads and buffers are accepted
// and printed; of them only those with a comment have an effect.
type NettyServerConfig struct {
	ListenPort                         int  `prop:"listenPort"`          // 0 = any free port
	ServerWorkerThreads                int  `prop:"serverWorkerThreads"` // goroutines that serve all but 105 and 106
	ServerCallbackExecutorThreads      int  `prop:"serverCallbackExecutorThreads"`
	ServerSelectorThreads              int  `prop:"serverSelectorThreads"`
	ServerOnewaySemaphoreValue         int  `prop:"serverOnewaySemaphoreValue"`
	ServerAsyncSemaphoreValue          int  `prop:"serverAsyncSemaphoreValue"`
	ServerChannelMaxIdleTimeSeconds    int  `prop:"serverChannelMaxIdleTimeSeconds"` // then a silent connection is closed
	ServerSocketSndBufSize             int  `prop:"serverSocketSndBufSize"`
	ServerSocketRcvBufSize             int  `prop:"serverSocketRcvBufSize"`
	WriteBufferHighWaterMark           int  `prop:"writeBufferHighWaterMark"`
	WriteBufferLowWaterMark            int  `prop:"writeBufferLowWaterMark"`
	ServerSocketBacklog                int  `prop:"serverSocketBacklog"`
	ServerPooledByteBufAllocatorEnable bool `prop:"serverPooledByteBufAllocatorEnable"`
	UseEpollNativeSelector             bool `prop:"useEpollNativeSelector"`
}

// BoosterConfig holds the settings that RocketMQ does not have.
type BoosterConfig struct {
	// BindAddress is the address the listener binds; "" = all interfaces, as Java does.
	BindAddress string `prop:"bindAddress"`
	// MetricsAddr is where /metrics, /healthz and /readyz are served, host:port; an
	// empty host is loopback, port 0 a free one. "" = nowhere.
	MetricsAddr string `prop:"metricsAddr"`
}

// Config is everything one namesrv.conf feeds. A Config in use is an immutable
// snapshot: changes replace the whole.
type Config struct {
	Namesrv NamesrvConfig
	Server  NettyServerConfig
	Booster BoosterConfig
	Log     logging.Config
}

// DefaultConfig returns the defaults of 4.9.8 for a user whose home directory
// (Java: user.home) is userHome.
func DefaultConfig(userHome string) Config {
	return Config{
		Namesrv: NamesrvConfig{
			KVConfigPath:    filepath.Join(userHome, "namesrv", "kvConfig.json"),
			ConfigStorePath: filepath.Join(userHome, "namesrv", "namesrv.properties"),
			ProductEnvName:  "center",
			ConfigBlackList: "configBlackList;configStorePath;kvConfigPath",
		},
		Server: NettyServerConfig{
			ListenPort: 9876, ServerWorkerThreads: 8, ServerSelectorThreads: 3, ServerOnewaySemaphoreValue: 256,
			ServerAsyncSemaphoreValue: 64, ServerChannelMaxIdleTimeSeconds: 120, ServerSocketBacklog: 1024,
			ServerPooledByteBufAllocatorEnable: true,
		},
		Log: logging.DefaultConfig(),
	}
}

// LoadConfig is DefaultConfig with what the file at path (-c) and the
// environment set: rocketmqHome falls back to ROCKETMQ_HOME, configStorePath
// becomes path. An empty path means no file. unknown lists keys that no setting
// has; they are ignored, as Java does. Unlike Java a value of the wrong type is
// an error that names line, key and value, not silence.
func LoadConfig(fsys vfs.FS, path, userHome string, getenv func(string) string) (c Config, unknown []properties.Pair, err error) {
	c = DefaultConfig(userHome)
	c.Namesrv.RocketmqHome = getenv("ROCKETMQ_HOME")
	if path != "" {
		text, err := vfs.ReadFile(fsys, path)
		if err != nil {
			return c, nil, fmt.Errorf("configuration: %w", err)
		}
		if unknown, err = c.Apply(text); err != nil {
			return c, unknown, fmt.Errorf("configuration %s: %w", path, err)
		}
		c.Namesrv.ConfigStorePath = path
	}
	if err := c.Validate(); err != nil {
		return c, unknown, fmt.Errorf("configuration %s: %w", path, err)
	}
	return c, unknown, nil
}

// Apply sets what a properties text (namesrv.conf) sets. Later lines win.
func (c *Config) Apply(text []byte) (unknown []properties.Pair, err error) {
	pairs, err := properties.Parse(text)
	if err != nil {
		return nil, err
	}
	return properties.Apply(pairs, c.parts()...)
}

// Validate reports what cannot run.
func (c *Config) Validate() error {
	switch s := &c.Server; {
	case c.Namesrv.KVConfigPath == "":
		return errors.New("kvConfigPath is empty")
	case c.Namesrv.ConfigStorePath == "":
		return errors.New("configStorePath is empty")
	case s.ListenPort < 0 || s.ListenPort > 65535:
		return fmt.Errorf("listenPort=%d: want a port from 0 to 65535", s.ListenPort)
	case !c.Booster.metricsAddrIsGood():
		return fmt.Errorf("metricsAddr=%s: want host:port", c.Booster.MetricsAddr)
	case s.ServerWorkerThreads < 1 || s.ServerWorkerThreads > 1024:
		return fmt.Errorf("serverWorkerThreads=%d: want 1 to 1024", s.ServerWorkerThreads)
	case s.ServerChannelMaxIdleTimeSeconds < 1:
		return fmt.Errorf("serverChannelMaxIdleTimeSeconds=%d: want at least 1", s.ServerChannelMaxIdleTimeSeconds)
	}
	return c.Log.Validate()
}

func (c *BoosterConfig) metricsAddrIsGood() bool {
	_, _, err := c.metricsAddr()
	return c.MetricsAddr == "" || err == nil
}

func (c *BoosterConfig) metricsAddr() (host string, port int, err error) {
	host, text, err := net.SplitHostPort(c.MetricsAddr)
	if err != nil {
		return "", 0, err
	}
	n, err := strconv.ParseUint(text, 10, 16)
	return host, int(n), err
}

// Text renders all settings as key=value lines in Java's order (-p, code 319).
func (c *Config) Text() []byte { return properties.Encode(c.parts()...) }

// ListenAddr is the address the server binds, "host:port".
func (c *Config) ListenAddr() string {
	host := strings.TrimSuffix(strings.TrimPrefix(c.Booster.BindAddress, "["), "]")
	return net.JoinHostPort(host, strconv.Itoa(c.Server.ListenPort))
}

// SettingNames maps every spelling of a setting to its name.
func (c *Config) SettingNames() map[string]string { return properties.Names(c.parts()...) }

func (c *Config) parts() []any { return []any{&c.Namesrv, &c.Server, &c.Booster, &c.Log} }
