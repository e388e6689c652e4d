package namesrv

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/boostermq/booster/internal/httpd"
	"github.com/boostermq/booster/internal/vfs"
	"github.com/boostermq/booster/remoting"
)

// Periods of the housekeeping (Java: NamesrvController).
const (
	scanDelay     = 5 * time.Second
	scanPeriod    = 10 * time.Second
	summaryDelay  = 1 * time.Minute
	summaryPeriod = 10 * time.Minute
)

// executorCapacity bounds the requests that wait for a worker; more are answered
// with code 2. Java's queue has no bound.
const executorCapacity = 10_000

// Options are what a Controller needs besides its settings.
type Options struct {
	FS  vfs.FS       // nil = the operating system's
	Log *slog.Logger // nil = slog.Default()
	// Hooks see every request first, as for the broker; Java's name server has none.
	Hooks []remoting.RPCHook
	TLS   *remoting.TLSConfig // nil = connections with TLS are closed
	// ProductNamesrvAddrs returns the name servers "host:port" that are asked for
	// unknown topics with clusterTest=true; nil = none.
	ProductNamesrvAddrs func(ctx context.Context) ([]string, error)
}

// Controller is one name server (Java: NamesrvController). It starts once and
// is shut down once.
type Controller struct {
	opts   Options
	log    *slog.Logger
	config *configHolder
	kv     *KVConfigManager
	routes *RouteInfoManager

	executor *remoting.Executor
	client   *remoting.Client // only with clusterTest
	server   *remoting.Server
	http     *httpd.Server // nil = no metrics and health
	stop     chan struct{} // closed to end housekeeping
	done     sync.WaitGroup
}

// New returns a name server that is not started yet.
func New(c Config, opts Options) *Controller {
	if opts.FS == nil {
		opts.FS = vfs.OS()
	}
	if opts.Log == nil {
		opts.Log = slog.Default()
	}
	ctl := &Controller{opts: opts, log: opts.Log, stop: make(chan struct{})}
	ctl.config = newConfigHolder(opts.FS, ctl.log, c)
	ctl.kv = NewKVConfigManager(opts.FS, c.Namesrv.KVConfigPath, ctl.log)
	ctl.routes = NewRouteInfoManager(ctl.log, ctl.orderTopicConf)
	return ctl
}

// Start reads the KV configs and starts, in this order: the executor, the
// client of the product environment, the server, metrics and health, the housekeeping. It returns
// when the server listens, or with what went wrong; then nothing runs.
func (ctl *Controller) Start(ctx context.Context) error {
	c := ctl.config.get()
	if err := c.Validate(); err != nil {
		return err
	}
	if err := ctl.kv.Load(); err != nil {
		ctl.log.Error("KV configs are lost, starting without", "error", err)
	}
	ctl.startBase(c)
	if err := ctl.server.Start(); err != nil {
		err = fmt.Errorf("name server cannot listen on %s: %w", c.ListenAddr(), err)
		return errors.Join(err, ctl.shutdownBase(ctx))
	}
	if err := ctl.startHTTP(&c.Booster); err != nil {
		return errors.Join(err, ctl.server.Shutdown(ctx), ctl.shutdownBase(ctx))
	}
	ctl.done.Go(ctl.housekeeping)
	ctl.log.Info("name server started", "addr", ctl.Addr())
	return nil
}

