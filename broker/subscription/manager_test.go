package subscription

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

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
	"github.com/boostermq/booster/internal/vfs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func options(t testing.TB) Options {
	return Options{
		FS: vfs.OS(), Path: filepath.Join(t.TempDir(), "config", "subscriptionGroup.json"),
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

func TestBuiltInGroups(t *testing.T) {
	o := options(t)
	m := New(o)
	var groups []string
	for name, cfg := range m.Snapshot() {
		require.Equal(t, defaultConfig(name), cfg)
		groups = append(groups, name)
	}
	require.ElementsMatch(t, []string{"TOOLS_CONSUMER", "FILTERSRV_CONSUMER", "SELF_TEST_C_GROUP", "CID_ONS-HTTP-PROXY",
		"CID_ONSAPI_PULL", "CID_ONSAPI_PERMISSION", "CID_ONSAPI_OWNER"}, groups)
	require.NoError(t, m.Persist())
	_, err := os.Stat(o.Path)
	require.ErrorIs(t, err, fs.ErrNotExist, "built-in groups alone do not make a file")
}

func TestFind(t *testing.T) {
	cases := []struct {
		group      string
		auto, want bool
	}{
		{"g", true, true},
		{"g", false, false},
		{"CID_RMQ_SYS_TRANS", false, true},
		{"TOOLS_CONSUMER", false, true},
		{strings.Repeat("g", 255), true, true},
		{strings.Repeat("g", 256), true, false},
		{"../../g", true, false},
		{"CID_RMQ_SYS_/../g", false, false},
		{"t@g", true, false},
		{"", true, false},
	}
	for _, c := range cases {
		t.Run(fmt.Sprint(c.group, c.auto), func(t *testing.T) {
			o := options(t)
			o.AutoCreate = func() bool { return c.auto }
			m := New(o)
			known := len(m.Snapshot())
			cfg := m.Find(c.group)
			if !c.want {
				require.Nil(t, cfg)
				require.Len(t, m.Snapshot(), known)
				require.Zero(t, m.DataVersion().Counter)
				return
			}
			require.Equal(t, defaultConfig(c.group), cfg)
			require.Same(t, cfg, m.Find(c.group))
			require.Same(t, cfg, m.Peek(c.group))
			if len(m.Snapshot()) == known {
				return // built in
			}
			require.EqualValues(t, 1, m.DataVersion().Counter)
			reloaded := New(o)
			require.NoError(t, reloaded.Load())
			require.Equal(t, m.Wrapper(), reloaded.Wrapper(), "on disk when the call returns")
		})
	}
}

func TestPeekNeverCreates(t *testing.T) {
	m := New(options(t))
	require.Nil(t, m.Peek("g"))
	require.Zero(t, m.DataVersion().Counter)
}

func TestUpdateDisableDelete(t *testing.T) {
	o := options(t)
	m := New(o)
	cfg := defaultConfig("g")
	cfg.RetryQueueNums, cfg.RetryMaxTimes, cfg.BrokerID, cfg.WhichBrokerWhenConsumeSlowly = 4, 3, 2, 5
	cfg.ConsumeBroadcastEnable, cfg.ConsumeFromMinEnable, cfg.NotifyConsumerIdsChangedEnable = false, false, false
	require.NoError(t, m.Update(cfg))
	require.Same(t, cfg, m.Find("g"))
	require.Error(t, m.Update(defaultConfig("a/b")))

	m.DisableConsume("g")
	require.True(t, cfg.ConsumeEnable, "snapshots do not change")
	require.False(t, m.Find("g").ConsumeEnable)
	require.EqualValues(t, 2, m.DataVersion().Counter)
	m.DisableConsume("g")
	m.DisableConsume("unknown")
	require.EqualValues(t, 2, m.DataVersion().Counter)
	reloaded := New(o)
	require.NoError(t, reloaded.Load())
	require.Equal(t, m.Wrapper(), reloaded.Wrapper())

	require.False(t, m.Delete("unknown"))
	require.True(t, m.Delete("g"))
	require.Nil(t, m.Peek("g"))
	reloaded = New(o)
	require.NoError(t, reloaded.Load())
	require.Equal(t, m.Wrapper(), reloaded.Wrapper())
}

func TestReplace(t *testing.T) {
	master, o := New(options(t)), options(t)
	master.Find("g")
	slave := New(o)
	taken, err := slave.Replace(master.Wrapper())
	require.NoError(t, err)
	require.True(t, taken)
	require.Equal(t, master.Wrapper(), slave.Wrapper())
	taken, err = slave.Replace(master.Wrapper())
	require.NoError(t, err)
	require.False(t, taken)
	reloaded := New(o)
	require.NoError(t, reloaded.Load())
	require.Equal(t, master.Wrapper(), reloaded.Wrapper())
}

func TestConcurrentFind(t *testing.T) {
	o := options(t)
	fsys := &refusingFS{FS: o.FS}
	o.FS = fsys
	m := New(o)
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			group := fmt.Sprintf("g%d", i%8)
			if cfg := m.Find(group); cfg != m.Peek(group) {
				t.Error("another config than the table's")
			}
		})
	}
	wg.Wait()
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
	require.NotNil(t, m.Find("g"), "the table stays as changed")
	require.ErrorContains(t, m.Persist(), "no space")
	fsys.broken.Store(false)
	require.NoError(t, m.Persist())
	require.NoError(t, m.Persist())
	require.EqualValues(t, 1, fsys.writes.Load(), "unchanged tables are not written")
	reloaded := New(o)
	require.NoError(t, reloaded.Load())
	require.NotNil(t, reloaded.Peek("g"))
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
			data, err := encodePretty(m.state.Load())
			require.NoError(t, err)
			require.Equal(t, string(sample), string(data))

			compact, err := m.Encode()
			require.NoError(t, err)
			var again codec.SubscriptionGroupWrapper
			require.NoError(t, fastjson.Unmarshal(compact, &again))
			require.Equal(t, m.Wrapper(), &again)
		})
	}
}

