package codec

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"net/netip"
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
	for _, c := range b[:len(b)-len(rest)+8] {
		dst = append(dst, upperHex[c>>4], upperHex[c&15])
	}
	return dst
}

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
