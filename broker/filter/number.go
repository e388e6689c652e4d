package filter

import (
	"math"
	"strconv"
	"strings"
	"unicode"
)

// Numbers in properties, read as Java's Integer, Long and Double do. None of
// these allocates, but for a double beyond the range.

// parseInteger reads s as Integer.valueOf (bits 32) or Long.valueOf (bits 64):
// an optional sign and decimal digits of any script.
func parseInteger(s string, bits int) (n int64, ok bool) {
	negative := false
	if s != "" && (s[0] == '-' || s[0] == '+') {
		negative, s = s[0] == '-', s[1:]
	}
	if s == "" {
		return 0, false
	}
	lowest := int64(math.MinInt64) >> (64 - bits)
	for _, r := range s { // downwards: there is one negative number more
		d, isDigit := digitValue(r)
		if !isDigit || n < lowest/10 || n*10 < lowest+d {
			return 0, false
		}
		n = n*10 - d
	}
	if negative {
		return n, true
	}
	return -n, n != lowest
}

// digitValue is Character.digit(r, 10) for the characters that Java's number
// classes see as one.
func digitValue(r rune) (int64, bool) {
	if '0' <= r && r <= '9' {
		return int64(r - '0'), true
	}
	if r < 0x80 || r > 0xFFFF || !unicode.Is(unicode.Nd, r) {
		return 0, false
	}
	// Digits come in rows of ten that begin at a code ending in 0 or 6 (hexadecimal).
	if low := r & 0xF; low < 6 || low < 10 && unicode.Is(unicode.Nd, r&^0xF) {
		return int64(low), true
	}
	return int64(r&0xF - 6), true
}

// parseDouble reads s as Double.valueOf.
func parseDouble(s string) (float64, bool) {
	s = trim(s)
	if !isDouble(s) {
		return 0, false
	}
	if c := s[len(s)-1]; c == 'f' || c == 'F' || c == 'd' || c == 'D' {
		s = s[:len(s)-1] // the f of 0x1p3f: an exponent has no letters
	}
	if strings.HasSuffix(s, "NaN") {
		return math.NaN(), true // a sign does not matter, and Go knows none there
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil || math.IsInf(f, 0) // out of range is infinite in Java too
}

// trim cuts what String.trim cuts.
func trim(s string) string {
	for s != "" && s[0] <= ' ' {
		s = s[1:]
	}
	for s != "" && s[len(s)-1] <= ' ' {
		s = s[:len(s)-1]
	}
	return s
}

// isDouble tells whether s, trimmed, has the form Double.valueOf takes. Go's
// ParseFloat takes less (no suffix) and more (inf, underscores).
func isDouble(s string) bool {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		s = s[1:]
	}
	if s == "NaN" || s == "Infinity" {
		return true
	}
	if len(s) > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X') {
		return isHexDouble(s[2:])
	}
	whole := digits(s)
	s, n := s[whole:], whole
	if s != "" && s[0] == '.' {
		fraction := digits(s[1:])
		s, n = s[1+fraction:], n+fraction
	}
	s = s[exponentLength(s):]
	return n > 0 && isSuffix(s)
}

// isHexDouble judges what follows 0x: digits with or without a point, and an
// exponent of two that may not be left out.
func isHexDouble(s string) bool {
	whole := hexDigits(s)
	s, n := s[whole:], whole
	if s != "" && s[0] == '.' {
		fraction := hexDigits(s[1:])
		s, n = s[1+fraction:], n+fraction
	}
	if n == 0 || s == "" || s[0] != 'p' && s[0] != 'P' {
		return false
	}
	s = s[1:]
	if s != "" && (s[0] == '-' || s[0] == '+') {
		s = s[1:]
	}
	exponent := digits(s)
	return exponent > 0 && isSuffix(s[exponent:])
}

// isSuffix tells whether s may end a number.
func isSuffix(s string) bool {
	return s == "" || s == "f" || s == "F" || s == "d" || s == "D"
}

func hexDigits(s string) int {
	n := 0
	for n < len(s) && (isDigit(s[n]) || 'a' <= s[n]|0x20 && s[n]|0x20 <= 'f') {
		n++
	}
	return n
}

// compareDoubles is Double.compare: −0.0 is before 0.0, NaN behind all and
// equal to itself.
func compareDoubles(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	case a == b && a != 0:
		return 0
	}
	return compareSpecial(a, b)
}

// compareSpecial compares two zeros, or numbers of which one is none.
func compareSpecial(a, b float64) int {
	rank := func(f float64) int {
		switch {
		case math.IsNaN(f):
			return 2
		case f == 0 && !math.Signbit(f):
			return 1
		}
		return 0 // −0.0, or a number beside a NaN
	}
	return rank(a) - rank(b)
}

// formatDouble renders f as Java's Double.toString: 5.0, 1.0E10, 1.0E-5.
func formatDouble(f float64) string {
	if abs := max(f, -f); abs == 0 || abs >= 1e-3 && abs < 1e7 {
		s := strconv.FormatFloat(f, 'f', -1, 64)
		if !strings.Contains(s, ".") {
			s += ".0"
		}
		return s
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, 64), "e")
	if !strings.Contains(mantissa, ".") {
		mantissa += ".0"
	}
	sign := ""
	if exponent[0] == '-' {
		sign = "-"
	}
	return mantissa + "E" + sign + strings.TrimLeft(exponent[1:], "0")
}