func TestLoad(t *testing.T) {
	const v5 = `{"dataVersion":{"counter":5,"stateVersion":0,"timestamp":9},"forbiddenTable":{},"subscriptionGroupTable":{
		"g":{"attributes":{},"brokerId":1,"consumeBroadcastEnable":false,"consumeEnable":false,"consumeFromMinEnable":false,"consumeMessageOrderly":false,
			"consumeTimeoutMinute":15,"groupName":"g","groupRetryPolicy":{"type":"CUSTOMIZED"},"groupSysFlag":0,"notifyConsumerIdsChangedEnable":false,
			"retryMaxTimes":3,"retryQueueNums":2,"whichBrokerWhenConsumeSlowly":4},
		"h":{},
		"../x":{"groupName":"../x"}}}`
	cases := []struct {
		name, file, bak   string
		wantErr, wantNone bool
	}{
		{name: "none", wantNone: true},
		{name: "5.x", file: v5},
		{name: "damaged, good backup", file: "{\"data", bak: v5},
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
				return
			}
			require.NoError(t, err)
			if c.wantNone {
				require.Len(t, m.Snapshot(), 7)
				return
			}
			require.Equal(t, &codec.SubscriptionGroupConfig{GroupName: "g", RetryQueueNums: 2, RetryMaxTimes: 3, BrokerID: 1, WhichBrokerWhenConsumeSlowly: 4}, m.Peek("g"))
			require.Equal(t, defaultConfig("h"), m.Peek("h"))
			require.Nil(t, m.Peek("../x"))
			require.Equal(t, codec.DataVersion{Counter: 5, Timestamp: 9}, m.DataVersion())
		})
	}
}

func TestFindAllocatesNothing(t *testing.T) {
	m := New(options(t))
	group := string([]byte("TOOLS_CONSUMER"))
	require.Zero(t, testing.AllocsPerRun(100, func() {
		if m.Find(group) == nil {
			t.Error("not found")
		}
	}))
}

func BenchmarkFind(b *testing.B) {
	m := New(Options{})
	b.ReportAllocs()
	for b.Loop() {
		m.Find("TOOLS_CONSUMER")
	}
}
