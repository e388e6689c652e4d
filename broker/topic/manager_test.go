package topic

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
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
		FS: vfs.OS(), Path: filepath.Join(t.TempDir(), "config", "topics.json"),
		ClusterName: "DefaultCluster", BrokerName: "broker-a", DefaultTopicQueueNums: 8,
		ClusterTopicEnable: true, BrokerTopicEnable: true, MsgTraceTopicName: codec.TraceTopic,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
}

func off() bool { return false }

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

func TestSystemTopics(t *testing.T) {
	cases := []struct {
		name                           string
		auto, cluster, broker, tracing bool
		want                           map[string]string // perm, read/write queues
	}{
		{"defaults", true, true, true, false, map[string]string{
			"SELF_TEST_TOPIC": "6 1/1", "TBW102": "7 8/8", "BenchmarkTest": "6 1024/1024", "DefaultCluster": "7 16/16",
			"broker-a": "7 1/1", "OFFSET_MOVED_EVENT": "6 1/1", "SCHEDULE_TOPIC_XXXX": "6 18/18", "DefaultCluster_REPLY_TOPIC": "6 1/1",
		}},
		{"nothing automatic", false, false, false, true, map[string]string{
			"SELF_TEST_TOPIC": "6 1/1", "BenchmarkTest": "6 1024/1024", "DefaultCluster": "1 16/16",
			"broker-a": "1 1/1", "OFFSET_MOVED_EVENT": "6 1/1", "SCHEDULE_TOPIC_XXXX": "6 18/18",
			"DefaultCluster_REPLY_TOPIC": "6 1/1", "RMQ_SYS_TRACE_TOPIC": "6 1/1",
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			o := options(t)
			o.AutoCreateTopicEnable = func() bool { return c.auto }
			o.ClusterTopicEnable, o.BrokerTopicEnable, o.TraceTopicEnable = c.cluster, c.broker, c.tracing
			m := New(o)
			got := map[string]string{}
			for name, cfg := range m.Snapshot() {
				require.Equal(t, name, cfg.TopicName)
				require.Equal(t, codec.SingleTag, cfg.TopicFilterType)
				require.True(t, m.IsSystemTopic(name))
				got[name] = fmt.Sprintf("%d %d/%d", cfg.Perm, cfg.ReadQueueNums, cfg.WriteQueueNums)
			}
			require.Equal(t, c.want, got)
			require.Zero(t, m.DataVersion().Counter)
			require.NoError(t, m.Persist())
			_, err := os.Stat(o.Path)
			require.ErrorIs(t, err, fs.ErrNotExist, "system topics alone do not make a file")
		})
	}
}

func TestReservedNames(t *testing.T) {
	m := New(options(t))
	want := []string{"BenchmarkTest", "DefaultCluster", "DefaultCluster_REPLY_TOPIC", "OFFSET_MOVED_EVENT", "RMQ_SYS_TRACE_TOPIC",
		"RMQ_SYS_TRANS_HALF_TOPIC", "RMQ_SYS_TRANS_OP_HALF_TOPIC", "SCHEDULE_TOPIC_XXXX", "SELF_TEST_TOPIC", "TBW102",
		"TRANS_CHECK_MAX_TIME_TOPIC", "broker-a"}
	require.ElementsMatch(t, want, m.SystemTopics())
	require.True(t, m.IsSystemTopic("rmq_sys_anything"))
	require.False(t, m.IsSystemTopic("RMQ_SYS_anything"))
	require.False(t, m.IsSystemTopic("T"))
	forbidden := slices.DeleteFunc(m.SystemTopics(), func(name string) bool { return !m.IsNotAllowedSendTopic(name) })
	require.ElementsMatch(t, []string{"SCHEDULE_TOPIC_XXXX", "RMQ_SYS_TRANS_HALF_TOPIC", "RMQ_SYS_TRANS_OP_HALF_TOPIC",
		"TRANS_CHECK_MAX_TIME_TOPIC", "SELF_TEST_TOPIC", "OFFSET_MOVED_EVENT"}, forbidden)
}

