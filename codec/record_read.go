package codec

import (
	"fmt"
	"strconv"
)

// RecordStatus is what the bytes at a position of the commit log are.
type RecordStatus int

// Kinds of bytes. What stands in a log after a crash is as hostile as what
// comes from the net: no length is believed before it was compared.
const (
	RecordOK       RecordStatus = iota
	RecordBlank                 // the rest of the file is empty
	RecordBadSized              // right magic, but its lengths do not add up to its size: may be skipped
	RecordBad                   // no record: zeros, foreign bytes, one that is cut off or has a wrong CRC
)

var recordStatusNames = [...]string{"RecordOK", "RecordBlank", "RecordBadSized", "RecordBad"}

func (s RecordStatus) String() string {
	if s >= 0 && int(s) < len(recordStatusNames) {
		return recordStatusNames[s]
	}
	return "RecordStatus(" + strconv.Itoa(int(s)) + ")"
}

// recordCut is a record whose lengths were found to agree.
type recordCut struct {
	rec            []byte // the whole record
	tail           int    // position of reconsumeTimes, behind the store host
	body, propsPos int    // positions of the first byte of body and properties
	bodyLen        int
	topic          []byte
}

func (c *recordCut) bodyBytes() []byte  { return c.rec[c.body : c.body+c.bodyLen] }
func (c *recordCut) properties() string { return aliasString(c.rec[c.propsPos:]) }

// cutRecord checks the lengths of the record at the start of b, see CheckRecord for what it returns.
func cutRecord(b []byte, c *recordCut) (st RecordStatus, sizeBytes int) {
	if len(b) < BlankRecordBytes {
		return RecordBad, 0
	}
	size, magic := int(getInt32(b)), getInt32(b[posMagic:])
	if magic == BlankMagic && size >= BlankRecordBytes {
		return RecordBlank, size
	}
	if magic != MessageMagic || size < recordFixedBytes {
		return RecordBad, 0
	}
	if size > len(b) {
		return RecordBad, size
	}
	rec := b[:size:size]
	flag := getInt32(rec[posSysFlag:])
	tail := posStoreTimestamp + 16
	if flag&SysFlagBornHostV6 != 0 {
		tail += v6ExtraBytes
	}
	if flag&SysFlagStoreHostV6 != 0 {
		tail += v6ExtraBytes
	}
	body := tail + 16
	if body+3 > size {
		return RecordBadSized, size
	}
	bodyLen := int(getInt32(rec[body-4:]))
	if bodyLen < 0 || bodyLen > size-body-3 {
		return RecordBadSized, size
	}
	topic := body + bodyLen + 1
	topicLen := int(int8(rec[topic-1]))
	if topicLen < 0 || topicLen > size-topic-2 {
		return RecordBadSized, size
	}
	props := topic + topicLen + 2
	if propsLen := int(int16(uint16(rec[props-2])<<8 | uint16(rec[props-1]))); propsLen != size-props {
		return RecordBadSized, size
	}
	*c = recordCut{rec: rec, tail: tail, body: body, bodyLen: bodyLen, propsPos: props, topic: rec[topic : topic+topicLen]}
	return RecordOK, size
}

func (c *recordCut) crcMatches() bool {
	return c.bodyLen == 0 || BodyCRC(c.bodyBytes()) == getInt32(c.rec[posBodyCRC:])
}

// CheckRecord tells what stands at the start of b (Java:
// CommitLog.checkMessageAndReturnSize). sizeBytes is the length of a RecordOK
// or RecordBadSized, what a RecordBlank says remains of its file, and for
// RecordBad 0 — but when b ends within a record, the length that record claims.
func CheckRecord(b []byte, checkCRC bool) (st RecordStatus, sizeBytes int) {
	var c recordCut
	st, sizeBytes = cutRecord(b, &c)
	if st == RecordOK && checkCRC && !c.crcMatches() {
		return RecordBad, 0
	}
	return st, sizeBytes
}

// DispatchView is what consume queues and index need of a record (Java:
// DispatchRequest). Strings alias the record.
type DispatchView struct {
	Topic                     string
	QueueID                   int32
	CommitLogOffset           int64
	SizeBytes                 int32
	TagsCode                  int64
	StoreTimestampMs          int64
	QueueOffset               int64
	Keys                      string
	UniqKey                   string
	Tags                      string
	SysFlag                   int32
	PreparedTransactionOffset int64
	Properties                string
}

