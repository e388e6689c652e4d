package codec

import (
	"encoding/binary"
	"fmt"
	"math"
)

// The binary form of a frame header (Java: RocketMQSerializable; spec: wire.md §5).
//
//	 0      2          3         5        9      13         17+n     21+n
//	+------+----------+---------+--------+------+----------+--------+-------+
//	| code | language | version | opaque | flag | n|remark | M      | map M |   big-endian
//	| i16  | u8       | i16     | i32    | i32  | i32      | i32    |       |
//	+------+----------+---------+--------+------+----------+--------+-------+
//	 map: repeated  | i16 k | key | i32 v | value |
//
// A length of 0 stands for null: an empty remark, map or value is an absent
// one, an entry with an empty key is dropped. Of equal keys the last wins. The
// map ends where the header ends: Java would take what follows for the body.
// Codes beyond 32767 cannot be written.
const binaryHeaderMinBytes = 21

// appendBinaryHeader appends the header of c.
func (c *Command) appendBinaryHeader(dst []byte) ([]byte, error) {
	if c.Code != int32(int16(c.Code)) || c.Version != int32(int16(c.Version)) {
		return dst, fmt.Errorf("codec: code %d, version %d do not fit the binary header", c.Code, c.Version)
	}
	dst = binary.BigEndian.AppendUint16(dst, uint16(c.Code))
	dst = append(dst, byte(c.Language))
	dst = binary.BigEndian.AppendUint16(dst, uint16(c.Version))
	dst = binary.BigEndian.AppendUint32(dst, uint32(c.Opaque))
	dst = binary.BigEndian.AppendUint32(dst, uint32(c.Flag))
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(c.Remark)))
	dst = append(dst, c.Remark...)
	at := len(dst)
	w := &c.writer
	*w = FieldWriter{buf: append(dst, 0, 0, 0, 0), serialize: SerializeROCKETMQ}
	w.fields(c.Header, c.Ext)
	dst, w.buf = w.buf, nil
	if w.keyTooLong {
		return dst, fmt.Errorf("codec: an ext key is longer than %d bytes", math.MaxInt16)
	}
	binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	return dst, nil
}

// decodeBinaryHeader fills c, which is empty but for Serialize and Body.
func (c *Command) decodeBinaryHeader(b []byte) error {
	if len(b) < binaryHeaderMinBytes {
		return fmt.Errorf("%w: %d bytes", ErrHeaderCorrupt, len(b))
	}
	c.Code = int32(int16(binary.BigEndian.Uint16(b)))
	c.Language = LanguageCode(b[2])
	c.Version = int32(int16(binary.BigEndian.Uint16(b[3:])))
	c.Opaque = int32(binary.BigEndian.Uint32(b[5:]))
	c.Flag = int32(binary.BigEndian.Uint32(b[9:]))
	remark, rest, ok := cutBytes32(b[13:])
	if !ok {
		return fmt.Errorf("%w: remark", ErrHeaderCorrupt)
	}
	c.Remark = aliasString(remark)
	fields, rest, ok := cutBytes32(rest)
	if !ok || len(rest) > 0 {
		return fmt.Errorf("%w: ext map", ErrHeaderCorrupt)
	}
	if len(fields) == 0 {
		return nil
	}
	ext := c.extStore[:0]
	if ext == nil {
		ext = make(Fields, 0, 16)
	}
	ext, err := appendBinaryFields(ext, fields)
	c.extStore, c.Ext = ext, ext
	return err
}

// appendBinaryFields appends the entries of a map section; they alias b.
func appendBinaryFields(ext Fields, b []byte) (Fields, error) {
	for len(b) > 0 {
		if len(b) < 2 {
			return ext, fmt.Errorf("%w: ext key", ErrHeaderCorrupt)
		}
		k := int(int16(binary.BigEndian.Uint16(b)))
		if k < 0 || k > len(b)-2 {
			return ext, fmt.Errorf("%w: ext key of %d bytes", ErrHeaderCorrupt, k)
		}
		key := b[2 : 2+k]
		value, rest, ok := cutBytes32(b[2+k:])
		if !ok {
			return ext, fmt.Errorf("%w: ext value", ErrHeaderCorrupt)
		}
		if len(ext) == maxExtFields {
			return ext, fmt.Errorf("%w: more than %d ext fields", ErrHeaderCorrupt, maxExtFields)
		}
		if k > 0 {
			ext = append(ext, Field{Key: aliasString(key), Value: aliasString(value)})
		}
		b = rest
	}
	return ext, nil
}

// cutBytes32 cuts a field with a 32-bit length off b.
func cutBytes32(b []byte) (field, rest []byte, ok bool) {
	if len(b) < 4 {
		return nil, nil, false
	}
	n := int(int32(binary.BigEndian.Uint32(b)))
	if n < 0 || n > len(b)-4 {
		return nil, nil, false
	}
	return b[4 : 4+n], b[4+n:], true
}
