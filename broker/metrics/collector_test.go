package metrics

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/broker/view"
	"github.com/boostermq/booster/codec"
)

// gather is one scrape of a collector.
func gather(t *testing.T, c *Collector) map[string]*dto.MetricFamily {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	require.NoError(t, registry.Register(c))
	families, err := registry.Gather()
	require.NoError(t, err)
	byName := map[string]*dto.MetricFamily{}
	for _, f := range families {
		byName[f.GetName()] = f
	}
	return byName
}

func options(look func() *view.Broker) Options {
	return Options{Look: look, ExporterNames: true, NativeNames: true, CardinalityLimit: 50000, Log: slog.New(slog.DiscardHandler)}
}

func TestNotServing(t *testing.T) {
	got := gather(t, New(options(func() *view.Broker { return nil })))
	require.Len(t, got, 1)
	require.Zero(t, got["booster_up"].Metric[0].Gauge.GetValue())
}

// TestCap: a name has its limit, the rest is counted, said once, and said again
// when it happens anew.
func TestCap(t *testing.T) {
	v := &view.Broker{}
	fill := func(n int) {
		v.Topics = nil
		for i := range n {
			v.Topics = append(v.Topics, view.Topic{Name: fmt.Sprintf("T%03d", i), Kind: view.Normal})
		}
	}
	var log strings.Builder
	o := options(func() *view.Broker { return v })
	o.CardinalityLimit, o.Log = 10, slog.New(slog.NewTextHandler(&log, nil))
	c := New(o)
	for _, step := range []struct{ topics, left, logged int }{{10, 0, 0}, {13, 3, 1}, {14, 4, 1}, {5, 0, 1}, {11, 1, 2}} {
		fill(step.topics)
		got := gather(t, c)
		require.Len(t, got["rocketmq_producer_offset"].Metric, min(10, step.topics))
		require.EqualValues(t, step.left, got["booster_metrics_series_left_out"].Metric[0].Gauge.GetValue())
		require.Equal(t, step.logged, strings.Count(log.String(), "too many series"))
	}
	require.Contains(t, log.String(), "metricsOtelCardinalityLimit=10")
}

// TestIdleGroups: a group that is offline and stands still goes after a while and
// comes back when it moves.
func TestIdleGroups(t *testing.T) {
	start := time.UnixMilli(1_700_000_000_000)
	i := idleGroups{after: time.Hour}
	group := func(online bool, consumed int64) []view.Group {
		return []view.Group{{Name: "g", Online: online, Topics: []view.GroupTopic{{Topic: "T", Consumed: consumed}}}}
	}
	for _, step := range []struct {
		minute   time.Duration
		online   bool
		consumed int64
		shown    int
	}{{0, false, 5, 1}, {59, false, 5, 1}, {60, false, 5, 0}, {500, false, 5, 0}, {501, false, 6, 1}, {560, false, 6, 1}, {561, true, 6, 1}, {620, false, 6, 1}, {621, false, 6, 0}} {
		require.Len(t, i.filter(group(step.online, step.consumed), start.Add(step.minute*time.Minute)), step.shown, "minute %d", step.minute)
	}
	require.Empty(t, i.filter(nil, start))
	require.Empty(t, i.seen, "who is gone is forgotten")
	i = idleGroups{}
	require.Len(t, i.filter(group(false, 5), start.Add(10000*time.Hour)), 1, "0 = never")
}

// TestHostileLabels: what clients call themselves is cut and made text; the scrape goes on.
func TestHostileLabels(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	clients := []view.Client{{ID: "\xff\xfe", Addr: "192.0.2.1:1"}, {ID: long, Addr: "192.0.2.1:2"}, {ID: "a\"b\\c\n", Addr: "192.0.2.1:3"}}
	v := &view.Broker{Groups: []view.Group{{Name: "g", Online: true, Clients: clients, Topics: []view.GroupTopic{{Topic: "T"}}}}}
	o := options(func() *view.Broker { return v })
	o.Clients = func() (all []ClientStatus) {
		for _, c := range clients {
			all = append(all, ClientStatus{Group: "g", ClientID: c.ID, Addr: c.Addr, Topic: "T"})
		}
		return append(all, ClientStatus{Group: "g", ClientID: "gone", Addr: "192.0.2.9:9", Topic: "T"})
	}
	got := gather(t, New(o))
	require.Len(t, got["rocketmq_client_consume_rt"].Metric, 3, "and not the one who is gone")
	for _, f := range got {
		for _, m := range f.Metric {
			for _, l := range m.Label {
				require.LessOrEqual(t, len(l.GetValue()), maxLabelBytes+len("\uFFFD"))
			}
		}
	}
}

// TestBroadcast: members of a broadcasting group keep their offsets, so there are none to show.
func TestBroadcast(t *testing.T) {
	v := &view.Broker{Groups: []view.Group{{Name: "g", Online: true, MessageModel: view.Broadcasting, Topics: []view.GroupTopic{{Topic: "T", Counted: true}}}}}
	got := gather(t, New(options(func() *view.Broker { return v })))
	require.NotNil(t, got["rocketmq_consumer_tps"])
	require.NotNil(t, got["rocketmq_messages_out_total"])
	for _, name := range []string{"rocketmq_group_diff", "rocketmq_consumer_offset", "rocketmq_consumer_lag_messages"} {
		require.Nil(t, got[name], name)
	}
}

// TestClientPoll: rounds are bounded, whoever does not answer or answers nonsense
// costs only itself, and everybody has its turn.
func TestClientPoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		good := func(context.Context) ([]byte, error) {
			return []byte(`{"statusTable":{"T":{"consumeRT":2.5,"consumeFailedMsgs":7},"../x":{"consumeRT":1.0}}}`), nil
		}
		targets := []PollTarget{
			{Group: "g", ClientID: "good", Addr: "a", Ask: good},
			{Group: "g", ClientID: "silent", Ask: func(ctx context.Context) ([]byte, error) { <-ctx.Done(); return nil, ctx.Err() }},
			{Group: "g", ClientID: "refuses", Ask: func(context.Context) ([]byte, error) { return nil, errors.New("no") }},
			{Group: "g", ClientID: "nonsense", Ask: func(context.Context) ([]byte, error) { return []byte(`{"statusTable":[`), nil }},
			{Group: "g", ClientID: "endless", Ask: func(context.Context) ([]byte, error) { return make([]byte, pollAnswerBytes+1), nil }},
		}
		var online atomic.Pointer[[]PollTarget]
		online.Store(&targets)
		p := &ClientPoll{Targets: func() []PollTarget { return *online.Load() }, Interval: time.Minute, Log: slog.New(slog.DiscardHandler)}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); p.Run(ctx) }()
		require.Empty(t, p.Last())
		time.Sleep(time.Minute + pollTimeout + time.Second)
		synctest.Wait()
		require.Equal(t, []ClientStatus{{Group: "g", ClientID: "good", Addr: "a", Topic: "T", ConsumeStatus: codec.ConsumeStatus{ConsumeRT: 2.5, ConsumeFailedMsgs: 7}}}, p.Last())

		var many []PollTarget
		for i := range 2*pollTargets + 5 {
			many = append(many, PollTarget{Group: "g", ClientID: fmt.Sprint(i), Ask: good})
		}
		online.Store(&many)
		asked := map[string]bool{}
		for range 3 {
			time.Sleep(time.Minute)
			synctest.Wait()
			require.Len(t, p.Last(), pollTargets)
			for _, s := range p.Last() {
				asked[s.ClientID] = true
			}
		}
		require.Len(t, asked, len(many))
		stop()
		<-ended
	})
}
