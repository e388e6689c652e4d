package offset

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/boostermq/booster/codec"
)

// consumerOffset.json as Java's fastjson writes it: queue ids are keys without
// quotes, and the line break of a table of numbers comes only at its end.
// Entries are in the order of Java's hash table.
//
//	| {
//	| →"offsetTable":{
//	| →→"TopicA@GroupA":{0:7,1:8
//	| →→},
//	| →→"TopicB@GroupA":{0:3
//	| →→}
//	| →}
//	| }
//
// and compact, as 43 answers it:
//
//	| {"offsetTable":{"TopicA@GroupA":{0:7,1:8},"TopicB@GroupA":{0:3}}}

// separator stands between topic and group; neither may contain it.
const separator = "@"

// layout is the white space of one form.
type layout struct{ beforeTable, beforeEntry, afterQueues, afterTable, end string }

var (
	pretty  = layout{"\n\t", "\n\t\t", "\n\t\t", "\n\t", "\n"}
	compact = layout{}
)

// appendOffsets renders c; it sorts c's entries.
func appendOffsets(b []byte, c *tableCopy, l layout) []byte {
	sortJava(c.entries)
	b = append(b, '{')
	b = append(b, l.beforeTable...)
	b = append(b, `"offsetTable":{`...)
	for i, e := range c.entries {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, l.beforeEntry...)
		b = append(b, '"')
		b = append(b, e.key.topic...) // legal names need no escapes
		b = append(b, separator...)
		b = append(b, e.key.group...)
		b = append(b, `":{`...)
		for j, q := range c.queues[e.from:e.to] {
			if j > 0 {
				b = append(b, ',')
			}
			b = strconv.AppendInt(b, int64(q.queueID), 10)
			b = append(b, ':')
			b = strconv.AppendInt(b, q.offset, 10)
		}
		if e.to > e.from {
			b = append(b, l.afterQueues...)
		}
		b = append(b, '}')
	}
	if len(c.entries) > 0 {
		b = append(b, l.afterTable...)
	}
	b = append(b, '}')
	b = append(b, l.end...)
	return append(b, '}')
}

// sortJava sorts as Java's ConcurrentHashMap(512) iterates: by bucket, of which
// there are 1024 until three quarters of that many entries are in and twice as
// many at each next step. Entries of one bucket, where Java's order depends on
// history, are sorted by name.
func sortJava(entries []entry) {
	buckets := 1024
	for len(entries) >= buckets/4*3 {
		buckets *= 2
	}
	type place struct {
		bucket uint32
		entry  entry
	}
	places := make([]place, len(entries))
	for i, e := range entries {
		h := uint32(javaHash(e.key))
		places[i] = place{(h ^ h>>16) & uint32(buckets-1), e}
	}
	slices.SortFunc(places, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.bucket, b.bucket), strings.Compare(a.entry.key.topic, b.entry.key.topic),
			strings.Compare(a.entry.key.group, b.entry.key.group))
	})
	for i := range places {
		entries[i] = places[i].entry
	}
}

// javaHash is the Java hash of "topic@group", without making that string. Legal
// names are ASCII, so bytes are UTF-16 units.
func javaHash(k key) int32 {
	h := 31*codec.JavaStringHash(k.topic) + int32(separator[0])
	for range len(k.group) {
		h *= 31
	}
	return h + codec.JavaStringHash(k.group)
}
