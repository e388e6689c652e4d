package broker

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
	"github.com/boostermq/booster/internal/vfs"
)

// withHTTP serves metrics and page on a free port.
func withHTTP(c *Config) { c.Booster.MetricsPromExporterPort = 0 }

// httpGet returns status and text of an answer.
func httpGet(t testing.TB, b *Controller, path string) (status int, text string) {
	t.Helper()
	client := &http.Client{Timeout: answerTimeout, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get("http://" + b.HTTPAddr() + path)
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, errors.Join(err, resp.Body.Close()))
	return resp.StatusCode, string(body)
}

// scraped is one answer of /metrics.
type scraped map[string]*dto.MetricFamily

func scrape(t testing.TB, b *Controller) scraped {
	t.Helper()
	status, text := httpGet(t, b, "/metrics")
	require.Equal(t, 200, status, text)
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	require.NoError(t, err)
	return families
}

// value is that of the series of name whose labels hold all of labels ("topic=T1"), NaN-free; -1 when there is none.
func (s scraped) value(name string, labels ...string) float64 {
	found := s.find(name, labels...)
	switch {
	case found == nil:
		return -1
	case found.Counter != nil:
		return found.Counter.GetValue()
	case found.Histogram != nil:
		return float64(found.Histogram.GetSampleCount())
	}
	return found.Gauge.GetValue()
}

func (s scraped) find(name string, labels ...string) *dto.Metric {
	if s[name] == nil {
		return nil
	}
	for _, m := range s[name].Metric {
		var have []string
		for _, l := range m.Label {
			have = append(have, l.GetName()+"="+l.GetValue())
		}
		if !slices.ContainsFunc(labels, func(l string) bool { return !slices.Contains(have, l) }) {
			return m
		}
	}
	return nil
}

// requireList compares names, types and label sets with a list of testdata; names
// of the same prefixes that it does not have are too many.
func (s scraped) requireList(t testing.TB, files ...string) {
	t.Helper()
	listed := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile("metrics/testdata/" + file)
		require.NoError(t, err)
		for line := range strings.Lines(string(text)) {
			parts := strings.Split(strings.TrimSpace(line), "\t")
			name, want := parts[0], strings.Split(parts[2], ",")
			listed[name] = true
			family := s[name]
			require.NotNil(t, family, "%s is not served", name)
			require.Equal(t, parts[1], strings.ToLower(family.GetType().String()), name)
			slices.Sort(want)
			for _, m := range family.Metric {
				var have []string
				for _, l := range m.Label {
					have = append(have, l.GetName())
				}
				slices.Sort(have)
				require.Equal(t, want, have, name)
			}
		}
	}
	for name := range s {
		require.True(t, listed[name] || !strings.HasPrefix(name, "rocketmq_"), "%s is served but not listed", name)
	}
}

// workedBroker is a broker with known traffic: 10 messages in T1 of which cg
// consumed 6, 3 dead letters of cg which dead-reader did not consume, one of two
// half messages committed, one consumer that tells how it does.
func workedBroker(t *testing.T, change func(c *Config)) (b *Controller, consumer *peer) {
	t.Helper()
	b = startBroker(t, func(c *Config) {
		withHTTP(c)
		c.Booster.MetricsClientPollSeconds = 1
		if change != nil {
			change(c)
		}
	})
	producer := dial(t, b)
	putMessages(t, b, producer, "T1", 10)
	producer.heartBeatOf("pg")

	consumer = dial(t, b)
	reader := consumerOf("dead-reader", "%DLQ%cg")
	requireAnswer(t, consumer.do(codec.HeartBeat, nil, heartbeatBody(t, "c1", consumerOf("cg", "T1", "%RETRY%cg"))), codec.Success, "")
	requireAnswer(t, consumer.do(codec.HeartBeat, nil, heartbeatBody(t, "c1", reader)), codec.Success, "")
	resp := consumer.do(codec.PullMessage, pullHeader("cg", "T1", 0), nil)
	requireAnswer(t, resp, codec.Success, "FOUND")
	consumer.commit("cg", "T1", 0, 6)
	for i := range 3 {
		h := sendBackHeader("cg", b.store.CommitLogOffsetInQueue("T1", 0, int64(i)))
		h.DelayLevel = -1 // gives up at once
		requireAnswer(t, consumer.sendBack(h), codec.Success, "")
	}
	lastMessage(t, b, "%DLQ%cg", 2)
	consumer.commit("dead-reader", "%DLQ%cg", 0, 1)
	return b, consumer
}