// startBase makes everything up to a server that does not listen yet.
func (ctl *Controller) startBase(c *Config) {
	ctl.executor = remoting.NewExecutor("namesrv", c.Server.ServerWorkerThreads, executorCapacity)
	ctl.executor.SetLog(ctl.log)
	p := &processor{routes: ctl.routes, kv: ctl.kv, config: ctl.config, log: ctl.log, bodySeed: maphash.MakeSeed()}
	if c.Namesrv.ClusterTest {
		ctl.client = remoting.NewClient(remoting.ClientConfig{Name: "product", Log: ctl.log, UseTLS: ctl.opts.TLS != nil && ctl.opts.TLS.UseTLS(), TLS: ctl.opts.TLS})
		p.product = &productEnv{client: ctl.client, addrs: ctl.productAddrs}
	}
	table := p.routeTable(ctl.executor)
	ctl.server = remoting.NewServer(remoting.ServerConfig{
		Name:    "namesrv",
		Addrs:   []string{c.ListenAddr()},
		Routes:  func(int) *remoting.RouteTable { return table },
		MaxIdle: time.Duration(c.Server.ServerChannelMaxIdleTimeSeconds) * time.Second,
		TLS:     ctl.opts.TLS,
		Hooks:   ctl.opts.Hooks,
		OnClose: ctl.connectionClosed,
		Log:     ctl.log,
	})
}

// connectionClosed hands the loss of a broker to the executor: it may touch all
// topics, which is nothing for an event loop. The order with registrations does
// not matter, what is taken out is bound to ch.
func (ctl *Controller) connectionClosed(ch *remoting.Channel) {
	if ctl.routes.IsBroker(ch) && !ctl.executor.Execute(func() { ctl.routes.ConnectionClosed(ch) }) {
		ctl.routes.ConnectionClosed(ch)
	}
}

// Shutdown stops what Start started, in reverse. Requests under way get their
// answers unless ctx ends first.
func (ctl *Controller) Shutdown(ctx context.Context) error {
	close(ctl.stop)
	ctl.done.Wait()
	err := errors.Join(ctl.stopHTTP(ctx), ctl.server.Shutdown(ctx), ctl.shutdownBase(ctx))
	ctl.log.Info("name server stopped")
	return err
}

// shutdownBase stops what startBase made, but the server.
func (ctl *Controller) shutdownBase(ctx context.Context) error {
	if ctl.client != nil {
		ctl.client.Close()
	}
	ctl.executor.Shutdown()
	return ctl.executor.Wait(ctx)
}

// Addr is the address the server listens on, "host:port", with the port really
// taken when listenPort is 0; without bindAddress host is empty. Call it between
// Start and Shutdown.
func (ctl *Controller) Addr() string {
	listenAddr := ctl.config.get().ListenAddr()
	host, port, err := net.SplitHostPort(listenAddr)
	if err != nil {
		return listenAddr
	}
	if ports := ctl.server.Ports(); len(ports) > 0 {
		port = strconv.Itoa(ports[0])
	}
	return net.JoinHostPort(host, port)
}

// Server is the listening side; tests hand it connections.
func (ctl *Controller) Server() *remoting.Server { return ctl.server }

// Config returns a copy of the settings in use.
func (ctl *Controller) Config() Config { return *ctl.config.get() }

// housekeeping drops silent brokers and tells now and then what is there.
func (ctl *Controller) housekeeping() {
	scan, summary := time.NewTimer(scanDelay), time.NewTimer(summaryDelay)
	defer scan.Stop()
	defer summary.Stop()
	for {
		select {
		case <-ctl.stop:
			return
		case <-scan.C:
			ctl.routes.ScanNotActive()
			scan.Reset(scanPeriod)
		case <-summary.C:
			brokers, topics := ctl.routes.Counts()
			namespaces, keys := ctl.kv.Count()
			ctl.log.Info("summary", "brokers", brokers, "topics", topics, "kvNamespaces", namespaces, "kvKeys", keys)
			summary.Reset(summaryPeriod)
		}
	}
}

// orderTopicConf is what routes tell of the order config of topic.
func (ctl *Controller) orderTopicConf(topic string) string {
	if !ctl.config.get().Namesrv.OrderMessageEnable {
		return ""
	}
	conf, _ := ctl.kv.Get(orderTopicNamespace, topic)
	return conf
}

func (ctl *Controller) productAddrs(ctx context.Context) ([]string, error) {
	if ctl.opts.ProductNamesrvAddrs == nil {
		return nil, nil
	}
	return ctl.opts.ProductNamesrvAddrs(ctx)
}
