package stats

import (
	"math"
	"time"
)

// StoreFigures is what a StoreStatsService knows at one moment.
type StoreFigures struct {
	BootMs                            int64
	PutTimes, PutSizeBytes, PutFailed int64 // messages, bytes, calls since boot
	PutMaxMs, GetMaxMs                int64 // the longest since boot

	PutDistribution        [classCount]int64 // of the last whole minute, by class of duration
	PutLatency99           float64           // ms, of the last whole minute
	PutLatency999          float64
	Put, GetFound, GetMiss Rates // puts count messages, reads count calls
	GetTotal, Transferred  Rates
	PutTotal, ReadTotal    Days
	History                []Moment // of the last ten minutes, oldest first
}

// Moment is how much was put and read around a time.
type Moment struct {
	AtMs                       int64
	PutPerSecond, GetPerSecond float64 // messages
}

// momentSamples is how many samples a Moment stands for.
const momentSamples = 5

// Rates are per second over the last 10, 60 and 600 s; NaN while the service
// has not run that long.
type Rates [3]float64

// Days are totals since boot: now, and at the last two midnights.
type Days struct{ Now, TodayMorning, YesterdayMorning int64 }

// rateSpans are how many samples the Rates reach back.
var rateSpans = [...]int{10, 60, 600}

// PutAverageSize is the mean size of a message in bytes, 0 when there is none.
func (f *StoreFigures) PutAverageSize() float64 {
	return float64(f.PutSizeBytes) / float64(max(1, f.PutTimes))
}

// Figures returns what is known now.
func (s *StoreStatsService) Figures() StoreFigures {
	s.mu.Lock()
	defer s.mu.Unlock()
	minute := s.putMinute
	if s.ticks < samplesPerPrint {
		minute = s.putNow.load()
	}
	return StoreFigures{
		BootMs: s.bootMs, PutTimes: s.putTimes.Load(), PutSizeBytes: s.putSizeBytes.Load(), PutFailed: s.putFailed.Load(),
		PutMaxMs: s.putMaxMs.Load(), GetMaxMs: s.getMaxMs.Load(),
		PutDistribution: minute.classes, PutLatency99: minute.percentileMs(0.99), PutLatency999: minute.percentileMs(0.999),
		Put:         s.rates(func(t throughput) int64 { return t.put }),
		GetFound:    s.rates(func(t throughput) int64 { return t.found }),
		GetMiss:     s.rates(func(t throughput) int64 { return t.miss }),
		GetTotal:    s.rates(func(t throughput) int64 { return t.found + t.miss }),
		Transferred: s.rates(func(t throughput) int64 { return t.transferred }),
		PutTotal:    Days{s.PutTotal(), s.put.todayMorning, s.put.yesterdayMorning},
		ReadTotal:   Days{s.GetTotal(), s.get.todayMorning, s.get.yesterdayMorning},
		History:     s.history(),
	}
}

// history works out the Moments; s.mu is held.
func (s *StoreStatsService) history() []Moment {
	moments := make([]Moment, 0, maxSamples/momentSamples)
	for i := (len(s.samples) - 1) % momentSamples; i+momentSamples < len(s.samples); i += momentSamples {
		from, to := s.samples[i], s.samples[i+momentSamples]
		seconds := float64(to.timestampMs-from.timestampMs) / 1000
		moments = append(moments, Moment{to.timestampMs, float64(to.put-from.put) / seconds, float64(to.transferred-from.transferred) / seconds})
	}
	return moments
}

// rates works out the Rates of a total; s.mu is held.
func (s *StoreStatsService) rates(total func(throughput) int64) (r Rates) {
	last := len(s.samples) - 1
	for i, span := range rateSpans {
		if last < span {
			r[i] = math.NaN()
			continue
		}
		from, to := s.samples[last-span], s.samples[last]
		elapsed := time.Duration(to.timestampMs-from.timestampMs) * time.Millisecond
		r[i] = float64(total(to)-total(from)) / elapsed.Seconds()
	}
	return r
}
