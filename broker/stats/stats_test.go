package stats

import (
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/boostermq/booster/codec"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The numbers of each step were seen from Java's StatsItem.
func TestWindow(t *testing.T) {
	const interval, samples = 10_000, 7
	type step struct {
		add  callSnapshot // times and value added before the sample
		want codec.BrokerStatsItem
		kept int
	}
	var w window
	now := callSnapshot{timestampMs: 1_000_000}
	run := func(name string, steps []step) {
		t.Helper()
		for i, s := range steps {
			now.timestampMs += interval
			now.times += s.add.times
			now.value += s.add.value
			w.sample(now, interval, samples)
			require.Equal(t, s.want, w.compute(), "%s, step %d", name, i)
			require.Len(t, w.samples, s.kept, "%s, step %d", name, i)
		}
	}
	run("the first sample follows one of zero", []step{
		{callSnapshot{0, 10, 100}, codec.BrokerStatsItem{Sum: 100, TPS: 10, Avgpt: 10}, 2},
		{callSnapshot{0, 0, 0}, codec.BrokerStatsItem{Sum: 100, TPS: 5, Avgpt: 10}, 3},
		{callSnapshot{0, 1, 50}, codec.BrokerStatsItem{Sum: 150, TPS: 5, Avgpt: 150.0 / 11}, 4},
		{callSnapshot{0, 0, 0}, codec.BrokerStatsItem{Sum: 150, TPS: 3.75, Avgpt: 150.0 / 11}, 5},
		{callSnapshot{0, 0, 0}, codec.BrokerStatsItem{Sum: 150, TPS: 3, Avgpt: 150.0 / 11}, 6},
		{callSnapshot{0, 0, 0}, codec.BrokerStatsItem{Sum: 150, TPS: 2.5, Avgpt: 150.0 / 11}, 7},
		{callSnapshot{0, 0, 0}, codec.BrokerStatsItem{Sum: 50, TPS: 50.0 / 60, Avgpt: 50}, 7},
		{callSnapshot{0, 0, 0}, codec.BrokerStatsItem{Sum: 50, TPS: 50.0 / 60, Avgpt: 50}, 7},
		{callSnapshot{0, 0, 0}, codec.BrokerStatsItem{}, 0},
		{callSnapshot{0, 0, 0}, codec.BrokerStatsItem{}, 0},
	})
	run("after a rest", []step{
		{callSnapshot{0, 0, 60}, codec.BrokerStatsItem{Sum: 60, TPS: 1}, 2},
		{callSnapshot{0, 2, 40}, codec.BrokerStatsItem{Sum: 100, TPS: 100.0 / 60, Avgpt: 50}, 3},
	})
}

// With rests of any length the window shows what Java's, which samples them all, does.
func TestWindowAgainstPlainList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const interval, samples = 10_000, 7
		var w window
		plain := []callSnapshot{{timestampMs: 5}}
		now := callSnapshot{timestampMs: 5}
		for _, moved := range rapid.SliceOfN(rapid.SampledFrom([]int64{0, 0, 0, 3, 5}), 1, 60).Draw(t, "moved") {
			now.timestampMs += interval
			now.times += min(moved, 1)
			now.value += moved
			w.sample(now, interval, samples)
			if plain = append(plain, now); len(plain) > samples {
				plain = plain[1:]
			}
			all := window{samples: plain}
			want, got := all.compute(), w.compute()
			if want != got && want.Sum != 0 {
				t.Fatalf("want %v, got %v", want, got)
			}
			if want.Sum == 0 && got.Sum != 0 {
				t.Fatalf("at rest, got %v", got)
			}
		}
	})
}

func TestSampling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := New(Options{ClusterName: "C"})
		m.Start()
		synctest.Wait()
		c := m.Put("T", 3)
		for range 60 {
			c.Add(10, 1000)
			time.Sleep(time.Second)
		}
		synctest.Wait()
		data, ok := m.Snapshot(TopicPutNums, "T")
		require.True(t, ok)
		require.Equal(t, codec.BrokerStatsItem{Sum: 600, TPS: 10, Avgpt: 10}, data.StatsMinute)
		require.Zero(t, data.StatsHour, "not sampled yet")
		time.Sleep(time.Hour)
		synctest.Wait()
		data, _ = m.Snapshot(TopicPutNums, "T")
		require.Zero(t, data.StatsMinute)
		require.EqualValues(t, 600, data.StatsHour.Sum)
		require.EqualValues(t, 600, data.StatsDay.Sum)
		require.InDelta(t, 600.0/3600, data.StatsDay.TPS, 1e-3)
		time.Sleep(26 * time.Hour)
		synctest.Wait()
		data, _ = m.Snapshot(TopicPutNums, "T")
		require.Zero(t, data)
		require.EqualValues(t, 600, m.Get(TopicPutNums, "T").Value())
		m.Shutdown()
	})
}

