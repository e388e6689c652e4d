package filter

import (
	"sync/atomic"

	"github.com/boostermq/booster/codec"
)

// ConsumerFilterData is the filter of a group on a topic (Java:
// ConsumerFilterData). It is immutable but for replaced.
type ConsumerFilterData struct {
	ConsumerGroup string
	Topic         string
	Expression    *Expression
	// BornTimeMs is when the expression came: bit maps of messages stored up to
	// then know nothing of it.
	BornTimeMs int64
	// DeadTimeMs is when the group's last member went; 0 or before BornTimeMs
	// while it is alive.
	DeadTimeMs    int64
	ClientVersion int64 // subVersion of the subscription it came with
	bloom         *codec.BloomFilterData
	// replaced: another expression has the group's bits in the bit maps from now
	// on, or none. What the filter becomes when it dies and revives shares it.
	replaced *atomic.Bool
}

// Alive tells whether the group had a member at its last sign of life.
func (d *ConsumerFilterData) Alive() bool { return d.DeadTimeMs < d.BornTimeMs }

// deadMs is how long the filter is dead, −1 while it is alive (Java: howLongAfterDeath).
func (d *ConsumerFilterData) deadMs(nowMs int64) int64 {
	if d.Alive() {
		return -1
	}
	return nowMs - d.DeadTimeMs
}

// is tells whether d filters by that expression.
func (d *ConsumerFilterData) is(expressionType, expression string) bool {
	return expressionType == codec.ExpressionTypeSQL92 && d.Expression.text == expression
}

// killed is d, dead since then.
func (d *ConsumerFilterData) killed(deadTimeMs int64) *ConsumerFilterData {
	dead := *d
	dead.DeadTimeMs = max(deadTimeMs, d.BornTimeMs)
	return &dead
}

// reborn is d, which knows nothing of bit maps up to then.
func (d *ConsumerFilterData) reborn(bornTimeMs int64) *ConsumerFilterData {
	again := *d
	again.BornTimeMs = bornTimeMs
	if !d.Alive() {
		again.DeadTimeMs = max(d.DeadTimeMs, bornTimeMs)
	}
	return &again
}

// revived is d, alive, with that version.
func (d *ConsumerFilterData) revived(clientVersion int64) *ConsumerFilterData {
	alive := *d
	alive.DeadTimeMs, alive.ClientVersion = 0, clientVersion
	return &alive
}

// body is d as consumerFilter.json has it.
func (d *ConsumerFilterData) body() *codec.ConsumerFilterData {
	return &codec.ConsumerFilterData{
		ConsumerGroup: d.ConsumerGroup, Topic: d.Topic, Expression: d.Expression.text, ExpressionType: codec.ExpressionTypeSQL92,
		BornTime: d.BornTimeMs, DeadTime: d.DeadTimeMs, Dead: !d.Alive(), ClientVersion: d.ClientVersion, BloomFilterData: d.bloom,
	}
}
