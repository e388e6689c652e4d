package fastjson

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
)

// What one text may cost: room for values in bytes per byte of text, beyond a
// first allowance. Honest texts need less than one; what repeats "{}," into an
// array of large structs meets the bound.
const (
	roomPerByte = 16
	roomFree    = 64 << 10
)

var (
	errRoom = errors.New("values take far more room than the text")
	errNull = errors.New("text is null")
)

// Unmarshal reads b into the value that v points to: a struct, map, slice or
// scalar of the kinds that Marshal writes. When it fails, *v is unchanged.
//
// The dialect is that of the Java side. Keys may be quoted with " or ', bare
// words, numbers, or objects (for struct keys; also as a string that holds the
// object). Strings may hold control characters. Numbers and bools may be in
// quotes, and any value may stand for a string, which then gets its text.
// A fraction is cut for an integer; "" and null leave a field as it was. Null
// members of maps and slices are dropped, unknown keys skipped, doubled or
// trailing commas and comments ignored. Of equal keys the last one counts.
// Structs that are Defaulters start from their defaults.
//
// Refused are wrong types, numbers out of range, nesting beyond 64, anything
// after the end, an empty or null text, and texts whose values would take more
// than 16 bytes per byte of text (beyond 64 KiB).
func Unmarshal(b []byte, v any) error {
	target := reflect.ValueOf(v)
	if target.Kind() != reflect.Pointer || target.IsNil() {
		return fmt.Errorf("fastjson: read into %T, not a pointer", v)
	}
	target = target.Elem()
	fresh := reflect.New(target.Type()).Elem()
	fresh.Set(target)
	d := decoder{lexer: newLexer(b), room: roomFree + roomPerByte*len(b)}
	set, err := d.value(fresh, 0)
	if err == nil {
		err = d.end()
	}
	if err == nil && !set {
		err = errNull
	}
	if err != nil {
		return d.wrap("read "+target.Type().String(), err)
	}
	target.Set(fresh)
	return nil
}

// decoder sets values. Maps, slices and what pointers point to are always made
// anew, so that the caller's value changes only at the end.
type decoder struct {
	lexer
	room int // bytes of values it may still make
}

func (d *decoder) spend(sizeBytes uintptr) error {
	if d.room -= int(sizeBytes); d.room < 0 {
		return errRoom
	}
	return nil
}

// value reads one value into v. It reports false when the text had null (or an
// empty string where a number belongs) and v was left alone.
func (d *decoder) value(v reflect.Value, depth int) (bool, error) {
	d.space()
	switch c := d.peek(); v.Kind() {
	case reflect.Pointer:
		return d.pointer(v, depth)
	case reflect.Struct, reflect.Map:
		switch {
		case v.Type() == reflect.TypeFor[Value]():
			return d.tree(v, depth)
		case c != '{':
			return d.nullFor(v)
		case v.Kind() == reflect.Map:
			return true, d.mapping(v, depth)
		}
		return true, d.structure(v, depth)
	case reflect.Slice:
		if c != '[' {
			return d.nullFor(v)
		}
		return true, d.slice(v, depth)
	case reflect.String:
		if c == '{' || c == '[' {
			return true, d.text(v, depth)
		}
	}
	kind, text, err := d.scalar()
	if err != nil || kind == Null {
		return false, err
	}
	return setScalar(v, kind, text)
}

// nullFor reads the scalar that stands where v needs an object or an array:
// only null will do.
func (d *decoder) nullFor(v reflect.Value) (bool, error) {
	if c := d.peek(); c == '{' || c == '[' {
		return false, fmt.Errorf("%q does not begin a %s", c, v.Type())
	}
	kind, text, err := d.scalar()
	if err != nil || kind == Null || kind == String && len(text) == 0 {
		return false, err
	}
	return false, fmt.Errorf("%q is no %s", clip(text), v.Type())
}

func (d *decoder) pointer(v reflect.Value, depth int) (bool, error) {
	if err := d.spend(v.Type().Elem().Size()); err != nil {
		return false, err
	}
	fresh := reflect.New(v.Type().Elem())
	set, err := d.value(fresh.Elem(), depth)
	if set && err == nil {
		v.Set(fresh)
	}
	return set, err
}

// tree reads any value into a Value.
func (d *decoder) tree(v reflect.Value, depth int) (bool, error) {
	tree, err := d.parse(depth)
	if err != nil {
		return false, err
	}
	v.Set(reflect.ValueOf(tree))
	return true, nil
}

// text reads an object or array into a string: its compact text.
func (d *decoder) text(v reflect.Value, depth int) error {
	tree, err := d.parse(depth)
	if err != nil {
		return err
	}
	var e encoder
	err = e.tree(tree)
	v.SetString(string(e.dst))
	return err
}

func (d *decoder) parse(depth int) (Value, error) {
	p := treeParser{lexer: d.lexer}
	tree, err := p.value(depth)
	d.lexer = p.lexer
	if err == nil {
		err = d.spend(uintptr(p.nodes) * reflect.TypeFor[Value]().Size())
	}
	return tree, err
}

func (d *decoder) structure(v reflect.Value, depth int) error {
	st := structTypeOf(v.Type())
	if st.defaults {
		if fresh, ok := reflect.TypeAssert[Defaulter](v.Addr()); ok {
			fresh.SetDefaults()
		}
	}
	return d.members('}', depth, func() error {
		f, err := d.fieldKey(st, depth+1)
		if err != nil {
			return err
		}
		if err := d.colon(); err != nil {
			return err
		}
		if f == nil {
			return d.skip(depth + 1)
		}
		if _, err = d.value(v.Field(f.index), depth+1); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		return nil
	})
}

