package stats

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/boostermq/booster/codec"
)

// A window is sampled each interval and reaches back over samples-1 of them
// (spec/broker.md §12).
const (
	minuteInterval = 10 * time.Second
	minuteSamples  = 7
	hourInterval   = 10 * time.Minute
	hourSamples    = 7
	dayInterval    = time.Hour
	daySamples     = 25
)

// Item is one counter with its windows (Java: StatsItem). What it shows is the
// sum of what was added to it and of its sources.
type Item struct {
	value atomic.Int64 // what was counted: messages, bytes, ms
	times atomic.Int64 // in how many calls

	mu                sync.Mutex
	sources           []source
	minute, hour, day window
}

// source is a counter that several items show, so that a message is counted in
// one place only. times nil = its calls are not shown.
type source struct{ value, times *atomic.Int64 }

// Add counts value in times calls.
func (i *Item) Add(value, times int64) {
	i.value.Add(value)
	i.times.Add(times)
}

// Value returns what was counted since the item exists.
func (i *Item) Value() int64 {
	i.mu.Lock()
	defer i.mu.Unlock()
	value, _ := i.totals()
	return value
}

// Times returns in how many calls Value was counted.
func (i *Item) Times() int64 {
	i.mu.Lock()
	defer i.mu.Unlock()
	_, times := i.totals()
	return times
}

// totals sums up; i.mu is held.
func (i *Item) totals() (value, times int64) {
	value, times = i.value.Load(), i.times.Load()
	for _, s := range i.sources {
		value += s.value.Load()
		if s.times != nil {
			times += s.times.Load()
		}
	}
	return value, times
}

// attach makes i show s too; detach makes what s counted so far i's own.
func (i *Item) attach(s source) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.sources = append(i.sources, s)
}

func (i *Item) detach(s source) {
	i.mu.Lock()
	defer i.mu.Unlock()
	at := slices.Index(i.sources, s)
	if at < 0 {
		return
	}
	i.sources = slices.Delete(i.sources, at, at+1)
	i.value.Add(s.value.Load())
	if s.times != nil {
		i.times.Add(s.times.Load())
	}
}

// Data returns what the windows hold now.
func (i *Item) Data() codec.BrokerStatsData {
	i.mu.Lock()
	defer i.mu.Unlock()
	return codec.BrokerStatsData{StatsMinute: i.minute.compute(), StatsHour: i.hour.compute(), StatsDay: i.day.compute()}
}

// Counter is an item at one moment.
type Counter struct {
	Total     int64   // since the item exists
	MinuteSum int64   // over the last minute
	PerSecond float64 // over the last minute
}

// Counter returns i at this moment.
func (i *Item) Counter() Counter {
	i.mu.Lock()
	defer i.mu.Unlock()
	total, _ := i.totals()
	minute := i.minute.compute()
	return Counter{Total: total, MinuteSum: minute.Sum, PerSecond: minute.TPS}
}

// sampleMinute, sampleHour and sampleDay are called every minuteInterval,
// hourInterval and dayInterval.
func (i *Item) sampleMinute(nowMs int64) { i.sample(&i.minute, nowMs, minuteInterval, minuteSamples) }
func (i *Item) sampleHour(nowMs int64)   { i.sample(&i.hour, nowMs, hourInterval, hourSamples) }
func (i *Item) sampleDay(nowMs int64)    { i.sample(&i.day, nowMs, dayInterval, daySamples) }

func (i *Item) sample(w *window, nowMs int64, interval time.Duration, samples int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	value, times := i.totals()
	w.sample(callSnapshot{nowMs, times, value}, interval.Milliseconds(), samples)
}

// callSnapshot is one sample (Java: CallSnapshot).
type callSnapshot struct{ timestampMs, times, value int64 }

// window is the samples of one interval, oldest first. It is empty while
// nothing moved; last is then what all the samples would hold.
type window struct {
	samples []callSnapshot
	last    callSnapshot
	bornMs  int64 // an interval before the first sample; 0 = there was none yet
}

// sample adds now. The first sample ever is preceded by one of zero an interval
// before, as in Java; the first one after a rest by one of the unmoved values at
// the beginning of the window, which stands for all those the rest left out.
func (w *window) sample(now callSnapshot, intervalMs int64, samples int) {
	if len(w.samples) == 0 {
		if w.bornMs == 0 {
			w.bornMs = now.timestampMs - intervalMs
		}
		before := w.last
		before.timestampMs = max(w.bornMs, now.timestampMs-intervalMs*int64(samples-1))
		if now.value == before.value && now.times == before.times {
			return
		}
		w.samples = append(w.samples, before)
	}
	w.samples = append(w.samples, now)
	w.last = now
	w.trim(now.timestampMs-intervalMs*int64(samples-1), intervalMs, samples)
	if first := w.samples[0]; first.value == now.value && first.times == now.times {
		w.samples = nil // nothing moved all over the window
	}
}

// trim drops what is older than fromMs, give or take half an interval of
// lateness, and what is too many. A first sample that stands for several moves
// up while its successor is farther than an interval away.
func (w *window) trim(fromMs, intervalMs int64, samples int) {
	drop := max(0, len(w.samples)-samples)
	for ; drop < len(w.samples)-1; drop++ {
		first, second := &w.samples[drop], &w.samples[drop+1]
		for first.timestampMs < fromMs-intervalMs/2 && second.timestampMs-first.timestampMs > intervalMs*3/2 {
			first.timestampMs += intervalMs
		}
		if first.timestampMs >= fromMs-intervalMs/2 {
			break
		}
	}
	w.samples = append(w.samples[:0], w.samples[drop:]...)
}

// compute returns what was counted between the oldest and the newest sample.
func (w *window) compute() (s codec.BrokerStatsItem) {
	if len(w.samples) == 0 {
		return s
	}
	first, last := w.samples[0], w.samples[len(w.samples)-1]
	s.Sum = last.value - first.value
	if elapsedMs := last.timestampMs - first.timestampMs; elapsedMs > 0 {
		s.TPS = float64(s.Sum) * 1000 / float64(elapsedMs)
	}
	if times := last.times - first.times; times > 0 {
		s.Avgpt = float64(s.Sum) / float64(times)
	}
	return s
}
