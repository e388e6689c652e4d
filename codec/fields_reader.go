package codec

import (
	"errors"
	"fmt"
	"math"
	"strings"
)

// Why a typed header cannot be read. The text names the field.
var (
	ErrFieldMissing = errors.New("codec: header field missing")
	ErrFieldInvalid = errors.New("codec: header field invalid")
)

func errMissing(key string) error { return fmt.Errorf("%w: %s", ErrFieldMissing, key) }

func errInvalid(key, value string) error {
	return fmt.Errorf("%w: %s = %.64q is no such number", ErrFieldInvalid, key, value)
}

// parseInt reads a decimal integer with an optional sign, as Java's
// Long.parseLong does for ASCII digits. It allocates nothing.
func parseInt(s string) (n int64, ok bool) {
	digits, negative := s, false
	if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
		digits, negative = s[1:], s[0] == '-'
	}
	if len(digits) == 0 {
		return 0, false
	}
	for i := range len(digits) { // n counts down: the most negative number has no positive twin
		d := int64(digits[i] - '0')
		if d > 9 || n < (math.MinInt64+d)/10 {
			return 0, false
		}
		n = n*10 - d
	}
	if negative {
		return n, true
	}
	return -n, n != math.MinInt64
}

func parseInt32(s string) (int32, bool) {
	n, ok := parseInt(s)
	return int32(n), ok && n == int64(int32(n))
}

// isTrue is Java's Boolean.parseBoolean.
func isTrue(s string) bool { return s == "true" || strings.EqualFold(s, "true") }

// fieldReader reads a typed header by key; err is the first thing that was
// wrong. The rest is read all the same. A number without digits counts as
// absent, for the binary form knows no other null.
type fieldReader struct {
	f   Fields
	err error
}

func (r *fieldReader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

func (r *fieldReader) str(key string) string {
	v, ok := r.f.Lookup(key)
	if !ok {
		r.fail(errMissing(key))
	}
	return v
}

func (r *fieldReader) optStr(key string) string { return r.f.Get(key) }

func (r *fieldReader) maybeInt64(key string) (int64, bool) {
	v := r.f.Get(key)
	if v == "" {
		return 0, false
	}
	n, ok := parseInt(v)
	if !ok {
		r.fail(errInvalid(key, v))
	}
	return n, ok
}

func (r *fieldReader) maybeInt32(key string) (int32, bool) {
	n, ok := r.maybeInt64(key)
	if n != int64(int32(n)) {
		r.fail(errInvalid(key, r.f.Get(key)))
		return 0, false
	}
	return int32(n), ok
}

func (r *fieldReader) int64(key string) int64 {
	n, ok := r.maybeInt64(key)
	if !ok {
		r.fail(errMissing(key))
	}
	return n
}

func (r *fieldReader) int32(key string) int32 {
	n, ok := r.maybeInt32(key)
	if !ok {
		r.fail(errMissing(key))
	}
	return n
}

func (r *fieldReader) optInt64(key string) int64 {
	n, _ := r.maybeInt64(key)
	return n
}

func (r *fieldReader) optInt32(key string) int32 {
	n, _ := r.maybeInt32(key)
	return n
}

func (r *fieldReader) bool(key string) bool {
	v, ok := r.f.Lookup(key)
	if !ok {
		r.fail(errMissing(key))
	}
	return isTrue(v)
}

func (r *fieldReader) optBool(key string) bool { return isTrue(r.f.Get(key)) }

// fieldScan is fieldReader for headers that are read in one pass over the
// fields: mandatory field number i sets bit i of seen.
type fieldScan struct {
	seen uint32
	err  error
}

func (s *fieldScan) str(bit int, v string) string {
	s.seen |= 1 << bit
	return v
}

func (s *fieldScan) int64(bit int, key, v string) int64 {
	if v == "" {
		return 0
	}
	s.seen |= 1 << bit
	n, ok := parseInt(v)
	if !ok && s.err == nil {
		s.err = errInvalid(key, v)
	}
	return n
}

func (s *fieldScan) int32(bit int, key, v string) int32 {
	if v == "" {
		return 0
	}
	s.seen |= 1 << bit
	n, ok := parseInt32(v)
	if !ok {
		if s.err == nil {
			s.err = errInvalid(key, v)
		}
		return 0
	}
	return n
}

// optional is the bit of fields that may be absent.
const optional = 31

// done returns the first error; mandatory names the fields of bit 0, 1, ….
func (s *fieldScan) done(mandatory []string) error {
	if want := uint32(1)<<len(mandatory) - 1; s.err != nil || s.seen&want == want {
		return s.err
	}
	for i, key := range mandatory {
		if s.seen&(1<<i) == 0 {
			return errMissing(key)
		}
	}
	return nil
}
