package broker

import (
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"

	"github.com/boostermq/booster/broker/filter"
	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/logging"
	"github.com/boostermq/booster/internal/properties"
	"github.com/boostermq/booster/internal/vfs"
	"github.com/boostermq/booster/store"
)

// Config is everything one broker.conf feeds. A Config in use is an immutable
// snapshot: changes replace the whole.
type Config struct {
	Broker  BrokerConfig
	Server  NettyServerConfig
	Client  NettyClientConfig
	Store   store.Config
	Booster BoosterConfig
	Log     logging.Config

	brokerIP1Why string // how Broker.BrokerIP1 was found, for the banner
	reachWarning string // who cannot reach it, likewise
}

// Environment is what a Config takes from the machine when the file is silent.
type Environment struct {
	Getenv   func(key string) string
	Hostname func() (string, error)
	Addrs    func() ([]InterfaceAddr, error)
	// InContainer tells whether the process runs in a container; nil = no.
	InContainer func() bool
}

// SystemEnvironment is the environment of this process.
func SystemEnvironment() Environment {
	return Environment{Getenv: os.Getenv, Hostname: os.Hostname, Addrs: machineAddrs, InContainer: inContainer}
}

// inContainer looks for the marks that container engines leave.
func inContainer() bool {
	for _, mark := range []string{"/.dockerenv", "/run/.containerenv"} {
		if _, err := os.Stat(mark); err == nil {
			return true
		}
	}
	return os.Getenv("KUBERNETES_SERVICE_HOST") != ""
}

// Errors of Complete. Java exits with −3 for both.
var (
	ErrSlaveID      = errors.New("Slave's brokerId must be > 0")
	ErrNamesrvAddr  = errors.New("please set it as follows, \"127.0.0.1:9876;192.168.0.1:9876\"")
	ErrNotSupported = errors.New("not supported")
)

// DefaultConfig returns the defaults of 4.9.8, before file and environment.
func DefaultConfig() Config {
	return Config{
		Broker: DefaultBrokerConfig(), Server: DefaultNettyServerConfig(),
		Client: DefaultNettyClientConfig(runtime.NumCPU()), Store: store.DefaultConfig(), Booster: defaultBoosterConfig(),
		Log: logging.DefaultConfig(),
	}
}

// LoadConfig is DefaultConfig + Apply(text of path) + Complete. An empty path
// means no file. unknown lists keys that no setting has; they are ignored, as
// Java does. Unlike Java a value of the wrong type is an error, not silence.
func LoadConfig(fsys vfs.FS, path string, env Environment) (c Config, unknown []properties.Pair, err error) {
	c = DefaultConfig()
	if path != "" {
		text, err := vfs.ReadFile(fsys, path)
		if err != nil {
			return c, nil, fmt.Errorf("configuration: %w", err)
		}
		if unknown, err = c.Apply(text); err != nil {
			return c, unknown, fmt.Errorf("configuration %s: %w", path, err)
		}
	}
	return c, unknown, c.Complete(env)
}

// Apply sets what a properties text (broker.conf) sets. Later lines win.
func (c *Config) Apply(text []byte) (unknown []properties.Pair, err error) {
	pairs, err := properties.Parse(text)
	if err != nil {
		return nil, err
	}
	return properties.Apply(pairs, c.parts()...)
}

// ApplyPairs sets what pairs set. Keys that no setting has are left out.
func (c *Config) ApplyPairs(pairs []properties.Pair) error {
	_, err := properties.Apply(pairs, c.parts()...)
	return err
}

