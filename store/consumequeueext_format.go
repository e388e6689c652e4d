package store

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
//	tags       tag code of the message (schedule topic: delivery time in ms)
//	storeTime  of the message, ms
//	bits       length of the bit map in bytes, 0 = none
//	bit map    bits of the groups whose filter matches, low end first
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

	cqMaxExtAddress = math.MinInt32 - 1
	cqExtMaxOffset  = cqMaxExtAddress - math.MinInt64
)

// cqExtUnit is one unit (Java: ConsumeQueueExt.CqExtUnit).
type cqExtUnit struct {
	tagsCode     int64
	storeTimeMs  int64
	filterBitMap []byte // nil = none
}

var (
	// errCQExtEnd is the end mark, or bytes never written: no unit follows in this file.
	errCQExtEnd = errors.New("end of the consumequeue_ext file")
	errCQExt    = errors.New("consumequeue_ext unit")
)

// size is the length of the unit in a file.
func (u *cqExtUnit) size() int { return cqExtHeadBytes + len(u.filterBitMap) }

// appendCQExtUnit appends u, whose size is at most cqExtMaxUnitBytes.
func appendCQExtUnit(dst []byte, u *cqExtUnit) []byte {
	dst = binary.BigEndian.AppendUint16(dst, uint16(u.size()))
	dst = binary.BigEndian.AppendUint64(dst, uint64(u.tagsCode))
	dst = binary.BigEndian.AppendUint64(dst, uint64(u.storeTimeMs))
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(u.filterBitMap)))
	return append(dst, u.filterBitMap...)
}

// appendCQExtEnd appends the end mark.
func appendCQExtEnd(dst []byte) []byte {
	mark := int16(cqExtEndMark)
	return binary.BigEndian.AppendUint16(dst, uint16(mark))
}

// parseCQExtUnit reads the unit at the start of b and returns its length. The
// bit map aliases b. errCQExtEnd: no unit, the file goes on in the next one.
func parseCQExtUnit(b []byte, u *cqExtUnit) (n int, err error) {
	if len(b) < 2 {
		return 0, errCQExtEnd
	}
	size := int(int16(binary.BigEndian.Uint16(b)))
	if size == cqExtEndMark || size == 0 {
		return 0, errCQExtEnd
	}
	if size < cqExtHeadBytes || size > len(b) {
		return 0, fmt.Errorf("%w: size %d of %d bytes", errCQExt, size, len(b))
	}
	bits := int(int16(binary.BigEndian.Uint16(b[18:])))
	if bits != size-cqExtHeadBytes {
		return 0, fmt.Errorf("%w: size %d with a bit map of %d bytes", errCQExt, size, bits)
	}
	*u = cqExtUnit{tagsCode: int64(binary.BigEndian.Uint64(b[2:])), storeTimeMs: int64(binary.BigEndian.Uint64(b[10:]))}
	if bits > 0 {
		u.filterBitMap = b[cqExtHeadBytes:size:size]
	}
	return size, nil
}

// isExtAddress tells an address in a tag slot from a tag code.
func isExtAddress(tagSlot int64) bool { return tagSlot <= cqMaxExtAddress }

// extAddress is the address of the unit at offset, which is 0..cqExtMaxOffset.
func extAddress(offset int64) int64 { return offset + math.MinInt64 }

// extOffset is the offset of the unit at address, which isExtAddress.
func extOffset(address int64) int64 { return address - math.MinInt64 }
