package filter

import (
	"fmt"
	"math"

	"github.com/boostermq/booster/codec"
)

// BloomFilter maps keys to bits of a BitsArray (Java: BloomFilter). The keys are
// "group#topic": a message's bits are those of all groups whose expression it matches.
//
//	k = ⌈log½ f⌉               bits a key has
//	m = ⌈n·log₂(1/f)·log₂e⌉    bits in all, up to the next multiple of 8
type BloomFilter struct{ k, m int }

// maxBloomKeys bounds n: m stays far from the end of int32.
const maxBloomKeys = 1 << 24

// NewBloomFilter returns the filter for a rate of wrong hits of f percent with n
// keys (maxErrorRateOfBloomFilter, expectConsumerNumUseFilter).
func NewBloomFilter(f, n int) (*BloomFilter, error) {
	if f < 1 || f >= 100 {
		return nil, fmt.Errorf("maxErrorRateOfBloomFilter %d is not between 1 and 99", f)
	}
	if n < 1 || n > maxBloomKeys {
		return nil, fmt.Errorf("expectConsumerNumUseFilter %d is not between 1 and %d", n, maxBloomKeys)
	}
	rate := float64(f) / 100
	k := math.Ceil(log(0.5, rate))
	m := math.Ceil(float64(n) * log(2, 1/rate) * log(2, math.E))
	return &BloomFilter{k: int(k), m: (int(m) + 7) / 8 * 8}, nil
}

func log(base, x float64) float64 { return math.Log(x) / math.Log(base) }

// K is the number of bits a key has.
func (b *BloomFilter) K() int { return b.k }

// M is the number of bits of a bit map (bitMapLengthConsumeQueueExt).
func (b *BloomFilter) M() int { return b.m }

// Positions returns the bits of key. The same bit may occur twice.
func (b *BloomFilter) Positions(key string) []int32 {
	hash := murmur3(key)
	low, high := int32(hash), int32(hash>>32)
	positions := make([]int32, b.k)
	for i := range positions {
		combined := low + int32(i+1)*high
		if combined < 0 {
			combined = ^combined
		}
		positions[i] = combined % int32(b.m)
	}
	return positions
}

// Generate returns the bits of a group's filter on a topic (Java: generate).
func (b *BloomFilter) Generate(group, topic string) *codec.BloomFilterData {
	return &codec.BloomFilterData{BitPos: b.Positions(group + "#" + topic), BitNum: int32(b.m)}
}

// IsValid tells whether d was made by a filter like b.
func (b *BloomFilter) IsValid(d *codec.BloomFilterData) bool {
	return d != nil && int(d.BitNum) == b.m && len(d.BitPos) == b.k
}

// HashTo sets the bits of d. An array of another length is left alone.
func (b *BloomFilter) HashTo(d *codec.BloomFilterData, bitMap BitsArray) {
	if bitMap.BitLength() != b.m {
		return
	}
	for _, p := range d.BitPos {
		bitMap.SetBit(int(p), true)
	}
}

// IsHit tells whether all bits of d are set: surely not hashed to bitMap when false.
func (b *BloomFilter) IsHit(d *codec.BloomFilterData, bitMap BitsArray) bool {
	for _, p := range d.BitPos {
		if !bitMap.Bit(int(p)) {
			return false
		}
	}
	return true
}