// Complete fills what is still empty from the environment, applies the rules
// of Java's BrokerStartup and reports what cannot run.
func (c *Config) Complete(env Environment) error {
	b := &c.Broker
	setDefault(&b.RocketmqHome, env.Getenv("ROCKETMQ_HOME"))
	setDefault(&b.NamesrvAddr, env.Getenv("NAMESRV_ADDR"))
	if b.BrokerName == "" {
		name, err := env.Hostname()
		if err != nil || name == "" {
			name = "DEFAULT_BROKER"
		}
		b.BrokerName = name
	}
	if err := c.completeAddress(env); err != nil {
		return err
	}
	bloom, err := filter.NewBloomFilter(b.MaxErrorRateOfBloomFilter, b.ExpectConsumerNumUseFilter)
	if err != nil {
		return err
	}
	// Values in the file have no effect in Java either.
	c.Store.HAListenPort, c.Store.BitMapLengthConsumeQueueExt = c.Server.ListenPort+1, bloom.M()
	if err := checkNamesrvAddr(b.NamesrvAddr); err != nil {
		return err
	}
	if err := c.Log.Validate(); err != nil {
		return err
	}
	if c.Store.EnableDLegerCommitLog {
		return fmt.Errorf("enableDLegerCommitLog=true is %w: there is no DLedger; take it out", ErrNotSupported)
	}
	return c.completeRole()
}

func (c *Config) completeAddress(env Environment) error {
	b := &c.Broker
	c.brokerIP1Why = "brokerIP1 in the configuration"
	unset := b.BrokerIP1 == ""
	defer func() {
		inContainer := env.InContainer != nil && env.InContainer()
		c.reachWarning = reachWarning(b.BrokerIP1, unset, inContainer)
	}()
	if !unset && b.BrokerIP2 != "" {
		return nil
	}
	addrs, err := env.Addrs()
	if err != nil {
		return fmt.Errorf("addresses of this machine: %w", err)
	}
	chosen, why := chooseAddress(addrs)
	if unset {
		b.BrokerIP1, c.brokerIP1Why = chosen.String(), why
	}
	setDefault(&b.BrokerIP2, chosen.String())
	return nil
}

func (c *Config) completeRole() error {
	if !c.IsSlave() {
		c.Broker.BrokerID = codec.MasterID
	} else if c.Broker.BrokerID <= 0 {
		return ErrSlaveID
	}
	return nil
}

// IsSlave tells whether the broker runs in role SLAVE.
func (c *Config) IsSlave() bool { return c.Store.BrokerRole == store.Slave }

// BrokerAddr is the address clients are told: brokerIP1:listenPort.
func (c *Config) BrokerAddr() string { return hostPort(c.Broker.BrokerIP1, c.Server.ListenPort) }

// HAServerAddr is the address slaves are told: brokerIP2:haListenPort.
func (c *Config) HAServerAddr() string { return hostPort(c.Broker.BrokerIP2, c.Store.HAListenPort) }

// Text renders all settings as key=value lines (-p, code 26).
func (c *Config) Text() []byte { return properties.Encode(c.parts()...) }

// ImportantText renders the settings of -m.
func (c *Config) ImportantText() []byte { return properties.EncodeImportant(c.parts()...) }

// SettingNames maps every spelling of a setting to its name.
func (c *Config) SettingNames() map[string]string { return properties.Names(c.parts()...) }

func (c *Config) parts() []any {
	return []any{&c.Broker, &c.Server, &c.Client, &c.Store, &c.Booster, &c.Log}
}

// setDefault gives an empty field its value.
func setDefault(field *string, value string) {
	if *field == "" {
		*field = value
	}
}

// checkNamesrvAddr accepts "" and lists of host:port divided by semicolons.
func checkNamesrvAddr(list string) error {
	for _, addr := range splitAddrs(list) {
		host, port, err := net.SplitHostPort(addr)
		if err != nil || host == "" {
			return fmt.Errorf("The Name Server Address[%s] illegal, %w", list, ErrNamesrvAddr)
		}
		if n, err := strconv.Atoi(port); err != nil || n <= 0 || n > 65535 {
			return fmt.Errorf("The Name Server Address[%s] illegal, %w", list, ErrNamesrvAddr)
		}
	}
	return nil
}

// splitAddrs splits a name server list at semicolons; blanks and empty parts vanish.
func splitAddrs(list string) []string {
	var out []string
	for _, a := range strings.Split(list, ";") {
		if a = strings.TrimSpace(a); a != "" {
			out = append(out, a)
		}
	}
	return out
}
