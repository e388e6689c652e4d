package codec

import (
	"encoding/binary"
	"math"
	"strconv"
)

// FieldWriter renders ext fields, in JSON or in ROCKETMQ form, into the frame
// that is being appended. Fields come out in the order of the calls; it keeps
// no duplicates apart: the reader takes the last one. Keys are names of header
// fields: printable ASCII without '"' and '\\'.
type FieldWriter struct {
	buf       []byte
	serialize SerializeType
	count     int // fields written so far

	keyTooLong bool // a key does not fit the binary form; the frame is refused
}

// Str writes a field. An empty value is written: leave an absent field out yourself.
func (w *FieldWriter) Str(key, value string) {
	if w.serialize == SerializeROCKETMQ {
		w.binaryKey(key)
		w.buf = binary.BigEndian.AppendUint32(w.buf, uint32(len(value)))
		w.buf = append(w.buf, value...)
		return
	}
	w.jsonKey(key)
	w.buf = appendJSONString(w.buf, value)
}

// Plain writes a field whose value is printable ASCII without '"' and '\\', as ids are.
func (w *FieldWriter) Plain(key, value string) {
	if w.serialize == SerializeROCKETMQ {
		w.Str(key, value)
		return
	}
	w.jsonKey(key)
	w.buf = append(w.buf, '"')
	w.buf = append(w.buf, value...)
	w.buf = append(w.buf, '"')
}

// OptStr writes a field unless value is "".
func (w *FieldWriter) OptStr(key, value string) {
	if value != "" {
		w.Str(key, value)
	}
}

// Int writes a field with v in decimal.
func (w *FieldWriter) Int(key string, v int64) {
	if w.serialize == SerializeROCKETMQ {
		w.binaryKey(key)
		at := len(w.buf)
		w.buf = strconv.AppendInt(append(w.buf, 0, 0, 0, 0), v, 10)
		binary.BigEndian.PutUint32(w.buf[at:], uint32(len(w.buf)-at-4))
		return
	}
	w.jsonKey(key)
	w.buf = append(w.buf, '"')
	w.buf = strconv.AppendInt(w.buf, v, 10)
	w.buf = append(w.buf, '"')
}

// Bool writes a field with "true" or "false".
func (w *FieldWriter) Bool(key string, v bool) {
	value := "false"
	if v {
		value = "true"
	}
	w.Plain(key, value)
}

// fields renders header, then ext.
func (w *FieldWriter) fields(header CustomHeader, ext Fields) {
	if header != nil {
		header.AppendFields(w)
	}
	for i := range ext {
		w.extField(ext[i].Key, ext[i].Value)
	}
}

// extField is Str for a key from anywhere.
func (w *FieldWriter) extField(key, value string) {
	if w.serialize == SerializeROCKETMQ {
		w.Str(key, value)
		return
	}
	w.comma()
	w.buf = append(appendJSONString(w.buf, key), ':')
	w.buf = appendJSONString(w.buf, value)
}

func (w *FieldWriter) comma() {
	if w.count > 0 {
		w.buf = append(w.buf, ',')
	}
	w.count++
}

// jsonKey writes the key of a header, which needs no escapes.
func (w *FieldWriter) jsonKey(key string) {
	w.comma()
	w.buf = append(w.buf, '"')
	w.buf = append(w.buf, key...)
	w.buf = append(w.buf, '"', ':')
}

func (w *FieldWriter) binaryKey(key string) {
	w.count++
	if len(key) > math.MaxInt16 {
		w.keyTooLong = true
		return
	}
	w.buf = binary.BigEndian.AppendUint16(w.buf, uint16(len(key)))
	w.buf = append(w.buf, key...)
}
