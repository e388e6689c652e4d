// Package cluster starts name servers and brokers as processes on free loopback ports: Booster's, or the Java ones of 4.9.7,
// from the same settings, so that a scenario can be tried against the original and a folder handed from one to the other.
package cluster

import (
	"crypto/tls"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/boostermq/booster/internal/freeport"
	"github.com/boostermq/booster/interop/internal/process"
)

// Kind is whose server.
type Kind string

// The kinds of servers.
const (
	Booster Kind = "booster"
	Java    Kind = "java"       // 4.9.7
	Java440 Kind = "java-4.4.0" // for stores that change hands
)

// startTimeout bounds the start of a server, stopTimeout its clean stop, both on a busy machine.
const (
	startTimeout = 180 * time.Second
	stopTimeout  = 30 * time.Second
)

// KindFromEnv is INTEROP_SERVER, Booster when it is empty.
func KindFromEnv() (Kind, error) {
	switch k := Kind(os.Getenv("INTEROP_SERVER")); k {
	case "":
		return Booster, nil
	case Booster, Java:
		return k, nil
	default:
		return "", fmt.Errorf("INTEROP_SERVER=%s: booster or java expected", k)
	}
}

// NamesrvOptions describe a name server. Dir becomes its home; Port 0 takes a free one.
type NamesrvOptions struct {
	Kind Kind
	Dir  string
	Port int
	Conf map[string]string // namesrv.conf, beyond the listenPort
	Env  []string          // KEY=value, over the environment
	TLS  *tls.Config       // for a server which takes nothing else: how to ask it
}

// Namesrv is a running name server.
type Namesrv struct {
	*process.Process
	Options NamesrvOptions
	Addr    string
}

// StartNamesrv returns when the name server answers requests.
func StartNamesrv(o NamesrvOptions) (*Namesrv, error) {
	var err error
	if o.Port == 0 {
		if o.Port, err = freeport.Find(); err != nil {
			return nil, err
		}
	}
	conf := maps.Clone(o.Conf)
	if conf == nil {
		conf = make(map[string]string)
	}
	conf["listenPort"] = fmt.Sprint(o.Port)
	file, err := writeConf(o.Dir, "namesrv.conf", conf)
	if err != nil {
		return nil, err
	}
	n := &Namesrv{Options: o, Addr: freeport.Addr(o.Port)}
	if n.Process, err = launch(o.Kind, roleNamesrv, o.Dir, []string{"-c", file}, o.Env); err != nil {
		return nil, err
	}
	return n, orKill(n.Process, n.Await(startTimeout, "answer at "+n.Addr, func() bool {
		_, err := clusterInfo(n.Addr, o.TLS)
		return err == nil
	}))
}

// Again starts a name server on the same port and folder; the one before must have ended.
func (n *Namesrv) Again() (*Namesrv, error) { return StartNamesrv(n.Options) }

// Knows tells whether a broker with that address is registered.
func (n *Namesrv) Knows(brokerAddr string) bool { return knows(n.Addr, brokerAddr, n.Options.TLS) }

// Stop ends the server as an operator would.
func (n *Namesrv) Stop() error { return n.Process.Stop(stopTimeout) }

// BrokerOptions describe a broker. Dir becomes its home, the store lies in Dir/store; Port 0 takes a free one (Port−2 is the
// VIP port, Port+1 the HA port).
type BrokerOptions struct {
	Kind    Kind
	Dir     string
	Port    int
	Name    string            // brokerName, broker-a when empty
	Namesrv string            // addresses with ; between them
	Conf    map[string]string // broker.conf, beyond and over what broker.go sets
	// RegistersWith are the name servers which must know the broker before it counts as started; all of Namesrv when nil.
	RegistersWith []string
	Env           []string    // KEY=value, over the environment
	TLS           *tls.Config // for name servers which take nothing else: how to ask them
}

// Broker is a running broker.
type Broker struct {
	*process.Process
	Options  BrokerOptions
	Addr     string
	StoreDir string
}

// StartBroker returns when the broker listens and the name servers know it.
func StartBroker(o BrokerOptions) (*Broker, error) {
	var err error
	if o.Port == 0 {
		if o.Port, err = freeport.Find(); err != nil {
			return nil, err
		}
	}
	if o.Name == "" {
		o.Name = "broker-a"
	}
	if o.RegistersWith == nil {
		o.RegistersWith = strings.Split(o.Namesrv, ";")
	}
	b := &Broker{Options: o, Addr: freeport.Addr(o.Port), StoreDir: filepath.Join(o.Dir, "store")}
	file, err := writeConf(o.Dir, "broker.conf", b.conf())
	if err != nil {
		return nil, err
	}
	if b.Process, err = launch(o.Kind, roleBroker, o.Dir, []string{"-n", o.Namesrv, "-c", file}, o.Env); err != nil {
		return nil, err
	}
	return b, orKill(b.Process, b.Await(startTimeout, "register "+b.Addr+" with "+o.Namesrv, b.ready))
}

// conf keeps files small enough that tests cross their borders, and everything on loopback.
func (b *Broker) conf() map[string]string {
	conf := map[string]string{
		"brokerClusterName":          "DefaultCluster",
		"brokerName":                 b.Options.Name,
		"brokerId":                   "0",
		"brokerIP1":                  "127.0.0.1",
		"brokerIP2":                  "127.0.0.1",
		"listenPort":                 fmt.Sprint(b.Options.Port),
		"storePathRootDir":           b.StoreDir,
		"storePathCommitLog":         filepath.Join(b.StoreDir, "commitlog"),
		"mappedFileSizeCommitLog":    "16777216",
		"mappedFileSizeConsumeQueue": "60000",
		"maxHashSlotNum":             "5000",
		"maxIndexNum":                "20000",
		"flushDiskType":              "ASYNC_FLUSH",
		"brokerRole":                 "ASYNC_MASTER",
		"diskMaxUsedSpaceRatio":      "95",
		"metricsPromExporterPort":    "-1", // several brokers run here
		// Flow control after 200 ms in a queue says more about the machine than about the broker.
		"waitTimeMillsInSendQueue":    "10000",
		"osPageCacheBusyTimeOutMills": "10000",
	}
	maps.Copy(conf, b.Options.Conf)
	for _, size := range []string{"FileSizeCommitLog", "FileSizeConsumeQueue"} { // the spellings of 4.4.0
		conf["maped"+size] = conf["mapped"+size]
	}
	return conf
}

func (b *Broker) ready() bool {
	if !freeport.Listening(b.Addr) || !freeport.Listening(freeport.Addr(b.Options.Port-2)) {
		return false
	}
	for _, namesrv := range b.Options.RegistersWith {
		if !knows(namesrv, b.Addr, b.Options.TLS) {
			return false
		}
	}
	return true
}

// Stop ends the broker as an operator would.
func (b *Broker) Stop() error { return b.Process.Stop(stopTimeout) }

// Again starts a broker on the same folder, ports and settings, of the given kind; the one before must have ended.
func (b *Broker) Again(kind Kind) (*Broker, error) {
	o := b.Options
	o.Kind = kind
	return StartBroker(o)
}

func orKill(p *process.Process, err error) error {
	if err != nil {
		p.Kill()
	}
	return err
}

func writeConf(dir, name string, conf map[string]string) (string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	var text strings.Builder
	for _, key := range slices.Sorted(maps.Keys(conf)) {
		fmt.Fprintf(&text, "%s=%s\n", key, conf[key])
	}
	file := filepath.Join(dir, name)
	return file, os.WriteFile(file, []byte(text.String()), 0o644)
}
