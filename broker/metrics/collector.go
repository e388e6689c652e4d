package metrics

import (
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/boostermq/booster/broker/view"
)

// Options is what a Collector needs.
type Options struct {
	// Look takes one look at the broker; nil = it does not serve now. What it
	// returns is shared: a collector changes nothing in it.
	Look func() *view.Broker
	// Clients returns what consumers told of themselves; nil = nobody is asked.
	Clients func() []ClientStatus

	ExporterNames, NativeNames bool // which families are served

	CardinalityLimit int           // series a name may have
	IdleGroup        time.Duration // see idleGroups; 0 = never left out

	Log *slog.Logger // nil = slog.Default()
}

// Collector renders a look at the broker at each scrape.
type Collector struct {
	o        Options
	exporter *exporterFamilies
	native   *nativeFamilies
	up, left *family

	mu      sync.Mutex // guards what a scrape remembers
	idle    idleGroups
	leftOut bool
}

// New returns a collector.
func New(o Options) *Collector {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &Collector{
		o: o, exporter: newExporterFamilies(), native: newNativeFamilies(), idle: idleGroups{after: o.IdleGroup},
		up:   gauge("booster_up", "1 while the broker serves, 0 while it starts or stops"),
		left: gauge("booster_metrics_series_left_out", "series missing here because their name has metricsOtelCardinalityLimit already"),
	}
}

// Describe implements prometheus.Collector: which series there are is found out at each scrape.
func (c *Collector) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (c *Collector) Collect(ch chan<- prometheus.Metric) {
	s := &sink{ch: ch, limit: c.o.CardinalityLimit, series: map[*family]int{}}
	v := c.o.Look()
	if v == nil {
		s.add(c.up, 0)
		return
	}
	s.add(c.up, 1)
	groups := c.activeGroups(v)
	if c.o.ExporterNames {
		c.exporter.collect(s, v, groups)
		if c.o.Clients != nil {
			c.exporter.collectClients(s, groups, c.o.Clients())
		}
	}
	if c.o.NativeNames {
		c.native.collect(s, v, groups)
	}
	s.addInt(c.left, int64(s.leftOut))
	c.sayLeftOut(s.leftOut)
}

// sayLeftOut logs when series begin to be left out.
func (c *Collector) sayLeftOut(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n > 0 && !c.leftOut {
		c.o.Log.Warn("metrics: a name has too many series, the rest is left out", "metricsOtelCardinalityLimit", c.o.CardinalityLimit, "leftOut", n)
	}
	c.leftOut = n > 0
}

func (c *Collector) activeGroups(v *view.Broker) []view.Group {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.idle.filter(v.Groups, time.UnixMilli(v.AtMs))
}

// idleGroups tells which groups are offline and stood still for after. It knows
// since when by the scrapes it saw: at the first one every group is active.
type idleGroups struct {
	after time.Duration
	seen  map[string]groupSeen
}

// groupSeen is where a group stood and since when.
type groupSeen struct {
	consumed int64
	since    time.Time
}

// filter returns the groups that are not idle, and forgets those that are gone.
func (i *idleGroups) filter(groups []view.Group, now time.Time) []view.Group {
	if i.after <= 0 {
		return groups
	}
	seen, active := make(map[string]groupSeen, len(groups)), make([]view.Group, 0, len(groups))
	for _, g := range groups {
		var consumed int64
		for _, t := range g.Topics {
			consumed += t.Consumed
		}
		last, known := i.seen[g.Name]
		if !known || g.Online || last.consumed != consumed {
			last = groupSeen{consumed, now}
		}
		seen[g.Name] = last
		if now.Sub(last.since) < i.after {
			active = append(active, g)
		}
	}
	i.seen = seen
	return active
}
