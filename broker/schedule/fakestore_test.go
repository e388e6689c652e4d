package schedule

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/store"
)

// fakeStore is a store in memory with the behaviour the service relies on.
type fakeStore struct {
	levels   Levels
	arriving func(queueID int32)

	mu      sync.Mutex
	queues  map[string][]entry
	end     int64
	flushed int64 // -1: always everything
	refuse  func(m *codec.Message) store.PutStatus
	reads   int
	reading func()                  // before a read begins
	first   map[string]int64        // min offset of a queue
	bad     func(offset int64) bool // the disk cannot read the message there; nil: it can
}

type entry struct {
	tagsCode int64
	record   []byte // nil: gone
}

func newFakeStore(levels Levels) *fakeStore {
	return &fakeStore{levels: levels, queues: map[string][]entry{}, first: map[string]int64{}, flushed: -1}
}

func queueKey(topic string, queueID int32) string { return topic + "-" + strconv.Itoa(int(queueID)) }

func (f *fakeStore) PutMessage(m *codec.Message, cb store.PutCallback) {
	f.mu.Lock()
	status := store.PutOK
	if f.refuse != nil {
		status = f.refuse(m)
	}
	var size int32
	if status.Stored() {
		size = int32(len(f.append(m)))
	}
	f.mu.Unlock()
	if cb != nil {
		cb.PutDone(&store.PutResult{Status: status, SizeBytes: size})
	}
	if m.Topic == codec.ScheduleTopic && f.arriving != nil {
		f.arriving(m.QueueID)
	}
}

// append stores m; the lock is held.
func (f *fakeStore) append(m *codec.Message) []byte {
	key := queueKey(m.Topic, m.QueueID)
	rec, err := codec.AppendRecord(nil, m)
	if err != nil {
		panic(err)
	}
	now := time.Now().UnixMilli()
	codec.PatchRecord(rec, int64(len(f.queues[key])), f.end, now)
	e := entry{record: rec}
	if level, ok := codec.GetProperty(m.Properties, codec.PropertyDelayTimeLevel); ok && m.Topic == codec.ScheduleTopic {
		n, err := strconv.Atoi(level)
		if err != nil {
			panic(err)
		}
		e.tagsCode = now + f.levels.delayMs[n-1]
	}
	f.queues[key] = append(f.queues[key], e)
	f.end += int64(len(rec))
	return rec
}

func (f *fakeStore) CommitPending() {}

func (f *fakeStore) GetMessage(topic string, queueID int32, offset int64, maxNums int, filter store.MessageFilter, res *store.GetResult) {
	if f.reading != nil {
		f.reading()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reads++
	res.Reset()
	q := f.queues[queueKey(topic, queueID)]
	lo, hi := f.first[queueKey(topic, queueID)], int64(len(q))
	switch {
	case hi == 0:
		res.Status = store.NoMessageInQueue
		return
	case offset < lo:
		res.Status, res.NextBeginOffset = store.OffsetTooSmall, lo
		return
	case offset == hi:
		res.Status, res.NextBeginOffset = store.OffsetOverflowOne, hi
		return
	case offset > hi:
		res.Status, res.NextBeginOffset = store.OffsetOverflowBadly, hi
		return
	}
	res.Status = store.NoMatchedMessage
	for ; offset < hi && res.MsgCount < maxNums; offset++ {
		e := q[offset]
		if filter != nil && !filter.MatchQueue(e.tagsCode, 0, nil) {
			continue
		}
		if f.bad != nil && f.bad(offset) {
			if res.MsgCount == 0 {
				res.Status = store.ReadFailed
			}
			break
		}
		if e.record == nil {
			if res.MsgCount == 0 {
				res.Status = store.MessageWasRemoving
			}
			continue
		}
		res.Status = store.Found
		res.Buf = append(res.Buf, e.record...)
		res.MsgCount++
	}
	res.NextBeginOffset = offset
}

func (f *fakeStore) MinOffsetInQueue(topic string, queueID int32) int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.first[queueKey(topic, queueID)]
}

func (f *fakeStore) MaxOffsetInQueue(topic string, queueID int32) int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return int64(len(f.queues[queueKey(topic, queueID)]))
}

func (f *fakeStore) MaxPhyOffset() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.end
}

func (f *fakeStore) FlushedWhere() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.flushed < 0 {
		return f.end
	}
	return f.flushed
}

func (f *fakeStore) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

// delivered returns "body@ms of storage" of a queue's records.
func (f *fakeStore) delivered(t testing.TB, topic string, queueID int32) (got []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range f.queues[queueKey(topic, queueID)] {
		m := decode(t, e.record)
		got = append(got, fmt.Sprintf("%s@%d", m.Body, m.StoreTimestampMs))
	}
	return got
}

// bodies returns the bodies of a queue's records.
func (f *fakeStore) bodies(t testing.TB, topic string, queueID int32) (got []string) {
	for _, text := range f.delivered(t, topic, queueID) {
		body, _, _ := strings.Cut(text, "@")
		got = append(got, body)
	}
	return got
}

func decode(t testing.TB, rec []byte) (m codec.Message) {
	t.Helper()
	_, err := codec.DecodeRecord(rec, &m, codec.DecodeOptions{})
	require.NoError(t, err)
	return m
}

func message(topic string, queueID int32, body string, level int) *codec.Message {
	props := codec.AppendProperty([]byte("KEYS\x01k\x02TAGS\x01a"), codec.PropertyDelayTimeLevel, strconv.Itoa(level))
	return &codec.Message{
		Topic: topic, QueueID: queueID, Body: []byte(body), Properties: string(props), Flag: 3, SysFlag: 1, ReconsumeTimes: 2,
		BornTimestampMs: 17, BornHost: netip.MustParseAddrPort("10.0.0.1:4711"), StoreHost: netip.MustParseAddrPort("10.0.0.2:10911"),
	}
}

// send does what the broker does with a message.
func (f *fakeStore) send(t testing.TB, m *codec.Message) {
	t.Helper()
	var scratch []byte
	f.levels.Substitute(m, &scratch)
	var status store.PutStatus
	f.PutMessage(m, putFunc(func(r *store.PutResult) { status = r.Status }))
	require.Equal(t, store.PutOK, status)
}

type putFunc func(*store.PutResult)

func (f putFunc) PutDone(r *store.PutResult) { f(r) }

// javaRecords reads records of a Java store: hex words, lines that begin with # left out.
func javaRecords(t testing.TB, path string) (records [][]byte) {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	for line := range bytes.Lines(text) {
		if bytes.HasPrefix(line, []byte("#")) {
			continue
		}
		rec, err := hex.DecodeString(strings.TrimSpace(string(line)))
		require.NoError(t, err)
		records = append(records, rec)
	}
	return records
}
