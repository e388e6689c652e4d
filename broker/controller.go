package broker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/boostermq/booster/broker/acl"
	"github.com/boostermq/booster/broker/client"
	"github.com/boostermq/booster/broker/filter"
	"github.com/boostermq/booster/broker/longpolling"
	"github.com/boostermq/booster/broker/offset"
	"github.com/boostermq/booster/broker/schedule"
	"github.com/boostermq/booster/broker/stats"
	"github.com/boostermq/booster/broker/subscription"
	"github.com/boostermq/booster/broker/topic"
	"github.com/boostermq/booster/broker/transaction"
	"github.com/boostermq/booster/internal/logging"
	"github.com/boostermq/booster/internal/vfs"
	"github.com/boostermq/booster/remoting"
	"github.com/boostermq/booster/store"
)

// Options is what a broker takes from the world besides its configuration.
type Options struct {
	FS         vfs.FS       // nil = the real one
	Log        *slog.Logger // nil = slog.Default()
	ConfigPath string       // of the -c file, which code 25 writes; "" = none: see newConfiguration
	// ACLPlainFile is the path of the accounts below rocketmqHome (Java: system
	// property rocketmq.acl.plain.file); "" = conf/plain_acl.yml.
	ACLPlainFile string
	// LookupHost resolves names of name servers; nil = the system's resolver.
	LookupHost func(ctx context.Context, host string) ([]string, error)
	// Hooks see every request before its processor, in this order.
	Hooks []remoting.RPCHook
	TLS   *remoting.TLSConfig // nil = connections with TLS are closed
	// Collectors are served at /metrics too.
	Collectors []prometheus.Collector
	// LockMaxLive is how long a queue lock lives without renewal; 0 = a minute.
	LockMaxLive time.Duration
}

// Controller is the broker (Java: BrokerController): it wires everything and
// knows in which order it starts and stops.
type Controller struct {
	conf     *configuration
	settings atomic.Pointer[sendSettings] // follows conf
	opts     Options
	log      *slog.Logger

	store    *store.MessageStore // set by Start
	messages messageWriter

	topics       *topic.Manager
	groups       *subscription.Manager
	offsets      *offset.Manager
	consumers    *client.ConsumerManager
	producers    *client.ProducerManager
	locks        *client.RebalanceLockManager
	clients      *client.ClientHousekeeping
	hold         *longpolling.PullRequestHoldService
	schedule     *schedule.Service
	filters      *filter.Manager
	transactions *transaction.Service
	disk         *diskUsage
	stats        *stats.Manager
	storeStats   *stats.StoreStatsService

	acl     *acl.Manager   // nil = aclEnable=false
	cleaner *store.Cleaner // set by Start

	outer      *BrokerOuterAPI
	server     *remoting.Server
	executors  executors
	processors processors

	observer observer

	draining     atomic.Bool   // stopping: producers are sent to other brokers
	topicChanged chan struct{} // capacity 1: a registration is due
	registering  sync.Mutex    // held while name servers are told of the topics
	background   context.Context
	stop         context.CancelFunc
	jobs         sync.WaitGroup
	started      []stage
}

// processors are the handlers the route table names.
type processors struct {
	send        *sendProcessor
	sendBack    *sendBackProcessor
	reply       *replyProcessor
	transaction *transactionProcessor
	pull        *pullProcessor
	query       *queryProcessor
	client      *clientProcessor
	offset      *offsetProcessor
	lock        *lockProcessor
	topic       *topicProcessor
	group       *groupProcessor
	admin       *adminProcessor
}

// New wires a broker of a completed configuration (Config.Complete). It reads
// nothing and starts nothing.
func New(cfg Config, opts Options) (*Controller, error) {
	if opts.FS == nil {
		opts.FS = vfs.OS()
	}
	if opts.Log == nil {
		opts.Log = slog.Default()
	}
	if cfg.Server.ListenPort == 0 {
		if err := cfg.pickPort(); err != nil {
			return nil, err
		}
	}
	b := &Controller{
		opts: opts, log: opts.Log, topicChanged: make(chan struct{}, 1),
		conf: newConfiguration(opts.FS, opts.Log, opts.ConfigPath, &cfg),
	}
	storeHost, err := b.storeHost(&cfg)
	if err != nil {
		return nil, err
	}
	b.outer = b.newOuterAPI(&cfg)
	b.executors = newExecutors(&cfg.Broker)
	b.applyConfig(&cfg, storeHost)
	if err := b.wireManagers(); err != nil {
		return nil, err
	}
	b.wireProcessors()
	return b, nil
}

// stage is one step of the start and its opposite.
type stage struct {
	name  string
	start func(ctx context.Context) error
	stop  func(ctx context.Context) error
}

