package namesrv

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/boostermq/booster/internal/httpd"
)

// Collectors are what the name server counts, for a /metrics of its own or of
// the broker in the same process.
func (ctl *Controller) Collectors() []prometheus.Collector {
	gauge := func(name, help string, value func() int) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 { return float64(value()) })
	}
	return []prometheus.Collector{
		gauge("booster_namesrv_brokers", "brokers that are registered", func() int { brokers, _ := ctl.routes.Counts(); return brokers }),
		gauge("booster_namesrv_topics", "topics that have a route", func() int { _, topics := ctl.routes.Counts(); return topics }),
		gauge("booster_namesrv_kv_keys", "keys of the KV config", func() int { _, keys := ctl.kv.Count(); return keys }),
	}
}

// startHTTP serves metrics and health when metricsAddr says where. A
// name server whose port is taken serves without them.
func (ctl *Controller) startHTTP(c *BoosterConfig) error {
	if c.MetricsAddr == "" {
		return nil
	}
	host, port, err := c.metricsAddr()
	if err != nil {
		return err
	}
	registry := prometheus.NewRegistry()
	for _, collector := range append(ctl.Collectors(), collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{})) {
		if err := registry.Register(collector); err != nil {
			return err
		}
	}
	mux := http.NewServeMux()
	healthy := httpd.Health(func() string { return "" }) // it holds nothing that can be broken: who answers is well
	mux.Handle("/healthz", healthy)
	mux.Handle("/readyz", healthy)
	mux.Handle("/metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{
		ErrorLog: slog.NewLogLogger(ctl.log.Handler(), slog.LevelWarn), MaxRequestsInFlight: 4,
	}))
	s := httpd.New(host, port, mux, ctl.log)
	if err := s.Start(); err != nil {
		ctl.log.Warn("metrics and health are not served: choose another metricsAddr, or none", "err", err)
		return nil
	}
	ctl.http = s
	return nil
}

func (ctl *Controller) stopHTTP(ctx context.Context) error {
	if ctl.http == nil {
		return nil
	}
	return ctl.http.Shutdown(ctx)
}

// HTTPAddr is where metrics and health are served, "" = nowhere.
func (ctl *Controller) HTTPAddr() string { return ctl.http.Addr() }
