package broker

import (
	"strconv"
	"strings"
	"unsafe"

	"github.com/boostermq/booster/codec"
)

// sentProperties are the properties of a plain send on their way from the
// header into the log, with all that one scan of them tells.
type sentProperties struct {
	text  []byte // as they are stored; reused
	wait  string // WAIT, which is not in text; "" = absent. Aliases the header
	delay bool   // text has a delay level: property DELAY > 0
	half  bool   // TRAN_MSG=true
}

// render takes the properties of a header as a plain send stores them: without
// WAIT, with this cluster's name. It is the only look at the properties that
// most messages get, so it decides by the length of a name first.
func (p *sentProperties) render(props, clusterName string) {
	p.text, p.wait, p.delay, p.half = p.text[:0], "", false, false
	kept := 0 // where the run begins that is to be copied
	for at := 0; at < len(props); {
		end := len(props)
		if i := strings.IndexByte(props[at:], propertySeparator); i >= 0 {
			end = at + i
		}
		if piece := props[at:end]; p.note(piece) {
			p.text = append(p.text, props[kept:at]...)
			kept = min(end+1, len(props))
		}
		at = end + 1
	}
	p.text = append(p.text, props[kept:]...)
	p.text = codec.AppendProperty(p.text, codec.PropertyCluster, clusterName)
}

// The bytes between names, values and properties, see codec/properties_format.go.
const (
	nameValueSeparator = 0x01
	propertySeparator  = 0x02
)

// note looks at one property; true: it is not to be stored as it is.
func (p *sentProperties) note(piece string) (drop bool) {
	if value, ok := valueOf(piece, codec.PropertyWaitStoreMsgOK); ok {
		p.wait = value
		return true
	}
	if _, ok := valueOf(piece, codec.PropertyCluster); ok {
		return true
	}
	if value, ok := valueOf(piece, codec.PropertyDelayTimeLevel); ok {
		p.delay = delayLevel(value) > 0
	} else if value, ok := valueOf(piece, codec.PropertyTransactionPrepared); ok {
		p.half = strings.EqualFold(value, "true")
	}
	return false
}

// valueOf is the value of piece when its name is that; it may be empty.
func valueOf(piece, name string) (string, bool) {
	n := len(name)
	if len(piece) <= n || piece[n] != nameValueSeparator || piece[:n] != name {
		return "", false
	}
	return piece[n+1:], true
}

// noWait tells that the sender does not wait for disk or slave.
func (p *sentProperties) noWait() bool {
	return p.wait != "" && !strings.EqualFold(p.wait, "true")
}

// keepWait puts WAIT back: half and delayed messages are stored with it.
func (p *sentProperties) keepWait() {
	p.text = codec.AppendProperty(p.text, codec.PropertyWaitStoreMsgOK, p.wait)
}

// set replaces the property name; an empty value removes it.
func (p *sentProperties) set(name, value string) {
	p.text = codec.AppendProperty(codec.DeleteProperty(nil, string(p.text), name), name, value)
}

// String is the text; it aliases p and lives until p is rendered again.
func (p *sentProperties) String() string { return aliasString(p.text) }

// delayLevel is the value of property DELAY as a number, 0 when it is none.
func delayLevel(value string) int {
	level, err := strconv.Atoi(value)
	if err != nil {
		return 0
	}
	return level
}

// aliasString is b as a string that shares its bytes: it lives as long as b
// keeps its content.
func aliasString(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
