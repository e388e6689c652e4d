package stats

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/boostermq/booster/codec/fastjson"
)

const (
	samplingInterval = time.Second
	maxSamples       = 601 // ten minutes and where they began
	samplesPerPrint  = 60  // distribution and latencies are those of the last whole minute
)

// StoreStatsService counts what the store did, for code 28 (Java:
// StoreStatsService, BrokerStats). Counting is lock-free.
type StoreStatsService struct {
	bootMs int64

	putTimes, putSizeBytes, putFailed atomic.Int64
	putMaxMs, getMaxMs                atomic.Int64
	getFound, getMiss, getTransferred atomic.Int64
	putNow                            histogram // of the minute under way

	mu        sync.Mutex
	samples   []throughput
	ticks     int
	putMinute histogramCounts // the last whole minute; of the first one what there is
	day       int             // day of the year the totals below belong to
	put, get  dayTotals

	stop chan struct{}
	done sync.WaitGroup
}

// throughput is one sample of the totals since boot.
type throughput struct {
	timestampMs                   int64
	put, found, miss, transferred int64
}

// dayTotals are totals since boot at the last two midnights.
type dayTotals struct{ yesterdayMorning, todayMorning int64 }

// NewStoreStatsService returns a service that counts but does not sample yet.
func NewStoreStatsService() *StoreStatsService {
	now := time.Now()
	return &StoreStatsService{bootMs: now.UnixMilli(), day: now.YearDay(), stop: make(chan struct{})}
}

// Start starts sampling, one goroutine. Call it once.
func (s *StoreStatsService) Start() {
	s.done.Go(func() {
		ticker := time.NewTicker(samplingInterval)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				s.sample(time.Now())
			case <-s.stop:
				return
			}
		}
	})
}

// Shutdown stops sampling and waits for it. Call it once.
func (s *StoreStatsService) Shutdown() {
	close(s.stop)
	s.done.Wait()
}

// PutDone counts a put that the store took: messages of sizeBytes in all,
// elapsed from request to outcome.
func (s *StoreStatsService) PutDone(messages, sizeBytes int, elapsed time.Duration) {
	s.putTimes.Add(int64(messages))
	s.putSizeBytes.Add(int64(sizeBytes))
	s.putNow.add(elapsed)
	raise(&s.putMaxMs, elapsed.Milliseconds())
}

// Appended counts a message the broker stored by itself: nobody waited for it.
func (s *StoreStatsService) Appended(sizeBytes int) {
	s.putTimes.Add(1)
	s.putSizeBytes.Add(int64(sizeBytes))
}

// PutFailed counts a put that the store refused.
func (s *StoreStatsService) PutFailed() { s.putFailed.Add(1) }

// GetFound counts a read that gave messages.
func (s *StoreStatsService) GetFound(messages int, elapsed time.Duration) {
	s.getFound.Add(1)
	s.getTransferred.Add(int64(messages))
	raise(&s.getMaxMs, elapsed.Milliseconds())
}

// GetMiss counts a read that gave nothing.
func (s *StoreStatsService) GetMiss(elapsed time.Duration) {
	s.getMiss.Add(1)
	raise(&s.getMaxMs, elapsed.Milliseconds())
}

// PutTotal returns how many messages were put since boot, GetTotal how many were read.
func (s *StoreStatsService) PutTotal() int64 { return s.putTimes.Load() }

// GetTotal returns how many messages were read since boot.
func (s *StoreStatsService) GetTotal() int64 { return s.getTransferred.Load() }

func raise(highest *atomic.Int64, v int64) {
	for {
		old := highest.Load()
		if v <= old || highest.CompareAndSwap(old, v) {
			return
		}
	}
}

func (s *StoreStatsService) sample(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.samples) == maxSamples {
		s.samples = append(s.samples[:0], s.samples[1:]...)
	}
	s.samples = append(s.samples, throughput{now.UnixMilli(), s.putTimes.Load(), s.getFound.Load(), s.getMiss.Load(), s.getTransferred.Load()})
	if s.ticks++; s.ticks%samplesPerPrint == 0 {
		s.putMinute = s.putNow.take()
	}
	if day := now.YearDay(); day != s.day {
		s.day = day
		s.put = dayTotals{s.put.todayMorning, s.PutTotal()}
		s.get = dayTotals{s.get.todayMorning, s.GetTotal()}
	}
}

// Table returns the entries of code 28 this service knows (spec/broker.md §12).
//
// Differences from Java: in the first minute the distribution is that of what
// there is, not the text null.
func (s *StoreStatsService) Table() map[string]string {
	f := s.Figures()
	decimal := func(v int64) string { return strconv.FormatInt(v, 10) }
	return map[string]string{
		"bootTimestamp":               decimal(f.BootMs),
		"runtime":                     formatRuntime(time.Now().UnixMilli() - f.BootMs),
		"putMessageEntireTimeMax":     decimal(f.PutMaxMs),
		"getMessageEntireTimeMax":     decimal(f.GetMaxMs),
		"putMessageTimesTotal":        decimal(max(1, f.PutTimes)),
		"putMessageFailedTimes":       decimal(f.PutFailed),
		"putMessageSizeTotal":         decimal(f.PutSizeBytes),
		"putMessageAverageSize":       javaDouble(f.PutAverageSize()),
		"putMessageDistributeTime":    formatDistribution(f.PutDistribution),
		"putLatency99":                fmt.Sprintf("%.2f", f.PutLatency99),
		"putLatency999":               fmt.Sprintf("%.2f", f.PutLatency999),
		"putTps":                      formatRates(f.Put, ""),
		"getFoundTps":                 formatRates(f.GetFound, ""),
		"getMissTps":                  formatRates(f.GetMiss, ""),
		"getTotalTps":                 formatRates(f.GetTotal, "0.0"),
		"getTransferedTps":            formatRates(f.Transferred, ""),
		"msgPutTotalTodayNow":         decimal(f.PutTotal.Now),
		"msgPutTotalTodayMorning":     decimal(f.PutTotal.TodayMorning),
		"msgPutTotalYesterdayMorning": decimal(f.PutTotal.YesterdayMorning),
		"msgGetTotalTodayNow":         decimal(f.ReadTotal.Now),
		"msgGetTotalTodayMorning":     decimal(f.ReadTotal.TodayMorning),
		"msgGetTotalYesterdayMorning": decimal(f.ReadTotal.YesterdayMorning),
	}
}

// formatRates separates the rates by blanks; one not known yet is unknown.
func formatRates(r Rates, unknown string) string {
	var text [len(r)]string
	for i, rate := range r {
		text[i] = unknown
		if !math.IsNaN(rate) {
			text[i] = javaDouble(rate)
		}
	}
	return strings.Join(text[:], " ")
}

func formatRuntime(ms int64) string {
	seconds := ms / 1000
	return fmt.Sprintf("[ %d days, %d hours, %d minutes, %d seconds ]", seconds/86400, seconds/3600%24, seconds/60%60, seconds%60)
}

// javaDouble renders f as Java's Double.toString; what is no number as 0.0.
func javaDouble(f float64) string {
	if text, err := fastjson.Marshal(f); err == nil && string(text) != "null" {
		return string(text)
	}
	return "0.0"
}