func TestCounters(t *testing.T) {
	for _, detail := range []bool{true, false} {
		t.Run(fmt.Sprint("detail ", detail), func(t *testing.T) {
			m := New(Options{ClusterName: "C", EnableDetailStat: func() bool { return detail }})
			m.Put("T", 3).Add(2, 200)
			m.Put("T", 3).Add(1, 100)
			m.Pull("G", "T", 3).Add(4, 400)
			m.Pull("G", "T", 3).AddLatency(7)
			m.IncSendBackNums("G", "T")
			got := map[string]string{}
			for _, name := range names() {
				m.Each(name, func(key string, item *Item) {
					if item.Value() != 0 {
						got[name+" "+key] = fmt.Sprint(item.Value(), "/", item.Times())
					}
				})
			}
			want := map[string]string{
				"TOPIC_PUT_NUMS T": "3/2", "TOPIC_PUT_SIZE T": "300/2", "BROKER_PUT_NUMS C": "3/0",
				"GROUP_GET_NUMS T@G": "4/1", "GROUP_GET_SIZE T@G": "400/1", "BROKER_GET_NUMS C": "4/0",
				"SNDBCK_PUT_NUMS T@G": "1/1", "GROUP_GET_LATENCY T@G": "7/1",
			}
			if detail {
				delete(want, "GROUP_GET_LATENCY T@G")
				for key, v := range map[string]string{"QUEUE_PUT_NUMS T@3": "3/2", "QUEUE_PUT_SIZE T@3": "300/2",
					"QUEUE_GET_NUMS T@3@G": "4/1", "QUEUE_GET_SIZE T@3@G": "400/1", "GROUP_GET_LATENCY 3@T@G": "7/1"} {
					want[key] = v
				}
			}
			require.Equal(t, want, got)
		})
	}
}

func TestSnapshotOfUnknown(t *testing.T) {
	m := New(Options{ClusterName: "C"})
	_, ok := m.Snapshot(TopicPutNums, "T")
	require.False(t, ok)
	_, ok = m.Snapshot("NO_SUCH_NAME", "T")
	require.False(t, ok)
	_, ok = m.Snapshot(GroupGetFallSize, "0@T@G")
	require.False(t, ok)
	_, ok = m.Snapshot(BrokerPutNums, "C")
	require.True(t, ok)
	m.Get("NO_SUCH_NAME", "T").Add(1, 1)
	require.Zero(t, m.TPSGroupGetNums("G", "T"))
}

func TestFall(t *testing.T) {
	m := New(Options{})
	m.Pull("G", "T", 1).SetFall(1000, 5)
	m.Pull("G", "T", 1).SetFall(900, 4)
	got := map[string]int64{}
	m.Each(GroupGetFallSize, func(key string, item *Item) { got["size "+key] = item.Value() })
	m.Each(GroupGetFallTime, func(key string, item *Item) { got["time "+key] = item.Value() })
	require.Equal(t, map[string]int64{"size 1@T@G": 900, "time 1@T@G": 4}, got)
}

