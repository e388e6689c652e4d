package filter

import (
	"encoding/binary"
	"math/bits"
)

// murmur3 is the first half of murmur3_128 (x64 variant) of s with seed 0.
func murmur3(s string) uint64 {
	const c1, c2 = 0x87c37b91114253d5, 0x4cf5ad432745937f
	mix1 := func(k uint64) uint64 { return bits.RotateLeft64(k*c1, 31) * c2 }
	mix2 := func(k uint64) uint64 { return bits.RotateLeft64(k*c2, 33) * c1 }
	var h1, h2 uint64
	length := uint64(len(s))
	for ; len(s) >= 16; s = s[16:] {
		h1 ^= mix1(word64(s))
		h1 = (bits.RotateLeft64(h1, 27)+h2)*5 + 0x52dce729
		h2 ^= mix2(word64(s[8:]))
		h2 = (bits.RotateLeft64(h2, 31)+h1)*5 + 0x38495ab5
	}
	if len(s) > 8 {
		h2 ^= mix2(word64(s[8:]))
	}
	if len(s) > 0 {
		h1 ^= mix1(word64(s))
	}
	h1, h2 = h1^length, h2^length
	h1 += h2
	h2 += h1
	return finish(h1) + finish(h2)
}

// word64 reads up to 8 bytes of s, low byte first.
func word64(s string) uint64 {
	var b [8]byte
	copy(b[:], s)
	return binary.LittleEndian.Uint64(b[:])
}

func finish(k uint64) uint64 {
	k = (k ^ k>>33) * 0xff51afd7ed558ccd
	k = (k ^ k>>33) * 0xc4ceb9fe1a85ec53
	return k ^ k>>33
}
