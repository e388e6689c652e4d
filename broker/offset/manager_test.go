package offset

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
	"github.com/boostermq/booster/internal/vfs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func options(t testing.TB) Options {
	return Options{
		FS: vfs.OS(), Path: filepath.Join(t.TempDir(), "config", "consumerOffset.json"),
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
}

// refusingFS fails to open files for writing while broken is set, and counts those it opened.
type refusingFS struct {
	vfs.FS
	broken atomic.Bool
	writes atomic.Int32
}

func (f *refusingFS) OpenFile(name string, flag int, perm os.FileMode) (vfs.File, error) {
	if flag&os.O_CREATE != 0 {
		if f.broken.Load() {
			return nil, errors.New("no space")
		}
		f.writes.Add(1)
	}
	return f.FS.OpenFile(name, flag, perm)
}

func TestCommitQuery(t *testing.T) {
	m := New(options(t))
	require.EqualValues(t, -1, m.Query("g", "T", 0))
	require.Nil(t, m.QueryAll("g", "T"))
	m.Commit("c", "g", "T", 0, 7)
	m.Commit("c", "g", "T", 1, 0)
	m.Commit("c", "g", "U", 0, 3)
	m.Commit("c", "h", "T", 0, 9)
	require.EqualValues(t, 7, m.Query("g", "T", 0))
	require.EqualValues(t, 0, m.Query("g", "T", 1))
	require.EqualValues(t, -1, m.Query("g", "T", 2))
	all := m.QueryAll("g", "T")
	require.Equal(t, map[int32]int64{0: 7, 1: 0}, all)
	all[0] = 99
	require.EqualValues(t, 7, m.Query("g", "T", 0), "QueryAll copies")
	require.Equal(t, []string{"T", "U"}, m.WhichTopicByConsumer("g"))
	require.Equal(t, []string{"g", "h"}, m.WhichGroupByTopic("T"))
	require.Empty(t, m.WhichGroupByTopic("V"))

	m.CloneOffset("g", "copy", "T")
	require.Equal(t, map[int32]int64{0: 7, 1: 0}, m.QueryAll("copy", "T"))
	m.Commit("c", "copy", "T", 0, 8)
	require.EqualValues(t, 7, m.Query("g", "T", 0))
	m.CloneOffset("nobody", "copy", "T")
	require.EqualValues(t, 8, m.Query("copy", "T", 0))

	require.Equal(t, 2, m.RemoveGroup("g"))
	require.Nil(t, m.QueryAll("g", "T"))
	require.Equal(t, 2, m.RemoveTopic("T"))
	require.Equal(t, `{"offsetTable":{}}`, string(m.Encode()))
}

// What is committed from a request must not change when the request's buffer is used again.
func TestCommitOwnsItsStrings(t *testing.T) {
	m := New(options(t))
	frame := []byte("Tg")
	m.Commit("c", string(frame[1:]), string(frame[:1]), 0, 1)
	copy(frame, "XX")
	require.EqualValues(t, 1, m.Query("g", "T", 0))
}

func TestBackwardCommits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := options(t)
		var log strings.Builder
		o.Log = slog.New(slog.NewTextHandler(&log, nil))
		m := New(o)
		m.Commit("c", "g", "T", 0, 100)
		for i := range 10 {
			m.Commit("c", "g", "T", 0, int64(99-i))
		}
		require.EqualValues(t, 90, m.Query("g", "T", 0))
		require.EqualValues(t, 10, m.BackwardCommits())
		require.Equal(t, 1, strings.Count(log.String(), "\n"))
		time.Sleep(time.Second)
		m.Commit("c", "g", "T", 0, 1)
		require.Equal(t, 2, strings.Count(log.String(), "\n"))
	})
}

func TestMinOffsetInAllGroups(t *testing.T) {
	m := New(options(t))
	for group, offset := range map[string]int64{"a": 10, "b": 20, "c": 2, "filtered": 5} {
		m.Commit("", group, "T", 0, offset)
		m.Commit("", group, "T", 1, offset*2)
		m.Commit("", group, "other", 0, 0)
	}
	got := m.MinOffsetInAllGroups("T", []string{"filtered"}, func(queueID int32) int64 {
		if queueID == 0 {
			return 3
		}
		return 0
	})
	require.Equal(t, map[int32]int64{0: 10, 1: 4}, got)
	require.EqualValues(t, 5, m.Query("filtered", "T", 0), "nothing is deleted")
}

