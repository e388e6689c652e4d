package filter

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// A consumequeue_ext file is units one behind the other, then the end mark (Java:
// ConsumeQueueExt; spec: store.md §2). The file's name is the offset of its
// first byte.
//
//	+--------+--------+--------------+--------+------------+
//	| size 2 | tags 8 | storeTime 8  | bits 2 | bit map    |   big endian
//	+--------+--------+--------------+--------+------------+
//	size       of the whole unit, 20 + length of the bit map
//	tags       tag code of the message
//	storeTime  of the message, ms
//	bits       length of the bit map in bytes, 0 = none
//	bit map    BitsArray of the groups whose filter matches
//
//	+--------+
//	| −1   2 |   end mark: the rest of the file is unused
//	+--------+
//
// The last 4 bytes of a file are always free, so that the mark fits. In the tag
// slot of its queue entry a unit has an address: its offset − 2^63. Tag codes
// are 32 bits wide, delivery times positive: an address is below all of them.
const (
	cqExtHeadBytes    = 2 + 8 + 8 + 2
	cqExtMaxUnitBytes = math.MaxInt16
	cqExtEndFreeBytes = 4
	cqExtEndMark      = -1

	// MaxExtAddress is the greatest value of a tag slot that is an address.
	MaxExtAddress = math.MinInt32 - 1
	maxExtOffset  = MaxExtAddress - math.MinInt64
)

// CQExtUnit is one unit of a consumequeue_ext file (Java: ConsumeQueueExt.CqExtUnit).
type CQExtUnit struct {
	TagsCode       int64
	MsgStoreTimeMs int64
	FilterBitMap   BitsArray
}

var (
	// ErrCQExtEnd is the end mark, or bytes never written: no unit follows in this file.
	ErrCQExtEnd = errors.New("end of the consumequeue_ext file")
	errCQExt    = errors.New("consumequeue_ext unit")
)

// Size is the length of the unit in a file.
func (u *CQExtUnit) Size() int { return cqExtHeadBytes + len(u.FilterBitMap) }

// AppendCQExtUnit appends u. A bit map that does not fit is an error: the
// message's tag code is stored then.
func AppendCQExtUnit(dst []byte, u *CQExtUnit) ([]byte, error) {
	if u.Size() > cqExtMaxUnitBytes {
		return dst, fmt.Errorf("%w: %d bytes, more than %d", errCQExt, u.Size(), cqExtMaxUnitBytes)
	}
	dst = binary.BigEndian.AppendUint16(dst, uint16(u.Size()))
	dst = binary.BigEndian.AppendUint64(dst, uint64(u.TagsCode))
	dst = binary.BigEndian.AppendUint64(dst, uint64(u.MsgStoreTimeMs))
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(u.FilterBitMap)))
	return append(dst, u.FilterBitMap...), nil
}

// AppendCQExtEnd appends the end mark.
func AppendCQExtEnd(dst []byte) []byte {
	mark := int16(cqExtEndMark)
	return binary.BigEndian.AppendUint16(dst, uint16(mark))
}

// DecodeCQExtUnit reads the unit at the start of b and returns its length. The
// bit map aliases b. ErrCQExtEnd: no unit, the file goes on in the next one.
func DecodeCQExtUnit(b []byte, u *CQExtUnit) (n int, err error) {
	if len(b) < 2 {
		return 0, ErrCQExtEnd
	}
	size := int(int16(binary.BigEndian.Uint16(b)))
	if size == cqExtEndMark || size == 0 {
		return 0, ErrCQExtEnd
	}
	if size < cqExtHeadBytes || size > len(b) {
		return 0, fmt.Errorf("%w: size %d of %d bytes", errCQExt, size, len(b))
	}
	bits := int(int16(binary.BigEndian.Uint16(b[18:])))
	if bits != size-cqExtHeadBytes {
		return 0, fmt.Errorf("%w: size %d with a bit map of %d bytes", errCQExt, size, bits)
	}
	*u = CQExtUnit{
		TagsCode: int64(binary.BigEndian.Uint64(b[2:])), MsgStoreTimeMs: int64(binary.BigEndian.Uint64(b[10:])),
	}
	if bits > 0 {
		u.FilterBitMap = BitsArray(b[cqExtHeadBytes:size:size])
	}
	return size, nil
}

// FitsCQExt tells whether a unit of size bytes can be written at position of a
// file of fileBytes; if not, the end mark goes there and the unit into the next file.
func FitsCQExt(position, size, fileBytes int) bool {
	return position+size <= fileBytes-cqExtEndFreeBytes
}

// IsExtAddress tells an address in a tag slot from a tag code.
func IsExtAddress(tagSlot int64) bool { return tagSlot <= MaxExtAddress }

// ExtAddress is the address of the unit at offset; false for offsets beyond all
// addresses.
func ExtAddress(offset int64) (address int64, ok bool) {
	if offset < 0 || offset > maxExtOffset {
		return 0, false
	}
	return offset + math.MinInt64, true
}

// ExtOffset is the offset of the unit at address, which IsExtAddress.
func ExtOffset(address int64) int64 { return address - math.MinInt64 }
