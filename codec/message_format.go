package codec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"net/netip"
	"slices"
)

// A record of the commit log; pull, view and query answers carry the same
// bytes (Java: CommitLog, MessageDecoder; spec: message-format.md §1).
//
//	 0       4       8     12      16      20      28         36        40       48
//	+-------+-------+-----+-------+-------+-------+----------+---------+--------+---
//	| total | magic | crc | queue | flag  | queue | physical | sysFlag | born   |
//	| size  |       |     | id    |       | offset| offset   |         | time   |
//	+-------+-------+-----+-------+-------+-------+----------+---------+--------+---
//	 48     56      64      72          76         84        88
//	+------+-------+-------+-----------+----------+---------+------+--+-------+--+-------+
//	| born | store | store | reconsume | prepared | body    | body |t | topic |p | prop- |
//	| host | time  | host  | times     | offset   | length  |      |  |       |  | erties|
//	+------+-------+-------+-----------+----------+---------+------+--+-------+--+-------+
//	 hosts: 4 or 16 bytes of address, then an int32 port; +12 behind a v6 one
//	 t: int8 length, p: int16 length. All big-endian. Times in ms.
//
// Limits: topic ≤ 127 bytes and properties ≤ 32767, for Java reads both
// lengths as signed. crc is CRC-32 IEEE of the body with the top bit off.
// sysFlag, which says how wide the hosts are, lies at 36 in every form.
//
// A blank record ends a file; total size is what remains of it:
//
//	+------------+-------+-------------------------+
//	| total size | magic | whatever was there …    |
//	+------------+-------+-------------------------+
//
// Law: a record never reaches so far that less than BlankRecordBytes remain in its file.
const (
	MessageMagic int32 = -626843481 // 0xDAA320A7
	BlankMagic   int32 = -875286124 // 0xCBD43194

	// BlankRecordBytes is what of a blank record is written.
	BlankRecordBytes = 8

	MaxTopicBytes      = math.MaxInt8
	MaxPropertiesBytes = math.MaxInt16

	recordFixedBytes = 91 // of a record with two v4 hosts, no body, topic and properties
	v6ExtraBytes     = 12

	posMagic          = 4
	posBodyCRC        = 8
	posQueueID        = 12
	posFlag           = 16
	posQueueOffset    = 20
	posPhysicalOffset = 28
	posSysFlag        = 36
	posBornTimestamp  = 40
	posBornHost       = 48
	posStoreTimestamp = 56 // behind a v4 born host
)

// Why a record cannot be written or read.
var (
	ErrTopicTooLong      = errors.New("codec: topic longer than 127 bytes")
	ErrPropertiesTooLong = errors.New("codec: properties longer than 32767 bytes")
	ErrRecordTooLong     = errors.New("codec: record longer than 2^31-1 bytes")
	ErrRecordCorrupt     = errors.New("codec: record corrupt")
	ErrBodyCRC           = errors.New("codec: body CRC mismatch")
)

// isV6 tells whether a host needs the wide form. v4-mapped addresses and the zero AddrPort do not.
func isV6(host netip.AddrPort) bool { return host.Addr().Is6() && !host.Addr().Is4In6() }

// RecordSize returns the length of m's record in bytes.
func RecordSize(m *Message) int {
	size := recordFixedBytes + len(m.Body) + len(m.Topic) + len(m.Properties)
	if isV6(m.BornHost) {
		size += v6ExtraBytes
	}
	if isV6(m.StoreHost) {
		size += v6ExtraBytes
	}
	return size
}

// BodyCRC is the checksum a record holds of its body; 0 for an empty one.
func BodyCRC(body []byte) int32 { return int32(crc32.ChecksumIEEE(body) & math.MaxInt32) }

