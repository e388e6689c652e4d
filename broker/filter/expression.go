package filter

import (
	"strings"

	"github.com/boostermq/booster/codec"
)

// Expression is a compiled SQL92 expression (Java: Expression, BooleanExpression).
// It is immutable. It is also the message filter for a subscription by that
// expression (store.MessageFilter, longpolling.MessageFilter).
type Expression struct {
	text  string
	root  *node
	names int // how many different ones
}

// Compile compiles an expression (Java: SqlFilter.compile). The only type there
// is SQL92. The error is a *ParseError, whose text is the remark for the client.
func Compile(expressionType, expression string) (*Expression, error) {
	if expressionType != codec.ExpressionTypeSQL92 {
		return nil, &ParseError{"there is no filter of type " + expressionType}
	}
	expression = strings.Clone(expression)
	root, slots, err := parse(expression)
	if err != nil {
		return nil, err
	}
	return &Expression{text: expression, root: root, names: len(slots)}, nil
}

// Text returns the expression as it was given.
func (x *Expression) Text() string { return x.text }

// String renders the compiled expression as Java's toString: ((a > 1) && (b == 'x')).
func (x *Expression) String() string { return x.root.String() }

// Result is the outcome of an evaluation.
type Result uint8

// Results. Failed stands for what is an exception in Java.
const (
	False Result = iota
	True
	Unknown
	Failed
)

func (r Result) String() string { return [...]string{"FALSE", "TRUE", "NULL", "ERROR"}[r&3] }

// Evaluate evaluates the expression over a message's properties (encoded text).
func (x *Expression) Evaluate(properties string) Result {
	e := evaluation{text: properties}
	if x.names > maxSlots {
		e.table = codec.ParseProperties(properties)
	}
	switch v := e.value(x.root); {
	case v.isTrue():
		return True
	case v.kind == valueBool:
		return False
	case v.kind == valueNull:
		return Unknown
	}
	return Failed
}

// MatchRecord tells whether a message with these properties matches: only TRUE does.
func (x *Expression) MatchRecord(properties string) bool { return x.Evaluate(properties) == True }

// MatchQueue is always true: the queue entry says nothing about properties.
func (x *Expression) MatchQueue(int64, int64, []byte) bool { return true }