// fieldKey reads a key of an object that becomes a struct; nil when the struct
// has no such field.
func (d *decoder) fieldKey(st *structType, depth int) (*field, error) {
	if c := d.peek(); c == '{' || c == '[' {
		return nil, d.skip(depth)
	}
	_, text, err := d.keyScalar()
	if err != nil {
		return nil, err
	}
	f, _ := st.lookup(text)
	return f, nil
}

func (d *decoder) slice(v reflect.Value, depth int) error {
	fresh := reflect.MakeSlice(v.Type(), 0, 0)
	sizeBytes := v.Type().Elem().Size()
	grown := reflect.New(v.Type()).Elem()
	grown.Set(fresh)
	err := d.members(']', depth, func() error {
		if err := d.spend(sizeBytes); err != nil {
			return err
		}
		n := grown.Len()
		grown.Grow(1)
		grown.SetLen(n + 1)
		set, err := d.value(grown.Index(n), depth+1)
		if !set {
			grown.Index(n).SetZero()
			grown.SetLen(n)
		}
		return err
	})
	v.Set(grown)
	return err
}

func (d *decoder) mapping(v reflect.Value, depth int) error {
	t := v.Type()
	fresh := reflect.MakeMap(t)
	v.Set(fresh)
	key, elem := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
	return d.members('}', depth, func() error {
		key.SetZero()
		elem.SetZero()
		if err := d.spend(t.Key().Size() + t.Elem().Size()); err != nil {
			return err
		}
		keySet, err := d.mapKey(key, depth+1)
		if err != nil {
			return err
		}
		if err := d.colon(); err != nil {
			return err
		}
		set, err := d.value(elem, depth+1)
		if set && keySet {
			fresh.SetMapIndex(key, elem)
		}
		return err
	})
}

// mapKey reads a key into a scalar or a struct. False: the key is null and its
// entry is dropped.
func (d *decoder) mapKey(key reflect.Value, depth int) (bool, error) {
	if c := d.peek(); c == '{' || c == '[' {
		if key.Kind() != reflect.Struct {
			return false, fmt.Errorf("%q begins a key that must be a %s", c, key.Type())
		}
		return d.value(key, depth)
	}
	kind, text, err := d.keyScalar()
	if err != nil || kind == Null {
		return false, err
	}
	if key.Kind() != reflect.Struct {
		return setScalar(key, kind, text)
	}
	quoted := decoder{lexer: newLexer(bytes.Clone(text)), room: d.room}
	set, err := quoted.value(key, depth)
	if err == nil {
		err = quoted.end()
	}
	return set, err
}

// skip reads over one value of any kind.
func (d *decoder) skip(depth int) error {
	d.space()
	switch d.peek() {
	case '{':
		return d.members('}', depth, func() error {
			if _, err := d.fieldKey(&structType{}, depth+1); err != nil {
				return err
			}
			if err := d.colon(); err != nil {
				return err
			}
			return d.skip(depth + 1)
		})
	case '[':
		return d.members(']', depth, func() error { return d.skip(depth + 1) })
	}
	_, _, err := d.scalar()
	return err
}

// setScalar sets v from a text that is not null. False: the text is empty
// where a number or bool belongs.
func setScalar(v reflect.Value, kind Kind, text []byte) (bool, error) {
	if v.Kind() == reflect.String {
		v.SetString(string(text))
		return true, nil
	}
	if kind == String && (len(text) == 0 || string(text) == "null") {
		return false, nil
	}
	switch v.Kind() {
	case reflect.Bool:
		return setBool(v, kind, text)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n, err := parseInt(kind, text, v.Type().Bits())
		v.SetInt(n)
		return err == nil, err
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		n, err := strconv.ParseUint(string(text), 10, v.Type().Bits())
		v.SetUint(n)
		return err == nil, err
	case reflect.Float32, reflect.Float64:
		f, err := strconv.ParseFloat(string(text), v.Type().Bits())
		if kind == Bool || err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			return false, fmt.Errorf("%w %q", errNumber, clip(text))
		}
		v.SetFloat(f)
		return true, nil
	}
	return false, fmt.Errorf("type %s cannot be read", v.Type())
}

// setBool accepts what Java does: true, 1, T, Y and their opposites, in quotes
// or not.
func setBool(v reflect.Value, kind Kind, text []byte) (bool, error) {
	switch strings.ToLower(string(clip(text))) {
	case "true", "1", "t", "y":
		v.SetBool(true)
	case "false", "0", "f", "n":
		v.SetBool(false)
	default:
		if kind != Number {
			return false, fmt.Errorf("%q is no bool", clip(text))
		}
		v.SetBool(false) // any number but 1
	}
	return true, nil
}

// parseInt reads an integer of the given width. A number that is written with
// a fraction or exponent is cut; true and false are 1 and 0.
func parseInt(kind Kind, text []byte, bits int) (int64, error) {
	if kind == Bool {
		return int64(len("false") - len(text)), nil
	}
	n, err := strconv.ParseInt(string(text), 10, bits)
	if err == nil {
		return n, nil
	}
	if kind == Number && bytes.ContainsAny(text, ".eE") {
		f, floatErr := strconv.ParseFloat(string(text), 64)
		limit := math.Ldexp(1, bits-1)
		if floatErr == nil && -limit <= math.Trunc(f) && math.Trunc(f) < limit {
			return int64(f), nil
		}
	}
	return 0, fmt.Errorf("%w %q for %d bits", errNumber, clip(text), bits)
}

// clip shortens a text for a message.
func clip(text []byte) []byte { return text[:min(len(text), 40)] }