func TestDeleted(t *testing.T) {
	build := func() *Manager {
		m := New(Options{ClusterName: "C", EnableDetailStat: func() bool { return true }})
		for _, topic := range []string{"T", "U", "0"} {
			m.Put(topic, 0).Add(1, 1)
			for _, group := range []string{"G", "H"} {
				m.Pull(group, topic, 0).Add(1, 1)
				m.Pull(group, topic, 0).SetFall(1, 1)
				m.IncSendBackNums(group, topic)
			}
		}
		return m
	}
	keys := func(m *Manager) (all []string) {
		for _, name := range append(names(), GroupGetFallSize, GroupGetFallTime) {
			m.Each(name, func(key string, _ *Item) { all = append(all, name+" "+key) })
		}
		return all
	}
	has := func(key, part string) bool {
		_, key, _ = strings.Cut(key, " ")
		parts := strings.Split(key, "@")
		if len(parts) > 1 && parts[0] == "0" && part != "0" {
			parts = parts[1:]
		}
		for _, p := range parts {
			if p == part {
				return true
			}
		}
		return false
	}
	total := len(keys(build()))

	m := build()
	old := m.Put("T", 0)
	m.OnTopicDeleted("T")
	for _, key := range keys(m) {
		require.False(t, has(key, "T"), key)
	}
	require.Less(t, len(keys(m)), total)
	require.NotSame(t, old, m.Put("T", 0))
	require.Zero(t, m.Get(TopicPutNums, "T").Value())
	require.EqualValues(t, 1, m.Get(TopicPutNums, "U").Value())
	require.EqualValues(t, 1, m.Get(GroupGetNums, "0@G").Value(), "a topic named like a queue")

	m = build()
	m.OnGroupDeleted("G")
	for _, key := range keys(m) {
		require.False(t, has(key, "G"), key)
	}
	require.EqualValues(t, 1, m.Get(GroupGetNums, "T@H").Value())
	require.EqualValues(t, 1, m.Get(TopicPutNums, "T").Value())
	require.EqualValues(t, 6, m.Get(BrokerGetNums, "C").Value(), "the broker's totals stay")
	m.Pull("G", "T", 0).Add(1, 1)
	require.EqualValues(t, 7, m.Get(BrokerGetNums, "C").Value())
}

func TestIdleItemsKeepNoSamples(t *testing.T) {
	item := new(Item)
	for i := range int64(100) {
		item.sampleMinute(i * 10_000)
		item.sampleHour(i * 600_000)
		item.sampleDay(i * 3_600_000)
	}
	require.Nil(t, item.minute.samples)
	require.Nil(t, item.hour.samples)
	require.Nil(t, item.day.samples)
}

func TestConcurrentCounting(t *testing.T) {
	m := New(Options{ClusterName: "C"})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for n := range 1000 {
				m.Put(fmt.Sprint("T", n%10), int32(n%4)).Add(1, 10)
				m.Pull("G", fmt.Sprint("T", n%10), 0).Add(1, 10)
			}
		})
	}
	for range 10 {
		m.sample((*Item).sampleMinute)
		m.Snapshot(TopicPutNums, "T1")
	}
	wg.Wait()
	require.EqualValues(t, 4000, m.Get(BrokerPutNums, "C").Value())
	require.EqualValues(t, 400, m.Get(TopicPutNums, "T1").Value())
	require.EqualValues(t, 400, m.Get(GroupGetNums, "T1@G").Value())
}

func TestCountingAllocatesNothing(t *testing.T) {
	m := New(Options{ClusterName: "C"})
	topic, group := string([]byte("Topic")), string([]byte("Group"))
	step := func() {
		m.Put(topic, 3).Add(1, 100)
		m.Pull(group, topic, 3).Add(1, 100)
	}
	step()
	require.Zero(t, testing.AllocsPerRun(100, step))
}

