package codec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// The body of a batch send (Java: MessageDecoder.encodeMessage; spec:
// message-format.md §8): one item after the other,
//
//	 0       4       8     12     16       20      20+n     22+n
//	+-------+-------+-----+------+--------+-------+--------+------------+
//	| total | magic | crc | flag | body   | body  | prop.  | properties |   big-endian
//	| size  | 0     | 0   |      | length |       | length |            |
//	+-------+-------+-----+------+--------+-------+--------+------------+
//	 i32     i32     i32   i32    i32              i16
//
// Total size, magic and crc are written and, as in Java, not looked at.
const batchItemFixedBytes = 22

// ErrBatchCorrupt tells that a batch body does not divide into items.
var ErrBatchCorrupt = errors.New("codec: batch body corrupt")

// BatchItem is one message of a batch; topic, queue and the rest are those of the request.
type BatchItem struct {
	Flag       int32
	Body       []byte
	Properties string // encoded
}

// NextBatchItem cuts the first item off b. The item aliases b. b must not be empty.
func NextBatchItem(b []byte) (it BatchItem, rest []byte, err error) {
	if len(b) < batchItemFixedBytes {
		return it, b, fmt.Errorf("%w: %d bytes at its end", ErrBatchCorrupt, len(b))
	}
	n := int(getInt32(b[16:]))
	if n < 0 || n > len(b)-batchItemFixedBytes {
		return it, b, fmt.Errorf("%w: body of %d bytes in %d", ErrBatchCorrupt, n, len(b))
	}
	props := b[batchItemFixedBytes+n:]
	p := int(int16(binary.BigEndian.Uint16(b[20+n:])))
	if p < 0 || p > len(props) {
		return it, b, fmt.Errorf("%w: properties of %d bytes in %d", ErrBatchCorrupt, p, len(props))
	}
	it.Flag = getInt32(b[12:])
	it.Body = b[20 : 20+n : 20+n]
	it.Properties = aliasString(props[:p])
	return it, props[p:], nil
}

// AppendBatchItem appends an item. Properties beyond MaxPropertiesBytes cannot
// be written: the caller has checked.
func AppendBatchItem(dst []byte, it BatchItem) []byte {
	props := it.Properties[:min(len(it.Properties), math.MaxInt16)]
	dst = binary.BigEndian.AppendUint32(dst, uint32(batchItemFixedBytes+len(it.Body)+len(props)))
	dst = append(dst, 0, 0, 0, 0, 0, 0, 0, 0)
	dst = binary.BigEndian.AppendUint32(dst, uint32(it.Flag))
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(it.Body)))
	dst = append(dst, it.Body...)
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(props)))
	return append(dst, props...)
}
