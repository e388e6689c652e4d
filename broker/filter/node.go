package filter

import (
	"slices"
	"strconv"
	"strings"

	"github.com/boostermq/booster/codec"
)

// nodeKind says what a node does with its operands.
type nodeKind uint8

const (
	nodeConstant     nodeKind = iota // value
	nodeProperty                     // the property name, a string
	nodeCondition                    // args[0], a property, as a condition
	nodeNegate                       // - args[0]
	nodeNot                          // NOT args[0]
	nodeEqual                        // args[0] = args[1]
	nodeGreater                      // args[0] > args[1], and so on
	nodeGreaterEqual                 //
	nodeLess                         //
	nodeLessEqual                    //
	nodeIn                           // args[0], a property, IN words
	nodeNotIn                        //
	nodeAnd                          // args[0] AND args[1] AND …, from left to right
	nodeOr                           //
)

// node is a node of an expression's tree. a <> b is NOT a = b, a IS NULL is a =
// NULL, BETWEEN is two comparisons; AND and OR chains are one node, so that the
// tree's depth does not grow with their length.
type node struct {
	kind  nodeKind
	depth uint16 // of the tree below, 1 for a leaf
	slot  uint16 // nodeProperty: which of the expression's names
	value value
	name  string
	args  []*node
	words *wordSet
}

// isBoolean tells whether n is a condition (Java: BooleanExpression).
func (n *node) isBoolean() bool {
	switch n.kind {
	case nodeProperty, nodeNegate:
		return false
	case nodeConstant:
		return n.value.kind == valueBool || n.value.kind == valueNull
	}
	return true
}

var nodeSigns = [...]string{
	nodeNegate: "-", nodeNot: "NOT", nodeEqual: "==", nodeGreater: ">", nodeGreaterEqual: ">=", nodeLess: "<", nodeLessEqual: "<=",
	nodeIn: "IN", nodeNotIn: "NOT IN", nodeAnd: "&&", nodeOr: "||",
}

// String renders n as Java does, (a > 1): error messages contain it.
func (n *node) String() string {
	var b strings.Builder
	n.append(&b)
	return b.String()
}

func (n *node) append(b *strings.Builder) {
	switch n.kind {
	case nodeConstant:
		b.WriteString(n.value.literal())
	case nodeProperty:
		b.WriteString(n.name)
	case nodeCondition:
		n.args[0].append(b)
	case nodeNegate, nodeNot:
		b.WriteString("(" + nodeSigns[n.kind] + " ")
		n.args[0].append(b)
		b.WriteByte(')')
	case nodeIn, nodeNotIn:
		n.args[0].append(b)
		b.WriteString(" " + nodeSigns[n.kind] + " ( " + strings.Join(n.words.list, ", ") + " )")
	default: // two operands, or a chain of them: ((a || b) || c)
		for range n.args[1:] {
			b.WriteByte('(')
		}
		n.args[0].append(b)
		for _, arg := range n.args[1:] {
			b.WriteString(" " + nodeSigns[n.kind] + " ")
			arg.append(b)
			b.WriteByte(')')
		}
	}
}

// literal renders a constant as an expression has it.
func (v value) literal() string {
	switch v.kind {
	case valueNull:
		return "NULL"
	case valueBool:
		return strings.ToUpper(v.text())
	case valueString:
		return "'" + strings.ReplaceAll(v.s, "'", "''") + "'"
	}
	return v.text()
}

// text renders a constant as Java's toString.
func (v value) text() string {
	switch v.kind {
	case valueBool:
		return strconv.FormatBool(v.n == 1)
	case valueInt, valueLong:
		return strconv.FormatInt(v.n, 10)
	case valueDouble:
		return formatDouble(v.f)
	case valueString:
		return v.s
	}
	return "null"
}

// wordSet is the list of an IN. table is nil while the list is short.
type wordSet struct {
	list  []string
	table map[string]struct{}
}

const (
	maxWordList = 8 // how many words are searched one by one
	maxJavaList = 4 // how many words are a list in Java, and not a hash set
)

func newWordSet(list []string) *wordSet {
	set := &wordSet{list: list}
	if len(list) > maxJavaList {
		set.list = javaOrder(list)
	}
	if len(list) > maxWordList {
		set.table = make(map[string]struct{}, len(list))
		for _, word := range list {
			set.table[word] = struct{}{}
		}
	}
	return set
}

// javaOrder returns the different words of list as a Java HashSet made of it
// iterates them: by bucket, within a bucket in the order they came.
func javaOrder(list []string) []string {
	buckets := 16
	for buckets < len(list)*4/3+1 {
		buckets *= 2
	}
	bucket := func(word string) int {
		h := uint32(codec.JavaStringHash(word))
		return int(h^h>>16) & (buckets - 1)
	}
	seen := make(map[string]struct{}, len(list))
	words := slices.DeleteFunc(slices.Clone(list), func(word string) bool {
		_, again := seen[word]
		seen[word] = struct{}{}
		return again
	})
	slices.SortStableFunc(words, func(a, b string) int { return bucket(a) - bucket(b) })
	return words
}

func (set *wordSet) has(word string) bool {
	if set.table != nil {
		_, ok := set.table[word]
		return ok
	}
	for _, w := range set.list {
		if w == word {
			return true
		}
	}
	return false
}
