package transaction

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/store"
)

// plan is what a producer will do with one message.
type plan struct {
	body     string
	decision int32 // unknown: never decided
	known    time.Duration
	tells    bool // by itself; else it has to be asked
	told     bool
	first    sent
	checks   int
}

// TestModel: producers that decide soon, late, when asked or never, that go away
// and come back, a store that refuses, restarts, kills and power cuts: every
// committed message arrives, once unless the power was cut, and no other does.
func TestModel(t *testing.T) {
	for seed := range uint64(90) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { runModel(t, rand.New(rand.NewPCG(seed, 1)), seed%3 == 0, seed%3 == 1) })
		})
	}
}

func runModel(t *testing.T, r *rand.Rand, kills, cuts bool) {
	w := newWorld(t)
	if cuts {
		w.store.set(func() { w.store.flushed = 0 })
	}
	w.set(func() { w.config.FileReserved = 1000 * time.Hour })
	plans := map[string]*plan{}
	now := func() time.Duration { return time.Since(w.begun) }
	for step := range 150 {
		switch n := r.IntN(40); {
		case n < 20:
			p := newPlan(r, fmt.Sprintf("m%d", step), now())
			immunity := ""
			if r.IntN(4) == 0 {
				immunity = fmt.Sprintf(";CHECK_IMMUNITY_TIME_IN_SECONDS=%d", r.IntN(4000))
			}
			p.first = w.send(t, message("T", 1, p.body, immunity))
			plans[p.body] = p
		case n < 22:
			w.set(func() { w.online["PG"] = r.IntN(2) == 0 })
		case n == 22:
			w.set(func() { w.failing = r.IntN(5) })
		case n == 23:
			w.store.set(func() { w.store.refuse = func(*codec.Message) store.PutStatus { return store.ServiceNotAvailable } })
			w.after(now() + time.Duration(r.IntN(100))*time.Second)
			w.store.set(func() { w.store.refuse = nil })
		case n == 24:
			w.restart()
		case n == 25 && kills:
			w.Shutdown()
			w.start()
		case n == 25 && cuts:
			w.Shutdown()
			w.store.cut()
			maps.DeleteFunc(plans, func(_ string, p *plan) bool { return p.first.phyOffset >= w.store.end })
			w.start()
		case n <= 30 && cuts:
			w.store.set(func() { w.store.flushed = w.store.end })
		default:
			w.after(now() + time.Duration(r.IntN(60_000))*time.Millisecond)
		}
		w.produce(t, r, plans, now())
	}
	w.set(func() { w.online["PG"] = true })
	w.store.set(func() { w.store.flushed = -1 })
	for range 4 * 60 {
		w.after(now() + time.Minute)
		w.produce(t, r, plans, now())
	}
	w.checkModel(t, plans, cuts)
}

func newPlan(r *rand.Rand, body string, now time.Duration) *plan {
	decisions := []int32{commit, commit, rollback, unknown}
	known := now
	if r.IntN(3) == 0 {
		known += time.Duration(r.IntN(150)) * time.Second
	}
	return &plan{body: body, decision: decisions[r.IntN(4)], known: known, tells: r.IntN(2) == 0}
}

// produce lets the producers do what is due.
func (w *world) produce(t *testing.T, r *rand.Rand, plans map[string]*plan, now time.Duration) {
	for _, p := range plans {
		if p.tells && !p.told && p.known <= now && p.decision != unknown {
			if got := w.end(p.first, p.decision); got.Code == codec.Success {
				p.told = true
			}
		}
	}
	w.mu.Lock()
	asked := w.asked
	w.asked = nil
	w.mu.Unlock()
	for _, a := range asked {
		p := plans[string(a.body.Body)]
		if p == nil {
			continue // cut off since
		}
		p.checks++
		decision := p.decision
		if p.known > now {
			decision = unknown
		}
		got := w.end(sent{a.header.TranStateTableOffset, a.header.CommitLogOffset}, decision)
		require.Equal(t, decision == unknown, got == nil)
		p.told = p.told || got != nil && got.Code == codec.Success
	}
}

func (w *world) checkModel(t *testing.T, plans map[string]*plan, cuts bool) {
	finals, lost := map[string]int{}, map[string]int{}
	for _, body := range w.finals(t) {
		finals[body]++
	}
	for _, body := range w.givenUp(t) {
		lost[body]++
	}
	for body, p := range plans {
		switch {
		case p.decision == unknown:
			require.Zero(t, finals[body], "%+v", p)
			require.GreaterOrEqual(t, lost[body], 1, "%+v", p)
			require.GreaterOrEqual(t, p.checks, 3, "%+v", p)
		case p.decision == rollback:
			require.Zero(t, finals[body], "%+v", p)
		case !p.told: // asked too early
			require.Equal(t, []int{0, 1, 3}, []int{finals[body], lost[body], p.checks}, "%+v", p)
		case cuts:
			require.GreaterOrEqual(t, finals[body], 1, "%+v", p)
		default:
			require.Equal(t, 1, finals[body], "%+v", p)
		}
		if !cuts && p.decision == unknown {
			require.Equal(t, 3, p.checks, "%+v", p)
			require.Equal(t, 1, lost[body], "%+v", p)
		}
	}
	w.stop()
	require.Zero(t, w.HalfMessages())
	half, op := w.halfMax(), w.opMax()
	if half > 0 {
		require.Equal(t, [2]int64{half, op}, [2]int64{w.doneOffsets()[0], max(0, w.doneOffsets()[1])})
	}
	w.start()
}
