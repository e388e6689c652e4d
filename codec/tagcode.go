package codec

import "unicode/utf8"

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
func JavaStringHash(s string) int32 {
	var h int32
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return javaHashRunes(h, s[i:])
		}
		h = 31*h + int32(s[i])
	}
	return h
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
