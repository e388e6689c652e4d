package filter

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

// Bounds of an expression. Java has none: there a long one fails with a stack
// overflow somewhere.
const (
	maxExpressionBytes = 64 << 10
	maxDepth           = 256 // of parentheses and signs, and of the tree
)

var (
	errTooLong = &ParseError{"the expression is longer than " + strconv.Itoa(maxExpressionBytes) + " bytes"}
	errTooDeep = &ParseError{"the expression is nested more than " + strconv.Itoa(maxDepth) + " deep"}
)

// builder makes nodes and refuses what Java refuses (Java: the static create
// methods of the expression classes). While dry it makes none, and nil stands
// for every node.
type builder struct {
	dry   bool
	slots map[string]uint16
}

func (b *builder) node(n node) (*node, error) {
	for _, arg := range n.args {
		n.depth = max(n.depth, arg.depth)
	}
	if n.depth++; n.depth > maxDepth {
		return nil, errTooDeep
	}
	return &n, nil
}

func (b *builder) constant(v value) (*node, error) {
	if b.dry {
		return nil, nil
	}
	return b.node(node{kind: nodeConstant, value: v})
}

func (b *builder) property(name string) (*node, error) {
	if b.dry {
		return nil, nil
	}
	slot, known := b.slots[name]
	if !known {
		slot = uint16(len(b.slots))
		b.slots[name] = slot
	}
	return b.node(node{kind: nodeProperty, name: name, slot: slot})
}

// decimal makes an integer: an int, or a long when it is too large for that.
func (b *builder) decimal(text string) (*node, error) {
	if b.dry {
		return nil, nil
	}
	text = strings.TrimRight(text, "lL")
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return nil, refuse(numberFormatException, "%s", forInput(text))
	}
	if n <= math.MaxInt32 {
		return b.constant(value{kind: valueInt, n: n})
	}
	return b.constant(value{kind: valueLong, n: n})
}

// float makes a double. Java also refuses zero: it is below the smallest
// positive one.
func (b *builder) float(text string) (*node, error) {
	if b.dry {
		return nil, nil
	}
	f, err := strconv.ParseFloat(text, 64)
	switch {
	case f > math.MaxFloat64:
		return nil, refuse(runtimeException, "%s is greater than %s", text, formatDouble(math.MaxFloat64))
	case f < math.SmallestNonzeroFloat64:
		return nil, refuse(runtimeException, "%s is less than %s", text, "4.9E-324")
	case err != nil:
		return nil, refuse(numberFormatException, "%s", forInput(text))
	}
	return b.constant(value{kind: valueDouble, f: f})
}

// str makes a string of a literal with its quotes.
func (b *builder) str(literal string) (*node, error) {
	if b.dry {
		return nil, nil
	}
	return b.constant(value{kind: valueString, s: unquote(literal)})
}

func unquote(literal string) string {
	return strings.ReplaceAll(literal[1:len(literal)-1], "''", "'")
}

func (b *builder) negate(n *node) (*node, error) {
	if b.dry {
		return nil, nil
	}
	return b.node(node{kind: nodeNegate, args: []*node{n}})
}

func (b *builder) not(n *node) (*node, error) {
	if b.dry {
		return nil, nil
	}
	n, err := b.condition(n)
	if err != nil {
		return nil, err
	}
	return b.node(node{kind: nodeNot, args: []*node{n}})
}

// condition takes n as a condition: what is none is refused, but for a property.
func (b *builder) condition(n *node) (*node, error) {
	switch {
	case b.dry:
		return nil, nil
	case n.kind == nodeProperty:
		return b.node(node{kind: nodeCondition, args: []*node{n}})
	case !n.isBoolean():
		return nil, refuse(parseException, "Expression will not result in a boolean value: %s", n)
	}
	return n, nil
}

// chain adds right to the chain left of kind nodeAnd or nodeOr, or begins one.
// begun tells that left is a chain of this parser's loop, not one in parentheses.
func (b *builder) chain(kind nodeKind, left, right *node, begun bool) (*node, error) {
	if b.dry {
		return nil, nil
	}
	var err error
	if !begun {
		if left, err = b.condition(left); err != nil {
			return nil, err
		}
	}
	if right, err = b.condition(right); err != nil {
		return nil, err
	}
	if !begun {
		return b.node(node{kind: kind, args: []*node{left, right}})
	}
	left.args = append(left.args, right)
	if left.depth = max(left.depth, right.depth+1); left.depth > maxDepth {
		return nil, errTooDeep
	}
	return left, nil
}