func TestCreateInSendMessage(t *testing.T) {
	cases := []struct {
		name, topic, template string
		queues                int32
		auto                  bool
		wantQueues, wantPerm  int32 // perm 0 = not created
	}{
		{"as many as asked", "T", "TBW102", 4, true, 4, 6},
		{"no more than the template", "T", "TBW102", 99, true, 8, 6},
		{"never below zero", "T", "TBW102", -3, true, 0, 6},
		{"cluster as template", "T", "DefaultCluster", 99, false, 16, 6},
		{"broker as template", "T", "broker-a", 99, false, 1, 6},
		{"template unknown", "T", "nope", 4, true, 0, 0},
		{"template not inheritable", "T", "SELF_TEST_TOPIC", 4, true, 0, 0},
		{"automatic creation off", "T", "TBW102", 4, false, 0, 0},
		{"path", "../T", "TBW102", 4, true, 0, 0},
		{"separator", "T@g", "TBW102", 4, true, 0, 0},
		{"empty", "", "TBW102", 4, true, 0, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			o := options(t)
			o.AutoCreateTopicEnable = func() bool { return c.auto }
			var told []string
			o.OnChange = func(changed ...*codec.TopicConfig) {
				for _, cfg := range changed {
					told = append(told, cfg.TopicName)
				}
			}
			m := New(o)
			cfg, changed := m.CreateInSendMessage(c.topic, c.template, "127.0.0.1:1", c.queues, codec.TopicFlagUnit)
			if c.wantPerm == 0 {
				require.Nil(t, cfg)
				require.False(t, changed)
				require.Empty(t, told)
				require.Zero(t, m.DataVersion().Counter)
				return
			}
			require.True(t, changed)
			require.Equal(t, &codec.TopicConfig{TopicName: c.topic, ReadQueueNums: c.wantQueues, WriteQueueNums: c.wantQueues,
				Perm: c.wantPerm, TopicFilterType: codec.SingleTag, TopicSysFlag: codec.TopicFlagUnit}, cfg)
			require.Same(t, cfg, m.Select(c.topic))
			require.Equal(t, []string{c.topic}, told)
			require.EqualValues(t, 1, m.DataVersion().Counter)

			again, changed := m.CreateInSendMessage(c.topic, c.template, "127.0.0.1:1", 1, 0)
			require.False(t, changed)
			require.Same(t, cfg, again)

			reloaded := New(o)
			require.NoError(t, reloaded.Load())
			require.Equal(t, m.Snapshot(), reloaded.Snapshot(), "on disk when the call returns")
			require.Equal(t, m.DataVersion(), reloaded.DataVersion())
		})
	}
}

// A TBW102 in the file, of times when automatic creation was on, is no template any more.
func TestTemplateOfThePast(t *testing.T) {
	o := options(t)
	on := New(o)
	require.NoError(t, on.NextDataVersion())
	o.AutoCreateTopicEnable = off
	m := New(o)
	require.NoError(t, m.Load())
	require.EqualValues(t, 7, m.Select("TBW102").Perm)
	cfg, _ := m.CreateInSendMessage("T", "TBW102", "c", 4, 0)
	require.Nil(t, cfg)
	require.EqualValues(t, 6, m.Select("TBW102").Perm)
	version := m.DataVersion()
	m.CreateInSendMessage("T", "TBW102", "c", 4, 0)
	require.Equal(t, version, m.DataVersion())
}

func TestCreateInSendMessageBack(t *testing.T) {
	o := options(t)
	m := New(o)
	cfg, changed := m.CreateInSendMessageBack("%RETRY%g", 1, 6, codec.TopicFlagUnitSub)
	require.True(t, changed)
	require.Equal(t, &codec.TopicConfig{TopicName: "%RETRY%g", ReadQueueNums: 1, WriteQueueNums: 1, Perm: 6,
		TopicFilterType: codec.SingleTag, TopicSysFlag: 2}, cfg)
	again, changed := m.CreateInSendMessageBack("%RETRY%g", 7, 2, 0)
	require.False(t, changed)
	require.Same(t, cfg, again)
	for _, bad := range []string{"%RETRY%../../x", "%RETRY%a/b", "%RETRY%" + string(make([]byte, 3)), " "} {
		cfg, changed = m.CreateInSendMessageBack(bad, 1, 6, 0)
		require.Nil(t, cfg, bad)
		require.False(t, changed)
	}
}

