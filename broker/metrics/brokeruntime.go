package metrics

import (
	"math"

	"github.com/boostermq/booster/broker/stats"
	"github.com/boostermq/booster/broker/view"
)

// runtimeFigure is one of the rocketmq_brokeruntime_ metrics: what the exporter
// reads from code 28.
type runtimeFigure struct {
	name  string
	value func(v *view.Broker) float64
}

func runtimeFigures() []runtimeFigure {
	figures := append(storeFigures(), logFigures()...)
	figures = append(figures, poolFigures()...)
	for i, class := range [...]string{"0ms", "0to10ms", "10to50ms", "50to100ms", "100to200ms", "200to500ms", "500to1s",
		"1to2s", "2to3s", "3to4s", "4to5s", "5to10s", "10stomore"} {
		figures = append(figures, runtimeFigure{"pmdt_" + class, func(v *view.Broker) float64 { return float64(v.Store.PutDistribution[i]) }})
	}
	for name, rates := range map[string]func(v *view.Broker) stats.Rates{
		"put":           func(v *view.Broker) stats.Rates { return v.Store.Put },
		"getfound":      func(v *view.Broker) stats.Rates { return v.Store.GetFound },
		"getmiss":       func(v *view.Broker) stats.Rates { return v.Store.GetMiss },
		"gettotal":      func(v *view.Broker) stats.Rates { return v.Store.GetTotal },
		"gettransfered": func(v *view.Broker) stats.Rates { return v.Store.Transferred },
	} {
		for i, span := range [...]string{"10", "60", "600"} {
			figures = append(figures, runtimeFigure{name + "_tps" + span, func(v *view.Broker) float64 { return rates(v)[i] }})
		}
	}
	return figures
}

// storeFigures are those of the statistics service.
func storeFigures() []runtimeFigure {
	return []runtimeFigure{
		{"msg_put_total_today_now", func(v *view.Broker) float64 { return float64(v.Store.PutTotal.Now) }},
		{"msg_puttotal_todaymorning", func(v *view.Broker) float64 { return float64(v.Store.PutTotal.TodayMorning) }},
		{"msg_puttotal_yesterdaymorning", func(v *view.Broker) float64 { return float64(v.Store.PutTotal.YesterdayMorning) }},
		{"msg_gettotal_today_now", func(v *view.Broker) float64 { return float64(v.Store.ReadTotal.Now) }},
		{"msg_gettotal_todaymorning", func(v *view.Broker) float64 { return float64(v.Store.ReadTotal.TodayMorning) }},
		{"msg_gettotal_yesterdaymorning", func(v *view.Broker) float64 { return float64(v.Store.ReadTotal.YesterdayMorning) }},
		{"put_message_size_total", func(v *view.Broker) float64 { return float64(v.Store.PutSizeBytes) }},
		{"put_message_average_size", func(v *view.Broker) float64 { return v.Store.PutAverageSize() }},
		{"putmessage_times_total", func(v *view.Broker) float64 { return float64(v.Store.PutTimes) }},
		{"putmessage_entire_time_max", func(v *view.Broker) float64 { return float64(v.Store.PutMaxMs) }},
		{"getmessage_entire_time_max", func(v *view.Broker) float64 { return float64(v.Store.GetMaxMs) }},
		{"put_latency_99", func(v *view.Broker) float64 { return v.Store.PutLatency99 }},
		{"put_latency_999", func(v *view.Broker) float64 { return v.Store.PutLatency999 }},
		{"start_accept_sendrequest_time", func(v *view.Broker) float64 { return float64(v.AcceptSendMs) }},
	}
}

// logFigures are those of the commit log and its disk. What only Java's store
// has is what code 28 says of it.
func logFigures() []runtimeFigure {
	return []runtimeFigure{
		{"commitlog_minoffset", func(v *view.Broker) float64 { return float64(v.Store.MinOffset) }},
		{"commitlog_maxoffset", func(v *view.Broker) float64 { return float64(v.Store.MaxOffset) }},
		{"remain_howmanydata_toflush", func(v *view.Broker) float64 { return float64(v.Store.FlushBehindBytes) }},
		{"dispatch_behind_bytes", func(v *view.Broker) float64 { return float64(v.Store.DispatchBehindBytes) }},
		{"earliest_message_timestamp", func(v *view.Broker) float64 { return float64(v.Store.EarliestMs) }},
		{"commitlog_disk_ratio", func(v *view.Broker) float64 { return v.Store.CommitLogDiskRatio }},
		{"consumequeue_disk_ratio", func(v *view.Broker) float64 { return v.Store.QueueDiskRatio }},
		{"commitlogdir_capacity_total", func(v *view.Broker) float64 { return float64(v.Store.Disk.Total) }},
		{"commitlogdir_capacity_free", func(v *view.Broker) float64 { return float64(v.Store.Disk.Free) }},
		{"dispatch_maxbuffer", func(*view.Broker) float64 { return 0 }},
		{"pagecache_lock_time_mills", func(*view.Broker) float64 { return 0 }},
		{"remain_transientstore_buffer_numbs", func(*view.Broker) float64 { return math.MaxInt32 }},
	}
}

// poolFigures are those of the executors; the exporter spells them as it likes.
func poolFigures() []runtimeFigure {
	size := func(p view.Pool) float64 { return float64(p.Size) }
	capacity := func(p view.Pool) float64 { return float64(p.Capacity) }
	headWait := func(p view.Pool) float64 { return float64(p.HeadWaitMs) }
	var figures []runtimeFigure
	for _, f := range []struct {
		name, pool string
		value      func(p view.Pool) float64
	}{
		{"send_threadpool_queue_size", "send", size},
		{"pull_threadpoolqueue_size", "pull", size},
		{"query_threadpoolqueue_size", "query", size},
		{"send_threadpoolqueue_capacity", "send", capacity},
		{"pull_threadpoolqueue_capacity", "pull", capacity},
		{"query_threadpool_queue_capacity", "query", capacity},
		{"send_threadpoolqueue_headwait_timemills", "send", headWait},
		{"pull_threadpoolqueue_headwait_timemills", "pull", headWait},
		{"query_threadpoolqueue_headwait_timemills", "query", headWait},
	} {
		figures = append(figures, runtimeFigure{f.name, func(v *view.Broker) float64 {
			for _, p := range v.Pools {
				if p.Name == f.pool {
					return f.value(p)
				}
			}
			return 0
		}})
	}
	return figures
}
