// Package properties reads and writes the text form of java.util.Properties
// (broker.conf, namesrv.conf, the bodies of codes 25 26 318 319) and moves its
// values into and out of tagged config structs.
//
// It owns the dialect only: no files, no defaults, no meaning of any key.
//
// Reading order: properties_format.go (text ↔ pairs), rewrite.go (change some
// keys of a file and keep the rest), fields.go (struct tags), apply.go (pairs →
// structs), encode.go (structs → text).
//
//	logical line  = natural lines joined where one ends in an odd number of \
//
//	  blank? key separator? value
//	+-------+------------------+-----------------------+----------------+
//	| blank | key              | = | : | blank, blanks | value          |
//	| \t\f  | \= \: \  escaped | around = and : too    | to end of line |
//	+-------+------------------+-----------------------+----------------+
//	| blank | # or ! : comment, never continued                         |
//	+-------+-----------------------------------------------------------+
//
//	escapes: \t \n \r \f \uXXXX (UTF-16), \ + anything else = that character
//	bytes:   UTF-8; a text that is not UTF-8 is read as ISO-8859-1, as Java does
package properties

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// byteOrderMark at the start of a text is an editor's, not part of a key.
const byteOrderMark = "\ufeff"

// Pair is one key with its value, both unescaped. Line counts from 1: where the logical line starts.
type Pair struct {
	Key, Value string
	Line       int
}

// Parse returns the pairs of text in order, duplicates included (the last one
// counts). The only text that is wrong is a broken \uXXXX escape.
func Parse(text []byte) ([]Pair, error) {
	var pairs []Pair
	decode := decoder(text)
	for lines := newLineReader(text); lines.next(); {
		l := lines.line
		if l.comment {
			continue
		}
		key, err := unescape(decode(l.text[:l.keyEnd]), l.number)
		if err != nil {
			return nil, err
		}
		value, err := unescape(decode(l.text[l.valueStart:]), l.number)
		if err != nil {
			return nil, err
		}
		pairs = append(pairs, Pair{Key: key, Value: value, Line: l.number})
	}
	return pairs, nil
}

// logicalLine is a line after joining its continuations, still escaped.
type logicalLine struct {
	text       string // without leading blanks and line ends
	keyEnd     int    // text[:keyEnd] is the key
	valueStart int    // text[valueStart:] is the value
	number     int    // of its first natural line, from 1
	comment    bool   // comment or blank line: text is meaningless

	// Where text starts and ends in the source, last line end excluded.
	textStart, end int
}

// lineReader cuts a text into logical lines. It works on the bytes as they are:
// all that has a meaning is ASCII, in UTF-8 and in ISO-8859-1.
type lineReader struct {
	src    string
	pos    int
	number int
	line   logicalLine
}

func newLineReader(text []byte) *lineReader {
	r := &lineReader{src: string(text), number: 1}
	if strings.HasPrefix(r.src, byteOrderMark) {
		r.pos = len(byteOrderMark)
	}
	return r
}

func (r *lineReader) next() bool {
	if r.pos >= len(r.src) {
		return false
	}
	l := logicalLine{number: r.number}
	end, next := naturalLine(r.src, r.pos)
	l.textStart, l.end = skipBlanks(r.src, r.pos, end), end
	r.advance(next)
	if l.textStart == end || r.src[l.textStart] == '#' || r.src[l.textStart] == '!' {
		l.comment = true
		r.line = l
		return true
	}
	l.text = r.src[l.textStart:end]
	if endsInBackslash(l.text) {
		l.text, l.end = r.join(l.text, end, next)
	}
	l.split()
	r.line = l
	return true
}

// join appends continuation lines to first, which ends at end and is followed
// by next. It returns the text and where it ends.
func (r *lineReader) join(first string, end, next int) (string, int) {
	var joined strings.Builder
	part := first
	for endsInBackslash(part) {
		joined.WriteString(part[:len(part)-1])
		if part = ""; next < len(r.src) {
			from := next
			end, next = naturalLine(r.src, from)
			r.advance(next)
			part = r.src[skipBlanks(r.src, from, end):end]
		}
	}
	joined.WriteString(part)
	return joined.String(), end
}

func (r *lineReader) advance(next int) { r.pos = next; r.number++ }

