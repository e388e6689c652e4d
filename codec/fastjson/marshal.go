package fastjson

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// maxDepth bounds the nesting of the texts that are read, maxValueDepth the
// steps into a value that is written: what contains itself ends there.
const (
	maxDepth      = 64
	maxValueDepth = 256
)

var errDepth = errors.New("nested too deep")

// Marshal writes v in the compact form of the Java side.
//
// Struct members stand in alphabetical order, map entries sorted by key.
// Integer keys are not quoted, struct keys are written as objects. A nil
// pointer, interface, slice or map is left out of a struct (but see the tags
// in types.go), a nil pointer or interface out of a map. No reference ($ref)
// is ever written: what is met twice is written twice.
//
// Written are bool, integers, floats, string, slices, arrays, maps, structs,
// pointers, interfaces and Value; anything else is an error.
func Marshal(v any) ([]byte, error) { return marshal(v, encoder{}) }

// MarshalStandard writes v as strict JSON, as the Java side does for callers
// that ask for it: all keys quoted, nothing but ASCII, slashes escaped.
// A struct key becomes its compact text in quotes.
func MarshalStandard(v any) ([]byte, error) { return marshal(v, encoder{standard: true}) }

// MarshalPretty writes v in the form of the config files: tabs, one member a
// line; entries whose key is no string stay on the line of their map.
func MarshalPretty(v any) ([]byte, error) { return marshal(v, encoder{pretty: true}) }

func marshal(v any, e encoder) ([]byte, error) {
	if err := e.value(reflect.ValueOf(v)); err != nil {
		return nil, fmt.Errorf("fastjson: write %T: %w", v, err)
	}
	return e.dst, nil
}

// encoder appends one text to dst.
type encoder struct {
	dst              []byte
	standard, pretty bool
	indent, depth    int
}

func (e *encoder) value(v reflect.Value) error {
	if e.depth++; e.depth > maxValueDepth {
		return errDepth
	}
	defer func() { e.depth-- }()
	switch v.Kind() {
	case reflect.Invalid:
		e.dst = append(e.dst, "null"...)
	case reflect.Bool:
		e.dst = strconv.AppendBool(e.dst, v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		e.dst = strconv.AppendInt(e.dst, v.Int(), 10)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		e.dst = strconv.AppendUint(e.dst, v.Uint(), 10)
	case reflect.Float32, reflect.Float64:
		e.dst = appendFloat(e.dst, v.Float(), v.Type().Bits())
	case reflect.String:
		e.dst = appendQuoted(e.dst, v.String(), e.standard)
	case reflect.Pointer, reflect.Interface:
		return e.value(v.Elem())
	case reflect.Slice, reflect.Array:
		return e.array(v, false)
	case reflect.Map:
		return e.mapping(v)
	case reflect.Struct:
		if tree, ok := reflect.TypeAssert[Value](v); ok {
			return e.tree(tree)
		}
		return e.structure(v)
	default:
		return fmt.Errorf("type %s cannot be written", v.Type())
	}
	return nil
}

func (e *encoder) structure(v reflect.Value) error {
	e.open('{')
	n := 0
	for _, f := range structTypeOf(v.Type()).fields {
		fv := v.Field(f.index)
		if f.leavesOut(fv) {
			continue
		}
		e.next(n, true)
		n++
		e.dst = append(e.dst, f.key...)
		var err error
		if f.inline && fv.Kind() == reflect.Slice {
			err = e.array(fv, true)
		} else {
			err = e.value(fv)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
	}
	e.close('}', n)
	return nil
}

func (f *field) leavesOut(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		return isNull(v)
	case reflect.Slice, reflect.Map:
		return v.IsNil() && !f.always || f.omitEmpty && v.Len() == 0
	default:
		return f.omitEmpty && v.IsZero()
	}
}

// isNull tells whether v is a nil pointer or interface, or leads to one. A
// pointer to itself is not null; writing it then fails.
func isNull(v reflect.Value) bool {
	for range maxValueDepth {
		if v.Kind() != reflect.Pointer && v.Kind() != reflect.Interface {
			return false
		}
		if v.IsNil() {
			return true
		}
		v = v.Elem()
	}
	return false
}

func (e *encoder) array(v reflect.Value, inline bool) error {
	if inline {
		defer func(pretty bool) { e.pretty = pretty }(e.pretty)
		e.pretty = false
	}
	e.open('[')
	for i := range v.Len() {
		e.next(i, true)
		if err := e.value(v.Index(i)); err != nil {
			return err
		}
	}
	e.close(']', v.Len())
	return nil
}

func (e *encoder) mapping(v reflect.Value) error {
	keys := v.MapKeys()
	slices.SortFunc(keys, compareKeys)
	e.open('{')
	n := 0
	for _, key := range keys {
		value := v.MapIndex(key)
		if isNull(value) {
			continue
		}
		e.next(n, key.Kind() == reflect.String || e.standard)
		n++
		if err := e.mapKey(key); err != nil {
			return err
		}
		e.dst = append(e.dst, ':')
		if err := e.value(value); err != nil {
			return err
		}
	}
	e.close('}', n)
	return nil
}

func (e *encoder) mapKey(key reflect.Value) error {
	if !e.standard || key.Kind() == reflect.String {
		return e.value(key)
	}
	plain := encoder{depth: e.depth}
	if err := plain.value(key); err != nil {
		return err
	}
	e.dst = appendQuoted(e.dst, string(plain.dst), true)
	return nil
}

// open, next and close write the brackets and what stands between members.
// Before the member with number n a comma is due if it is not the first, and
// a new line when the form is pretty and onLine is set.

func (e *encoder) open(bracket byte) {
	e.dst = append(e.dst, bracket)
	e.indent++
}

func (e *encoder) next(n int, onLine bool) {
	if n > 0 {
		e.dst = append(e.dst, ',')
	}
	if onLine {
		e.line()
	}
}

func (e *encoder) close(bracket byte, members int) {
	e.indent--
	if members > 0 {
		e.line()
	}
	e.dst = append(e.dst, bracket)
}

func (e *encoder) line() {
	if !e.pretty {
		return
	}
	e.dst = append(e.dst, '\n')
	for range e.indent {
		e.dst = append(e.dst, '\t')
	}
}

// compareKeys orders map keys: numbers by value, strings by bytes, structs
// field by field as declared.
func compareKeys(a, b reflect.Value) int {
	switch a.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return cmp.Compare(a.Int(), b.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return cmp.Compare(a.Uint(), b.Uint())
	case reflect.String:
		return strings.Compare(a.String(), b.String())
	case reflect.Struct:
		for i := range a.NumField() {
			if c := compareKeys(a.Field(i), b.Field(i)); c != 0 {
				return c
			}
		}
	}
	return 0
}
