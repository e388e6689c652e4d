package codec

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"strings"
)

// The properties of a message as text (Java: MessageDecoder; spec:
// message-format.md §4).
//
//	+------+------+-------+------+------+------+-------+------+
//	| name | 0x01 | value | 0x02 | name | 0x01 | value | 0x02 |
//	+------+------+-------+------+------+------+-------+------+
//	                                       last 0x02 optional: written up to 4.9.0
//
// A piece without 0x01, with an empty name or an empty value does not count.
// Of a name that occurs twice the last one counts. A value reaches to the next
// 0x02 and may hold 0x01. Neither byte is escaped.
const (
	nameValueSeparator = 0x01
	propertySeparator  = 0x02
)

// cutProperty cuts the first piece off props. Pieces are short: eight bytes at a
// time are faster than a call of strings.IndexByte.
func cutProperty(props string) (piece, rest string) {
	b, i := aliasBytes(props), 0
	for ; i+8 <= len(b); i += 8 {
		if ends := markByte(binary.LittleEndian.Uint64(b[i:]), propertySeparator); ends != 0 {
			i += bits.TrailingZeros64(ends) / 8
			return props[:i], props[i+1:]
		}
	}
	for ; i < len(b); i++ {
		if b[i] == propertySeparator {
			return props[:i], props[i+1:]
		}
	}
	return props, ""
}

// propertyValue is the value of piece if that counts and has this name, in which
// there is no 0x01. It is for who looks for a few names: most pieces are told
// apart by one byte.
func propertyValue(piece, name string) (value string, ok bool) {
	n := len(name)
	if len(piece) <= n+1 || piece[n] != nameValueSeparator || piece[:n] != name {
		return "", false
	}
	return piece[n+1:], true
}

// nextProperty cuts the first piece off props. ok is false for a piece that does not count.
func nextProperty(props string) (name, value, rest string, ok bool) {
	piece, rest := cutProperty(props)
	i := strings.IndexByte(piece, nameValueSeparator)
	if i <= 0 || i == len(piece)-1 {
		return "", "", rest, false
	}
	return piece[:i], piece[i+1:], rest, true
}

// GetProperty returns the value of name in the encoded text props, and whether
// it is there. It allocates nothing; the value aliases props.
func GetProperty(props, name string) (value string, found bool) {
	if name == "" || strings.IndexByte(name, nameValueSeparator) >= 0 {
		return "", false
	}
	for props != "" {
		var piece string
		piece, props = cutProperty(props)
		if v, ok := propertyValue(piece, name); ok {
			value, found = v, true
		}
	}
	return value, found
}

// AppendProperty adds a property to the encoded text dst. It writes the
// separator between two properties, and none at the end. An empty name or
// value is not written: no reader would see it.
func AppendProperty(dst []byte, name, value string) []byte {
	if name == "" || value == "" {
		return dst
	}
	if n := len(dst); n > 0 && dst[n-1] != propertySeparator {
		dst = append(dst, propertySeparator)
	}
	dst = append(dst, name...)
	dst = append(dst, nameValueSeparator)
	return append(dst, value...)
}

// DeleteProperty appends props without the property name to dst; the other
// properties keep their order. What does not count as a property is left out.
func DeleteProperty(dst []byte, props, name string) []byte {
	start := len(dst)
	for props != "" {
		n, v, rest, ok := nextProperty(props)
		props = rest
		if !ok || n == name {
			continue
		}
		if len(dst) > start {
			dst = append(dst, propertySeparator)
		}
		dst = append(dst, n...)
		dst = append(dst, nameValueSeparator)
		dst = append(dst, v...)
	}
	return dst
}

// ParseProperties returns the properties of the encoded text as a map; the strings alias props.
func ParseProperties(props string) map[string]string {
	m := make(map[string]string)
	for props != "" {
		n, v, rest, ok := nextProperty(props)
		if ok {
			m[n] = v
		}
		props = rest
	}
	return m
}

// EncodeProperties is the inverse of ParseProperties, names in sorted order.
func EncodeProperties(m map[string]string) string {
	names, size := make([]string, 0, len(m)), 0
	for name, value := range m {
		names = append(names, name)
		size += len(name) + len(value) + 2
	}
	slices.Sort(names)
	dst := make([]byte, 0, size)
	for _, name := range names {
		dst = AppendProperty(dst, name, m[name])
	}
	return string(dst)
}
