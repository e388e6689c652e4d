package codec

import (
	"encoding/binary"
	"math/bits"
	"strconv"
)

// The JSON form of a frame header (Java: RemotingSerializable over fastjson;
// spec: wire.md §3).
//
//	{"code":310,"extFields":{"a":"G","i":"KEYS\u0001k"},"flag":0,"language":"JAVA",
//	|  int       | string → string, optional             | int    | name
//	 "opaque":5,"remark":"…","serializeTypeCurrentRPC":"JSON","version":409}
//	| int32      | optional  | ignored on input             | int
//
// Written: keys in alphabetical order, no blanks, no nulls, UTF-8. Read: any
// order, unknown keys ignored, last of equal keys wins. What real clients send
// is read in one pass here; anything else fastjson would take goes to
// header_json_lenient.go.

// appendJSONHeader appends the header of c.
func (c *Command) appendJSONHeader(dst []byte) []byte {
	dst = append(dst, `{"code":`...)
	dst = strconv.AppendInt(dst, int64(c.Code), 10)
	if c.Header != nil || c.Ext != nil {
		dst = append(dst, `,"extFields":{`...)
		w := &c.writer
		*w = FieldWriter{buf: dst, serialize: SerializeJSON}
		w.fields(c.Header, c.Ext)
		dst, w.buf = append(w.buf, '}'), nil
	}
	dst = append(dst, `,"flag":`...)
	dst = strconv.AppendInt(dst, int64(c.Flag), 10)
	dst = append(dst, `,"language":"`...)
	dst = append(dst, c.Language.String()...)
	dst = append(dst, `","opaque":`...)
	dst = strconv.AppendInt(dst, int64(c.Opaque), 10)
	if c.Remark != "" {
		dst = append(dst, `,"remark":`...)
		dst = appendJSONString(dst, c.Remark)
	}
	dst = append(dst, `,"serializeTypeCurrentRPC":"JSON","version":`...)
	dst = strconv.AppendInt(dst, int64(c.Version), 10)
	return append(dst, '}')
}

// decodeJSONHeader fills c, which is empty but for Serialize and Body.
func (c *Command) decodeJSONHeader(b []byte) error {
	p := jsonHeader{b: b, c: c}
	if p.parse() {
		return nil
	}
	return c.decodeJSONHeaderLenient(b)
}

// jsonHeader is the one pass over a strict JSON header. Its methods return
// false for what they do not know; c is then half filled.
type jsonHeader struct {
	b []byte
	i int // next byte
	c *Command
}

func (p *jsonHeader) parse() bool {
	if !p.take('{') {
		return false
	}
	if p.take('}') {
		return p.atEnd()
	}
	for {
		key, ok := p.memberKey()
		if !ok || !p.member(key) {
			return false
		}
		switch p.next() {
		case ',':
			p.i++
		case '}':
			p.i++
			return p.atEnd()
		default:
			return false
		}
	}
}

// What stands behind the ext fields of every request of a Java client.
const (
	javaUpToOpaque  = `"flag":0,"language":"JAVA","opaque":`
	javaUpToVersion = `"serializeTypeCurrentRPC":"JSON","version":`
)

// memberKey reads a key of the header, and with it the members of a Java
// client that say nothing new.
func (p *jsonHeader) memberKey() (string, bool) {
	switch rest := p.b[p.i:]; {
	case len(rest) > len(javaUpToOpaque) && string(rest[:len(javaUpToOpaque)]) == javaUpToOpaque:
		p.i += len(javaUpToOpaque)
		p.c.Flag, p.c.Language = 0, LanguageJava
		return "opaque", true
	case len(rest) > len(javaUpToVersion) && string(rest[:len(javaUpToVersion)]) == javaUpToVersion:
		p.i += len(javaUpToVersion)
		return "version", true
	}
	return p.key()
}

// member reads the value of one key of the header.
func (p *jsonHeader) member(key string) bool {
	switch key {
	case "code":
		return p.int32(&p.c.Code)
	case "extFields":
		return p.extFields()
	case "flag":
		return p.int32(&p.c.Flag)
	case "language":
		name, ok := p.str()
		p.c.Language, _ = ParseLanguage(name) // an unknown name is harmless
		return ok
	case "opaque":
		return p.int32(&p.c.Opaque)
	case "remark":
		var ok bool
		p.c.Remark, ok = p.str()
		return ok
	case "serializeTypeCurrentRPC":
		_, ok := p.str()
		return ok
	case "version":
		return p.int32(&p.c.Version)
	}
	_, ok := p.value()
	return ok
}

// extFields reads the map into c's own backing. null is left to the lenient form.
func (p *jsonHeader) extFields() bool {
	if !p.take('{') {
		return false
	}
	ext := p.c.extStore[:0]
	if ext == nil {
		ext = make(Fields, 0, 16)
	}
	for more := !p.take('}'); more; {
		key, ok := p.key()
		if !ok || len(ext) == maxExtFields {
			return false
		}
		value, isNull := "", false
		if p.next() == '"' {
			value, ok = p.str()
		} else {
			value, ok = p.value()
			isNull = value == "null"
		}
		if !ok {
			return false
		}
		if !isNull {
			ext = append(ext, Field{Key: key, Value: value})
		}
		switch p.next() {
		case ',':
		case '}':
			more = false
		default:
			return false
		}
		p.i++
	}
	p.c.extStore, p.c.Ext = ext, ext
	return true
}

// key reads `"key":`.
func (p *jsonHeader) key() (string, bool) {
	// The keys of 310 and 320 have one letter.
	if b := p.b[p.i:]; len(b) > 4 && b[0] == '"' && 'a' <= b[1] && b[1] <= 'z' && b[2] == '"' && b[3] == ':' {
		p.i += 4
		return aliasString(b[1:2]), true
	}
	s, ok := p.str()
	return s, ok && p.take(':')
}

