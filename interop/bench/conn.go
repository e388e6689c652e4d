package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"

	"github.com/boostermq/booster/codec"
)

// opaqueWidth is the number of digits every prebuilt frame reserves for the
// opaque, so that a frame is made ready by patching its text in place.
const opaqueWidth = 9

const opaqueBase = 100_000_000 // nine digits, so the width never changes

// template is a prebuilt request frame with JSON headers; the generator only
// patches the opaque, so that it is not the generator that is measured.
type template struct {
	frame []byte
	at    int // position of the opaque's first digit
}

func newTemplate(c *codec.Command) (template, error) {
	c.Opaque = opaqueBase
	c.Language = codec.LanguageJava
	c.Version = codec.CurrentVersion
	frame, err := codec.AppendFrame(nil, c)
	if err != nil {
		return template{}, err
	}
	key := []byte(`"opaque":`)
	at := bytes.Index(frame, key)
	if at < 0 {
		return template{}, fmt.Errorf("no opaque in the frame of code %d", c.Code)
	}
	return template{frame, at + len(key)}, nil
}

// appendTo adds the frame with opaque base+n to dst.
func (t template) appendTo(dst []byte, n int) []byte {
	from := len(dst)
	dst = append(dst, t.frame...)
	v := opaqueBase + n
	for i := opaqueWidth - 1; i >= 0; i-- {
		dst[from+t.at+i] = byte('0' + v%10)
		v /= 10
	}
	return dst
}

// answer is what the generator reads of a response.
type answer struct {
	code   int
	n      int // opaque − base
	header []byte
	body   []byte // valid until the next read
}

// conn is one raw remoting connection.
type conn struct {
	net.Conn
	r   *bufio.Reader
	buf []byte
}

func dial(addr string) (*conn, error) {
	c, err := net.DialTimeout("tcp", addr, 3*time.Second)
	if err != nil {
		return nil, err
	}
	return &conn{Conn: c, r: bufio.NewReaderSize(c, 256<<10)}, nil
}

// read returns the next response; requests of the server are passed over.
func (c *conn) read() (answer, error) {
	for {
		var head [8]byte
		if _, err := io.ReadFull(c.r, head[:]); err != nil {
			return answer{}, err
		}
		total := int(binary.BigEndian.Uint32(head[:4])) - 4
		headerLen := int(binary.BigEndian.Uint32(head[4:]) & 0xFFFFFF)
		if total < headerLen || total > codec.DefaultMaxFrameBytes {
			return answer{}, fmt.Errorf("bad frame: length %d, header %d", total, headerLen)
		}
		if cap(c.buf) < total {
			c.buf = make([]byte, total)
		}
		b := c.buf[:total]
		if _, err := io.ReadFull(c.r, b); err != nil {
			return answer{}, err
		}
		a := answer{header: b[:headerLen], body: b[headerLen:]}
		if numberAfter(a.header, `"flag":`)&codec.FlagResponse == 0 {
			continue
		}
		a.code = numberAfter(a.header, `"code":`)
		a.n = numberAfter(a.header, `"opaque":`) - opaqueBase
		return a, nil
	}
}

// numberAfter reads the (quoted or bare) number that follows key in a JSON header, −1 when absent.
func numberAfter(header []byte, key string) int {
	i := bytes.Index(header, []byte(key))
	if i < 0 {
		return -1
	}
	i += len(key)
	if i < len(header) && header[i] == '"' {
		i++
	}
	j := i
	for j < len(header) && (header[j] == '-' || header[j] >= '0' && header[j] <= '9') {
		j++
	}
	n, err := strconv.Atoi(string(header[i:j]))
	if err != nil {
		return -1
	}
	return n
}