func (p *peer) commit(group, topic string, queueID int32, offset int64) {
	p.t.Helper()
	p.do(codec.UpdateConsumerOffset, &codec.UpdateConsumerOffsetRequestHeader{ConsumerGroup: group, Topic: topic, QueueID: queueID, CommitOffset: offset}, nil)
}

// tellHowItDoes answers every 307 until the connection ends; nobody else may
// read from it any more.
func (p *peer) tellHowItDoes() {
	p.t.Helper()
	body, err := fastjson.Marshal(&codec.ConsumerRunningInfo{StatusTable: map[string]codec.ConsumeStatus{
		"T1": {PullRT: 1.5, PullTPS: 2.5, ConsumeRT: 3.5, ConsumeOKTPS: 4.5, ConsumeFailedTPS: 5.5, ConsumeFailedMsgs: 6},
	}})
	require.NoError(p.t, err)
	require.NoError(p.t, p.conn.SetReadDeadline(time.Time{}))
	var answering sync.WaitGroup
	answering.Go(func() {
		for {
			cmd, err := readFrame(p.in)
			if err != nil {
				return // the connection is closed at the end of the test, if not before
			}
			if cmd.Code != codec.GetConsumerRunningInfo {
				continue
			}
			frame, err := codec.AppendFrame(nil, &codec.Command{Code: codec.Success, Opaque: cmd.Opaque, Flag: codec.FlagResponse, Version: codec.CurrentVersion, Body: body})
			if err == nil {
				_, err = p.conn.Write(frame)
			}
			if err != nil {
				return
			}
		}
	})
	p.t.Cleanup(func() {
		if err := p.conn.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			p.t.Error(err)
		}
		answering.Wait()
	})
}

// TestMetrics: every name of the exporter and of the 5.x list is served with its
// type and labels, and the values are those of the traffic.
func TestMetrics(t *testing.T) {
	t.Parallel()
	b, consumer := workedBroker(t, nil)
	consumer.tellHowItDoes()
	var s scraped
	require.Eventually(t, func() bool { s = scrape(t, b); return s["rocketmq_client_consume_rt"] != nil }, answerTimeout, 50*time.Millisecond)
	require.Eventually(t, func() bool { s = scrape(t, b); return s.value("rocketmq_producer_tps", "topic=T1") > 0 }, 25*time.Second, 100*time.Millisecond,
		"rates are sampled every 10 s")
	s.requireList(t, "exporter_metrics.tsv", "native_metrics.tsv")

	broker := []string{"cluster=SpecC", "broker=spec-a"}
	node := []string{"cluster=SpecC", "node_type=broker", "node_id=spec-a"}
	of := func(base []string, more ...string) []string { return append(slices.Clone(base), more...) }
	addr := consumer.localAddr()
	for _, c := range []struct {
		name   string
		labels []string
		want   float64
	}{
		{"booster_up", nil, 1},
		{"booster_metrics_series_left_out", nil, 0},
		{"rocketmq_producer_offset", of(broker, "topic=T1"), 10},
		{"rocketmq_topic_dlq_offset", of(broker, "group=cg"), 3},
		{"rocketmq_topic_retry_offset", of(broker, "topic=%RETRY%cg"), 0},
		{"rocketmq_producer_count", of(broker, "group=pg"), 2}, // the consumer's heart-beat names it too
		{"rocketmq_consumer_offset", of(broker, "topic=T1", "group=cg"), 6},
		{"rocketmq_group_consume_total_offset", of(broker, "topic=T1", "group=cg"), 6},
		{"rocketmq_group_diff", []string{"group=cg", "topic=T1", "countOfOnlineConsumers=1", "msgModel=1"}, 4},
		{"rocketmq_group_retrydiff", []string{"group=cg", "topic=%RETRY%cg", "countOfOnlineConsumers=1"}, 0},
		{"rocketmq_group_dlqdiff", []string{"group=dead-reader", "topic=%DLQ%cg"}, 2},
		{"rocketmq_group_count", []string{"group=cg", "caddr=" + addr, "localaddr=c1"}, 1},
		{"rocketmq_client_consume_fail_msg_count", []string{"clientAddr=" + addr, "clientId=c1", "group=cg", "topic=T1"}, 6},
		{"rocketmq_client_consume_fail_msg_tps", []string{"group=cg"}, 5.5},
		{"rocketmq_client_consume_ok_msg_tps", []string{"group=cg"}, 4.5},
		{"rocketmq_client_consume_rt", []string{"group=cg"}, 3.5},
		{"rocketmq_client_consumer_pull_rt", []string{"group=cg"}, 1.5},
		{"rocketmq_client_consumer_pull_tps", []string{"group=cg"}, 2.5},
		{"rocketmq_brokeruntime_msg_put_total_today_now", []string{"brokerIP=" + b.Addr(), "brokerHost=spec-a"}, 13}, // with the dead letters
		{"rocketmq_brokeruntime_putmessage_times_total", nil, 13},
		{"rocketmq_brokeruntime_msg_gettotal_today_now", nil, 10},
		{"rocketmq_brokeruntime_commitlog_maxoffset", nil, float64(b.store.MaxPhyOffset())},
		{"rocketmq_brokeruntime_dispatch_behind_bytes", nil, 0},
		{"rocketmq_messages_in_total", of(node, "topic=T1", "is_system=false"), 10},
		{"rocketmq_message_size", of(node, "topic=T1"), 10},
		{"rocketmq_messages_out_total", of(node, "topic=T1", "consumer_group=cg", "is_retry=false"), 10},
		{"rocketmq_consumer_lag_messages", of(node, "topic=T1", "consumer_group=cg", "is_retry=false", "is_system=false"), 4},
		{"rocketmq_consumer_lag_messages", of(node, "topic=%RETRY%cg", "consumer_group=cg", "is_retry=true"), 0},
		{"rocketmq_send_to_dlq_messages_total", of(node, "consumer_group=cg"), 3},
		{"rocketmq_consumer_connections", of(node, "consumer_group=cg", "language=java", "consume_mode=push", "protocol_type=remoting"), 1},
		{"rocketmq_topic_number", node, float64(len(b.topics.Snapshot()))},
		{"rocketmq_broker_permission", node, 6},
	} {
		require.Equal(t, c.want, s.value(c.name, c.labels...), "%s%v", c.name, c.labels)
	}
	require.Positive(t, s.value("rocketmq_group_get_latency_by_storetime", "topic=T1", "group=cg"))
	require.Positive(t, s.value("rocketmq_consumer_lag_latency", "topic=T1", "consumer_group=cg"))
	size := s.find("rocketmq_message_size", "topic=T1").Histogram
	require.EqualValues(t, 10, size.Bucket[0].GetCumulativeCount(), "all are below 1 KiB")
	require.Equal(t, s.value("rocketmq_throughput_in_total", "topic=T1"), size.GetSampleSum())

	// Who is gone is gone from the next answer.
	require.NoError(t, consumer.conn.Close())
	require.Eventually(t, func() bool { return b.consumers.Group("cg") == nil }, answerTimeout, time.Millisecond)
	require.Eventually(t, func() bool { s = scrape(t, b); return s.value("rocketmq_group_count", "group=cg") == 0 }, answerTimeout, 50*time.Millisecond)
	require.Nil(t, s["rocketmq_client_consume_rt"])
	require.EqualValues(t, 4, s.value("rocketmq_group_diff", "group=cg", "topic=T1", "countOfOnlineConsumers=0"), "its lag goes on being a worry")
	b.offsets.RemoveGroup("cg")
	require.Eventually(t, func() bool { return scrape(t, b).find("rocketmq_group_diff", "group=cg") == nil }, answerTimeout, 50*time.Millisecond)
}