// next skips blanks and returns the byte there, 0 at the end. It stays on it.
func (p *jsonHeader) next() byte {
	if p.i < len(p.b) && p.b[p.i] > ' ' {
		return p.b[p.i]
	}
	return p.nextAfterBlanks()
}

func (p *jsonHeader) nextAfterBlanks() byte {
	for p.i < len(p.b) {
		c := p.b[p.i]
		if c > ' ' || c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			return c
		}
		p.i++
	}
	return 0
}

func (p *jsonHeader) take(c byte) bool {
	if p.next() != c {
		return false
	}
	p.i++
	return true
}

func (p *jsonHeader) atEnd() bool {
	p.next()
	return p.i == len(p.b)
}

// int32 reads an integer without fraction and exponent.
func (p *jsonHeader) int32(v *int32) bool {
	negative := p.next() == '-'
	if negative {
		p.i++
	}
	n, start := int64(0), p.i
	for p.i < len(p.b) && p.i-start < 11 {
		d := p.b[p.i] - '0'
		if d > 9 {
			break
		}
		n = n*10 + int64(d)
		p.i++
	}
	if negative {
		n = -n
	}
	*v = int32(n)
	if p.i == start || n != int64(*v) {
		return false
	}
	c := p.next()
	return c == ',' || c == '}'
}

// str reads a string. Without escapes it aliases the header, else c's scratch.
func (p *jsonHeader) str() (string, bool) {
	b := p.b
	if (p.i >= len(b) || b[p.i] != '"') && p.next() != '"' {
		return "", false
	}
	start := p.i + 1
	i := quoteOrEscape(b, start)
	if i == len(b) {
		return "", false
	}
	if b[i] == '\\' {
		return p.escapedStr(start, i)
	}
	p.i = i + 1
	return aliasString(b[start:i]), true
}

// quoteOrEscape is the index of the first '"' or '\\' of b from i on, or len(b).
func quoteOrEscape(b []byte, i int) int {
	for ; i+8 <= len(b); i += 8 {
		if marks := markStringEnds(binary.LittleEndian.Uint64(b[i:])); marks != 0 {
			return i + bits.TrailingZeros64(marks)/8
		}
	}
	for ; i < len(b); i++ {
		if b[i] == '"' || b[i] == '\\' {
			break
		}
	}
	return i
}

// escapedStr reads the rest of a string from its first escape at i on. The
// scratch is made longer than the header before its first use: what escapes
// stand for is never longer than they are, so it never moves under the strings in it.
func (p *jsonHeader) escapedStr(start, i int) (string, bool) {
	b, c := p.b, p.c
	if cap(c.scratch)-len(c.scratch) < len(b)-start+8 {
		c.scratch = make([]byte, 0, len(b)+8)
	}
	from := len(c.scratch)
	s := append(c.scratch, b[start:i]...)
	for i < len(b) {
		switch b[i] {
		case '"':
			p.i, c.scratch = i+1, s
			return aliasString(s[from:]), true
		case '\\':
			var ok bool
			if s, i, ok = appendUnescaped(s, b, i); !ok {
				return "", false
			}
		default:
			s = append(s, b[i])
			i++
		}
		for i+8 <= len(b) { // eight bytes at once, of which only those before the end or an escape are kept
			eight := binary.LittleEndian.Uint64(b[i:])
			s = binary.LittleEndian.AppendUint64(s, eight)
			n := bits.TrailingZeros64(markStringEnds(eight)) / 8 // 8 when there is none
			s, i = s[:len(s)-8+n], i+n
			if n < 8 {
				break
			}
		}
	}
	return "", false
}

// value skips a value of any kind and returns its text; strings keep their quotes.
func (p *jsonHeader) value() (string, bool) {
	p.next()
	start := p.i
	var open uint64 // one bit a level: 1 = object, 0 = array
	for depth := 0; ; {
		switch c := p.next(); c {
		case '{', '[':
			if depth++; depth > maxJSONHeaderDepth {
				return "", false
			}
			open <<= 1
			if c == '{' {
				open |= 1
			}
			p.i++
			continue
		case '}', ']':
			if depth == 0 || (c == '}') != (open&1 == 1) {
				return "", false
			}
			depth--
			open >>= 1
			p.i++
		case ',', ':':
			if depth == 0 {
				return "", false
			}
			p.i++
			continue
		case '"':
			if !p.skipStr() {
				return "", false
			}
		default:
			if !p.skipScalar() {
				return "", false
			}
		}
		if depth == 0 {
			return aliasString(p.b[start:p.i]), true
		}
	}
}

// maxJSONHeaderDepth bounds the nesting of values nobody reads.
const maxJSONHeaderDepth = 64

func (p *jsonHeader) skipStr() bool {
	for p.i++; p.i < len(p.b); p.i++ {
		switch p.b[p.i] {
		case '"':
			p.i++
			return true
		case '\\':
			p.i++
		}
	}
	return false
}

// skipScalar skips a number, true, false or null.
func (p *jsonHeader) skipScalar() bool {
	start := p.i
	for p.i < len(p.b) {
		switch c := p.b[p.i]; {
		case '0' <= c && c <= '9', c == '-', c == '+', c == '.', 'a' <= c && c <= 'z', c == 'E':
			p.i++
			continue
		}
		break
	}
	switch s := p.b[start:p.i]; {
	case len(s) == 0:
		return false
	case s[0] == '-' || '0' <= s[0] && s[0] <= '9':
		return true
	default:
		return string(s) == "true" || string(s) == "false" || string(s) == "null"
	}
}
