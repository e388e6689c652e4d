package filter

import (
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// ParseError says why an expression was refused. Its text is the one Java sends
// to the client, class name included.
type ParseError struct{ Remark string }

func (e *ParseError) Error() string { return e.Remark }

// Names of the Java classes a text starts with.
const (
	parseException        = "org.apache.rocketmq.filter.parser.ParseException: "
	tokenMgrError         = "org.apache.rocketmq.filter.parser.TokenMgrError: "
	runtimeException      = "java.lang.RuntimeException: "
	numberFormatException = "java.lang.NumberFormatException: "
	classCastException    = "java.lang.ClassCastException: "
)

func refuse(class, format string, args ...any) error {
	return &ParseError{class + fmt.Sprintf(format, args...)}
}

// syntaxError says that at token t one of expected should stand.
func syntaxError(text string, t token, expected tokenSet) error {
	var b strings.Builder
	b.WriteString(parseException + `Encountered "`)
	at := place{}
	if t.kind == tokenEOF {
		b.WriteString(tokenImages[tokenEOF])
		at = lastPlace(text)
	} else {
		b.WriteString(" " + tokenImages[t.kind] + ` "`)
		appendEscaped(&b, text[t.start:t.end])
		b.WriteString(` "`)
		at = placeOf(text, int(t.start))
	}
	fmt.Fprintf(&b, "\" at line %d, column %d.\nWas expecting", at.line, at.column)
	if expected&(expected-1) != 0 {
		b.WriteString(" one of")
	}
	b.WriteString(":\n    ")
	for kind, image := range tokenImages {
		if expected&(1<<kind) != 0 {
			b.WriteString(image + " ...\n    ")
		}
	}
	return &ParseError{b.String()}
}

// lexicalError says that at start no token begins. Java names the character
// that cannot follow what came before it, or the end of the text when that
// character is the last one.
func lexicalError(text string, start int) error {
	bad := badCharacter(text, start)
	if bad == len(text) {
		return endError(text, start)
	}
	r, size := utf8.DecodeRuneInString(text[bad:])
	unit, more := utf16Units(r)
	if bad+size == len(text) && !more {
		return endError(text, start)
	}
	var b strings.Builder
	appendEscapedUnit(&b, unit)
	at := placeOf(text, bad)
	return lexicalErrorAt(at, fmt.Sprintf(`"%s" (%d), `, b.String(), unit), text[start:bad])
}

// endError says that the text ends before the token that begins at start does.
func endError(text string, start int) error {
	at, after := lastPlace(text), text[start:]
	if at.afterLF || at.afterCR {
		at.line, at.column = at.line+1, 0
	} else {
		at.column++
	}
	if utf8.RuneCountInString(after) == 1 {
		after = "" // Java does not repeat a single character
	}
	return lexicalErrorAt(at, "<EOF> ", after)
}

func lexicalErrorAt(at place, encountered, after string) error {
	var b strings.Builder
	appendEscaped(&b, after)
	return refuse(tokenMgrError, `Lexical error at line %d, column %d.  Encountered: %safter : "%s"`, at.line, at.column, encountered, b.String())
}

// badCharacter is where the character stands at which a reader of tokens gives
// up; len(text) when there is none.
func badCharacter(text string, start int) int {
	s := text[start:]
	switch {
	case s[0] == '\'' || strings.HasPrefix(s, "/*"):
		return len(text)
	case s[0] == '/' || s[0] == '.':
		return start + 1
	}
	return start
}

// appendEscaped writes s as Java's parser shows text.
func appendEscaped(b *strings.Builder, s string) {
	for _, r := range s {
		unit, more := utf16Units(r)
		appendEscapedUnit(b, unit)
		if more {
			_, low := utf16.EncodeRune(r)
			appendEscapedUnit(b, uint16(low))
		}
	}
}

// appendEscapedUnit writes one UTF-16 unit: as it is when it is printable
// ASCII, else as \n or \u000b; NUL is left out.
func appendEscapedUnit(b *strings.Builder, unit uint16) {
	const escaped, letters = "\b\t\n\f\r\"'\\", `btnfr"'\`
	switch i := strings.IndexRune(escaped, rune(unit)); {
	case unit == 0:
	case i >= 0:
		b.WriteByte('\\')
		b.WriteByte(letters[i])
	case unit >= ' ' && unit <= '~':
		b.WriteByte(byte(unit))
	default:
		fmt.Fprintf(b, `\u%04x`, unit)
	}
}

// place is a position in lines and columns of UTF-16 units, as Java counts.
type place struct {
	line, column     int
	afterCR, afterLF bool // what the last unit was
}

const tabWidth = 8

// step moves over one UTF-16 unit: p is then the place of that unit.
func (p *place) step(unit uint16) {
	p.column++
	switch {
	case p.afterLF, p.afterCR && unit != '\n':
		p.line, p.column = p.line+1, 1
	}
	p.afterLF = unit == '\n'
	p.afterCR = unit == '\r'
	if unit == '\t' {
		p.column--
		p.column += tabWidth - p.column%tabWidth
	}
}

// placeOf is the place of the character at byte offset at; of its first unit,
// when it has two.
func placeOf(text string, at int) place {
	p := place{line: 1}
	for _, r := range text[:at] {
		unit, more := utf16Units(r)
		p.step(unit)
		if more {
			p.step(0xDC00)
		}
	}
	r, _ := utf8.DecodeRuneInString(text[at:])
	unit, _ := utf16Units(r)
	p.step(unit)
	return p
}

// lastPlace is the place of the text's last unit, where Java sees the end; an
// empty text ends in line 0.
func lastPlace(text string) place {
	if text == "" {
		return place{}
	}
	_, size := utf8.DecodeLastRuneInString(text)
	p := placeOf(text, len(text)-size)
	if r, _ := utf8.DecodeLastRuneInString(text); r > 0xFFFF {
		p.column++
	}
	return p
}

// utf16Units returns the first UTF-16 unit of r and whether there is a second.
func utf16Units(r rune) (unit uint16, more bool) {
	if r > 0xFFFF {
		high, _ := utf16.EncodeRune(r)
		return uint16(high), true
	}
	return uint16(r), false
}
