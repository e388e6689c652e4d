package schedule

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/vfs"
)

func TestOffsetsFormat(t *testing.T) {
	for text, table := range map[string]map[int32]int64{
		"{\n\t\"offsetTable\":{}\n}":                               {},
		"{\n\t\"offsetTable\":{1:11\n\t}\n}":                       {1: 11},
		"{\n\t\"offsetTable\":{1:14,7:0,16:0,18:0\n\t}\n}":         {1: 14, 7: 0, 16: 0, 18: 0},
		"{\n\t\"offsetTable\":{2:9223372036854775807,10:1\n\t}\n}": {10: 1, 2: 1<<63 - 1},
	} {
		got, err := encodeOffsets(table, true)
		require.NoError(t, err)
		require.Equal(t, text, string(got))
		back, err := decodeOffsets(got)
		require.NoError(t, err)
		require.Equal(t, table, back)
	}
	got, err := encodeOffsets(map[int32]int64{1: 14, 7: 0}, false)
	require.NoError(t, err)
	require.Equal(t, `{"offsetTable":{1:14,7:0}}`, string(got))
	back, err := decodeOffsets([]byte(`{"offsetTable":{"1":14},"dataVersion":{"counter":1}}`)) // as later versions write it
	require.NoError(t, err)
	require.Equal(t, map[int32]int64{1: 14}, back)
	for _, bad := range []string{"", "x", "[]", `{"offsetTable":{0:1}}`, `{"offsetTable":{10001:1}}`, `{"offsetTable":{-1:1}}`, `{"offsetTable":{a:1}}`} {
		_, err := decodeOffsets([]byte(bad))
		require.Error(t, err, bad)
	}
}

