package store

import (
	"encoding/binary"
	"math"
	"strconv"
	"time"

	"github.com/boostermq/booster/codec"
)

// An index file is a hash table from topic#key to physical offsets. Its length
// is fixed by the settings maxHashSlotNum and maxIndexNum; the file itself does
// not tell them. All numbers are big endian.
//
//	 0         8         16        24        32      36      40
//	+---------+---------+---------+---------+-------+-------+
//	| beginMs | endMs   | begin   | end     | slots | count |   header
//	|         |         | offset  | offset  | used  |       |
//	+---------+---------+---------+---------+-------+-------+
//	| slot 0 (4) | slot 1 (4) | … maxHashSlotNum of them    |   number of the newest entry, 0 = none
//	+------------+------------+-----------------------------+
//	| entry 0: never used (20)                              |
//	| entry 1: hash 4 | offset 8 | seconds 4 | previous 4   |   … maxIndexNum with number 0
//	+-------------------------------------------------------+
//
//	begin, end       store time (ms) and physical offset of the first and the last record
//	count            number of the next entry: 1 when nothing is in yet
//	hash             |Java hash of topic#key|, 0 for MIN_INT; slot = hash mod maxHashSlotNum
//	seconds          store time − beginMs, in whole seconds
//	previous         the entry before in the same slot, 0 = none
//
// Laws: offsets never fall along the entries of a file, nor from file to file;
// previous is less than the entry's own number; what is not written is zero.
// The file's name is its time of creation, yyyyMMddHHmmssSSS in local time.
const (
	indexHeaderBytes = 40
	indexSlotBytes   = 4
	indexEntryBytes  = 20
	indexFirstEntry  = 1
	indexNameDigits  = 17
	// maxIndexFileBytes: Java maps a file as one buffer.
	maxIndexFileBytes = math.MaxInt32
)

// indexLayout is what the settings say about the files.
type indexLayout struct {
	slots   int32 // maxHashSlotNum
	entries int32 // maxIndexNum, entry 0 included
}

func (l indexLayout) fileBytes() int64 { return l.entryPos(l.entries) }

func (l indexLayout) slotPos(slot int32) int64 {
	return indexHeaderBytes + int64(slot)*indexSlotBytes
}

func (l indexLayout) entryPos(n int32) int64 {
	return indexHeaderBytes + int64(l.slots)*indexSlotBytes + int64(n)*indexEntryBytes
}

// indexHeader is the header as a value.
type indexHeader struct {
	beginMs, endMs         int64
	beginOffset, endOffset int64
	slotCount, count       int32
}

// putIndexHeader writes h to the first 40 bytes of b.
func putIndexHeader(b []byte, h *indexHeader) {
	_ = b[indexHeaderBytes-1]
	binary.BigEndian.PutUint64(b, uint64(h.beginMs))
	binary.BigEndian.PutUint64(b[8:], uint64(h.endMs))
	binary.BigEndian.PutUint64(b[16:], uint64(h.beginOffset))
	binary.BigEndian.PutUint64(b[24:], uint64(h.endOffset))
	binary.BigEndian.PutUint32(b[32:], uint32(h.slotCount))
	binary.BigEndian.PutUint32(b[36:], uint32(h.count))
}

// parseIndexHeader reads the first 40 bytes of b.
func parseIndexHeader(b []byte) indexHeader {
	_ = b[indexHeaderBytes-1]
	return indexHeader{
		beginMs:     int64(binary.BigEndian.Uint64(b)),
		endMs:       int64(binary.BigEndian.Uint64(b[8:])),
		beginOffset: int64(binary.BigEndian.Uint64(b[16:])),
		endOffset:   int64(binary.BigEndian.Uint64(b[24:])),
		slotCount:   int32(binary.BigEndian.Uint32(b[32:])),
		count:       int32(binary.BigEndian.Uint32(b[36:])),
	}
}

// valid tells that h can be the header of a file that holds something.
func (h *indexHeader) valid(l indexLayout) bool {
	return h.count > indexFirstEntry && h.count <= l.entries && h.beginMs > 0 && h.beginMs <= h.endMs &&
		h.beginOffset >= 0 && h.beginOffset <= h.endOffset
}

// indexEntry is one entry as a value.
type indexEntry struct {
	hash     int32
	offset   int64 // physical
	seconds  int32
	previous int32
}

// putIndexEntry writes e to the first 20 bytes of b.
func putIndexEntry(b []byte, e indexEntry) {
	_ = b[indexEntryBytes-1]
	binary.BigEndian.PutUint32(b, uint32(e.hash))
	binary.BigEndian.PutUint64(b[4:], uint64(e.offset))
	binary.BigEndian.PutUint32(b[12:], uint32(e.seconds))
	binary.BigEndian.PutUint32(b[16:], uint32(e.previous))
}

// parseIndexEntry reads the first 20 bytes of b.
func parseIndexEntry(b []byte) indexEntry {
	_ = b[indexEntryBytes-1]
	return indexEntry{
		hash:     int32(binary.BigEndian.Uint32(b)),
		offset:   int64(binary.BigEndian.Uint64(b[4:])),
		seconds:  int32(binary.BigEndian.Uint32(b[12:])),
		previous: int32(binary.BigEndian.Uint32(b[16:])),
	}
}

// indexSeconds is the seconds field of a record stored at storeMs.
func indexSeconds(beginMs, storeMs int64) int32 {
	if beginMs <= 0 || storeMs <= beginMs {
		return 0
	}
	return int32(min((storeMs-beginMs)/1000, math.MaxInt32))
}

// earliestMs and latestMs bound the store time of an entry's record.
func (e *indexEntry) earliestMs(beginMs int64) int64 { return beginMs + int64(e.seconds)*1000 }
func (e *indexEntry) latestMs(beginMs int64) int64   { return e.earliestMs(beginMs) + 999 }

// indexTopicHash is the Java hash of "topic#", to be continued by indexKeyHash.
func indexTopicHash(topic string) int32 { return 31*codec.JavaStringHash(topic) + '#' }

// indexKeyHash is the hash field of topic#key (Java: IndexFile.indexKeyHashMethod).
func indexKeyHash(topicHash int32, key string) int32 {
	h := codec.JavaHashContinue(topicHash, key)
	if h < 0 {
		h = -h
	}
	return max(h, 0) // −MIN_INT is MIN_INT
}

const indexNameLayout = "20060102150405"

// indexFileName is Java's name of a file created at t.
func indexFileName(t time.Time) string {
	ms := strconv.Itoa(1000 + t.Nanosecond()/int(time.Millisecond))
	return t.Local().Format(indexNameLayout) + ms[1:]
}

// parseIndexFileName is the inverse of indexFileName; false for other names.
func parseIndexFileName(name string) (t time.Time, ok bool) {
	if len(name) != indexNameDigits {
		return time.Time{}, false
	}
	t, err := time.ParseInLocation(indexNameLayout, name[:len(indexNameLayout)], time.Local)
	ms, errMs := strconv.ParseUint(name[len(indexNameLayout):], 10, 16)
	return t.Add(time.Duration(ms) * time.Millisecond), err == nil && errMs == nil
}

// indexNameAfter is the name of a file created a millisecond later, or more where
// the local time goes back.
func indexNameAfter(name string) string {
	t, _ := parseIndexFileName(name)
	for next := name; ; {
		t = t.Add(time.Millisecond)
		if next = indexFileName(t); next > name {
			return next
		}
	}
}