func TestUpdateDelete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := options(t)
		changes := 0
		o.OnChange = func(changed ...*codec.TopicConfig) { changes += len(changed) }
		m := New(o)
		start := m.DataVersion()
		time.Sleep(time.Second)
		require.NoError(t, m.Update(&codec.TopicConfig{TopicName: "T", ReadQueueNums: 3, WriteQueueNums: 2, Perm: 4, TopicFilterType: codec.MultiTag}))
		require.Equal(t, codec.DataVersion{Counter: 1, Timestamp: start.Timestamp + 1000}, m.DataVersion())
		require.Error(t, m.Update(&codec.TopicConfig{TopicName: "a/b"}))
		require.Zero(t, changes, "who updates tells the name servers")
		require.False(t, m.Delete("unknown"))
		require.EqualValues(t, 1, m.DataVersion().Counter)
		require.True(t, m.Delete("T"))
		require.Nil(t, m.Select("T"))
		require.EqualValues(t, 2, m.DataVersion().Counter)
		reloaded := New(o)
		require.NoError(t, reloaded.Load())
		require.Equal(t, m.Snapshot(), reloaded.Snapshot())
	})
}

func TestUpdateOrder(t *testing.T) {
	m := New(options(t))
	for _, name := range []string{"A", "B", "C"} {
		m.CreateInSendMessageBack(name, 1, 6, 0)
	}
	before := m.Select("A")
	require.True(t, m.UpdateOrder(map[string]string{"A": "broker-a:4", "B": "broker-a:4", "unknown": ""}))
	require.False(t, before.Order, "snapshots do not change")
	require.True(t, m.IsOrderTopic("A"))
	require.True(t, m.IsOrderTopic("B"))
	require.False(t, m.IsOrderTopic("C"))
	require.False(t, m.IsOrderTopic("unknown"))
	version := m.DataVersion()
	require.False(t, m.UpdateOrder(map[string]string{"A": "x", "B": "y"}))
	require.False(t, m.UpdateOrder(nil), "no answer")
	require.Equal(t, version, m.DataVersion())
	require.True(t, m.UpdateOrder(map[string]string{}))
	require.False(t, m.IsOrderTopic("A"))
}

func TestUnitFlags(t *testing.T) {
	m := New(options(t))
	m.CreateInSendMessageBack("A", 1, 6, 0)
	m.UpdateUnitFlag("A", true)
	m.UpdateUnitSubFlag("A", true)
	require.EqualValues(t, 3, m.Select("A").TopicSysFlag)
	version := m.DataVersion()
	m.UpdateUnitFlag("A", true)
	m.UpdateUnitFlag("unknown", true)
	require.Equal(t, version, m.DataVersion())
	m.UpdateUnitFlag("A", false)
	require.EqualValues(t, 2, m.Select("A").TopicSysFlag)
}

func TestReplace(t *testing.T) {
	master, o := New(options(t)), options(t)
	master.CreateInSendMessageBack("A", 1, 6, 0)
	slave := New(o)
	w := master.Wrapper()
	table := maps.Clone(w.TopicConfigTable)
	table["a/../b"] = &codec.TopicConfig{TopicName: "a/../b"}
	table["nil"] = nil
	taken, err := slave.Replace(&codec.TopicConfigSerializeWrapper{DataVersion: w.DataVersion, TopicConfigTable: table})
	require.NoError(t, err)
	require.True(t, taken)
	require.Equal(t, w, slave.Wrapper())
	taken, err = slave.Replace(w)
	require.NoError(t, err)
	require.False(t, taken, "same version")
	reloaded := New(o)
	require.NoError(t, reloaded.Load())
	require.Equal(t, w, reloaded.Wrapper())
}

