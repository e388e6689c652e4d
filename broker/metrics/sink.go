package metrics

import (
	"math"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

// family is a metric name with its labels.
type family struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
}

func gauge(name, help string, labels ...string) *family {
	return &family{prometheus.NewDesc(name, help, labels, nil), prometheus.GaugeValue}
}

func counter(name, help string, labels ...string) *family {
	return &family{prometheus.NewDesc(name, help, labels, nil), prometheus.CounterValue}
}

// UsesLabel tells that some metric has this label of its own.
func UsesLabel(name string) bool {
	return slices.Contains([]string{
		"cluster", "broker", "brokerIP", "brokerHost", "des", "boottime", "broker_version", "topic", "group", "countOfOnlineConsumers", "msgModel",
		"caddr", "localaddr", "clientAddr", "clientId", "node_type", "node_id", "processor", "is_system", "is_retry", "consumer_group",
		"language", "version", "protocol_type", "consume_mode", "storage_type", "storage_medium", "le", "quantile",
	}, name)
}

// sink passes the series of one scrape on, each family up to a limit.
type sink struct {
	ch      chan<- prometheus.Metric
	limit   int
	series  map[*family]int
	leftOut int
}

// add passes on one series; labels are in the order of the family's. A value
// that is not known yet is 0, as the exporter has it.
func (s *sink) add(f *family, value float64, labels ...string) {
	if s.full(f) {
		return
	}
	if math.IsNaN(value) {
		value = 0
	}
	s.send(prometheus.NewConstMetric(f.desc, f.kind, value, clean(labels)...))
}

// addInt is add.
func (s *sink) addInt(f *family, value int64, labels ...string) { s.add(f, float64(value), labels...) }

// addHistogram passes on a histogram: buckets[i] counts what is at most limits[i]
// and above the limit before; the last bucket has no limit.
func (s *sink) addHistogram(f *family, limits, buckets []int64, sum int64, labels ...string) {
	if s.full(f) {
		return
	}
	count, cumulative := uint64(0), make(map[float64]uint64, len(limits))
	for i, n := range buckets {
		count += uint64(max(0, n))
		if i < len(limits) {
			cumulative[float64(limits[i])] = count
		}
	}
	s.send(prometheus.NewConstHistogram(f.desc, count, float64(sum), cumulative, clean(labels)...))
}

// full counts one more series of f and tells that it has no room.
func (s *sink) full(f *family) bool {
	if s.series[f] >= s.limit {
		s.leftOut++
		return true
	}
	s.series[f]++
	return false
}

func (s *sink) send(m prometheus.Metric, err error) {
	if err != nil {
		m = prometheus.NewInvalidMetric(prometheus.NewInvalidDesc(err), err)
	}
	s.ch <- m
}

// maxLabelBytes is how much of a label is served: client ids are as long as clients like.
const maxLabelBytes = 4096

// clean returns labels cut, and with what is no UTF-8 replaced.
func clean(labels []string) []string {
	out := make([]string, len(labels))
	for i, l := range labels {
		out[i] = strings.ToValidUTF8(l[:min(len(l), maxLabelBytes)], "\uFFFD")
	}
	return out
}
