package fastjson

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"
)

var (
	errEnd     = errors.New("text ends too early")
	errLiteral = errors.New("unknown word")
	errString  = errors.New("bad escape in string")
	errNumber  = errors.New("bad number")
)

// lexer walks over one text. It knows the words of the dialect, not what they
// are for; unmarshal.go and tree.go are its two users.
type lexer struct {
	b       []byte
	pos     int
	scratch []byte // the last string that had escapes
}

// newLexer skips a byte order mark.
func newLexer(b []byte) lexer { return lexer{b: bytes.TrimPrefix(b, []byte("\ufeff"))} }

func (l *lexer) wrap(verb string, err error) error {
	return fmt.Errorf("fastjson: %s: at byte %d of %d: %w", verb, l.pos, len(l.b), err)
}

// peek returns the byte at pos, 0 at the end.
func (l *lexer) peek() byte {
	if l.pos < len(l.b) {
		return l.b[l.pos]
	}
	return 0
}

// space skips white space and comments.
func (l *lexer) space() {
	for l.pos < len(l.b) {
		switch l.b[l.pos] {
		case ' ', '\t', '\n', '\r', '\f', '\b':
			l.pos++
		case '/':
			if !l.comment() {
				return
			}
		default:
			return
		}
	}
}

// comment skips /* … */ or // to the end of the line. It reports whether there
// was one that is closed.
func (l *lexer) comment() bool {
	rest, closing := l.b[l.pos:], ""
	switch {
	case bytes.HasPrefix(rest, []byte("/*")):
		closing = "*/"
	case bytes.HasPrefix(rest, []byte("//")):
		closing = "\n"
	default:
		return false
	}
	i := bytes.Index(rest[2:], []byte(closing))
	switch {
	case i >= 0:
		l.pos += 2 + i + len(closing)
	case closing == "\n":
		l.pos = len(l.b)
	default:
		return false
	}
	return true
}

// end checks that only space is left.
func (l *lexer) end() error {
	if l.space(); l.pos < len(l.b) {
		return fmt.Errorf("%q after the end", l.b[l.pos])
	}
	return nil
}

// members walks over the members of the object or array that opens at pos, up
// to and with closing. member is called with pos on the first byte of each.
// Commas may be doubled, leading or trailing, as the Java side allows.
func (l *lexer) members(closing byte, depth int, member func() error) error {
	if depth >= maxDepth {
		return errDepth
	}
	for due := false; ; {
		if !due {
			l.pos++ // the opening bracket, a comma
		}
		l.space()
		switch c := l.peek(); {
		case c == closing:
			l.pos++
			return nil
		case c == ',':
			due = false
			continue
		case l.pos >= len(l.b):
			return errEnd
		case due:
			return fmt.Errorf("%q instead of , or %c", c, closing)
		}
		if err := member(); err != nil {
			return err
		}
		due = true
	}
}

// colon skips the sign between key and value.
func (l *lexer) colon() error {
	if l.space(); l.peek() != ':' {
		return fmt.Errorf("%q instead of :", l.peek())
	}
	l.pos++
	return nil
}

// scalar reads a string, number or word. The text aliases the input or the
// scratch: it dies with the next call. A string comes without quotes and
// escapes, a number without a type suffix. null, undefined and NaN are Null.
func (l *lexer) scalar() (Kind, []byte, error) {
	switch c := l.peek(); {
	case c == '"' || c == '\'':
		text, err := l.quoted(c)
		return String, text, err
	case c == '-' || c == '+' || '0' <= c && c <= '9':
		text, err := l.number()
		return Number, text, err
	case l.pos >= len(l.b):
		return Null, nil, errEnd
	}
	switch word := l.word(); string(word) {
	case "true", "false":
		return Bool, word, nil
	case "null", "undefined", "NaN":
		return Null, nil, nil
	}
	return Null, nil, errLiteral
}

// keyScalar reads a key that is no container; a bare word is a String unless
// it is true, false or null.
func (l *lexer) keyScalar() (Kind, []byte, error) {
	from := l.pos
	if c := l.peek(); !isWordByte(c) || '0' <= c && c <= '9' {
		return l.scalar()
	}
	switch word := l.word(); string(word) {
	case "true", "false", "null":
		l.pos = from
		return l.scalar()
	default:
		return String, word, nil
	}
}

// word reads letters, digits, _ and $.
func (l *lexer) word() []byte {
	from := l.pos
	for isWordByte(l.peek()) {
		l.pos++
	}
	return l.b[from:l.pos]
}

func isWordByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '$'
}

// number reads [+-]digits[.digits][e[+-]digits] and skips one type suffix.
func (l *lexer) number() ([]byte, error) {
	from := l.pos
	l.sign()
	n := l.digits()
	if l.peek() == '.' {
		l.pos++
		n += l.digits()
	}
	if n == 0 {
		return nil, errNumber
	}
	if c := l.peek(); c == 'e' || c == 'E' {
		l.pos++
		l.sign()
		if l.digits() == 0 {
			return nil, errNumber
		}
	}
	text := l.b[from:l.pos]
	switch l.peek() {
	case 'L', 'S', 'B', 'F', 'D':
		l.pos++
	}
	return text, nil
}

func (l *lexer) sign() {
	if c := l.peek(); c == '-' || c == '+' {
		l.pos++
	}
}

func (l *lexer) digits() (n int) {
	for ; '0' <= l.peek() && l.peek() <= '9'; n++ {
		l.pos++
	}
	return n
}

// quoted reads a string that opens at pos with the given quote.
func (l *lexer) quoted(quote byte) ([]byte, error) {
	l.pos++
	from := l.pos
	ascii := true
	for ; l.pos < len(l.b); l.pos++ {
		switch c := l.b[l.pos]; {
		case c == quote:
			text := l.b[from:l.pos]
			l.pos++
			if !ascii && !utf8.Valid(text) {
				l.scratch = bytes.ToValidUTF8(text, []byte("\ufffd"))
				text = l.scratch
			}
			return text, nil
		case c == '\\':
			return l.quotedEscaped(quote, from)
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	return nil, errEnd
}

// quotedEscaped goes on from the first backslash at pos, into the scratch.
func (l *lexer) quotedEscaped(quote byte, from int) ([]byte, error) {
	l.scratch = append(l.scratch[:0], l.b[from:l.pos]...)
	for l.pos < len(l.b) {
		c := l.b[l.pos]
		l.pos++
		switch c {
		case quote:
			if !utf8.Valid(l.scratch) {
				l.scratch = bytes.ToValidUTF8(l.scratch, []byte("\ufffd"))
			}
			return l.scratch, nil
		case '\\':
			if err := l.escape(); err != nil {
				return nil, err
			}
		default:
			l.scratch = append(l.scratch, c)
		}
	}
	return nil, errEnd
}

// escape reads what follows a backslash into the scratch.
func (l *lexer) escape() error {
	c := l.peek()
	l.pos++
	switch c {
	case '"', '\'', '\\', '/':
		l.scratch = append(l.scratch, c)
	case 'b':
		l.scratch = append(l.scratch, '\b')
	case 'f', 'F':
		l.scratch = append(l.scratch, '\f')
	case 'n':
		l.scratch = append(l.scratch, '\n')
	case 'r':
		l.scratch = append(l.scratch, '\r')
	case 't':
		l.scratch = append(l.scratch, '\t')
	case 'v':
		l.scratch = append(l.scratch, '\v')
	case '0', '1', '2', '3', '4', '5', '6', '7':
		l.scratch = append(l.scratch, c-'0')
	case 'x':
		r, ok := l.hex(2)
		if !ok {
			return errString
		}
		l.scratch = utf8.AppendRune(l.scratch, r)
	case 'u':
		return l.escapeUnicode()
	default:
		return errString
	}
	return nil
}

// escapeUnicode reads XXXX, and the second half of a surrogate pair with it.
// A lone half becomes U+FFFD.
func (l *lexer) escapeUnicode() error {
	r, ok := l.hex(4)
	if !ok {
		return errString
	}
	if 0xD800 <= r && r < 0xDC00 && bytes.HasPrefix(l.b[l.pos:], []byte(`\u`)) {
		from := l.pos
		l.pos += 2
		if low, ok := l.hex(4); ok && 0xDC00 <= low && low < 0xE000 {
			r = (r-0xD800)<<10 + low - 0xDC00 + 0x10000
		} else {
			l.pos = from
		}
	}
	l.scratch = utf8.AppendRune(l.scratch, r) // U+FFFD for a half
	return nil
}

func (l *lexer) hex(digits int) (r rune, ok bool) {
	for range digits {
		c := l.peek()
		switch {
		case '0' <= c && c <= '9':
			r = r<<4 | rune(c-'0')
		case 'a' <= c && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case 'A' <= c && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			return 0, false
		}
		l.pos++
	}
	return r, true
}
