package fastjson

import (
	"reflect"
	"slices"
	"strings"
	"sync"
)

// Defaulter is what a struct implements when it does not start as zero: a
// value is given its defaults before the members of the text are set, as a
// Java class runs its field initialisers.
type Defaulter interface{ SetDefaults() }

// structType is what is known of a struct type: its fields in the order they
// are written, and by name.
type structType struct {
	fields   []field
	byName   map[string]int // exact name → index in fields
	byFold   map[string]int // fold(name) → index in fields
	defaults bool           // a pointer to it is a Defaulter
}

// field is one member of a struct type. Tag: `json:"name,option…"`.
type field struct {
	name      string
	key       string // `"name":`, ready to be written
	index     int
	omitEmpty bool // omitempty: left out when zero or empty
	always    bool // always: a nil slice or map is written as empty, not left out
	inline    bool // inline: a slice stays on one line when pretty (a Java array)
}

// structTypes keeps structType by reflect.Type. It is the one variable of the
// package: a cache that grows with the types of the program, never with input.
var structTypes sync.Map

func structTypeOf(t reflect.Type) *structType {
	if st, ok := structTypes.Load(t); ok {
		return st.(*structType)
	}
	st, _ := structTypes.LoadOrStore(t, newStructType(t))
	return st.(*structType)
}

func newStructType(t reflect.Type) *structType {
	st := &structType{byName: map[string]int{}, byFold: map[string]int{}}
	st.defaults = reflect.PointerTo(t).Implements(reflect.TypeFor[Defaulter]())
	for i := range t.NumField() {
		if f, ok := newField(t.Field(i)); ok {
			st.fields = append(st.fields, f)
		}
	}
	slices.SortFunc(st.fields, func(a, b field) int { return strings.Compare(a.name, b.name) })
	for i, f := range st.fields {
		st.byName[f.name] = i
		st.byFold[string(appendFold(nil, f.name))] = i
	}
	return st
}

func newField(sf reflect.StructField) (field, bool) {
	name, options, _ := strings.Cut(sf.Tag.Get("json"), ",")
	if !sf.IsExported() || name == "-" {
		return field{}, false
	}
	if name == "" {
		name = sf.Name
	}
	f := field{name: name, index: sf.Index[0]}
	f.key = string(append(appendQuoted(nil, name, false), ':'))
	for option := range strings.SplitSeq(options, ",") {
		switch option {
		case "omitempty":
			f.omitEmpty = true
		case "always":
			f.always = true
		case "inline":
			f.inline = true
		}
	}
	return f, true
}

// lookup finds the field for a key of a text: the exact name, else the one
// that differs in case, '_' or '-' only, as the Java side matches. The second
// result is false when there is none.
func (st *structType) lookup(key []byte) (*field, bool) {
	i, ok := st.byName[string(key)]
	if !ok {
		var buf [64]byte
		if len(key) > len(buf) {
			return nil, false
		}
		if i, ok = st.byFold[string(appendFold(buf[:0], string(key)))]; !ok {
			return nil, false
		}
	}
	return &st.fields[i], true
}

func appendFold(dst []byte, name string) []byte {
	for i := range len(name) {
		switch c := name[i]; {
		case c == '_' || c == '-':
		case 'A' <= c && c <= 'Z':
			dst = append(dst, c+'a'-'A')
		default:
			dst = append(dst, c)
		}
	}
	return dst
}
