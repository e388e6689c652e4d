package codec

import (
	"math"
	"unicode/utf8"
)

// Tag codes: what a consume queue entry holds of a message's tag.
//
//	 63             32 31              0
//	+-----------------+-----------------+
//	| sign of bit 31  | Java hash       |   "" → 0, "a" → 97
//	+-----------------+-----------------+
//
// Law: two tags with one code are told apart only by the consumer; readers
// compare the low 32 bits. In SCHEDULE_TOPIC_XXXX the slot holds a time in ms instead.

// TagsCode is the tag code of a TAGS value (Java: MessageExtBrokerInner.tagsString2tagsCode).
func TagsCode(tags string) int64 { return int64(JavaStringHash(tags)) }

// JavaStringHash is Java's String.hashCode: h = 31·h + c over the UTF-16 code
// units of s, in 32 bits. Bytes that are no UTF-8 count as U+FFFD, as they do
// after Java decoded them.
func JavaStringHash(s string) int32 { return JavaHashContinue(0, s) }

// Powers of 31 in 32 bits: a step of eight characters needs one multiplication
// that waits for the step before, not eight.
const (
	pow2 = 31 * 31
	pow3 = pow2 * 31
	pow4 = pow3 * 31
	pow5 = pow4 * 31
	pow6 = pow5 * 31 & math.MaxUint32
	pow7 = pow6 * 31 & math.MaxUint32
	pow8 = pow7 * 31 & math.MaxUint32
)

// JavaHashContinue is the hash of a string with hash h and s behind it.
func JavaHashContinue(h int32, s string) int32 {
	u := uint32(h)
	for len(s) >= 8 {
		c := s[:8]
		if (c[0]|c[1]|c[2]|c[3]|c[4]|c[5]|c[6]|c[7])&utf8.RuneSelf != 0 {
			break
		}
		u = u*pow8 + uint32(c[0])*pow7 + uint32(c[1])*pow6 + uint32(c[2])*pow5 + uint32(c[3])*pow4 +
			uint32(c[4])*pow3 + uint32(c[5])*pow2 + uint32(c[6])*31 + uint32(c[7])
		s = s[8:]
	}
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return javaHashRunes(int32(u), s[i:])
		}
		u = 31*u + uint32(s[i])
	}
	return int32(u)
}

func javaHashRunes(h int32, s string) int32 {
	for _, r := range s {
		if r >= 0x10000 {
			r -= 0x10000
			h = 31*h + (0xD800 + r>>10)
			r = 0xDC00 + r&0x3FF
		}
		h = 31*h + r
	}
	return h
}
