package codec

import (
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"
)

// JSON strings as fastjson writes them.
//
//	+------+------------------------------------------------------+------+
//	| 0x22 | UTF-8; \" \\ \b \f \n \r \t; \u00XX for other bytes  | 0x22 |
//	|      | < 0x20 and U+007F…U+009F; \u2028 \u2029              |      |
//	+------+------------------------------------------------------+------+
//
// Hexadecimal digits are upper case. Bytes that are no UTF-8 are written as U+FFFD.

const upperHex = "0123456789ABCDEF"

// isPlain tells whether a byte stands for itself in a string, whatever surrounds it.
func isPlain(c byte) bool { return c-0x20 < 0x7F-0x20 && c != '"' && c != '\\' }

// appendJSONString appends s with its quotes.
func appendJSONString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	b, i := aliasBytes(s), 0
	for i+8 <= len(b) && arePlain(binary.LittleEndian.Uint64(b[i:])) {
		i += 8
	}
	for ; i < len(s); i++ {
		if !isPlain(s[i]) {
			return append(appendJSONEscaped(dst, s, i), '"')
		}
	}
	dst = append(dst, s...)
	return append(dst, '"')
}

// arePlain tells whether eight bytes are all plain.
func arePlain(eight uint64) bool {
	// High bits: a byte below ' '; 0x7F; one that is no ASCII.
	return (markStringEnds(eight) | ((eight-' '*everyByte)|(eight+everyByte)|eight)&everyHighBit) == 0
}

// Factors for eight bytes in one word.
const (
	everyByte    = 0x0101010101010101
	everyHighBit = 0x80 * everyByte
)

// markStringEnds has a bit set when one of the eight bytes is '"' or '\\'; the
// lowest one is in the first of them.
func markStringEnds(eight uint64) uint64 {
	return markByte(eight, '"') | markByte(eight, '\\')
}

// markByte has a bit set when one of the eight bytes is c; the lowest one is in
// the first of them.
func markByte(eight uint64, c byte) uint64 {
	x := eight ^ uint64(c)*everyByte
	return (x - everyByte) &^ x & everyHighBit
}

// appendJSONEscaped appends s, whose first i bytes are plain.
func appendJSONEscaped(dst []byte, s string, i int) []byte {
	start := 0
	for i < len(s) {
		c := s[i]
		if isPlain(c) {
			i++
			continue
		}
		r, size := rune(c), 1
		if c >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(s[i:])
			if r > 0x9F && r != 0x2028 && r != 0x2029 && (r != utf8.RuneError || size > 1) {
				i += size
				continue
			}
		}
		dst = append(dst, s[start:i]...)
		dst = appendJSONEscape(dst, r)
		i += size
		start = i
	}
	return append(dst, s[start:]...)
}

func appendJSONEscape(dst []byte, r rune) []byte {
	switch r {
	case '"', '\\':
		return append(dst, '\\', byte(r))
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	case utf8.RuneError:
		return utf8.AppendRune(dst, r)
	}
	return append(dst, '\\', 'u', upperHex[r>>12&15], upperHex[r>>8&15], upperHex[r>>4&15], upperHex[r&15])
}

// appendUnescaped appends what the escape at b[i] stands for and returns the
// index behind it. Escapes only fastjson knows (\x41 \v \' \0) are not ok. Half
// a surrogate pair becomes "?", as it does when Java turns it into bytes.
func appendUnescaped(dst, b []byte, i int) (_ []byte, next int, ok bool) {
	if i+1 >= len(b) {
		return dst, i, false
	}
	switch c := b[i+1]; c {
	case 'u':
		if i+6 <= len(b) && b[i+2] == '0' && b[i+3] == '0' && b[i+4] == '0' && b[i+5]-'0' <= 9 { // what stands between properties
			return append(dst, b[i+5]-'0'), i + 6, true
		}
		return appendUnicode(dst, b, i)
	case '"', '\\', '/':
		dst = append(dst, c)
	case 'b':
		dst = append(dst, '\b')
	case 'f':
		dst = append(dst, '\f')
	case 'n':
		dst = append(dst, '\n')
	case 'r':
		dst = append(dst, '\r')
	case 't':
		dst = append(dst, '\t')
	default:
		return dst, i, false
	}
	return dst, i + 2, true
}

// appendUnicode appends what \uXXXX at b[i], or a pair of them, stands for.
func appendUnicode(dst, b []byte, i int) (_ []byte, next int, ok bool) {
	r, ok := hex4(b, i+2)
	if !ok {
		return dst, i, false
	}
	i += 6
	if r < utf8.RuneSelf {
		return append(dst, byte(r)), i, true
	}
	if !utf16.IsSurrogate(r) {
		return utf8.AppendRune(dst, r), i, true
	}
	if i+1 < len(b) && b[i] == '\\' && b[i+1] == 'u' {
		if low, ok := hex4(b, i+2); ok {
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				return utf8.AppendRune(dst, pair), i + 6, true
			}
		}
	}
	return append(dst, '?'), i, true
}

func hex4(b []byte, i int) (r rune, ok bool) {
	if i+4 > len(b) {
		return 0, false
	}
	for _, c := range b[i : i+4] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}
