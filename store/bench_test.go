package store

import (
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

func benchConfig(b *testing.B) Config {
	cfg := testConfig(b.TempDir())
	cfg.MappedFileSizeCommitLog = 256 << 20
	cfg.MappedFileSizeConsumeQueue = 6_000_000
	return cfg
}

type countDone struct{ n atomic.Int64 }

func (c *countDone) PutDone(r *PutResult) {
	if r.Status == PutOK {
		c.n.Add(1)
	}
}

// benchmarkPut appends 128 B messages to 4 queues, with one write for each batch of size.
func benchmarkPut(b *testing.B, size int) {
	s := openStore(b, testOptions(benchConfig(b)))
	m := testMessage("BenchTopic", 0, strings.Repeat("x", 128))
	m.Properties = "UNIQ_KEY\x01FD00000000000000000000000000000239104E0E2F2A6ED743D10000\x02WAIT\x01true\x02TAGS\x01a"
	var done countDone
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		m.QueueID = int32(i & 3)
		s.PutMessage(m, &done)
		if i%size == size-1 {
			s.CommitPending()
		}
	}
	s.CommitPending()
	b.StopTimer()
	require.Eventually(b, func() bool { return done.n.Load() == int64(b.N) }, eventually, tick) // a stall moves writes to the background
}

func BenchmarkPutSingle(b *testing.B)  { benchmarkPut(b, 1) }
func BenchmarkPutBatch32(b *testing.B) { benchmarkPut(b, 32) }

// BenchmarkReput dispatches 250 B records into 4 queues.
func BenchmarkReput(b *testing.B) {
	s := openStore(b, testOptions(benchConfig(b)))
	fillBench(b, s, 100_000)
	end := s.MaxPhyOffset()
	b.ReportAllocs()
	b.ResetTimer()
	for n := 0; n < b.N; n += 100_000 {
		b.StopTimer()
		for _, q := range s.queues.all() {
			require.NoError(b, q.discard())
		}
		s.reput.from.Store(0)
		b.StartTimer()
		s.reput.dispatch(end)
	}
}

// BenchmarkGetMessage32Cached is BenchmarkGetMessage32 as event loops do it.
func BenchmarkGetMessage32Cached(b *testing.B) {
	s := openStore(b, testOptions(benchConfig(b)))
	fillBench(b, s, 100_000)
	s.queues.flush()
	var res GetResult
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		if !s.GetMessageCached("BenchTopic", int32(i&3), int64(i*32%20_000), 32, nil, &res) || res.MsgCount != 32 {
			b.Fatalf("%v %d", res.Status, res.MsgCount)
		}
	}
}

// BenchmarkGetMessage32 reads 32 messages of about 250 B, far behind the tail of the queue.
func BenchmarkGetMessage32(b *testing.B) {
	s := openStore(b, testOptions(benchConfig(b)))
	fillBench(b, s, 100_000)
	var res GetResult
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		s.GetMessage("BenchTopic", int32(i&3), int64(i*32%20_000), 32, nil, &res)
		if res.MsgCount != 32 {
			b.Fatalf("%v %d", res.Status, res.MsgCount)
		}
	}
}

func fillBench(b *testing.B, s *MessageStore, n int) {
	m := testMessage("BenchTopic", 0, strings.Repeat("x", 128))
	for i := range n {
		m.QueueID = int32(i & 3)
		s.PutMessage(m, nil)
		if i%32 == 31 {
			s.CommitPending()
		}
	}
	s.CommitPending()
	waitDispatched(b, s)
}

// benchmarkSync keeps inFlight messages waiting for their fdatasync, as so many
// clients do that send one at a time.
func benchmarkSync(b *testing.B, inFlight int) {
	cfg := benchConfig(b)
	cfg.FlushDiskType = SyncFlush
	s := openStore(b, testOptions(cfg))
	m := testMessage("BenchTopic", 0, strings.Repeat("x", 128))
	rec := newRecorder(inFlight)
	b.ReportAllocs()
	b.ResetTimer()
	for sent, done := 0, 0; done < b.N; {
		for ; sent < b.N && sent-done < inFlight; sent++ {
			s.PutMessage(m, rec)
		}
		s.CommitPending()
		if r := <-rec.results; r.Status != PutOK {
			b.Fatal(r.Status)
		}
		done++
		for ; len(rec.results) > 0; done++ {
			<-rec.results
		}
	}
}

func BenchmarkSyncFlush1(b *testing.B)   { benchmarkSync(b, 1) }
func BenchmarkSyncFlush16(b *testing.B)  { benchmarkSync(b, 16) }
func BenchmarkSyncFlush256(b *testing.B) { benchmarkSync(b, 256) }
