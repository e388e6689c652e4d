package filter

// parser reads an expression from left to right, one token ahead (two for NOT
// and IS), and hands what it reads to the builder at once, so that what is wrong
// first is told first. Grammar, from loose to tight:
//
//	or         = and { OR and }
//	and        = equality { AND equality }
//	equality   = comparison { "=" comparison | "<>" comparison | IS [NOT] NULL }
//	comparison = unary { ( ">" | ">=" | "<" | "<=" ) unary
//	                   | [NOT] BETWEEN unary AND unary
//	                   | [NOT] IN "(" string { "," string } ")" }
//	unary      = "+" unary | "-" unary | NOT unary | primary
//	primary    = literal | name | "(" or ")"
//
// A "+" counts only when an operand without syntax error follows; that is tried
// first, with a dry builder. Nothing is asked of what follows the expression,
// but that its first token is one.
type parser struct {
	builder
	lexer  lexer
	tokens []token // what was read so far
	pos    int     // the next token is tokens[pos]
	depth  int

	expected   tokenSet // what could have stood at tokens[expectedAt] instead
	expectedAt int
	plusTried  int // a "+" before this token has its operand
}

// parse reads text and returns its tree, whose result is a condition.
func parse(text string) (*node, map[string]uint16, error) {
	if len(text) > maxExpressionBytes {
		return nil, nil, errTooLong
	}
	p := parser{lexer: newLexer(text), builder: builder{slots: make(map[string]uint16)}}
	n, err := p.or()
	if err == nil {
		n, err = p.condition(n)
	}
	return n, p.slots, err
}

// peek returns the kind of the token ahead tokens further on.
func (p *parser) peek(ahead int) (tokenKind, error) {
	for p.pos+ahead >= len(p.tokens) {
		t, err := p.lexer.next()
		if err != nil {
			return 0, err
		}
		p.tokens = append(p.tokens, t)
	}
	return p.tokens[p.pos+ahead].kind, nil
}

// take returns the text of the next token and moves on. It was peeked at.
func (p *parser) take() string {
	t := p.tokens[p.pos]
	p.pos++
	return p.lexer.text[t.start:t.end]
}

// want takes a token of that kind.
func (p *parser) want(kind tokenKind) (string, error) {
	next, err := p.peek(0)
	if err != nil {
		return "", err
	}
	if next != kind {
		return "", p.fail(setOf(kind))
	}
	return p.take(), nil
}

// missed notes that one of kinds could have stood here.
func (p *parser) missed(kinds tokenSet) {
	if p.dry {
		return
	}
	if p.expectedAt != p.pos {
		p.expected, p.expectedAt = 0, p.pos
	}
	p.expected |= kinds
}

// fail is the error that none of kinds, and nothing missed here, is there.
func (p *parser) fail(kinds tokenSet) error {
	if p.dry {
		return errDry
	}
	p.missed(kinds)
	return syntaxError(p.lexer.text, p.tokens[p.pos], p.expected)
}

func (p *parser) or() (*node, error) { return p.chainOf(tokenOr, nodeOr, p.and) }

func (p *parser) and() (*node, error) { return p.chainOf(tokenAnd, nodeAnd, p.equality) }

// chainOf reads operands with sign between them.
func (p *parser) chainOf(sign tokenKind, kind nodeKind, operand func() (*node, error)) (*node, error) {
	left, err := operand()
	for begun := false; err == nil; begun = true {
		var next tokenKind
		if next, err = p.peek(0); err != nil {
			break
		}
		if next != sign {
			p.missed(setOf(sign))
			return left, nil
		}
		p.take()
		var right *node
		if right, err = operand(); err == nil {
			left, err = p.chain(kind, left, right, begun)
		}
	}
	return nil, err
}

func (p *parser) equality() (*node, error) {
	left, err := p.comparison()
	for err == nil {
		var next tokenKind
		if next, err = p.peek(0); err != nil {
			break
		}
		switch next {
		case tokenEqual, tokenNotEqual:
			left, err = p.equalityTail(next, left)
		case tokenIs:
			left, err = p.isTail(left)
		default:
			p.missed(setOf(tokenEqual, tokenNotEqual, tokenIs))
			return left, nil
		}
	}
	return nil, err
}

func (p *parser) equalityTail(sign tokenKind, left *node) (*node, error) {
	p.take()
	right, err := p.comparison()
	if err != nil {
		return nil, err
	}
	if sign == tokenNotEqual {
		return p.notEqual(left, right)
	}
	return p.equal(left, right)
}

// isTail reads IS NULL or IS NOT NULL.
func (p *parser) isTail(left *node) (*node, error) {
	after, err := p.peek(1)
	if err != nil {
		return nil, err
	}
	p.take()
	if after != tokenNull {
		if _, err := p.want(tokenNot); err != nil {
			return nil, err
		}
	}
	if _, err := p.want(tokenNull); err != nil {
		return nil, err
	}
	return p.isNull(left, after == tokenNot)
}

