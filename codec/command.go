package codec

import "strings"

// SerializeType is the top byte of a frame's second word: how the header is written.
type SerializeType byte

// Header serialisations (Java: SerializeType).
const (
	SerializeJSON     SerializeType = 0
	SerializeROCKETMQ SerializeType = 1
)

// Flag bits of a Command (Java: RemotingCommand.RPC_TYPE, RPC_ONEWAY).
const (
	FlagResponse = 1
	FlagOneway   = 2
)

// Command is one remoting frame, decoded (Java: RemotingCommand).
//
// A decoded Command aliases the bytes it was decoded from (Remark, Ext, Body)
// and its own scratch; see Clone and Detach.
type Command struct {
	Code      int32
	Language  LanguageCode
	Version   int32
	Opaque    int32
	Flag      int32
	Remark    string // "" = absent
	Serialize SerializeType

	// Ext holds the ext fields in wire order. nil = no ext map at all; an empty
	// non-nil slice = an empty map ("extFields":{}).
	Ext Fields
	// Header, when set, is rendered before Ext on encode. Never set by decode.
	Header CustomHeader
	// Body is nil when the frame has none.
	Body []byte

	scratch  []byte      // unescaped strings of the header live here
	extStore Fields      // backing of Ext between decodes
	writer   FieldWriter // of AppendFrame; here so that encoding allocates nothing
}

// CustomHeader is a typed set of ext fields (Java: CommandCustomHeader).
type CustomHeader interface {
	// AppendFields renders the fields in declaration order, absent ones left out.
	AppendFields(w *FieldWriter)
}

// IsResponse tells whether c answers a request; it is matched by Opaque alone.
func (c *Command) IsResponse() bool { return c.Flag&FlagResponse != 0 }

// IsOneway tells that the sender waits for no answer.
func (c *Command) IsOneway() bool { return c.Flag&FlagOneway != 0 }

// What Reset keeps for the next decode; a bigger one goes back to the garbage collector.
const (
	maxKeptScratchBytes = 64 << 10
	maxKeptFields       = 256
)

// Reset empties c for reuse. Strings decoded into c before die with it, unless Detach was called.
func (c *Command) Reset() {
	scratch, ext := c.scratch[:0], c.extStore[:0]
	if cap(scratch) > maxKeptScratchBytes {
		scratch = nil
	}
	if cap(ext) > maxKeptFields {
		ext = nil
	}
	*c = Command{scratch: scratch, extStore: ext}
}

// AddExt adds an ext field. Unlike append to Ext it reuses the room of a Command that is used again.
func (c *Command) AddExt(key, value string) {
	if c.Ext == nil {
		if c.extStore == nil {
			c.extStore = make(Fields, 0, 16)
		}
		c.Ext = c.extStore[:0]
	}
	c.Ext = append(c.Ext, Field{Key: key, Value: value})
}

// Detach gives c's scratch away: strings of c that live in it stay valid after
// the next Reset or Decode, as those do that alias the frame.
func (c *Command) Detach() { c.scratch = nil }

// Clone returns a deep copy that aliases nothing. A typed Header becomes Ext fields.
func (c *Command) Clone() *Command {
	n := &Command{
		Code: c.Code, Language: c.Language, Version: c.Version, Opaque: c.Opaque, Flag: c.Flag,
		Remark: strings.Clone(c.Remark), Serialize: c.Serialize,
	}
	if c.Header != nil {
		n.Ext = HeaderFields(c.Header)
	}
	if c.Ext != nil && n.Ext == nil {
		n.Ext = make(Fields, 0, len(c.Ext))
	}
	for _, f := range c.Ext {
		n.Ext = append(n.Ext, Field{Key: strings.Clone(f.Key), Value: strings.Clone(f.Value)})
	}
	if c.Body != nil {
		n.Body = append([]byte{}, c.Body...)
	}
	return n
}

// HeaderFields renders a typed header as fields; they alias nothing.
func HeaderFields(h CustomHeader) Fields {
	w := FieldWriter{serialize: SerializeROCKETMQ}
	h.AppendFields(&w)
	fields, err := appendBinaryFields(make(Fields, 0, w.count), w.buf)
	if err != nil {
		return Fields{} // only a key beyond 32767 bytes gets here; keys are ours
	}
	return fields
}
