package codec

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/boostermq/booster/codec/fastjson"
)

// topics.json and subscriptionGroup.json as Java's fastjson writes them: tabs,
// members in alphabetical order, entries in the order of Java's hash table.
// Only that order is made here: fastjson sorts keys by name.
//
//	| {
//	| →"dataVersion":{
//	| →→"counter":16,
//	| →→"timestamp":1795350826899
//	| →},
//	| →"topicConfigTable":{
//	| →→"TopicA":{
//	| →→→"order":false,
//	| →→→…
//	| →→},"TopicB":{
//	| →→→…
//	| →→}
//	| →}
//	| }

// AppendConfigTable renders version and the table of that member name as the
// content of such a file.
func AppendConfigTable[T any](b []byte, version DataVersion, member string, table map[string]*T) ([]byte, error) {
	b = append(b, "{\n\t\"dataVersion\":"...)
	b, err := appendIndented(b, version, "\n\t")
	if err != nil {
		return nil, err
	}
	b = append(b, ",\n\t\""+member+"\":{"...)
	for i, name := range javaMapOrder(table) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, "\n\t\t"...)
		if b, err = appendIndented(b, name, ""); err != nil {
			return nil, err
		}
		b = append(b, ':')
		if b, err = appendIndented(b, table[name], "\n\t\t"); err != nil {
			return nil, err
		}
	}
	if len(table) > 0 {
		b = append(b, "\n\t"...)
	}
	return append(b, "}\n}"...), nil
}

// appendIndented renders v with newLine in place of each line break.
func appendIndented(b []byte, v any, newLine string) ([]byte, error) {
	text, err := fastjson.MarshalPretty(v)
	if err != nil {
		return nil, err
	}
	return append(b, bytes.ReplaceAll(text, []byte("\n"), []byte(newLine))...), nil
}

// javaMapOrder returns the names as Java's ConcurrentHashMap(1024) iterates them:
// by bucket, of which there are 2048 until three quarters of that many names
// are in and twice as many at each next step. Names of one bucket, where Java's
// order depends on history, are sorted.
func javaMapOrder[T any](table map[string]*T) []string {
	buckets := 2048
	for len(table) >= buckets/4*3 {
		buckets *= 2
	}
	type place struct {
		bucket uint32
		name   string
	}
	places := make([]place, 0, len(table))
	for name := range table {
		h := uint32(JavaStringHash(name))
		places = append(places, place{(h ^ h>>16) & uint32(buckets-1), name})
	}
	slices.SortFunc(places, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.bucket, b.bucket), strings.Compare(a.name, b.name))
	})
	names := make([]string, len(places))
	for i, p := range places {
		names[i] = p.name
	}
	return names
}
