package schedule

import (
	"fmt"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
)

// delayOffset.json as Java's fastjson writes it: levels are keys without quotes,
// in ascending order, each with the offset of the next message to deliver.
//
//	| {
//	| →"offsetTable":{1:14,7:0
//	| →}
//	| }
//
// and compact, as 45 answers it:
//
//	| {"offsetTable":{1:14,7:0}}

// maxFileLevel bounds the levels a file may name: each costs memory.
const maxFileLevel = 10_000

// encodeOffsets renders table, with the line breaks of the file or without.
func encodeOffsets(table map[int32]int64, pretty bool) ([]byte, error) {
	w := codec.DelayOffsetSerializeWrapper{OffsetTable: table}
	if pretty {
		return fastjson.MarshalPretty(&w)
	}
	return fastjson.Marshal(&w)
}

// decodeOffsets is the inverse of encodeOffsets; it takes any form of JSON that
// Java takes. The map is never nil.
func decodeOffsets(data []byte) (map[int32]int64, error) {
	var w codec.DelayOffsetSerializeWrapper
	if err := fastjson.Unmarshal(data, &w); err != nil {
		return nil, err
	}
	for number := range w.OffsetTable {
		if number < 1 || number > maxFileLevel {
			return nil, fmt.Errorf("delay level %d is not in 1..%d", number, maxFileLevel)
		}
	}
	if w.OffsetTable == nil {
		return map[int32]int64{}, nil
	}
	return w.OffsetTable, nil
}
