package codec

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"slices"
)

// An offset message id says where a record lies (Java: MessageDecoder.createMessageId;
// spec: message-format.md §5). Upper case hexadecimal of
//
//	+----------------------+-----------+---------------------+
//	| store host, 4 or 16  | port, i32 | physical offset i64 |   32 or 56 characters
//	+----------------------+-----------+---------------------+
//
// "7F000001000078BF0000000000000669" = 127.0.0.1:30911, 1641.
const (
	offsetMsgIDChars   = 32
	offsetMsgIDCharsV6 = 56
)

// ErrMsgID tells that a text is no offset message id.
var ErrMsgID = errors.New("codec: no offset message id")

// AppendOffsetMsgID appends the id of the record at physicalOffset of the store at storeHost.
func AppendOffsetMsgID(dst []byte, storeHost netip.AddrPort, physicalOffset int64) []byte {
	var b [offsetMsgIDCharsV6 / 2]byte
	rest := putHost(b[:], storeHost)
	putInt64(rest, physicalOffset)
	return appendHex(dst, b[:len(b)-len(rest)+8])
}

// AppendOffsetMsgIDs appends the ids of several records of one store, with
// commas between them, as a batch is answered.
func AppendOffsetMsgIDs(dst []byte, storeHost netip.AddrPort, physicalOffsets []int64) []byte {
	start, hostEnd := len(dst), 0
	for i, offset := range physicalOffsets {
		if i == 0 {
			dst = AppendOffsetMsgID(dst, storeHost, offset)
			hostEnd = len(dst) - 16
			continue
		}
		var b [8]byte
		putInt64(b[:], offset)
		dst = append(dst, ',')
		dst = append(dst, dst[start:hostEnd]...)
		dst = appendHex(dst, b[:])
	}
	return dst
}

func appendHex(dst, b []byte) []byte {
	n := len(dst)
	dst = slices.Grow(dst, 2*len(b))[:n+2*len(b)]
	for i, c := range b {
		binary.LittleEndian.PutUint16(dst[n+2*i:], hexPairs[c])
	}
	return dst
}

// hexPairs holds the two digits of each byte, the first one low.
var hexPairs = func() (pairs [256]uint16) {
	for c := range pairs {
		pairs[c] = uint16(upperHex[c>>4]) | uint16(upperHex[c&15])<<8
	}
	return pairs
}()

// DecodeOffsetMsgID is the inverse of AppendOffsetMsgID. Lower case digits are taken too.
func DecodeOffsetMsgID(s string) (storeHost netip.AddrPort, physicalOffset int64, err error) {
	var b [offsetMsgIDCharsV6 / 2]byte
	if len(s) != offsetMsgIDChars && len(s) != offsetMsgIDCharsV6 {
		return storeHost, 0, fmt.Errorf("%w: %d characters", ErrMsgID, len(s))
	}
	if _, err := hex.Decode(b[:], []byte(s)); err != nil {
		return storeHost, 0, fmt.Errorf("%w: %w", ErrMsgID, err)
	}
	storeHost, rest := getHost(b[:], len(s) == offsetMsgIDCharsV6)
	if port := getInt32(b[len(b)-len(rest)-4:]); port < 0 || port > math.MaxUint16 {
		return netip.AddrPort{}, 0, fmt.Errorf("%w: port %d", ErrMsgID, port)
	}
	return storeHost, getInt64(rest), nil
}
