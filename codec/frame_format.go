package codec

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// A remoting frame (Java: NettyDecoder, RemotingCommand.encode; spec: wire.md §1).
//
//	 0        4   5        8          8+H          4+L
//	+--------+---+--------+----------+------------+
//	| L      | S | H      | header H | body       |   big-endian
//	+--------+---+--------+----------+------------+
//	 L = 4 + H + body length    S = 0 JSON, 1 ROCKETMQ
//
// Limits: 4 + L ≤ DefaultMaxFrameBytes, answers included, since Java peers
// check what they read; H < 2^24. A frame that breaks a rule closes the
// connection without an answer, as Java does.
const (
	// DefaultMaxFrameBytes bounds a whole frame with its length field (Java: com.rocketmq.remoting.frameMaxLength).
	DefaultMaxFrameBytes = 16777216

	frameHeadBytes = 8
	maxHeaderBytes = 1<<24 - 1
)

// Reasons to close a connection.
var (
	ErrFrameTooLarge = errors.New("codec: frame too large")
	ErrFrameCorrupt  = errors.New("codec: frame corrupt")
	ErrHeaderCorrupt = errors.New("codec: frame header corrupt")
)

// Frame is one frame, cut but not decoded. It aliases the bytes it was cut from.
type Frame struct {
	Serialize SerializeType
	Header    []byte
	Body      []byte // nil when empty
}

// ParseFrame cuts the first frame off b. n is its length in bytes, 0 when b
// does not hold the whole frame yet; the limits are checked as soon as the
// length field is there. An error means: close the connection.
func ParseFrame(b []byte, maxFrameBytes int) (f Frame, n int, err error) {
	if len(b) < 4 {
		return f, 0, nil
	}
	l := int64(int32(binary.BigEndian.Uint32(b)))
	if l < 4 {
		return f, 0, fmt.Errorf("%w: length field %d", ErrFrameCorrupt, l)
	}
	if 4+l > int64(maxFrameBytes) {
		return f, 0, fmt.Errorf("%w: %d bytes, limit %d", ErrFrameTooLarge, 4+l, maxFrameBytes)
	}
	if len(b) < frameHeadBytes {
		return f, 0, nil
	}
	f.Serialize = SerializeType(b[4])
	h := int64(binary.BigEndian.Uint32(b[4:]) & maxHeaderBytes)
	if f.Serialize > SerializeROCKETMQ {
		return Frame{}, 0, fmt.Errorf("%w: serialize type %d", ErrFrameCorrupt, f.Serialize)
	}
	if h > l-4 {
		return Frame{}, 0, fmt.Errorf("%w: header of %d bytes in a frame of %d", ErrFrameCorrupt, h, l)
	}
	if int64(len(b)) < 4+l {
		return Frame{}, 0, nil
	}
	f.Header = b[frameHeadBytes : frameHeadBytes+h : frameHeadBytes+h]
	if body := b[frameHeadBytes+h : 4+l : 4+l]; len(body) > 0 {
		f.Body = body
	}
	return f, int(4 + l), nil
}

// Decode replaces c by the frame's content. Strings alias f.Header or c's
// scratch, Body aliases f.Body. On error c is empty.
func (c *Command) Decode(f Frame) error {
	c.Reset()
	c.Serialize = f.Serialize
	c.Body = f.Body
	var err error
	if f.Serialize == SerializeROCKETMQ {
		err = c.decodeBinaryHeader(f.Header)
	} else {
		err = c.decodeJSONHeader(f.Header)
	}
	if err != nil {
		c.Reset()
		return err
	}
	return nil
}

// AppendFrame appends c as one frame in c.Serialize. It uses c's scratch: one
// Command is not to be encoded by two goroutines at once. On error dst is
// returned as it was.
func AppendFrame(dst []byte, c *Command) ([]byte, error) {
	start := len(dst)
	dst = append(dst, 0, 0, 0, 0, 0, 0, 0, 0)
	var err error
	if c.Serialize == SerializeROCKETMQ {
		dst, err = c.appendBinaryHeader(dst)
	} else {
		dst = c.appendJSONHeader(dst)
	}
	if err != nil {
		return dst[:start], err
	}
	h := len(dst) - start - frameHeadBytes
	if h > maxHeaderBytes {
		return dst[:start], fmt.Errorf("%w: header of %d bytes", ErrFrameTooLarge, h)
	}
	dst = append(dst, c.Body...)
	binary.BigEndian.PutUint32(dst[start:], uint32(len(dst)-start-4))
	binary.BigEndian.PutUint32(dst[start+4:], uint32(c.Serialize)<<24|uint32(h))
	return dst, nil
}
