package store

import (
	"strings"
	"sync"
	"unsafe"

	"github.com/boostermq/booster/codec"
)

// encoder holds the encoded records of one append until they are copied into
// the pending batch.
type encoder struct {
	rec   []byte // records, one after the other
	sizes []int  // of each record
	batch bool   // came by PutMessages
	props []byte
	multi []multiTarget // further queues of the record, see multidispatch.go
}

const (
	maxPropertiesBytes = 32767
	maxTopicBytes      = 127
	// recordExtraBytes is what a record may be longer than maxMessageSize.
	recordExtraBytes = 65536
	encoderKeepBytes = 1 << 20
)

type encoderPool struct{ p sync.Pool }

func (p *encoderPool) get() *encoder {
	if e, ok := p.p.Get().(*encoder); ok {
		return e
	}
	return new(encoder)
}

func (p *encoderPool) put(e *encoder) {
	e.multi = e.multi[:0]
	if cap(e.rec) <= encoderKeepBytes {
		p.p.Put(e)
	}
}

// encodeOne encodes m.
func (e *encoder) encodeOne(m *codec.Message) PutStatus {
	e.rec, e.sizes, e.batch = e.rec[:0], e.sizes[:0], false
	return e.add(m)
}

// add encodes one message. Law: no record ends in a zero byte, so that recovery
// knows one that was cut off (logScan.tornLast).
func (e *encoder) add(m *codec.Message) PutStatus {
	if strings.HasSuffix(m.Properties, "\x00") {
		ended := *m
		ended.Properties += string(rune(propertySeparator))
		m = &ended
	}
	if len(m.Properties) > maxPropertiesBytes {
		return PropertiesSizeExceeded
	}
	before := len(e.rec)
	rec, err := codec.AppendRecord(e.rec, m)
	if err != nil {
		return MessageIllegal
	}
	e.rec = rec
	e.sizes = append(e.sizes, len(rec)-before)
	return PutOK
}

// encodeBatch encodes every message of the 320 body m.Body; m.Properties are
// added to those of each.
func (e *encoder) encodeBatch(m *codec.Message) PutStatus {
	e.rec, e.sizes, e.batch = e.rec[:0], e.sizes[:0], true
	item := *m
	for rest := m.Body; len(rest) > 0; {
		it, next, err := codec.NextBatchItem(rest)
		if err != nil {
			return MessageIllegal
		}
		rest = next
		item.Flag, item.Body, item.Properties = it.Flag, it.Body, e.join(it.Properties, m.Properties)
		if st := e.add(&item); st != PutOK {
			return st
		}
	}
	if len(e.sizes) == 0 {
		return MessageIllegal
	}
	return PutOK
}

// join is own, a separator when own lacks it, and common. The string dies with the next call.
func (e *encoder) join(own, common string) string {
	if own == "" {
		return common
	}
	if common == "" {
		return own
	}
	e.props = append(e.props[:0], own...)
	if e.props[len(e.props)-1] != propertySeparator {
		e.props = append(e.props, propertySeparator)
	}
	e.props = append(e.props, common...)
	return unsafe.String(unsafe.SliceData(e.props), len(e.props))
}

const propertySeparator = 0x02
