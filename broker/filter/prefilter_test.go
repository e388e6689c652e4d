package filter

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/vfs"
)

// prefilterModel drives a manager through heart-beats, messages, stops and
// crashes; pulls keep the filters they once got.
type prefilterModel struct {
	t        *testing.T
	rng      *rand.Rand
	o        Options
	m        *Manager
	version  int64
	held     []*ConsumerFilterData
	messages []prefilterMessage

	refused, wanted int
}

type prefilterMessage struct {
	topic, properties string
	storeMs           int64
	bitMap            []byte
}

func (x *prefilterModel) pick(from ...string) string { return from[x.rng.IntN(len(from))] }

func (x *prefilterModel) expression() string {
	atom := func() string {
		return fmt.Sprintf(x.pick("a = %d", "a > %d", "b < %d", "a BETWEEN 1 AND %d", "NOT b = %d", "b IS NULL OR a <> %d", "s IN ('%d', 'x')", "a > %d AND s > 5"), x.rng.IntN(6))
	}
	return atom() + x.pick("", "", " AND "+atom(), " OR "+atom())
}

func (x *prefilterModel) message() {
	var properties string
	for _, name := range []string{"a", "b", "s"} {
		if x.rng.IntN(4) != 0 {
			properties += props(name, x.pick("0", "1", "2", "3", "4", "5", "x", "-1.5"))
		}
	}
	msg := prefilterMessage{topic: x.pick("T", "U"), properties: properties, storeMs: nowMs() + int64(x.rng.IntN(4))} // the clock may go back
	if x.rng.IntN(8) != 0 {                                                                                           // else enableCalcFilterBitMap=false
		msg.bitMap = x.m.AppendBitMap(nil, msg.topic, properties, msg.storeMs)
	}
	x.messages = append(x.messages, msg)
}

func (x *prefilterModel) step() {
	group := x.pick("G", "H", "I")
	switch n := x.rng.IntN(40); {
	case n < 20:
		x.message()
	case n < 28:
		x.version++
		x.m.Register(group, []codec.SubscriptionData{subscription(x.pick("T", "U"), x.pick(x.expression(), x.expression(), "a > 2", "a >>"), x.version)})
	case n < 31:
		x.m.Unregister(group)
	case n < 34:
		if d := x.m.Get(x.pick("T", "U"), group); d != nil {
			x.held = append(x.held, d)
		}
	case n < 36:
		require.NoError(x.t, x.m.Persist())
	case n < 37:
		x.restart(x.rng.IntN(2) == 0)
	default:
		time.Sleep(time.Duration(x.rng.IntN(3)) * time.Millisecond)
	}
}

// restart is a stop, or a crash that loses what was not persisted; the settings may change.
func (x *prefilterModel) restart(clean bool) {
	if clean {
		require.NoError(x.t, x.m.Persist())
	}
	time.Sleep(4 * time.Millisecond)
	x.o.ExpectConsumerNumUseFilter = []int{8, 32, 74}[x.rng.IntN(3)]
	x.o.MaxErrorRateOfBloomFilter = []int{20, 50}[x.rng.IntN(2)]
	x.m, x.held = newManager(x.t, x.o), nil
	require.NoError(x.t, x.m.Load())
	if !clean {
		x.m.Distrust()
	}
}

// check asks every filter that a pull may have about every message.
func (x *prefilterModel) check() {
	filters := x.held
	for _, topic := range []string{"T", "U"} {
		for _, group := range []string{"G", "H", "I"} {
			if d := x.m.Get(topic, group); d != nil {
				filters = append(filters[:len(filters):len(filters)], d)
			}
		}
	}
	for _, d := range filters {
		for _, msg := range x.messages {
			if msg.topic != d.Topic {
				continue
			}
			wanted, passes := d.Expression.MatchRecord(msg.properties), x.m.MatchBitMap(d, msg.storeMs, msg.bitMap)
			require.False(x.t, wanted && !passes, "%q of %s, born %d, refused %+v", d.Expression.Text(), d.ConsumerGroup, d.BornTimeMs, msg)
			if wanted {
				x.wanted++
			} else if !passes {
				x.refused++
			}
		}
	}
}

// TestPrefilterNeverRefusesAMatch: whatever happens to filters, no bit map
// refuses what the expression takes, and bit maps do refuse.
func TestPrefilterNeverRefusesAMatch(t *testing.T) {
	refused, wanted := 0, 0
	for seed := range uint64(300) {
		synctest.Test(t, func(t *testing.T) {
			x := &prefilterModel{t: t, rng: rand.New(rand.NewPCG(seed, 5)), o: options(vfs.NewMemFS())}
			x.o.Log = slog.New(slog.DiscardHandler)
			x.m = newManager(t, x.o)
			for range 150 {
				x.step()
			}
			x.check()
			refused, wanted = refused+x.refused, wanted+x.wanted
		})
		require.False(t, t.Failed(), "seed %d", seed)
	}
	t.Logf("%d refused, %d wanted", refused, wanted)
	require.Greater(t, refused, 1000)
	require.Greater(t, wanted, 1000)
}