func FuzzDecodeOffsets(f *testing.F) {
	f.Add([]byte("{\n\t\"offsetTable\":{1:14,7:0,16:0,18:0\n\t}\n}"))
	f.Add([]byte(`{"offsetTable":{"1":14},"dataVersion":{"counter":1}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		table, err := decodeOffsets(data)
		if err != nil {
			return
		}
		text, err := encodeOffsets(table, true)
		require.NoError(t, err)
		back, err := decodeOffsets(text)
		require.NoError(t, err)
		require.Equal(t, table, back)
	})
}

func (w *world) file(t *testing.T) string {
	t.Helper()
	f, err := w.fs.OpenFile(offsetPath, os.O_RDONLY, 0)
	if err != nil {
		return ""
	}
	size, err := f.Size()
	require.NoError(t, err)
	text := make([]byte, size)
	_, err = f.ReadAt(text, 0)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	return string(text)
}

func TestPersist(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "1s 5s", nil)
		w.store.send(t, message("T", 0, "a", 1))
		w.store.send(t, message("T", 0, "b", 2))
		w.after(9 * time.Second)
		require.Empty(t, w.file(t))
		w.after(10 * time.Second)
		require.Equal(t, "{\n\t\"offsetTable\":{1:1,2:1\n\t}\n}", w.file(t))
		text, err := w.Encode()
		require.NoError(t, err)
		require.Equal(t, `{"offsetTable":{1:1,2:1}}`, string(text))

		w.store.send(t, message("T", 0, "c", 1)) // delivered at 11 s, written at the stop
		w.after(12 * time.Second)
		w.stop(t)
		require.Equal(t, "{\n\t\"offsetTable\":{1:2,2:1\n\t}\n}", w.file(t))

		w.store.send(t, message("T", 0, "d", 1)) // while nobody delivers
		w.start(t)
		w.after(14 * time.Second)
		require.Equal(t, []string{"a", "b", "c", "d"}, w.store.bodies(t, "T", 0))
	})
}

// TestPersistFollowsFlush: the file never claims the delivery of what a power
// cut could take back.
func TestPersistFollowsFlush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "1s", func(f *fakeStore) { f.flushed = 0 })
		w.store.send(t, message("T", 0, "a", 1))
		w.after(15 * time.Second) // the file waits for a's delivery since 10 s
		require.Empty(t, w.file(t))
		w.store.set(func() { w.store.flushed = w.store.end })
		w.store.send(t, message("T", 0, "b", 1)) // and more comes
		w.after(17 * time.Second)
		require.Equal(t, "{\n\t\"offsetTable\":{1:1\n\t}\n}", w.file(t))
		w.after(60 * time.Second)
		require.Equal(t, "{\n\t\"offsetTable\":{1:1\n\t}\n}", w.file(t))
		w.Shutdown()
		require.ErrorIs(t, w.Persist(), ErrNotFlushed)

		// Power cut: what was not flushed is gone, b is delivered (again).
		w.store.set(func() {
			w.store.queues[queueKey("T", 0)] = w.store.queues[queueKey("T", 0)][:1]
			w.store.flushed = -1
		})
		w.start(t)
		w.after(70 * time.Second)
		require.Equal(t, []string{"a", "b"}, w.store.bodies(t, "T", 0))
		require.Equal(t, "{\n\t\"offsetTable\":{1:2\n\t}\n}", w.file(t))
	})
}

func TestOffsetsAreCorrected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fill := func(f *fakeStore) {
			for level := 1; level <= 3; level++ {
				for _, body := range []string{"a", "b", "c"} {
					f.send(t, message("T", int32(level), body, level))
				}
			}
			f.first[queueKey(codec.ScheduleTopic, 1)] = 2 // of level 2 two are deleted
		}
		w := newWorld(t, "1s 1s 1s 1s", nil)
		w.stop(t)
		require.NoError(t, w.write(map[int32]int64{1: 99, 2: 1, 3: -5, 4: 7}))
		fill(w.store)
		w.start(t)
		w.after(time.Minute)
		require.Empty(t, w.store.bodies(t, "T", 1)) // the log lost its end: new messages are delivered
		require.Equal(t, []string{"c"}, w.store.bodies(t, "T", 2))
		require.Equal(t, []string{"a", "b", "c"}, w.store.bodies(t, "T", 3))
		w.store.send(t, message("T", 1, "d", 1))
		w.after(2 * time.Minute)
		require.Equal(t, []string{"d"}, w.store.bodies(t, "T", 1))
	})
}

// TestLevelsRemoved: messages of levels that messageDelayLevel has no longer come in their time.
func TestLevelsRemoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "1s 2s 60s", nil)
		w.store.send(t, message("T", 0, "a", 3))
		w.offsets.set(3, 0) // as after an earlier message
		w.stop(t)
		w.store.levels = parseLevels(t, "1s")
		w.start(t)
		w.after(2 * time.Minute)
		require.Equal(t, []string{"a@1m0s"}, w.delivered(t))
	})
}

func TestDamagedFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "1s", nil)
		w.store.send(t, message("T", 0, "a", 1))
		w.after(12 * time.Second)
		w.store.send(t, message("T", 0, "b", 1))
		w.after(25 * time.Second) // written twice: there is a backup
		w.stop(t)
		damage := func(path string) {
			f, err := w.fs.OpenFile(path, os.O_RDWR, 0)
			require.NoError(t, err)
			_, err = f.WriteAt([]byte("\x00\x00\x00"), 0)
			require.NoError(t, err)
			require.NoError(t, f.Close())
		}
		damage(offsetPath)
		w.start(t)
		w.after(40 * time.Second)
		require.Equal(t, []string{"a", "b", "b"}, w.store.bodies(t, "T", 0)) // again, not lost
		w.stop(t)
		require.Equal(t, "{\n\t\"offsetTable\":{1:2\n\t}\n}", w.file(t))
		damage(offsetPath)
		damage(offsetPath + ".bak")
		require.ErrorContains(t, w.Load(), "delayOffset.json")
	})
}

func TestReplace(t *testing.T) {
	s := New(Options{FS: vfs.NewMemFS(), Path: offsetPath, Levels: parseLevels(t, "1s"), Log: slog.New(slog.DiscardHandler)})
	require.Error(t, s.Replace([]byte("{")))
	require.NoError(t, s.Replace([]byte(`{"offsetTable":{1:7,3:1}}`)))
	text, err := s.Encode()
	require.NoError(t, err)
	require.Equal(t, `{"offsetTable":{1:7,3:1}}`, string(text))
	require.NoError(t, s.Load())
	require.Len(t, s.levels, 3)
	s.Shutdown() // never started
	require.NoError(t, s.Persist())
}

// TestOffsetsLikeJava: the files of Java brokers are read, and written byte for byte.
func TestOffsetsLikeJava(t *testing.T) {
	for _, sample := range []string{"{\n\t\"offsetTable\":{1:11\n\t}\n}", "{\n\t\"offsetTable\":{1:14,7:0,16:0,18:0\n\t}\n}"} {
		path := filepath.Join(t.TempDir(), "delayOffset.json")
		require.NoError(t, os.WriteFile(path, []byte(sample), 0o600))
		s := New(Options{FS: vfs.OS(), Path: path, Levels: parseLevels(t, defaultLevels)})
		require.NoError(t, s.Load())
		s.offsets.set(1, 12)
		require.NoError(t, s.write(s.offsets.snapshot()))
		s.offsets.set(1, map[bool]int64{true: 11, false: 14}[len(sample) < 30])
		require.NoError(t, s.write(s.offsets.snapshot()))
		got, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, sample, string(got))
	}
}
