package filter

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestBloomFilter: values of the Java broker, and of a consumerFilter.json it wrote.
func TestBloomFilter(t *testing.T) {
	for _, c := range []struct {
		f, n, k, m   int
		group, topic string
		positions    []int32
	}{
		{20, 32, 3, 112, "FillCG_Sql", "StoreB", []int32{17, 13, 99}},
		{20, 64, 3, 216, "G", "T", []int32{184, 66, 51}},
		{20, 64, 3, 216, "G", "U", []int32{154, 158, 21}},
	} {
		b, err := NewBloomFilter(c.f, c.n)
		require.NoError(t, err)
		require.Equal(t, []int{c.k, c.m}, []int{b.K(), b.M()})
		d := b.Generate(c.group, c.topic)
		require.Equal(t, c.positions, d.BitPos)
		require.EqualValues(t, c.m, d.BitNum)
		require.True(t, b.IsValid(d))
		require.False(t, b.IsValid(nil))
		d.BitNum++
		require.False(t, b.IsValid(d))
	}
	for _, wrong := range [][2]int{{0, 32}, {100, 32}, {20, 0}, {20, maxBloomKeys + 1}, {-1, -1}} {
		_, err := NewBloomFilter(wrong[0], wrong[1])
		require.Error(t, err, wrong)
	}
}

// TestBitMap: bits lie where Java has them, low end first.
func TestBitMap(t *testing.T) {
	b, err := NewBloomFilter(20, 32)
	require.NoError(t, err)
	bitMap := NewBitsArray(b.M())
	d := b.Generate("FillCG_Sql", "StoreB") // bits 17, 13, 99
	require.False(t, b.IsHit(d, bitMap))
	b.HashTo(d, bitMap)
	require.True(t, b.IsHit(d, bitMap))
	require.Equal(t, BitsArray{0, 0x20, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x08, 0}, bitMap)
	require.False(t, b.IsHit(b.Generate("Other", "StoreB"), bitMap))

	short := NewBitsArray(8)
	b.HashTo(d, short)
	require.Equal(t, NewBitsArray(8), short, "of another filter: left alone")
	require.False(t, b.IsHit(d, short))
	bitMap.SetBit(13, false)
	require.False(t, bitMap.Bit(13))
	for _, outside := range []int{-1, b.M()} {
		bitMap.SetBit(outside, true)
		require.False(t, bitMap.Bit(outside))
	}
}

// TestMurmur3: the published values of the first half, seed 0.
func TestMurmur3(t *testing.T) {
	require.Equal(t, uint64(0), murmur3(""))
	require.Equal(t, uint64(0xcbd8a7b341bd9b02), murmur3("hello"))
	require.Equal(t, uint64(0x342fac623a5ebc8e), murmur3("hello, world"))
	require.Equal(t, uint64(0xe34bbc7bbc071b6c), murmur3("The quick brown fox jumps over the lazy dog"))
	seen := make(map[uint64]bool)
	for n := range 70 { // each length of the tail counts
		h := murmur3(strings.Repeat("a", n))
		require.False(t, seen[h])
		seen[h] = true
	}
}