func TestScanUnsubscribed(t *testing.T) {
	m := New(options(t))
	m.Commit("", "g", "behind", 0, 5)
	m.Commit("", "g", "behind", 1, 4)
	m.Commit("", "g", "halfBehind", 0, 5)
	m.Commit("", "g", "halfBehind", 1, 50)
	m.Commit("", "g", "subscribed", 0, 5)
	removed := m.ScanUnsubscribed(
		func(group, topic string) bool { return topic == "subscribed" },
		func(topic string, queueID int32) int64 { return 5 })
	require.Equal(t, 1, removed)
	require.Equal(t, []string{"halfBehind", "subscribed"}, m.WhichTopicByConsumer("g"))
}

func TestMerge(t *testing.T) {
	m := New(options(t))
	m.Commit("", "g", "T", 0, 1)
	m.Commit("", "g", "T", 1, 1)
	m.Commit("", "g", "mine", 0, 1)
	m.Merge(&codec.ConsumerOffsetSerializeWrapper{OffsetTable: map[string]map[int32]int64{
		"T@g": {0: 9}, "a/b@g": {0: 1}, "T@": {0: 1}, "@g": {0: 1}, "T": {0: 1}, "T@g@h": {0: 1}, "U@g": nil,
	}})
	require.JSONEq(t, `{"offsetTable":{"T@g":{"0":9},"mine@g":{"0":1}}}`, standard(t, m))
}

func standard(t *testing.T, m *Manager) string {
	var w codec.ConsumerOffsetSerializeWrapper
	require.NoError(t, fastjson.Unmarshal(m.Encode(), &w))
	text, err := fastjson.MarshalStandard(&w)
	require.NoError(t, err)
	return string(text)
}

func TestPersistOnlyChanges(t *testing.T) {
	o := options(t)
	fsys := &refusingFS{FS: o.FS}
	o.FS = fsys
	m := New(o)
	require.NoError(t, m.Persist())
	_, err := os.Stat(o.Path)
	require.ErrorIs(t, err, fs.ErrNotExist, "nothing to say, no file")
	steps := []struct {
		name   string
		change func()
		writes int32
	}{
		{"first", func() { m.Commit("", "g", "T", 0, 1) }, 1},
		{"same offset", func() { m.Commit("", "g", "T", 0, 1) }, 0},
		{"new offset", func() { m.Commit("", "g", "T", 0, 2) }, 1},
		{"zero in a new queue", func() { m.Commit("", "g", "T", 1, 0) }, 1},
		{"queries", func() { m.Query("x", "y", 0); m.QueryAll("x", "y") }, 0},
		{"clone", func() { m.CloneOffset("g", "h", "T") }, 1},
		{"clone of nothing", func() { m.CloneOffset("x", "y", "T") }, 0},
		{"remove", func() { m.RemoveGroup("h") }, 1},
		{"remove of nothing", func() { m.RemoveGroup("h") }, 0},
	}
	for _, s := range steps {
		before := fsys.writes.Load()
		s.change()
		require.NoError(t, m.Persist())
		require.Equal(t, s.writes, fsys.writes.Load()-before, s.name)
		reloaded := New(o)
		require.NoError(t, reloaded.Load())
		require.Equal(t, string(m.Encode()), string(reloaded.Encode()), s.name)
		require.NoError(t, reloaded.Persist())
	}
	before := fsys.writes.Load()
	fsys.broken.Store(true)
	m.Commit("", "g", "T", 0, 3)
	require.ErrorContains(t, m.Persist(), "no space")
	fsys.broken.Store(false)
	require.NoError(t, m.Persist())
	require.EqualValues(t, 1, fsys.writes.Load()-before)
	reloaded := New(o)
	require.NoError(t, reloaded.Load())
	require.EqualValues(t, 3, reloaded.Query("g", "T", 0))
}

func TestSamples(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			sample, err := os.ReadFile(file)
			require.NoError(t, err)
			o := options(t)
			require.NoError(t, os.MkdirAll(filepath.Dir(o.Path), 0o755))
			require.NoError(t, os.WriteFile(o.Path, sample, 0o644))
			m := New(o)
			require.NoError(t, m.Load())
			require.NoError(t, os.Remove(o.Path))
			m.table.markChanged()
			require.NoError(t, m.Persist())
			written, err := os.ReadFile(o.Path)
			require.NoError(t, err)
			require.Equal(t, string(sample), string(written))
			flat := strings.NewReplacer("\n", "", "\t", "").Replace(string(sample))
			require.Equal(t, flat, string(m.Encode()))
		})
	}
}