// ParseDispatch fills v from the record at the start of b without touching the
// body, and returns what CheckRecord returns. It allocates nothing; v is
// filled for RecordOK only.
func ParseDispatch(b []byte, v *DispatchView) (st RecordStatus, sizeBytes int) {
	var c recordCut
	if st, sizeBytes = cutRecord(b, &c); st != RecordOK {
		return st, sizeBytes
	}
	rec := c.rec
	v.Topic = aliasString(c.topic)
	v.QueueID = getInt32(rec[posQueueID:])
	v.CommitLogOffset = getInt64(rec[posPhysicalOffset:])
	v.SizeBytes = int32(len(rec))
	v.StoreTimestampMs = getInt64(rec[storeTimestampPos(rec):])
	v.QueueOffset = getInt64(rec[posQueueOffset:])
	v.SysFlag = getInt32(rec[posSysFlag:])
	v.PreparedTransactionOffset = getInt64(rec[c.tail+4:])
	v.Properties = c.properties()
	v.Keys, v.UniqKey, v.Tags = "", "", ""
	for rest := v.Properties; rest != ""; {
		var piece string
		piece, rest = cutProperty(rest)
		if value, ok := propertyValue(piece, PropertyUniqKey); ok {
			v.UniqKey = value
		} else if value, ok := propertyValue(piece, PropertyTags); ok {
			v.Tags = value
		} else if value, ok := propertyValue(piece, PropertyKeys); ok {
			v.Keys = value
		}
	}
	v.TagsCode = TagsCode(v.Tags)
	return RecordOK, sizeBytes
}

// DecodeOptions says how far DecodeRecord goes.
type DecodeOptions struct {
	SkipBody bool // leave Message.Body nil
	CheckCRC bool
}

// DecodeRecord fills m from the record at the start of b and returns its
// length. Body and strings alias b. Errors: ErrRecordCorrupt, ErrBodyCRC; m is
// then unchanged.
func DecodeRecord(b []byte, m *Message, opt DecodeOptions) (n int, err error) {
	var c recordCut
	st, size := cutRecord(b, &c)
	if st != RecordOK {
		return 0, fmt.Errorf("%w: %v, size %d of %d", ErrRecordCorrupt, st, size, len(b))
	}
	if opt.CheckCRC && !c.crcMatches() {
		return 0, fmt.Errorf("%w: %08x, record says %08x", ErrBodyCRC, uint32(BodyCRC(c.bodyBytes())), uint32(getInt32(b[posBodyCRC:])))
	}
	rec, tail := c.rec, c.rec[c.tail:]
	flag := getInt32(rec[posSysFlag:])
	*m = Message{
		Topic:                     aliasString(c.topic),
		QueueID:                   getInt32(rec[posQueueID:]),
		Flag:                      getInt32(rec[posFlag:]),
		Properties:                c.properties(),
		SysFlag:                   flag,
		BornTimestampMs:           getInt64(rec[posBornTimestamp:]),
		ReconsumeTimes:            getInt32(tail),
		PreparedTransactionOffset: getInt64(tail[4:]),
		StoreSizeBytes:            int32(size),
		BodyCRC:                   getInt32(rec[posBodyCRC:]),
		QueueOffset:               getInt64(rec[posQueueOffset:]),
		CommitLogOffset:           getInt64(rec[posPhysicalOffset:]),
	}
	born, rest := getHost(rec[posBornHost:], flag&SysFlagBornHostV6 != 0)
	m.BornHost, m.StoreTimestampMs = born, getInt64(rest)
	m.StoreHost, _ = getHost(rest[8:], flag&SysFlagStoreHostV6 != 0)
	if body := c.bodyBytes(); !opt.SkipBody && len(body) > 0 {
		m.Body = body
	}
	return size, nil
}

// RecordProperties returns the properties text of the record at the start of
// b, which aliases b, and whether there is one.
func RecordProperties(b []byte) (string, bool) {
	var c recordCut
	if st, _ := cutRecord(b, &c); st != RecordOK {
		return "", false
	}
	return c.properties(), true
}

// RecordStoreTimestampMs returns the store time of a whole record.
func RecordStoreTimestampMs(rec []byte) int64 { return getInt64(rec[storeTimestampPos(rec):]) }

// RecordQueueOffset returns the queue offset of a whole record.
func RecordQueueOffset(rec []byte) int64 { return getInt64(rec[posQueueOffset:]) }

// RecordPhysicalOffset returns the commit log offset of a whole record.
func RecordPhysicalOffset(rec []byte) int64 { return getInt64(rec[posPhysicalOffset:]) }