func (b *builder) equal(left, right *node) (*node, error) {
	if b.dry {
		return nil, nil
	}
	for _, n := range []*node{left, right} {
		if n.kind == nodeConstant && n.value.kind == valueNull {
			return nil, refuse(runtimeException, "'%s' cannot be compared.", n)
		}
	}
	if left.kind == nodeConstant && left.value.kind == valueBool && right.kind == nodeConstant && right.value.kind != valueBool {
		return nil, refuse(runtimeException, "'%s' cannot be compared with '%s'", left, right)
	}
	return b.node(node{kind: nodeEqual, args: []*node{left, right}})
}

func (b *builder) notEqual(left, right *node) (*node, error) {
	n, err := b.equal(left, right)
	if err != nil {
		return nil, err
	}
	return b.not(n)
}

func (b *builder) isNull(n *node, not bool) (*node, error) {
	null, err := b.constant(value{})
	if err != nil || b.dry {
		return nil, err
	}
	if n, err = b.node(node{kind: nodeEqual, args: []*node{n, null}}); err == nil && not {
		n, err = b.not(n)
	}
	return n, err
}

// order makes one of > >= < <=, whose sides are numbers or not known before.
func (b *builder) order(kind nodeKind, left, right *node) (*node, error) {
	if b.dry {
		return nil, nil
	}
	for _, n := range []*node{left, right} {
		if n.isBoolean() || n.kind == nodeConstant && !n.value.isNumber() {
			return nil, refuse(runtimeException, "Value '%s' cannot be compared.", n)
		}
	}
	return b.node(node{kind: kind, args: []*node{left, right}})
}

func (b *builder) between(n, low, high *node) (*node, error) {
	if b.dry {
		return nil, nil
	}
	if low.kind == nodeConstant && high.kind == nodeConstant {
		if err := checkBounds(low.value, high.value); err != nil {
			return nil, err
		}
	}
	return b.both(nodeAnd, n, nodeGreaterEqual, low, nodeLessEqual, high)
}

func (b *builder) notBetween(n, low, high *node) (*node, error) {
	return b.both(nodeOr, n, nodeLess, low, nodeGreater, high)
}

// both compares n with low and with high.
func (b *builder) both(kind nodeKind, n *node, lowOp nodeKind, low *node, highOp nodeKind, high *node) (*node, error) {
	left, err := b.order(lowOp, n, low)
	if err != nil {
		return nil, err
	}
	right, err := b.order(highOp, n, high)
	if err != nil {
		return nil, err
	}
	return b.chain(kind, left, right, false)
}

// checkBounds refuses constants of a BETWEEN that are not in order.
func checkBounds(low, high value) error {
	if low.kind == valueNull || high.kind == valueNull {
		return refuse(runtimeException, "Illegal values of between, values can not be null!")
	}
	order, result := compare(high, low)
	switch {
	case result == notANumber:
		return refuse(runtimeException, "%s%s", numberFormatException, numberError(low, high))
	case result == notAString:
		return refuse(classCastException, "class java.lang.Boolean cannot be cast to class java.lang.String")
	case result == incomparable || order < 0:
		return refuse(runtimeException, "Illegal values of between, left value(%s) must less than or equal to right value(%s)", low.text(), high.text())
	}
	return nil
}

// numberError is what Java says of the one of two constants that is a string
// and no number of the other's class.
func numberError(a, b value) string {
	text, other := a.s, b
	if a.kind != valueString {
		text, other = b.s, a
	}
	if other.kind != valueDouble {
		return forInput(text)
	}
	if text = trim(text); text == "" {
		return "empty String"
	}
	return forInput(text)
}

func forInput(text string) string { return `For input string: "` + text + `"` }

func (b *builder) in(n *node, words []string, not bool) (*node, error) {
	switch {
	case b.dry:
		return nil, nil
	case n.kind != nodeProperty:
		return nil, refuse(runtimeException, "Expected a property for In expression, got: %s", n)
	}
	kind := nodeIn
	if not {
		kind = nodeNotIn
	}
	return b.node(node{kind: kind, args: []*node{n}, words: newWordSet(words)})
}

// errDry stands for any syntax error while dry.
var errDry = errors.New("no match")
