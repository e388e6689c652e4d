package filter

import (
	"cmp"
	"strings"
)

// valueKind is the Java class of a value. valueError stands for an exception.
type valueKind uint8

const (
	valueNull valueKind = iota
	valueError
	valueBool
	valueInt
	valueLong
	valueDouble
	valueString
)

// value is a constant, the value of a property or a result.
type value struct {
	kind valueKind
	n    int64 // valueBool (0, 1), valueInt, valueLong
	f    float64
	s    string
}

func boolValue(b bool) value {
	if b {
		return value{kind: valueBool, n: 1}
	}
	return value{kind: valueBool}
}

func (v value) isTrue() bool { return v.kind == valueBool && v.n == 1 }

func (v value) isNumber() bool { return v.kind >= valueInt && v.kind <= valueDouble }

// double is the number v as a double.
func (v value) double() float64 {
	if v.kind == valueDouble {
		return v.f
	}
	return float64(v.n)
}

// equal is "a = b" (Java: createEqual). Unknown is equal to unknown; apart from
// that an unknown left side makes it unknown, an unknown right side FALSE.
func equal(a, b value) value {
	switch {
	case a.kind == valueError || b.kind == valueError:
		return value{kind: valueError}
	case a.kind == valueNull && b.kind == valueNull:
		return boolValue(true)
	case a.kind == valueNull:
		return value{}
	case b.kind == valueNull:
		return boolValue(false)
	case a.kind == valueString && b.kind == valueString:
		return boolValue(a.s == b.s)
	}
	order, result := compare(a, b)
	if result == compared {
		return boolValue(order == 0)
	}
	return result.value()
}

// inOrder is "a op b" for one of > >= < <=. Two strings are compared as doubles.
func inOrder(op nodeKind, a, b value) value {
	switch {
	case a.kind == valueError || b.kind == valueError:
		return value{kind: valueError}
	case a.kind == valueNull || b.kind == valueNull:
		return value{}
	}
	var order int
	result := compared
	if a.kind == valueString && b.kind == valueString {
		f, ok := parseDouble(a.s)
		g, ok2 := parseDouble(b.s)
		if !ok || !ok2 {
			return value{kind: valueError}
		}
		order = compareDoubles(f, g)
	} else if order, result = compare(a, b); result != compared {
		return result.value()
	}
	switch op {
	case nodeGreater:
		return boolValue(order > 0)
	case nodeGreaterEqual:
		return boolValue(order >= 0)
	case nodeLess:
		return boolValue(order < 0)
	}
	return boolValue(order <= 0)
}

// comparison says how a comparison of two values ends.
type comparison uint8

const (
	compared     comparison = iota // the order counts
	incomparable                   // the classes do not go together: FALSE
	notANumber                     // a string was to be a number: an exception
	notAString                     // a Boolean was taken for a string: an exception
)

func (c comparison) value() value {
	if c == incomparable {
		return boolValue(false)
	}
	return value{kind: valueError}
}

// compare orders two values that are known and without error (Java:
// ComparisonExpression.__compare): a string takes on the class of the other
// side, numbers of two classes the wider one.
func compare(a, b value) (order int, result comparison) {
	switch {
	case a.kind == valueString && b.kind == valueString:
		return strings.Compare(a.s, b.s), compared
	case a.kind == valueBool && b.kind == valueString:
		return 0, notAString
	case a.kind == valueString:
		converted, ok := convert(a.s, b.kind)
		if !ok {
			return 0, notANumber
		}
		a = converted
	case b.kind == valueString:
		converted, ok := convert(b.s, a.kind)
		if !ok {
			return 0, notANumber
		}
		b = converted
	}
	switch {
	case a.kind == valueBool && b.kind == valueBool:
		return cmp.Compare(a.n, b.n), compared
	case !a.isNumber() || !b.isNumber():
		return 0, incomparable
	case a.kind == valueDouble || b.kind == valueDouble:
		return compareDoubles(a.double(), b.double()), compared
	}
	return cmp.Compare(a.n, b.n), compared
}

// convert reads s as a value of a class.
func convert(s string, kind valueKind) (value, bool) {
	switch kind {
	case valueBool:
		return boolValue(strings.EqualFold(s, "true")), true
	case valueInt:
		n, ok := parseInteger(s, 32)
		return value{kind: valueInt, n: n}, ok
	case valueLong:
		n, ok := parseInteger(s, 64)
		return value{kind: valueLong, n: n}, ok
	}
	f, ok := parseDouble(s)
	return value{kind: valueDouble, f: f}, ok
}