// split finds key and value in l.text.
func (l *logicalLine) split() {
	i, separator := 0, false
	for ; i < len(l.text); i++ {
		c := l.text[i]
		if c == '\\' {
			i++ // the escaped byte belongs to the key
			continue
		}
		if separator = c == '=' || c == ':'; separator || isBlank(c) {
			break
		}
	}
	l.keyEnd = min(i, len(l.text))
	if separator {
		i++
	}
	for ; i < len(l.text); i++ {
		c := l.text[i]
		if !isBlank(c) && (separator || c != '=' && c != ':') {
			break
		}
		separator = separator || c == '=' || c == ':'
	}
	l.valueStart = min(i, len(l.text))
}

// naturalLine returns where the line at from ends and where the next one starts.
func naturalLine(s string, from int) (end, next int) {
	i := strings.IndexAny(s[from:], "\r\n")
	if i < 0 {
		return len(s), len(s)
	}
	end = from + i
	if strings.HasPrefix(s[end:], "\r\n") {
		return end, end + 2
	}
	return end, end + 1
}

func skipBlanks(s string, from, end int) int {
	for from < end && isBlank(s[from]) {
		from++
	}
	return from
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\f' }

func endsInBackslash(s string) bool {
	return (len(s)-len(strings.TrimRight(s, `\`)))%2 == 1
}

// unescape resolves the escapes of one key or value of line number.
func unescape(s string, number int) (string, error) {
	if strings.IndexByte(s, '\\') < 0 {
		return s, nil
	}
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b.WriteByte(s[i])
			continue
		}
		if i++; i == len(s) {
			break // a lone backslash at the very end of the text
		}
		switch c := s[i]; c {
		case 't':
			b.WriteByte('\t')
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		case 'f':
			b.WriteByte('\f')
		case 'u':
			char, n, ok := unicodeEscape(s[i-1:])
			if !ok {
				return "", fmt.Errorf("line %d: malformed \\uxxxx encoding in %q", number, s)
			}
			b.WriteRune(char)
			i += n - 2
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), nil
}

// unicodeEscape reads one \uXXXX at the start of s, or two that form a
// surrogate pair, and returns the character and the bytes taken.
func unicodeEscape(s string) (char rune, n int, ok bool) {
	unit := func(s string) (rune, bool) {
		if len(s) < 6 || s[0] != '\\' || s[1] != 'u' || strings.ContainsAny(s[2:6], "+-_") {
			return 0, false
		}
		v, err := strconv.ParseUint(s[2:6], 16, 16)
		return rune(v), err == nil
	}
	first, ok := unit(s)
	if !ok || !utf16.IsSurrogate(first) {
		return first, 6, ok
	}
	if second, ok := unit(s[6:]); ok {
		if char = utf16.DecodeRune(first, second); char != utf8.RuneError {
			return char, 12, true
		}
	}
	return utf8.RuneError, 6, true
}

// decoder returns what turns a part of text into UTF-8.
func decoder(text []byte) func(string) string {
	if utf8.Valid(text) {
		return func(s string) string { return s }
	}
	return func(s string) string {
		var b strings.Builder
		b.Grow(len(s) + len(s)/8)
		for i := range len(s) {
			b.WriteRune(rune(s[i]))
		}
		return b.String()
	}
}

// escapeKey renders a key so that Parse gives it back.
func escapeKey(key string) string { return escape(key, true) }

// escapeValue renders a value so that Parse gives it back. Text without
// backslashes, line ends, leading blanks and non-ASCII is its own escape.
func escapeValue(value string) string { return escape(value, false) }

func escape(s string, key bool) string {
	var b strings.Builder
	b.Grow(len(s))
	for i, c := range s {
		switch {
		case c == '\\':
			b.WriteString(`\\`)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\r':
			b.WriteString(`\r`)
		case c == '\f' && (key || i == 0):
			b.WriteString(`\f`)
		case c == '\t' && (key || i == 0):
			b.WriteString(`\t`)
		case c == ' ' && (key || i == 0):
			b.WriteString(`\ `)
		case key && (c == '=' || c == ':' || c == '#' || c == '!'):
			b.WriteByte('\\')
			b.WriteRune(c)
		case c < 0x80:
			b.WriteRune(c)
		default: // Java reads the file as ISO-8859-1, so anything above ASCII is spelled out
			for _, unit := range utf16.AppendRune(nil, c) {
				fmt.Fprintf(&b, `\u%04X`, unit)
			}
		}
	}
	return b.String()
}
