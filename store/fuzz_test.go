package store

import (
	"os"
	"testing"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/vfs"
)

// FuzzOpenHostileFiles opens whatever stands in log, queue and checkpoint: the
// store starts, takes a message and gives it back, and starts again.
func FuzzOpenHostileFiles(f *testing.F) {
	m := testMessage("T", 0, "body")
	rec, err := codec.AppendRecord(nil, m)
	if err != nil {
		f.Fatal(err)
	}
	second := append([]byte(nil), rec...)
	codec.PatchRecord(second, 1, int64(len(rec)), 5)
	log := append(append([]byte(nil), rec...), second...)
	queue := appendCQEntry(appendCQEntry(nil, cqEntry{0, int32(len(rec)), 97}), cqEntry{int64(len(rec)), int32(len(rec)), 97})
	f.Add(log, queue, appendCheckpoint(nil, checkpointValue{physicMs: 9000, logicsMs: 9000, safeOffset: int64(len(rec))}), false)
	f.Add(log, []byte{}, []byte{}, true)
	f.Add(codec.AppendBlankRecord(nil, 4096), appendCQEntry(nil, cqEntry{sizeBytes: cqFillerSize}), []byte{1}, false)
	f.Add([]byte{0xFF, 0xFF, 0xFF, 0xFF, 0xDA, 0xA3, 0x20, 0xA7}, appendCQEntry(nil, cqEntry{1 << 62, 1 << 30, 0}), []byte{}, true)
	f.Fuzz(func(t *testing.T, log, queue, checkpoint []byte, clean bool) {
		fsys := vfs.NewMemFS()
		write := func(name string, b []byte, size int64) {
			file, err := fsys.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o644)
			if err == nil {
				_, err = file.WriteAt(b[:min(int64(len(b)), size)], 0)
			}
			if err == nil {
				err = file.Truncate(size)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		for _, dir := range []string{"/store/commitlog", "/store/consumequeue/T/0"} {
			if err := fsys.MkdirAll(dir, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		cfg := testConfig("/store")
		cfg.MappedFileSizeCommitLog = 4096
		write("/store/commitlog/00000000000000000000", log, 4096)
		write("/store/consumequeue/T/0/00000000000000000000", queue, 100*cqEntryBytes)
		write("/store/checkpoint", checkpoint, int64(len(checkpoint)))
		if !clean {
			write("/store/abort", nil, 0)
		}
		for range 2 {
			fuzzUse(t, cfg, fsys)
		}
	})
}

func fuzzUse(t *testing.T, cfg Config, fsys vfs.FS) {
	o := testOptions(cfg)
	o.FS = fsys
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	var res GetResult
	for _, topic := range s.Topics() {
		s.GetMessage(topic, 0, s.MinOffsetInQueue(topic, 0), 32, nil, &res)
		s.OffsetInQueueByTime(topic, 0, 7)
	}
	r := s.PutMessageSync(testMessage("Fuzz", 0, "body"))
	if r.Status != PutOK {
		t.Fatal(r.Status)
	}
	waitDispatched(t, s)
	if s.GetMessage("Fuzz", 0, r.QueueOffset, 1, nil, &res); res.Status != Found || res.MsgCount != 1 {
		t.Fatalf("%v at %d of %d..%d", res.Status, r.QueueOffset, res.MinOffset, res.MaxOffset)
	}
	if err := s.Shutdown(); err != nil {
		t.Fatal(err)
	}
}
