package filter

// tokenKind is the kind of a token. The order is Java's: an error message lists
// what was expected in it.
type tokenKind uint8

const (
	tokenEOF tokenKind = iota
	tokenNot
	tokenAnd
	tokenOr
	tokenBetween
	tokenIn
	tokenTrue
	tokenFalse
	tokenNull
	tokenIs
	tokenDecimal
	tokenFloat
	tokenString
	tokenID
	tokenEqual
	tokenNotEqual
	tokenGreater
	tokenGreaterEqual
	tokenLess
	tokenLessEqual
	tokenOpen
	tokenComma
	tokenClose
	tokenPlus
	tokenMinus
)

// tokenImages are the names of the kinds in error messages.
var tokenImages = [...]string{
	`<EOF>`, `"NOT"`, `"AND"`, `"OR"`, `"BETWEEN"`, `"IN"`, `"TRUE"`, `"FALSE"`, `"NULL"`, `"IS"`,
	`<DECIMAL_LITERAL>`, `<FLOATING_POINT_LITERAL>`, `<STRING_LITERAL>`, `<ID>`,
	`"="`, `"<>"`, `">"`, `">="`, `"<"`, `"<="`, `"("`, `","`, `")"`, `"+"`, `"-"`,
}

// token is a piece of the text, text[start:end].
type token struct {
	kind       tokenKind
	start, end int32
}

// keyword returns the kind of a word: a keyword in any case, else a name.
func keyword(word string) tokenKind {
	const longest = len("BETWEEN")
	if len(word) > longest {
		return tokenID
	}
	var upper [longest]byte
	for i := range len(word) {
		c := word[i]
		if 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		upper[i] = c
	}
	switch string(upper[:len(word)]) {
	case "NOT":
		return tokenNot
	case "AND":
		return tokenAnd
	case "OR":
		return tokenOr
	case "BETWEEN":
		return tokenBetween
	case "IN":
		return tokenIn
	case "TRUE":
		return tokenTrue
	case "FALSE":
		return tokenFalse
	case "NULL":
		return tokenNull
	case "IS":
		return tokenIs
	}
	return tokenID
}

// tokenSet is a set of kinds, one bit each.
type tokenSet uint32

func setOf(kinds ...tokenKind) (s tokenSet) {
	for _, k := range kinds {
		s |= 1 << k
	}
	return s
}
