package broker

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/boostermq/booster/broker/metrics"
	"github.com/boostermq/booster/broker/view"
	"github.com/boostermq/booster/broker/web"
	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/httpd"
)

// observer is what looks at the broker from the side: the HTTP server, and what
// it may see when. It runs before the store is recovered and after it was
// closed, so that it can say so; the store is looked at in between only.
type observer struct {
	server *httpd.Server // nil = not served
	poll   *metrics.ClientPoll

	mu    sync.RWMutex // held for reading while somebody looks
	phase phase        // guarded by mu

	lastMu sync.Mutex
	last   *view.Broker // guarded by lastMu
}

// phase is where the broker stands between start and stop.
type phase int

const (
	starting phase = iota
	serving
	stopping
)

// setPhase waits for those who look.
func (o *observer) setPhase(p phase) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.phase = p
}

// whileServing runs f, during which the store stays open; false = it is not
// open, f did not run.
func (o *observer) whileServing(f func()) bool {
	o.mu.RLock()
	defer o.mu.RUnlock()
	if o.phase != serving {
		return false
	}
	f()
	return true
}

// startHTTP serves metrics, health and the page. A broker whose port is taken
// serves without them.
func (b *Controller) startHTTP(context.Context) error {
	c := &b.Config().Booster
	if c.MetricsPromExporterPort < 0 {
		return nil
	}
	handler, err := b.httpHandler(c)
	if err != nil {
		return err
	}
	s := httpd.New(c.MetricsPromExporterHost, c.MetricsPromExporterPort, handler, b.log)
	if err := s.Start(); err != nil {
		b.log.Warn("metrics, health and the page are not served: choose another metricsPromExporterPort, or -1 for none", "err", err)
		return nil
	}
	b.observer.server = s
	return nil
}

func (b *Controller) stopHTTP(ctx context.Context) error {
	if b.observer.server == nil {
		return nil
	}
	return b.observer.server.Shutdown(ctx)
}

// startObserving lets the side look at the store; the last step of a start.
func (b *Controller) startObserving(context.Context) error {
	b.observer.setPhase(serving)
	if b.observer.server != nil && b.observer.poll != nil {
		b.jobs.Go(func() { b.observer.poll.Run(b.background) })
	}
	return nil
}

// stopObserving waits for who looks at the store; the first step of a stop.
func (b *Controller) stopObserving(context.Context) error {
	b.observer.setPhase(stopping)
	return nil
}

// HTTPAddr is where metrics, health and the page are served, "" = nowhere.
func (b *Controller) HTTPAddr() string { return b.observer.server.Addr() }

// httpHandler is everything behind the port.
func (b *Controller) httpHandler(c *BoosterConfig) (http.Handler, error) {
	mux := http.NewServeMux()
	mux.Handle("/healthz", httpd.Health(b.unhealthy))
	mux.Handle("/readyz", httpd.Health(b.notReady))
	if c.MetricsExporterType == MetricsProm {
		handler, err := b.metricsHandler(c)
		if err != nil {
			return nil, err
		}
		mux.Handle("/metrics", handler)
	}
	if c.WebEnable {
		mux.Handle("/", web.Handler(web.Options{Look: b.lookAround, Messages: messageReader{b}, HideMessages: b.hideMessages(), NotReady: b.notReady, Log: b.log}))
	}
	if c.PprofEnable {
		httpd.Pprof(mux)
	}
	return mux, nil
}

// maxScrapes is how many scrapes are answered at the same time.
const maxScrapes = 4