func TestLoad(t *testing.T) {
	const v5 = `{"dataVersion":{"counter":1,"stateVersion":0,"timestamp":1},"offsetTable":{"T@g":{0:7,"1":8},"U@g":{}},"pullOffsetTable":{"T@g":{0:1}}}`
	cases := []struct {
		name, file, bak   string
		wantErr, wantNone bool
	}{
		{name: "none", wantNone: true},
		{name: "5.x", file: v5},
		{name: "garbage after a power cut, good backup", file: "\x00\x00{{", bak: v5},
		{name: "missing, good backup", bak: v5},
		{name: "both damaged", file: "{", bak: "[", wantErr: true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			o := options(t)
			require.NoError(t, os.MkdirAll(filepath.Dir(o.Path), 0o755))
			if c.file != "" {
				require.NoError(t, os.WriteFile(o.Path, []byte(c.file), 0o644))
			}
			if c.bak != "" {
				require.NoError(t, os.WriteFile(o.Path+".bak", []byte(c.bak), 0o644))
			}
			m := New(o)
			err := m.Load()
			if c.wantErr {
				require.Error(t, err)
				require.Equal(t, `{"offsetTable":{}}`, string(m.Encode()))
				return
			}
			require.NoError(t, err)
			if c.wantNone {
				require.Equal(t, `{"offsetTable":{}}`, string(m.Encode()))
				return
			}
			require.Equal(t, map[int32]int64{0: 7, 1: 8}, m.QueryAll("g", "T"))
		})
	}
}

func TestIllegalNamesAreNotStored(t *testing.T) {
	m := New(options(t))
	for _, bad := range []string{"", "a/b", `a"b`, "a@b", "a\nb", strings.Repeat("x", 256)} {
		m.Commit("", "g", bad, 0, 1)
		m.Commit("", bad, "T", 0, 1)
	}
	require.Equal(t, `{"offsetTable":{}}`, string(m.Encode()))
}

func TestJavaHash(t *testing.T) {
	for _, k := range []key{{"T", "g"}, {"%RETRY%FillCG_Fail", "FillCG_Fail"}, {"a", strings.Repeat("z", 200)}, {"", ""}} {
		require.Equal(t, codec.JavaStringHash(k.topic+"@"+k.group), javaHash(k))
	}
}

func TestEach(t *testing.T) {
	m := New(options(t))
	m.Commit("", "g", "T", 0, 1)
	m.Commit("", "h", "T", 1, 2)
	got := map[string]map[int32]int64{}
	m.Each(func(group, topic string, queues map[int32]int64) { got[topic+"@"+group] = queues })
	require.Equal(t, map[string]map[int32]int64{"T@g": {0: 1}, "T@h": {1: 2}}, got)
}

func TestConcurrent(t *testing.T) {
	o := options(t)
	m := New(o)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for n := range 500 {
				m.Commit("", fmt.Sprintf("g%d", i), "T", int32(n%4), int64(n))
				m.Query("g0", "T", 0)
			}
		})
	}
	for range 5 {
		require.NoError(t, m.Persist())
		m.WhichGroupByTopic("T")
	}
	wg.Wait()
	require.NoError(t, m.Persist())
	reloaded := New(o)
	require.NoError(t, reloaded.Load())
	require.Equal(t, string(m.Encode()), string(reloaded.Encode()))
	require.EqualValues(t, 499, m.Query("g7", "T", 3))
}

func TestSteadyStateAllocatesNothing(t *testing.T) {
	m := New(options(t))
	topic, group := string([]byte("TopicOfSomeLength")), string([]byte("GroupOfSomeLength"))
	offset := int64(0)
	step := func() {
		offset++
		m.Commit("c", group, topic, 3, offset)
		if m.Query(group, topic, 3) != offset {
			t.Error("another offset")
		}
	}
	step()
	require.Zero(t, testing.AllocsPerRun(100, step))
}

func BenchmarkCommit(b *testing.B) {
	m := New(options(b))
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for offset := int64(0); pb.Next(); offset++ {
			m.Commit("c", "GroupOfSomeLength", "TopicOfSomeLength", int32(offset%8), 1<<40)
		}
	})
}

func BenchmarkQuery(b *testing.B) {
	m := New(options(b))
	m.Commit("c", "GroupOfSomeLength", "TopicOfSomeLength", 0, 1)
	b.ReportAllocs()
	for b.Loop() {
		m.Query("GroupOfSomeLength", "TopicOfSomeLength", 0)
	}
}

func BenchmarkEncode100k(b *testing.B) {
	m := New(options(b))
	for i := range 100_000 {
		m.Commit("", fmt.Sprintf("group-%d", i/10), fmt.Sprintf("topic-%d", i%10), 0, int64(i))
	}
	b.ReportAllocs()
	for b.Loop() {
		m.Encode()
	}
}
