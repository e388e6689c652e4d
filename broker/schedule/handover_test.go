package schedule

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/vfs"
	"github.com/boostermq/booster/store"
)

// TestTakesOverJavaStore: a service over the store of a Java broker delivers what
// waits there, and nothing that was delivered.
func TestTakesOverJavaStore(t *testing.T) {
	dir := unpackJavaStore(t, "4.9.8-clean")
	cfg := store.DefaultConfig()
	cfg.StorePathRootDir = dir
	cfg.MappedFileSizeCommitLog, cfg.MappedFileSizeConsumeQueue, cfg.MaxHashSlotNum, cfg.MaxIndexNum = 1<<20, 6000, 500, 2000
	a, log := &arrivals{}, slog.New(slog.DiscardHandler)
	st, err := store.Open(store.Options{Config: cfg, Arriving: a, Log: log, BrokerIPPort: netip.MustParseAddrPort("127.0.0.1:10911")})
	require.NoError(t, err)
	require.NoError(t, st.Start())
	s := New(Options{FS: vfs.OS(), Path: filepath.Join(dir, "config", "delayOffset.json"), Levels: parseLevels(t, cfg.MessageDelayLevel), Log: log})
	require.NoError(t, s.Load())
	a.service.Store(s)
	s.Start(st)
	var bodies []string
	require.Eventually(t, func() bool {
		bodies = nil
		for q := range int32(4) {
			for _, m := range readAll(t, st, "StoreDelay", q)[2:] { // two were delivered by the Java broker
				require.Equal(t, codec.ParseProperties(m.Properties)[codec.PropertyKeys], string(m.Body))
				bodies = append(bodies, string(m.Body))
			}
		}
		return len(bodies) >= 12
	}, 10*time.Second, 10*time.Millisecond)
	require.ElementsMatch(t, strings.Fields("delay8 delay9 delay10 delay11 delay12 delay13 delay14 delay15 delay16 delay17 delay18 delay19"), bodies)
	require.Len(t, readAll(t, st, "%RETRY%FillCG_Fail", 0), 3)
	stop(t, s, st)
	text, err := os.ReadFile(filepath.Join(dir, "config", "delayOffset.json"))
	require.NoError(t, err)
	require.Equal(t, "{\n\t\"offsetTable\":{1:11,7:4,16:4,18:4\n\t}\n}", string(text))
}

// unpackJavaStore unpacks a recorded store and returns its root.
func unpackJavaStore(t *testing.T, name string) string {
	t.Helper()
	f, err := os.Open(filepath.Join("../../compat/stores", name+".tar.gz"))
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	unzipped, err := gzip.NewReader(f)
	require.NoError(t, err)
	dir := t.TempDir()
	for r := tar.NewReader(unzipped); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return filepath.Join(dir, "store")
		}
		require.NoError(t, err)
		path := filepath.Join(dir, filepath.Clean("/"+h.Name))
		if h.Typeflag == tar.TypeDir { // the others are files, some of them sparse
			continue
		}
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		content, err := io.ReadAll(r)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, content, 0o600))
	}
}