// stages is everything that runs, in the order in which it starts. The server
// stops after the held pulls are dropped and the replies under way are given
// up: it waits for what is unanswered.
func (b *Controller) stages() []stage {
	return []stage{
		{"metrics, health and page", b.startHTTP, b.stopHTTP}, // they tell of the stages below
		{"ACL files", b.loadACL, nil},
		{"configuration files", b.loadManagers, b.persistManagers},
		{"store", b.startStore, b.stopStore}, // goroutines of the store
		{"store cleaning", b.startCleaner, b.stopCleaner},
		{"statistics", b.startStats, b.stopStats},
		{"delayed messages", b.startSchedule, b.stopSchedule},
		{"transaction checks", b.startTransactions, b.stopTransactions},
		{"executors", nil, b.stopExecutors}, // goroutines of the pools run since New
		{"client housekeeping", func(context.Context) error { b.clients.Start(); return nil }, func(context.Context) error { b.clients.Shutdown(); return nil }},
		{"remoting server", func(context.Context) error { return b.server.Start() }, func(ctx context.Context) error { return b.server.Shutdown(ctx) }},
		{"replies", nil, func(context.Context) error { b.processors.reply.shutdown(); return nil }},
		{"long polling", func(context.Context) error { b.hold.Start(); return nil }, func(context.Context) error { b.hold.Shutdown(); return nil }},
		{"jobs", b.startJobs, b.stopJobs},
		{"sends", nil, func(context.Context) error { b.draining.Store(true); return nil }},
		{"address server", b.startAddressServer, nil},
		{"registration", b.startRegistration, b.stopRegistration},
		{"a look at the store from the side", b.startObserving, b.stopObserving},
	}
}

// Start brings the broker up. When it returns nil, clients are served and the
// name servers that could be reached know this broker. After an error nothing
// is left running.
func (b *Controller) Start(ctx context.Context) error {
	b.background, b.stop = context.WithCancel(context.Background())
	for _, s := range b.stages() {
		if s.start != nil {
			if err := s.start(ctx); err != nil {
				err = fmt.Errorf("broker start, %s: %w", s.name, err)
				return errors.Join(err, b.Shutdown(ctx))
			}
		}
		b.started = append(b.started, s)
	}
	c := b.Config()
	b.log.Info("broker started", "name", c.Broker.BrokerName, "cluster", c.Broker.BrokerClusterName, "id", c.Broker.BrokerID, "role", string(c.Store.BrokerRole),
		"flush", string(c.Store.FlushDiskType), "addr", b.Addr(), "store", c.Store.StorePathRootDir)
	return nil
}

// logOf is the log whose lines go to another file than broker.log.
func (b *Controller) logOf(file string) *slog.Logger { return b.log.With(logging.FileKey, file) }

// Shutdown stops everything in reverse order: the name servers forget the
// broker first, the store is closed and the tables are written last. ctx bounds
// the polite parts.
func (b *Controller) Shutdown(ctx context.Context) error {
	var errs []error
	for i := len(b.started) - 1; i >= 0; i-- {
		s := b.started[i]
		if s.stop == nil {
			continue
		}
		if err := s.stop(ctx); err != nil {
			errs = append(errs, fmt.Errorf("broker stop, %s: %w", s.name, err))
		}
	}
	if len(b.started) > 0 {
		b.log.Info("broker stopped", "clean", len(errs) == 0)
	}
	b.started = nil
	return errors.Join(errs...)
}

// Config is the current configuration. It is shared: do not modify it.
func (b *Controller) Config() *Config { return b.conf.current.Load() }

// Addr is the address clients are told.
func (b *Controller) Addr() string { return b.Config().BrokerAddr() }

// AdvertisedAddress is Addr and how it was found.
func (b *Controller) AdvertisedAddress() (addr, why string) {
	c := b.Config()
	return c.BrokerAddr(), c.brokerIP1Why
}

// ReachWarning says which clients cannot reach the advertised address; "" when
// nothing is known against it.
func (b *Controller) ReachWarning() string { return b.Config().reachWarning }

// applyConfig puts in place what is worked out of a configuration.
func (b *Controller) applyConfig(c *Config, storeHost netip.AddrPort) {
	b.executors.applyConfig(&c.Broker)
	b.settings.Store(newSendSettings(c, storeHost))
	if addrs := splitAddrs(c.Broker.NamesrvAddr); len(addrs) > 0 {
		b.outer.UpdateNameServers(addrs)
	}
}

// configFile is the path of a table below the store's root.
func (b *Controller) configFile(name string) string {
	return filepath.Join(b.Config().Store.StorePathRootDir, "config", name)
}
