package fastjson

import "fmt"

// Kind tells what a Value is.
type Kind byte

// Kinds of a Value.
const (
	Null Kind = iota
	Bool
	Number
	String
	Array
	Object
)

// Value is a text as a tree, for texts without a Go type. The zero Value is
// null.
//
// Scalars are kept as text: a string without its quotes and escapes, a number
// and a bool as they were written.
type Value struct {
	Kind Kind
	Text string

	// nodes holds the elements of an array, and for an object its members in
	// the order of the text: key, value, key, value. Duplicate keys are kept.
	nodes []Value
}

// Len returns the number of elements or members.
func (v Value) Len() int {
	if v.Kind == Object {
		return len(v.nodes) / 2
	}
	return len(v.nodes)
}

// Elem returns element i of an array.
func (v Value) Elem(i int) Value { return v.nodes[i] }

// Member returns member i of an object. The key is a String (also when it was
// written without quotes), a Number, a Bool, or an Object.
func (v Value) Member(i int) (key, value Value) { return v.nodes[2*i], v.nodes[2*i+1] }

// Lookup returns the value of the last member of an object whose key has this
// text, and whether there is one.
func (v Value) Lookup(key string) (Value, bool) {
	if v.Kind != Object {
		return Value{}, false
	}
	for i := len(v.nodes) - 2; i >= 0; i -= 2 {
		if k := &v.nodes[i]; k.Kind < Array && k.Text == key {
			return v.nodes[i+1], true
		}
	}
	return Value{}, false
}

// IsContainer tells whether v is an array or an object.
func (v Value) IsContainer() bool { return v.Kind >= Array }

// maxNodes bounds the tree of one text: a node takes more room than the two
// bytes that can ask for it.
const maxNodes = 1 << 20

// Parse reads one text in the lenient dialect (see Unmarshal) as a tree. It
// refuses texts nested deeper than 64 and trees of more than 1,048,576 nodes.
// The tree does not alias b.
func Parse(b []byte) (Value, error) {
	p := treeParser{lexer: newLexer(b)}
	v, err := p.value(0)
	if err == nil {
		err = p.end()
	}
	if err != nil {
		return Value{}, p.wrap("parse", err)
	}
	return v, nil
}

type treeParser struct {
	lexer
	nodes int
}

func (p *treeParser) value(depth int) (Value, error) {
	if p.nodes++; p.nodes > maxNodes {
		return Value{}, fmt.Errorf("more than %d values", maxNodes)
	}
	p.space()
	switch p.peek() {
	case '{':
		return p.object(depth)
	case '[':
		return p.array(depth)
	}
	kind, text, err := p.scalar()
	if err != nil || kind == Null {
		return Value{}, err
	}
	return Value{Kind: kind, Text: string(text)}, nil
}

func (p *treeParser) object(depth int) (Value, error) {
	v := Value{Kind: Object}
	err := p.members('}', depth, func() error {
		key, err := p.key(depth + 1)
		if err != nil {
			return err
		}
		if err := p.colon(); err != nil {
			return err
		}
		value, err := p.value(depth + 1)
		v.nodes = append(v.nodes, key, value)
		return err
	})
	return v, err
}

func (p *treeParser) array(depth int) (Value, error) {
	v := Value{Kind: Array}
	err := p.members(']', depth, func() error {
		elem, err := p.value(depth + 1)
		v.nodes = append(v.nodes, elem)
		return err
	})
	return v, err
}

// key reads what stands before a colon; a bare name counts as a string.
func (p *treeParser) key(depth int) (Value, error) {
	if c := p.peek(); c == '{' || c == '[' {
		return p.value(depth)
	}
	p.nodes++
	kind, text, err := p.keyScalar()
	return Value{Kind: kind, Text: string(text)}, err
}

// tree writes v with its members in their order; keys that are no strings
// follow the rules of map keys.
func (e *encoder) tree(v Value) error {
	if e.depth++; e.depth > maxValueDepth {
		return errDepth
	}
	defer func() { e.depth-- }()
	switch v.Kind {
	case Null:
		e.dst = append(e.dst, "null"...)
	case String:
		e.dst = appendQuoted(e.dst, v.Text, e.standard)
	case Array:
		e.open('[')
		for i, elem := range v.nodes {
			e.next(i, true)
			if err := e.tree(elem); err != nil {
				return err
			}
		}
		e.close(']', len(v.nodes))
	case Object:
		return e.treeMembers(v)
	default:
		e.dst = append(e.dst, v.Text...)
	}
	return nil
}

func (e *encoder) treeMembers(v Value) error {
	e.open('{')
	for i := range v.Len() {
		key, value := v.Member(i)
		e.next(i, key.Kind == String || e.standard)
		if err := e.treeKey(key); err != nil {
			return err
		}
		e.dst = append(e.dst, ':')
		if err := e.tree(value); err != nil {
			return err
		}
	}
	e.close('}', v.Len())
	return nil
}

func (e *encoder) treeKey(key Value) error {
	if !e.standard || key.Kind == String {
		return e.tree(key)
	}
	plain := encoder{depth: e.depth}
	if err := plain.tree(key); err != nil {
		return err
	}
	e.dst = appendQuoted(e.dst, string(plain.dst), true)
	return nil
}
