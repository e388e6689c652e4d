package web

import (
	"bytes"
	"encoding/hex"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/klauspost/compress/zlib"

	"github.com/boostermq/booster/codec"
)

// body is what is shown of a message's body.
type body struct {
	Size int    `json:"size"` // as it is stored
	Text string `json:"text"`
	Hex  bool   `json:"hex"`            // Text is hexadecimal: the body is no text
	Cut  bool   `json:"cut"`            // there is more
	Note string `json:"note,omitempty"` // why it is shown as it is
}

// How many bytes of a body are shown: of one message, and of one of several.
const (
	bodyAlone    = 64 << 10
	bodyInList   = 4 << 10
	bodyInflated = bodyAlone + 1 // a compressed body may be small and endless
)

func bodyLimit(messages int) int {
	if messages == 1 {
		return bodyAlone
	}
	return bodyInList
}

func bodyOf(m *codec.Message, limit int) body {
	b := body{Size: len(m.Body)}
	plain := m.Body
	if m.SysFlag&codec.SysFlagCompressed != 0 {
		switch m.SysFlag & codec.CompressionMask {
		case 0, codec.CompressionZlib:
			var err error
			if plain, err = inflate(m.Body); err != nil {
				plain, b.Note = m.Body, "said to be compressed, but cannot be decompressed"
			} else {
				b.Note = "decompressed"
			}
		default:
			b.Note = "compressed by a method that is not shown"
		}
	}
	if b.Cut = len(plain) > limit; b.Cut {
		plain = plain[:limit]
	}
	b.Text, b.Hex = printable(plain, b.Cut)
	return b
}

func inflate(data []byte) ([]byte, error) {
	r, err := zlib.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(r, bodyInflated))
}

// printable returns data as text, or in hexadecimal when it is none. A rune that
// was cut in two at the end is left out.
func printable(data []byte, cut bool) (text string, isHex bool) {
	if cut {
		for i := 1; i < utf8.UTFMax && i <= len(data); i++ {
			if tail := data[len(data)-i:]; utf8.RuneStart(tail[0]) {
				if !utf8.FullRune(tail) {
					data = data[:len(data)-i]
				}
				break
			}
		}
	}
	if utf8.Valid(data) && bytes.IndexByte(data, 0) < 0 {
		return string(data), false
	}
	return hex.EncodeToString(data), true
}

// cutText returns at most n bytes of s as text.
func cutText(s string, n int) string {
	if len(s) > n {
		s = s[:n] + "…"
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}
