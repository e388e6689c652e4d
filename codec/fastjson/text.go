package fastjson

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

const upperHex = "0123456789ABCDEF"

// appendQuoted writes s as a JSON string. The plain form keeps UTF-8 and
// escapes controls (C0, DEL and C1, U+2028, U+2029); the standard form leaves
// nothing beyond ASCII and also escapes the slash. What is not UTF-8 becomes
// U+FFFD.
func appendQuoted(dst []byte, s string, standard bool) []byte {
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			if c >= ' ' && c != '"' && c != '\\' && c != 0x7f && !(standard && c == '/') {
				i++
				continue
			}
			dst = appendEscape(append(dst, s[from:i]...), c)
			i++
			from = i
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		bad := r == utf8.RuneError && n == 1
		if !standard && !bad && r >= 0xA0 && r != '\u2028' && r != '\u2029' {
			i += n
			continue
		}
		dst = append(dst, s[from:i]...)
		switch {
		case standard || !bad:
			dst = appendUnicode(dst, r)
		default:
			dst = utf8.AppendRune(dst, utf8.RuneError)
		}
		i += n
		from = i
	}
	return append(append(dst, s[from:]...), '"')
}

// appendEscape writes an ASCII character that must not stand as it is.
func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\', '/':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, `\b`...)
	case '\t':
		return append(dst, `\t`...)
	case '\n':
		return append(dst, `\n`...)
	case '\f':
		return append(dst, `\f`...)
	case '\r':
		return append(dst, `\r`...)
	}
	return appendUnicode(dst, rune(c))
}

// appendUnicode writes \uXXXX, twice for what lies beyond the BMP.
func appendUnicode(dst []byte, r rune) []byte {
	if r > 0xFFFF {
		high, low := utf16.EncodeRune(r)
		return appendUnicode(appendUnicode(dst, high), low)
	}
	return append(dst, '\\', 'u', upperHex[r>>12&15], upperHex[r>>8&15], upperHex[r>>4&15], upperHex[r&15])
}

// appendFloat writes f as Java's Double.toString does (Float.toString for
// bits = 32): a fraction always, an exponent below 1E-3 and from 1E7 on. What
// is not a number becomes null.
func appendFloat(dst []byte, f float64, bits int) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(dst, "null"...)
	}
	if abs := math.Abs(f); f == 0 || abs >= 1e-3 && abs < 1e7 {
		from := len(dst)
		dst = strconv.AppendFloat(dst, f, 'f', -1, bits)
		if !strings.Contains(string(dst[from:]), ".") {
			dst = append(dst, ".0"...)
		}
		return dst
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, bits), "e")
	dst = append(dst, mantissa...)
	if !strings.Contains(mantissa, ".") {
		dst = append(dst, ".0"...)
	}
	dst = append(dst, 'E')
	if exponent[0] == '-' {
		dst = append(dst, '-')
	}
	return append(dst, strings.TrimLeft(exponent, "+-0")...)
}