// TestMetricsSettings: each family can be switched off, so can all of it; labels
// can be added; a name is capped, which is said.
func TestMetricsSettings(t *testing.T) {
	names := func(change func(c *BoosterConfig)) scraped {
		return scrape(t, startBroker(t, func(c *Config) { withHTTP(c); change(&c.Booster) }))
	}
	s := names(func(c *BoosterConfig) { c.MetricsNativeNames = false })
	require.NotNil(t, s["rocketmq_broker_tps"])
	require.Nil(t, s["rocketmq_topic_number"])
	s = names(func(c *BoosterConfig) { c.MetricsExporterNames = false })
	require.Nil(t, s["rocketmq_broker_tps"])
	require.NotNil(t, s["rocketmq_topic_number"])
	s = names(func(c *BoosterConfig) { c.MetricsLabel = "Env:prod, Cluster:DefaultCluster" })
	require.NotNil(t, s.find("rocketmq_broker_tps", "Env=prod", "Cluster=DefaultCluster", "cluster=SpecC"))
	s = names(func(c *BoosterConfig) { c.MetricsOtelCardinalityLimit = 2 })
	require.Len(t, s["rocketmq_producer_offset"].Metric, 2)
	require.Positive(t, s.value("booster_metrics_series_left_out"))

	b := startBroker(t, func(c *Config) {
		withHTTP(c)
		c.Booster.MetricsExporterType = MetricsDisable
		c.Booster.WebEnable = false
	})
	for path, want := range map[string]int{"/metrics": 404, "/": 404, "/api/overview": 404, "/debug/pprof/": 404, "/healthz": 200, "/readyz": 200} {
		status, _ := httpGet(t, b, path)
		require.Equal(t, want, status, path)
	}
	b = startBroker(t, func(c *Config) { withHTTP(c); c.Booster.PprofEnable = true })
	status, text := httpGet(t, b, "/debug/pprof/goroutine?debug=1")
	require.Equal(t, 200, status)
	require.Contains(t, text, "goroutine profile")
	require.Empty(t, startBroker(t, nil).HTTPAddr(), "-1 serves nothing")

	for _, bad := range []string{"Env", ":prod", "cluster:x", "topic:x"} {
		c := testConfig(t)
		withHTTP(&c)
		c.Booster.MetricsLabel = bad
		b, err := New(c, Options{Log: testLog(t)})
		require.NoError(t, err)
		require.ErrorContains(t, b.Start(t.Context()), "metricsLabel="+bad)
	}
}

