package filter

import "strings"

// lexer cuts an expression into tokens. Between tokens there may be blanks and
// comments: "--" to the end of a line that has an end, and "/*" to "*/".
//
//	DECIMAL_LITERAL         0 | [1-9][0-9]*[lL]?
//	FLOATING_POINT_LITERAL  [0-9]+.[0-9]*(e[+-]?[0-9]+)? | .[0-9]+(…)? | [0-9]+e…
//	STRING_LITERAL          '(''|[^'])*'
//	ID                      [A-Za-z_$][A-Za-z0-9_$]*
//
// The longest match counts: "1e" is the number 1 and the name e.
type lexer struct {
	text      string
	pos       int
	lastBreak int // where the last line end is, -1 = nowhere
}

func newLexer(text string) lexer {
	return lexer{text: text, lastBreak: strings.LastIndexAny(text, lineEnds)}
}

const lineEnds = "\n\r"

// next returns the next token; at the end one of kind tokenEOF, again and again.
func (l *lexer) next() (token, error) {
	if err := l.skip(); err != nil {
		return token{}, err
	}
	start := l.pos
	if start == len(l.text) {
		return token{tokenEOF, int32(start), int32(start)}, nil
	}
	kind, n := l.match(l.text[start:])
	if n == 0 {
		return token{}, lexicalError(l.text, start)
	}
	l.pos += n
	return token{kind, int32(start), int32(l.pos)}, nil
}

// skip passes blanks and comments.
func (l *lexer) skip() error {
	for l.pos < len(l.text) {
		switch c := l.text[l.pos]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f':
			l.pos++
		case c == '-' && strings.HasPrefix(l.text[l.pos:], "--"):
			if l.lastBreak < l.pos {
				return nil // no end of line, no comment: two signs
			}
			l.pos += strings.IndexAny(l.text[l.pos:], lineEnds) + 1
		case c == '/' && strings.HasPrefix(l.text[l.pos:], "/*"):
			n := strings.Index(l.text[l.pos+2:], "*/")
			if n < 0 {
				return lexicalError(l.text, l.pos)
			}
			l.pos += 2 + n + 2
		default:
			return nil
		}
	}
	return nil
}

// match returns kind and length of the token s, not empty, starts with; length 0 = none.
func (l *lexer) match(s string) (tokenKind, int) {
	switch c := s[0]; c {
	case '=':
		return tokenEqual, 1
	case '(':
		return tokenOpen, 1
	case ',':
		return tokenComma, 1
	case ')':
		return tokenClose, 1
	case '+':
		return tokenPlus, 1
	case '-':
		return tokenMinus, 1
	case '<', '>':
		return matchOrder(s)
	case '\'':
		return tokenString, stringLength(s)
	default:
		if isDigit(c) || c == '.' {
			return matchNumber(s)
		}
		n := 0
		for n < len(s) && (isLetter(s[n]) || n > 0 && isDigit(s[n])) {
			n++
		}
		return keyword(s[:n]), n
	}
}

func matchOrder(s string) (tokenKind, int) {
	switch {
	case strings.HasPrefix(s, "<>"):
		return tokenNotEqual, 2
	case strings.HasPrefix(s, "<="):
		return tokenLessEqual, 2
	case strings.HasPrefix(s, ">="):
		return tokenGreaterEqual, 2
	case s[0] == '<':
		return tokenLess, 1
	}
	return tokenGreater, 1
}

// stringLength is the length of the literal with its quotes, 0 when it has no
// end. When only the first quote of some ” could end it, the last such one does.
func stringLength(s string) int {
	end := 0
	for i := 1; i < len(s); i++ {
		if s[i] != '\'' {
			continue
		}
		end = i + 1
		if end == len(s) || s[end] != '\'' {
			return end
		}
		i++ // '' stands for one quote
	}
	return end
}

func matchNumber(s string) (tokenKind, int) {
	whole := digits(s)
	n, float := whole, false
	if n < len(s) && s[n] == '.' {
		fraction := digits(s[n+1:])
		if whole+fraction == 0 {
			return tokenFloat, 0
		}
		n, float = n+1+fraction, true
	}
	if e := exponentLength(s[n:]); e > 0 {
		n, float = n+e, true
	}
	if float {
		return tokenFloat, n
	}
	if s[0] == '0' {
		return tokenDecimal, 1
	}
	if n < len(s) && (s[n] == 'l' || s[n] == 'L') {
		n++
	}
	return tokenDecimal, n
}

// exponentLength is the length of the exponent s starts with, 0 = none.
func exponentLength(s string) int {
	if s == "" || s[0] != 'e' && s[0] != 'E' {
		return 0
	}
	n := 1
	if n < len(s) && (s[n] == '+' || s[n] == '-') {
		n++
	}
	d := digits(s[n:])
	if d == 0 {
		return 0
	}
	return n + d
}

// digits counts the digits s starts with.
func digits(s string) int {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	return n
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isLetter(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' || c == '$'
}
