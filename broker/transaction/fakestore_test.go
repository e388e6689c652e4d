package transaction

import (
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/store"
)

// fakeStore is a store in memory with the behaviour the service relies on.
type fakeStore struct {
	mu      sync.Mutex
	queues  map[string][][]byte // nil record: gone
	first   map[string]int64    // min offset of a queue
	log     map[int64][]byte
	end     int64
	flushed int64 // -1: always everything
	hidden  int64 // records of the op topic at its end that are not dispatched yet
	refuse  func(m *codec.Message) store.PutStatus
	puts    int
}

func newFakeStore() *fakeStore {
	return &fakeStore{queues: map[string][][]byte{}, first: map[string]int64{}, log: map[int64][]byte{}, flushed: -1}
}

func queueKey(topic string, queueID int32) string { return topic + "-" + strconv.Itoa(int(queueID)) }

func (f *fakeStore) PutMessage(m *codec.Message, cb store.PutCallback) {
	f.mu.Lock()
	res := store.PutResult{Status: store.PutOK}
	if f.refuse != nil {
		res.Status = f.refuse(m)
	}
	if len(m.Properties) > codec.MaxPropertiesBytes {
		res.Status = store.PropertiesSizeExceeded
	}
	if res.Status.Stored() {
		f.puts++
		key := queueKey(m.Topic, m.QueueID)
		rec, err := codec.AppendRecord(nil, m)
		if err != nil {
			panic(err)
		}
		res.QueueOffset, res.PhysicalOffset, res.SizeBytes = int64(len(f.queues[key])), f.end, int32(len(rec))
		codec.PatchRecord(rec, res.QueueOffset, f.end, time.Now().UnixMilli())
		f.queues[key] = append(f.queues[key], rec)
		f.log[f.end] = rec
		f.end += int64(len(rec))
	}
	f.mu.Unlock()
	cb.PutDone(&res)
}

func (f *fakeStore) CommitPending() {}

func (f *fakeStore) LookMessageByOffset(phyOffset int64) ([]byte, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	rec, ok := f.log[phyOffset]
	return rec, ok
}

// max is the dispatched end of a queue; the lock is held.
func (f *fakeStore) max(topic string, queueID int32) int64 {
	n := int64(len(f.queues[queueKey(topic, queueID)]))
	if topic == codec.TransOpHalfTopic {
		n -= f.hidden
	}
	return n
}

func (f *fakeStore) GetMessage(topic string, queueID int32, offset int64, maxNums int, filter store.MessageFilter, res *store.GetResult) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range res.Buf { // who kept a string of the last read shall notice
		res.Buf[i] = 'x'
	}
	res.Reset()
	q := f.queues[queueKey(topic, queueID)]
	lo, hi := f.first[queueKey(topic, queueID)], f.max(topic, queueID)
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
	res.Status = store.MessageWasRemoving
	for ; offset < hi && res.MsgCount < maxNums; offset++ {
		if q[offset] == nil {
			continue
		}
		if props, ok := codec.RecordProperties(q[offset]); ok && filter != nil && !filter.MatchRecord(props) {
			continue
		}
		res.Status = store.Found
		res.Buf = append(res.Buf, q[offset]...)
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
	return f.max(topic, queueID)
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

// cut is a power cut: what was not flushed is gone.
func (f *fakeStore) cut() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for key, q := range f.queues {
		f.queues[key] = slices.DeleteFunc(q, func(rec []byte) bool { return codec.RecordPhysicalOffset(rec) >= f.flushed })
	}
	maps.DeleteFunc(f.log, func(offset int64, _ []byte) bool { return offset >= f.flushed })
	f.end = f.flushed
}

func (f *fakeStore) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

// all decodes the records of a queue.
func (f *fakeStore) all(t testing.TB, topic string, queueID int32) (all []codec.Message) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, rec := range f.queues[queueKey(topic, queueID)] {
		all = append(all, decode(t, rec))
	}
	return all
}

// bodies returns the bodies of the records of a queue.
func (f *fakeStore) bodies(t testing.TB, topic string, queueID int32) (got []string) {
	for _, m := range f.all(t, topic, queueID) {
		got = append(got, string(m.Body))
	}
	return got
}

func decode(t testing.TB, rec []byte) (m codec.Message) {
	t.Helper()
	_, err := codec.DecodeRecord(rec, &m, codec.DecodeOptions{})
	require.NoError(t, err)
	return m
}

var brokerHost = netip.MustParseAddrPort("10.0.0.2:10911")

// message is what a producer of group PG sends.
func message(topic string, queueID int32, body, moreProps string) *codec.Message {
	return &codec.Message{
		Topic: topic, QueueID: queueID, Body: []byte(body), Flag: 3, SysFlag: codec.SysFlagCompressed | codec.TransactionPreparedType,
		Properties:      visible("KEYS=k;TRAN_MSG=true;UNIQ_KEY=U" + body + ";WAIT=true;PGROUP=PG" + moreProps),
		BornTimestampMs: time.Now().UnixMilli(), BornHost: netip.MustParseAddrPort("10.0.0.1:4711"), StoreHost: brokerHost,
	}
}

// fakeOffsets is the part of a consumer offset manager that is needed.
type fakeOffsets struct {
	mu    sync.Mutex
	table map[string]int64
}

func (o *fakeOffsets) Query(group, topic string, queueID int32) int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	if offset, ok := o.table[topic+"@"+group+strconv.Itoa(int(queueID))]; ok {
		return offset
	}
	return -1
}

func (o *fakeOffsets) Commit(_, group, topic string, queueID int32, offset int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.table[topic+"@"+group+strconv.Itoa(int(queueID))] = offset
}