func TestConcurrentCreation(t *testing.T) {
	o := options(t)
	fsys := &refusingFS{FS: o.FS}
	o.FS = fsys
	m := New(o)
	var created, wg = atomic.Int32{}, sync.WaitGroup{}
	for i := range 64 {
		wg.Go(func() {
			cfg, changed := m.CreateInSendMessageBack(fmt.Sprintf("T%d", i%8), 1, 6, 0)
			if changed {
				created.Add(1)
			}
			if m.Select(cfg.TopicName) != cfg {
				t.Error("another config than the table's")
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 8, created.Load())
	require.EqualValues(t, 8, m.DataVersion().Counter)
	require.LessOrEqual(t, fsys.writes.Load(), int32(8))
	reloaded := New(o)
	require.NoError(t, reloaded.Load())
	require.Equal(t, m.Wrapper(), reloaded.Wrapper())
}

func TestPersistFailure(t *testing.T) {
	o := options(t)
	fsys := &refusingFS{FS: o.FS}
	o.FS = fsys
	m := New(o)
	fsys.broken.Store(true)
	cfg, changed := m.CreateInSendMessageBack("A", 1, 6, 0)
	require.True(t, changed)
	require.Same(t, cfg, m.Select("A"), "the table stays as changed")
	require.ErrorContains(t, m.Persist(), "no space")
	require.Error(t, m.Update(&codec.TopicConfig{TopicName: "B"}))
	fsys.broken.Store(false)
	require.NoError(t, m.Persist())
	require.EqualValues(t, 1, fsys.writes.Load())
	require.NoError(t, m.Persist())
	require.EqualValues(t, 1, fsys.writes.Load(), "unchanged tables are not written")
	reloaded := New(o)
	require.NoError(t, reloaded.Load())
	require.NotNil(t, reloaded.Select("A"))
}

func TestSamples(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			sample, err := os.ReadFile(file)
			require.NoError(t, err)
			var w codec.TopicConfigSerializeWrapper
			require.NoError(t, fastjson.Unmarshal(sample, &w))
			data, err := encodePretty(&state{table: w.TopicConfigTable, version: w.DataVersion})
			require.NoError(t, err)
			require.Equal(t, string(sample), string(data))

			o := options(t)
			require.NoError(t, os.MkdirAll(filepath.Dir(o.Path), 0o755))
			require.NoError(t, os.WriteFile(o.Path, sample, 0o644))
			o.AutoCreateTopicEnable = off
			m := New(o)
			require.NoError(t, m.Load())
			require.Equal(t, w.DataVersion, m.DataVersion())
			for name, cfg := range w.TopicConfigTable {
				require.Equal(t, cfg, m.Select(name))
			}
			require.NoError(t, m.Persist())
			kept, err := os.ReadFile(o.Path)
			require.NoError(t, err)
			require.Equal(t, string(sample), string(kept), "loading is no change")

			compact, err := m.Encode()
			require.NoError(t, err)
			var again codec.TopicConfigSerializeWrapper
			require.NoError(t, fastjson.Unmarshal(compact, &again))
			require.Equal(t, m.Wrapper(), &again)
		})
	}
}

func TestLoad(t *testing.T) {
	const v5 = `{"dataVersion":{"counter":5,"stateVersion":0,"timestamp":9},"topicConfigTable":{
		"A":{"attributes":{"+message.type":"NORMAL"},"order":true,"perm":2,"readQueueNums":3,"topicFilterType":"SINGLE_TAG","topicName":"A","topicSysFlag":0,"writeQueueNums":4},
		"B":{"perm":6},
		"../x":{"topicName":"../x"},
		"C":{"topicName":"other"}}, "more":[1]}`
	a := &codec.TopicConfig{TopicName: "A", Order: true, Perm: 2, ReadQueueNums: 3, WriteQueueNums: 4, TopicFilterType: codec.SingleTag}
	cases := []struct {
		name, file, bak string
		wantErr         bool
		wantA           bool
	}{
		{name: "none"},
		{name: "5.x", file: v5, wantA: true},
		{name: "damaged, good backup", file: "{\"data", bak: v5, wantA: true},
		{name: "zeros, good backup", file: "\x00\x00\x00", bak: v5, wantA: true},
		{name: "empty, good backup", file: "", bak: v5, wantA: true},
		{name: "both damaged", file: "{", bak: "{", wantErr: true},
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
				return
			}
			require.NoError(t, err)
			if !c.wantA {
				require.Nil(t, m.Select("A"))
				return
			}
			require.Equal(t, a, m.Select("A"))
			require.Equal(t, "B", m.Select("B").TopicName)
			require.EqualValues(t, 16, m.Select("B").ReadQueueNums)
			require.Nil(t, m.Select("../x"))
			require.Nil(t, m.Select("C"))
			require.NotNil(t, m.Select("TBW102"))
			require.Equal(t, codec.DataVersion{Counter: 5, Timestamp: 9}, m.DataVersion())
		})
	}
}

func TestSelectAllocatesNothing(t *testing.T) {
	m := New(options(t))
	frame := []byte("BenchmarkTest")
	require.Zero(t, testing.AllocsPerRun(100, func() {
		if m.Select(string(frame)) == nil {
			t.Error("not found")
		}
	}))
}

func BenchmarkSelect(b *testing.B) {
	m := New(Options{ClusterName: "c", BrokerName: "b"})
	b.ReportAllocs()
	for b.Loop() {
		m.Select("BenchmarkTest")
	}
}