func (b *Controller) metricsHandler(c *BoosterConfig) (http.Handler, error) {
	labels, err := parseMetricsLabel(c.MetricsLabel)
	if err != nil {
		return nil, err
	}
	o := metrics.Options{
		Look: b.lookAround, ExporterNames: c.MetricsExporterNames, NativeNames: c.MetricsNativeNames,
		CardinalityLimit: max(1, c.MetricsOtelCardinalityLimit), IdleGroup: time.Duration(c.MetricsIdleGroupMinutes) * time.Minute, Log: b.log,
	}
	if c.MetricsExporterNames && c.MetricsClientPollSeconds > 0 {
		b.observer.poll = &metrics.ClientPoll{Targets: b.pollTargets, Interval: time.Duration(c.MetricsClientPollSeconds) * time.Second, Log: b.log}
		o.Clients = b.observer.poll.Last
	}
	registry := prometheus.NewRegistry()
	labelled := prometheus.WrapRegistererWith(labels, registry)
	for _, collector := range append([]prometheus.Collector{
		metrics.New(o), collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	}, b.opts.Collectors...) {
		if err := labelled.Register(collector); err != nil {
			return nil, fmt.Errorf("metricsLabel=%s: %w", c.MetricsLabel, err)
		}
	}
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{
		ErrorLog: slog.NewLogLogger(b.log.Handler(), slog.LevelWarn), ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: maxScrapes,
	}), nil
}

// parseMetricsLabel reads name:value,name:value.
func parseMetricsLabel(text string) (prometheus.Labels, error) {
	labels := prometheus.Labels{}
	for pair := range strings.SplitSeq(text, ",") {
		if pair = strings.TrimSpace(pair); pair == "" {
			continue
		}
		name, value, ok := strings.Cut(pair, ":")
		switch {
		case !ok || name == "":
			return nil, fmt.Errorf("metricsLabel=%s: want name:value,name:value", text)
		case metrics.UsesLabel(name):
			return nil, fmt.Errorf("metricsLabel=%s: %s is a label already", text, name)
		}
		labels[name] = value
	}
	return labels, nil
}

// lookAge is how old the look may be that is shown: many who ask at the same
// time cost one.
const lookAge = time.Second

// lookAround is a look at the broker, shared by all who ask within lookAge; nil =
// it does not serve now.
func (b *Controller) lookAround() (v *view.Broker) {
	o := &b.observer
	o.lastMu.Lock()
	defer o.lastMu.Unlock()
	o.whileServing(func() {
		if v = o.last; v == nil || time.Since(time.UnixMilli(v.AtMs)) >= lookAge {
			v = b.look()
			o.last = v
		}
	})
	return v
}

// unhealthy is what /healthz says: "" = nothing is broken. A broker that starts
// or stops is not broken, it is only not ready.
func (b *Controller) unhealthy() (why string) {
	b.observer.whileServing(func() { why = b.storeFault() })
	return why
}

// storeFault tells why the store takes nothing although it should: a slave copies,
// a master stores what it is sent unless brokerPermission forbids writing.
func (b *Controller) storeFault() string {
	c := b.Config()
	if !c.IsSlave() && !codec.IsWriteable(c.Broker.BrokerPermission) {
		return ""
	}
	if reason := b.store.NotWriteableReason(); reason != "" {
		return "the store is not writeable: " + reason
	}
	return ""
}

// notReady is what /readyz says: "" = clients may come.
func (b *Controller) notReady() (why string) {
	if b.observer.whileServing(func() { why = b.notReadyNow() }) {
		return why
	}
	b.observer.mu.RLock()
	defer b.observer.mu.RUnlock()
	if b.observer.phase == stopping {
		return "the broker is shutting down"
	}
	return "the broker is starting: its store is being recovered"
}

func (b *Controller) notReadyNow() string {
	c := b.Config()
	if why := b.storeFault(); why != "" {
		return why
	}
	if perm := c.Broker.BrokerPermission; !codec.IsReadable(perm) && !codec.IsWriteable(perm) {
		return fmt.Sprintf("brokerPermission=%d lets nobody read or write", perm)
	}
	if behind, limit := b.store.DispatchBehindBytes(), c.Booster.ReadyDispatchBehindBytes; limit > 0 && behind > limit {
		return fmt.Sprintf("queues and index are %d bytes behind the log, more than readyDispatchBehindBytes=%d", behind, limit)
	}
	return ""
}

// hideMessages is why the page shows no messages.
func (b *Controller) hideMessages() string {
	if c := b.Config(); c.Broker.ACLEnable && !c.Booster.WebMessagesWithACL {
		return "messages are not shown with aclEnable=true, this page asks for no account; webMessagesWithAcl=true shows them to everybody who can open it"
	}
	return ""
}
