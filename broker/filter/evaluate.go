package filter

import "github.com/boostermq/booster/codec"

// maxSlots is how many different property names an expression may have before
// its evaluation parses the whole text into a map: looking for each name in the
// text costs names × text.
const maxSlots = 16

// evaluation is one evaluation of a tree over one message.
type evaluation struct {
	text   string
	table  map[string]string // all properties, when there are more names than slots
	looked uint32            // which slots are filled, one bit each
	found  uint32            // which of them hold a property, one bit each
	slots  [maxSlots]string
}

// property returns the value of a property: a string, or unknown when there is none.
func (e *evaluation) property(n *node) value {
	if e.table != nil {
		if s, ok := e.table[n.name]; ok {
			return value{kind: valueString, s: s}
		}
		return value{}
	}
	bit := uint32(1) << n.slot
	if e.looked&bit == 0 {
		e.looked |= bit
		if s, ok := codec.GetProperty(e.text, n.name); ok {
			e.found |= bit
			e.slots[n.slot] = s
		}
	}
	if e.found&bit == 0 {
		return value{}
	}
	return value{kind: valueString, s: e.slots[n.slot]}
}

// value evaluates n. The depth of the tree bounds the recursion.
func (e *evaluation) value(n *node) value {
	switch n.kind {
	case nodeConstant:
		return n.value
	case nodeProperty:
		return e.property(n)
	case nodeCondition:
		if e.property(n.args[0]).kind == valueNull {
			return value{}
		}
		return boolValue(false) // a string is no Boolean
	case nodeNegate:
		return negative(e.value(n.args[0]))
	case nodeNot:
		v := e.value(n.args[0])
		if v.kind == valueBool {
			v.n = 1 - v.n
		}
		return v
	case nodeEqual:
		a := e.value(n.args[0])
		if a.kind == valueError {
			return a
		}
		return equal(a, e.value(n.args[1]))
	case nodeIn, nodeNotIn:
		v := e.property(n.args[0])
		if v.kind == valueNull {
			return v
		}
		return boolValue(n.words.has(v.s) == (n.kind == nodeIn))
	case nodeAnd, nodeOr:
		return e.chain(n)
	}
	a := e.value(n.args[0])
	if a.kind == valueError || a.kind == valueNull {
		return a
	}
	return inOrder(n.kind, a, e.value(n.args[1]))
}

// chain evaluates AND and OR: from left to right until FALSE or TRUE decides,
// or an error.
func (e *evaluation) chain(n *node) value {
	decided := boolValue(n.kind == nodeOr)
	unknown := false
	for _, arg := range n.args {
		switch v := e.value(arg); {
		case v.kind == valueError || v == decided:
			return v
		case v.kind == valueNull:
			unknown = true
		}
	}
	if unknown {
		return value{}
	}
	return boolValue(n.kind == nodeAnd)
}

// negative is -v: unknown for what is no number.
func negative(v value) value {
	switch v.kind {
	case valueInt, valueLong:
		v.n = -v.n
	case valueDouble:
		v.f = -v.f
	case valueError:
	default:
		return value{}
	}
	return v
}
