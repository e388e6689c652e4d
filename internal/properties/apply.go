package properties

import (
	"fmt"
	"reflect"
)

// Apply sets the tagged fields of structs (pointers) from pairs; later pairs
// win, a name found in several structs sets each. It returns the pairs that no
// field knows, in order. The error names line, key and value of the first
// wrong value; then nothing has been set.
func Apply(pairs []Pair, structs ...any) (unknown []Pair, err error) {
	fields, err := fieldsOf(structs)
	if err != nil {
		return nil, err
	}
	byName := indexFields(fields)
	values := make([]reflect.Value, len(fields)) // by field; the zero Value = not given
	for _, p := range pairs {
		indexes := byName[p.Key]
		if len(indexes) == 0 {
			unknown = append(unknown, p)
		}
		for _, i := range indexes {
			if values[i], err = fields[i].parse(p.Value); err != nil {
				return nil, fmt.Errorf("line %d: %s=%s: %w", p.Line, p.Key, p.Value, err)
			}
		}
	}
	for i, v := range values {
		if v.IsValid() {
			fields[i].value.Set(v)
		}
	}
	return unknown, nil
}

// Known returns the pairs that a field of structs (pointers) knows, in order,
// an alias replaced by the name it stands for.
func Known(pairs []Pair, structs ...any) (known []Pair) {
	fields, err := fieldsOf(structs)
	if err != nil {
		return nil // Apply says why
	}
	byName := indexFields(fields)
	for _, p := range pairs {
		if indexes := byName[p.Key]; len(indexes) > 0 {
			p.Key = fields[indexes[0]].name
			known = append(known, p)
		}
	}
	return known
}

// indexFields gives the fields that have a name or an alias.
func indexFields(fields []field) map[string][]int {
	byName := map[string][]int{}
	for i, f := range fields {
		byName[f.name] = append(byName[f.name], i)
		for _, alias := range f.aliases {
			byName[alias] = append(byName[alias], i)
		}
	}
	return byName
}