// lockedText is a log that tests read while it is written.
type lockedText struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lockedText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lockedText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// TestMetricsPortInUse: one warning, and the broker serves.
func TestMetricsPortInUse(t *testing.T) {
	first := startBroker(t, withHTTP)
	var port int
	_, err := fmt.Sscanf(first.HTTPAddr(), "127.0.0.1:%d", &port)
	require.NoError(t, err)
	log := &lockedText{}
	second := startBrokerWith(t, Options{Log: slog.New(slog.NewTextHandler(log, nil))}, func(c *Config) { c.Booster.MetricsPromExporterPort = port })
	require.Empty(t, second.HTTPAddr())
	require.Equal(t, 1, strings.Count(log.String(), "level=WARN"), log.String())
	require.Contains(t, log.String(), "metricsPromExporterPort")
	putMessages(t, second, dial(t, second), "T1", 1)
}

// TestHealth: what /healthz and /readyz say of a broker that starts, of one whose
// store is broken, of one that nobody may use, and of one that stops.
func TestHealth(t *testing.T) {
	health := func(b *Controller, wantHealthz, wantReadyz string) {
		t.Helper()
		for path, want := range map[string]string{"/healthz": wantHealthz, "/readyz": wantReadyz} {
			status, text := httpGet(t, b, path)
			require.Equal(t, want, strings.TrimSpace(text), path)
			require.Equal(t, want == "ok", status == 200, path)
		}
	}
	c := testConfig(t)
	withHTTP(&c)
	b, err := New(c, Options{Log: testLog(t)})
	require.NoError(t, err)
	require.NoError(t, b.startHTTP(t.Context()))
	health(b, "ok", "the broker is starting: its store is being recovered")
	require.EqualValues(t, 0, scrape(t, b).value("booster_up"))
	status, text := httpGet(t, b, "/api/overview")
	require.Equal(t, 503, status)
	require.JSONEq(t, `{"error":"the broker is starting: its store is being recovered"}`, text)
	require.NoError(t, b.stopHTTP(t.Context()))

	b = startBroker(t, withHTTP)
	health(b, "ok", "ok")
	require.NoError(t, b.stopObserving(t.Context()))
	health(b, "ok", "the broker is shutting down")
	b.observer.setPhase(serving)
	for perm, want := range map[int32]string{
		codec.PermRead | codec.PermWrite: "ok", codec.PermRead: "ok", codec.PermWrite: "ok", 0: "brokerPermission=0 lets nobody read or write",
	} {
		changed := *b.Config()
		changed.Broker.BrokerPermission = perm
		b.conf.current.Store(&changed)
		health(b, "ok", want)
	}
}

// TestHealthOfBrokenStore: a write of the log that failed is said by both; a
// broker that nobody may write to is not the worse for it.
func TestHealthOfBrokenStore(t *testing.T) {
	fsys := vfs.NewFaultFS(vfs.OS(), nil)
	b := startBrokerWith(t, Options{Log: testLog(t), FS: fsys}, withHTTP)
	p := dial(t, b)
	putMessages(t, b, p, "T1", 1)
	fsys.Inject(func(op vfs.Op) (f vfs.Fault) {
		if op.Kind == vfs.OpWrite && strings.Contains(op.Path, "commitlog") {
			f.Err = syscall.EIO
		}
		return f
	})
	require.NotEqual(t, codec.Success, p.sendV2(sendHeader("T1"), "lost").Code)
	for _, path := range []string{"/healthz", "/readyz"} {
		status, text := httpGet(t, b, path)
		require.Equal(t, 503, status)
		require.Equal(t, "the store is not writeable: a write or sync of the commit log failed\n", text)
	}
	changed := *b.Config()
	changed.Broker.BrokerPermission = codec.PermRead
	b.conf.current.Store(&changed)
	status, text := httpGet(t, b, "/readyz")
	require.Equal(t, 200, status, text)
}