func TestStoreStatsService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewStoreStatsService()
		s.Start()
		table := s.Table()
		require.Equal(t, map[string]string{
			"bootTimestamp": fmt.Sprint(time.Now().UnixMilli()), "runtime": "[ 0 days, 0 hours, 0 minutes, 0 seconds ]",
			"putMessageEntireTimeMax": "0", "getMessageEntireTimeMax": "0", "putMessageTimesTotal": "1", "putMessageFailedTimes": "0",
			"putMessageSizeTotal": "0", "putMessageAverageSize": "0.0", "putLatency99": "0.00", "putLatency999": "0.00",
			"putMessageDistributeTime": "[<=0ms]:0 [0~10ms]:0 [10~50ms]:0 [50~100ms]:0 [100~200ms]:0 [200~500ms]:0 [500ms~1s]:0 " +
				"[1~2s]:0 [2~3s]:0 [3~4s]:0 [4~5s]:0 [5~10s]:0 [10s~]:0 ",
			"putTps": "  ", "getFoundTps": "  ", "getMissTps": "  ", "getTotalTps": "0.0 0.0 0.0", "getTransferedTps": "  ",
			"msgPutTotalTodayNow": "0", "msgPutTotalTodayMorning": "0", "msgPutTotalYesterdayMorning": "0",
			"msgGetTotalTodayNow": "0", "msgGetTotalTodayMorning": "0", "msgGetTotalYesterdayMorning": "0",
		}, table)

		for range 601 {
			s.PutDone(3, 300, 500*time.Microsecond)
			s.PutDone(1, 100, 15*time.Millisecond)
			s.GetFound(8, 2*time.Millisecond)
			s.GetMiss(time.Microsecond)
			time.Sleep(time.Second)
			synctest.Wait()
		}
		s.PutFailed()
		history := s.Figures().History
		require.Len(t, history, 120, "five seconds each")
		require.Equal(t, Moment{time.Now().UnixMilli(), 4, 8}, history[119])
		table = s.Table()
		require.Equal(t, "4.0 4.0 4.0", table["putTps"])
		require.Equal(t, "1.0 1.0 1.0", table["getFoundTps"])
		require.Equal(t, "1.0 1.0 1.0", table["getMissTps"])
		require.Equal(t, "2.0 2.0 2.0", table["getTotalTps"])
		require.Equal(t, "8.0 8.0 8.0", table["getTransferedTps"])
		require.Equal(t, "15", table["putMessageEntireTimeMax"])
		require.Equal(t, "2", table["getMessageEntireTimeMax"])
		require.Equal(t, "2404", table["putMessageTimesTotal"])
		require.Equal(t, "240400", table["putMessageSizeTotal"])
		require.Equal(t, "100.0", table["putMessageAverageSize"])
		require.Equal(t, "1", table["putMessageFailedTimes"])
		require.True(t, strings.HasPrefix(table["putMessageDistributeTime"], "[<=0ms]:60 [0~10ms]:0 [10~50ms]:60 "), table["putMessageDistributeTime"])
		require.Equal(t, "16.38", table["putLatency99"])
		require.Equal(t, "[ 0 days, 0 hours, 10 minutes, 1 seconds ]", table["runtime"])

		s.Shutdown()

		tomorrow := time.Now().AddDate(0, 0, 1)
		s.sample(tomorrow)
		s.PutDone(1, 1, 0)
		require.Equal(t, []string{"2405", "2404", "0"}, today(s, "Put"))
		s.sample(tomorrow.Add(time.Minute))
		s.sample(tomorrow.AddDate(0, 0, 1))
		require.Equal(t, []string{"2405", "2405", "2404"}, today(s, "Put"))
		require.Equal(t, []string{"4808", "4808", "4808"}, today(s, "Get"))
	})
}

func today(s *StoreStatsService, what string) (values []string) {
	table := s.Table()
	for _, when := range []string{"TodayNow", "TodayMorning", "YesterdayMorning"} {
		values = append(values, table["msg"+what+"Total"+when])
	}
	return values
}

func TestHistogramBuckets(t *testing.T) {
	last := -1
	for us := int64(0); us < 1<<20; us += 1 + us/64 {
		i := bucketOf(us)
		require.GreaterOrEqual(t, i, last)
		require.Less(t, us, bucketLimitUs(i))
		if i > 0 {
			require.GreaterOrEqual(t, us, bucketLimitUs(i-1))
		}
		last = i
	}
	require.Equal(t, bucketCount-1, bucketOf(math.MaxInt64))
	require.Zero(t, bucketOf(-5))
}

func BenchmarkPutCounters(b *testing.B) {
	m := New(Options{ClusterName: "C"})
	b.Run("look up", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			m.Put("TopicOfSomeLength", 3).Add(1, 100)
		}
	})
	b.Run("at hand", func(b *testing.B) {
		c := m.Put("TopicOfSomeLength", 3)
		b.ReportAllocs()
		for b.Loop() {
			c.Add(1, 100)
		}
	})
	b.Run("while all is read", func(b *testing.B) {
		stop, stopped := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(stopped)
			for {
				select {
				case <-stop:
					return
				default:
					m.sample((*Item).sampleMinute)
					m.Snapshot(TopicPutNums, "TopicOfSomeLength")
				}
			}
		}()
		b.ReportAllocs()
		for b.Loop() {
			m.Put("TopicOfSomeLength", 3).Add(1, 100)
		}
		close(stop)
		<-stopped
	})
	b.Run("item", func(b *testing.B) {
		item := m.Get(TopicPutNums, "T")
		b.ReportAllocs()
		for b.Loop() {
			item.Add(1, 1)
		}
	})
}

func BenchmarkSampleIdle100k(b *testing.B) {
	m := New(Options{ClusterName: "C"})
	for i := range 100_000 {
		m.Get(QueuePutNums, fmt.Sprint(i))
	}
	m.sample((*Item).sampleMinute)
	b.ReportAllocs()
	for b.Loop() {
		m.sample((*Item).sampleMinute)
	}
}