// orderOf is the node for a sign of order.
func orderOf(sign tokenKind) nodeKind {
	switch sign {
	case tokenGreater:
		return nodeGreater
	case tokenGreaterEqual:
		return nodeGreaterEqual
	case tokenLess:
		return nodeLess
	}
	return nodeLessEqual
}

// comparisons are the tokens a comparison may go on with, but for NOT.
const comparisons = 1<<tokenGreater | 1<<tokenGreaterEqual | 1<<tokenLess | 1<<tokenLessEqual | 1<<tokenBetween | 1<<tokenIn

func (p *parser) comparison() (*node, error) {
	left, err := p.unary()
	for err == nil {
		var next tokenKind
		if next, err = p.peek(0); err != nil {
			break
		}
		switch next {
		case tokenGreater, tokenGreaterEqual, tokenLess, tokenLessEqual:
			p.take()
			var right *node
			if right, err = p.unary(); err == nil {
				left, err = p.order(orderOf(next), left, right)
			}
		case tokenBetween:
			left, err = p.betweenTail(left, p.between)
		case tokenIn:
			left, err = p.inTail(left, false)
		case tokenNot:
			left, err = p.notTail(left)
		default:
			p.missed(comparisons | setOf(tokenNot))
			return left, nil
		}
	}
	return nil, err
}

// notTail reads NOT BETWEEN or NOT IN.
func (p *parser) notTail(left *node) (*node, error) {
	after, err := p.peek(1)
	if err != nil {
		return nil, err
	}
	switch after {
	case tokenBetween:
		p.take()
		return p.betweenTail(left, p.notBetween)
	case tokenIn:
		p.take()
		return p.inTail(left, true)
	}
	return nil, p.fail(comparisons)
}

func (p *parser) betweenTail(n *node, build func(n, low, high *node) (*node, error)) (*node, error) {
	p.take()
	low, err := p.unary()
	if err != nil {
		return nil, err
	}
	if _, err := p.want(tokenAnd); err != nil {
		return nil, err
	}
	high, err := p.unary()
	if err != nil {
		return nil, err
	}
	return build(n, low, high)
}

func (p *parser) inTail(n *node, not bool) (*node, error) {
	p.take()
	if _, err := p.want(tokenOpen); err != nil {
		return nil, err
	}
	var words []string
	for {
		literal, err := p.want(tokenString)
		if err != nil {
			return nil, err
		}
		if !p.dry {
			words = append(words, unquote(literal))
		}
		next, err := p.peek(0)
		if err != nil {
			return nil, err
		}
		if next != tokenComma {
			p.missed(setOf(tokenComma))
			break
		}
		p.take()
	}
	if _, err := p.want(tokenClose); err != nil {
		return nil, err
	}
	return p.in(n, words, not)
}

// operands are the tokens an operand begins with, but for "+".
const operands = 1<<tokenMinus | 1<<tokenNot | 1<<tokenOpen | 1<<tokenID | 1<<tokenString | 1<<tokenDecimal | 1<<tokenFloat |
	1<<tokenTrue | 1<<tokenFalse | 1<<tokenNull

func (p *parser) unary() (*node, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, errTooDeep
	}
	defer func() { p.depth-- }()
	next, err := p.peek(0)
	if err != nil {
		return nil, err
	}
	switch next {
	case tokenPlus:
		if !p.dry && p.pos >= p.plusTried {
			if err := p.tryPlus(); err != nil {
				return nil, err
			}
		}
		p.take()
		return p.unary()
	case tokenMinus:
		p.take()
		n, err := p.unary()
		if err != nil {
			return nil, err
		}
		return p.negate(n)
	case tokenNot:
		p.take()
		n, err := p.unary()
		if err != nil {
			return nil, err
		}
		return p.not(n)
	}
	return p.primary(next)
}

// tryPlus tells whether "+" and an operand stand here, without moving on.
func (p *parser) tryPlus() error {
	pos, depth := p.pos, p.depth
	p.dry = true
	p.pos++
	_, err := p.unary()
	p.plusTried = p.pos
	p.pos, p.depth, p.dry = pos, depth, false
	if err == errDry {
		return p.fail(operands)
	}
	return err
}

// primary reads what begins with a token of that kind.
func (p *parser) primary(next tokenKind) (*node, error) {
	switch next {
	case tokenID:
		return p.property(p.take())
	case tokenString:
		return p.str(p.take())
	case tokenDecimal:
		return p.decimal(p.take())
	case tokenFloat:
		return p.float(p.take())
	case tokenTrue, tokenFalse:
		p.take()
		return p.constant(boolValue(next == tokenTrue))
	case tokenNull:
		p.take()
		return p.constant(value{})
	case tokenOpen:
		p.take()
		n, err := p.or()
		if err != nil {
			return nil, err
		}
		if _, err := p.want(tokenClose); err != nil {
			return nil, err
		}
		return n, nil
	}
	return nil, p.fail(operands)
}