// AppendRecord appends m as a record. Offsets and store time are taken from m;
// PatchRecord can set them later. The host bits of SysFlag and the CRC are
// computed, m's are not looked at; m is not changed. On error dst is returned
// as it was. How big a body may be is the store's business.
func AppendRecord(dst []byte, m *Message) ([]byte, error) {
	size := RecordSize(m)
	switch {
	case len(m.Topic) > MaxTopicBytes:
		return dst, fmt.Errorf("%w: %d", ErrTopicTooLong, len(m.Topic))
	case len(m.Properties) > MaxPropertiesBytes:
		return dst, fmt.Errorf("%w: %d", ErrPropertiesTooLong, len(m.Properties))
	case size > math.MaxInt32:
		return dst, fmt.Errorf("%w: %d", ErrRecordTooLong, size)
	}
	start := len(dst)
	dst = slices.Grow(dst, size)[:start+size]
	b := dst[start:]
	putInt32(b, int32(size))
	putInt32(b[posMagic:], MessageMagic)
	putInt32(b[posBodyCRC:], BodyCRC(m.Body))
	putInt32(b[posQueueID:], m.QueueID)
	putInt32(b[posFlag:], m.Flag)
	putInt64(b[posQueueOffset:], m.QueueOffset)
	putInt64(b[posPhysicalOffset:], m.CommitLogOffset)
	putInt32(b[posSysFlag:], recordSysFlag(m))
	putInt64(b[posBornTimestamp:], m.BornTimestampMs)
	b = putHost(b[posBornHost:], m.BornHost)
	putInt64(b, m.StoreTimestampMs)
	b = putHost(b[8:], m.StoreHost)
	putInt32(b, m.ReconsumeTimes)
	putInt64(b[4:], m.PreparedTransactionOffset)
	putInt32(b[12:], int32(len(m.Body)))
	b = b[16:]
	b = b[copy(b, m.Body):]
	b[0] = byte(len(m.Topic))
	b = b[1:]
	b = b[copy(b, m.Topic):]
	binary.BigEndian.PutUint16(b, uint16(len(m.Properties)))
	copy(b[2:], m.Properties)
	return dst, nil
}

func recordSysFlag(m *Message) int32 {
	flag := m.SysFlag &^ (SysFlagBornHostV6 | SysFlagStoreHostV6)
	if isV6(m.BornHost) {
		flag |= SysFlagBornHostV6
	}
	if isV6(m.StoreHost) {
		flag |= SysFlagStoreHostV6
	}
	return flag
}

func putInt32(b []byte, v int32) { binary.BigEndian.PutUint32(b, uint32(v)) }
func putInt64(b []byte, v int64) { binary.BigEndian.PutUint64(b, uint64(v)) }
func getInt32(b []byte) int32    { return int32(binary.BigEndian.Uint32(b)) }
func getInt64(b []byte) int64    { return int64(binary.BigEndian.Uint64(b)) }

// putHost writes a host and returns what of b is behind it.
func putHost(b []byte, host netip.AddrPort) []byte {
	addr := host.Addr()
	if isV6(host) {
		a := addr.As16()
		b = b[copy(b, a[:]):]
	} else {
		var a [4]byte
		if addr.IsValid() {
			a = addr.Unmap().As4()
		}
		b = b[copy(b, a[:]):]
	}
	putInt32(b, int32(host.Port()))
	return b[4:]
}

// getHost reads a host and returns what of b is behind it. Of a port only 16 bits count.
func getHost(b []byte, v6 bool) (netip.AddrPort, []byte) {
	if v6 {
		return netip.AddrPortFrom(netip.AddrFrom16([16]byte(b)), uint16(getInt32(b[16:]))), b[20:]
	}
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte(b)), uint16(getInt32(b[4:]))), b[8:]
}

// PatchRecord sets, in the whole record rec, what is known only under the
// store's append lock. Nothing else of a record changes once it is encoded.
func PatchRecord(rec []byte, queueOffset, physicalOffset, storeTimestampMs int64) {
	putInt64(rec[posQueueOffset:], queueOffset)
	putInt64(rec[posPhysicalOffset:], physicalOffset)
	putInt64(rec[storeTimestampPos(rec):], storeTimestampMs)
}

func storeTimestampPos(rec []byte) int {
	if getInt32(rec[posSysFlag:])&SysFlagBornHostV6 != 0 {
		return posStoreTimestamp + v6ExtraBytes
	}
	return posStoreTimestamp
}

// AppendBlankRecord appends the head of the blank record that fills a file of
// which remaining bytes are left.
func AppendBlankRecord(dst []byte, remaining int32) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(remaining))
	magic := BlankMagic
	return binary.BigEndian.AppendUint32(dst, uint32(magic))
}
