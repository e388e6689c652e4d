package properties

import "strings"

// Pairs returns the properties of structs (pointers) as text, in declaration
// order, without aliases. A name found in several structs counts once, at its
// first place. Line counts from 1, as in the text that Encode returns.
// Structs that Apply would refuse give no pairs.
func Pairs(structs ...any) []Pair { return pairsOf(structs, false) }

// Names maps every spelling that Apply knows, aliases included, to the name of
// the property.
func Names(structs ...any) map[string]string {
	fields, err := fieldsOf(structs)
	if err != nil {
		return nil
	}
	names := map[string]string{}
	for _, f := range fields {
		names[f.name] = f.name
		for _, alias := range f.aliases {
			names[alias] = f.name
		}
	}
	return names
}

// Encode renders structs as key=value lines, each ended by \n (the body of
// codes 26 and 319, and what `-p` prints). What Java's Properties.load would
// not give back as it is, is escaped; non-ASCII becomes \uXXXX.
func Encode(structs ...any) []byte { return encodePairs(pairsOf(structs, false)) }

// EncodeImportant renders only the properties tagged important (`-m`).
func EncodeImportant(structs ...any) []byte { return encodePairs(pairsOf(structs, true)) }

func pairsOf(structs []any, importantOnly bool) []Pair {
	fields, err := fieldsOf(structs)
	if err != nil {
		return nil
	}
	var pairs []Pair
	seen := map[string]bool{}
	for _, f := range fields {
		if seen[f.name] || importantOnly && !f.important {
			continue
		}
		seen[f.name] = true
		pairs = append(pairs, Pair{Key: f.name, Value: f.format(), Line: len(pairs) + 1})
	}
	return pairs
}

func encodePairs(pairs []Pair) []byte {
	var b strings.Builder
	for _, p := range pairs {
		b.WriteString(escapeKey(p.Key) + "=" + escapeValue(p.Value) + "\n")
	}
	return []byte(b.String())
}
