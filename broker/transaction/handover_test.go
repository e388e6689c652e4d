package transaction

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/store"
)

// TestTakesOverJavaStore: a service over the store of a Java broker asks about
// the half messages that are open there, and about no other, and goes on counting.
func TestTakesOverJavaStore(t *testing.T) {
	cfg := store.DefaultConfig()
	cfg.StorePathRootDir = unpackJavaStore(t, "4.9.8-clean")
	cfg.MappedFileSizeCommitLog, cfg.MappedFileSizeConsumeQueue, cfg.MaxHashSlotNum, cfg.MaxIndexNum = 1<<20, 6000, 500, 2000
	b := startReal(t, cfg, Config{CheckInterval: 50 * time.Millisecond, CheckMax: 6, FileReserved: 1 << 62})
	require.Equal(t, int64(10), b.HalfMessages())
	givenUp := func() int64 { return b.store.MaxOffsetInQueue(codec.TransCheckMaxTimeTopic, 0) }
	require.Eventually(t, func() bool { return givenUp() >= 10 }, 20*time.Second, 5*time.Millisecond)
	b.mu.Lock()
	require.ElementsMatch(t, strings.Fields("tx2 tx5 tx8 tx11 tx14 tx17 tx20 tx23 tx26 tx29"), slices.Collect(maps.Keys(b.asked)))
	b.mu.Unlock()
	require.Equal(t, int64(70+2*10), b.halfMax()) // asked four times there and two times here
	b.shutdown(t)
	require.Equal(t, int64(10), givenUp())
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
