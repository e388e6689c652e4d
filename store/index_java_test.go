package store

import (
	"archive/tar"
	"compress/gzip"
	"io"
	"log/slog"
	"math"
	"os"
	"path"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/vfs"
)

// sampleFiles reads the files in one folder of a store that a Java broker wrote.
func sampleFiles(t *testing.T, name, folder string) map[string][]byte {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "compat", "stores", name))
	require.NoError(t, err)
	z, err := gzip.NewReader(f)
	require.NoError(t, err)
	files := make(map[string][]byte)
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		if path.Base(path.Dir(h.Name)) == folder && h.Typeflag != tar.TypeDir {
			b, err := io.ReadAll(r)
			require.NoError(t, err)
			files[path.Base(h.Name)] = b
		}
	}
	require.NoError(t, f.Close())
	require.NotEmpty(t, files)
	return files
}

// TestIndexBytesAreJavas indexes the log of a Java broker and compares the files with its own.
func TestIndexBytesAreJavas(t *testing.T) {
	for _, name := range []string{"4.9.8-clean.tar.gz", "4.9.8-killed.tar.gz"} {
		java := sampleFiles(t, name, "index")
		m := vfs.NewMemFS()
		require.NoError(t, m.MkdirAll("/index", 0o755))
		now := time.UnixMilli(1)
		s := newIndexService(m, "/index", 500, 2000, slog.Default(), func() time.Time { return now })
		require.NoError(t, s.Load(true, 0))
		eachRecord(sampleFiles(t, name, "commitlog"), func(v *codec.DispatchView) {
			now = time.UnixMilli(v.StoreTimestampMs)
			require.NoError(t, s.Put(v))
			require.NoError(t, s.Commit())
		})
		require.NoError(t, s.Shutdown())
		files := s.snapshot()
		require.Len(t, files, len(java))
		for i, want := range sortedValues(java) {
			compareIndex(t, indexLayout{slots: 500, entries: 2000}, want, readMem(t, m, files[i].path))
		}
	}
}

// compareIndex allows for one difference: Java reckons the time of a file's first
// entry from the end of the file before.
func compareIndex(t *testing.T, layout indexLayout, want, got []byte) {
	t.Helper()
	require.Len(t, got, len(want))
	require.Equal(t, parseIndexHeader(want), parseIndexHeader(got))
	for n := range layout.entries {
		w, g := parseIndexEntry(want[layout.entryPos(n):]), parseIndexEntry(got[layout.entryPos(n):])
		if n == indexFirstEntry {
			w.seconds = g.seconds
		}
		require.Equal(t, w, g, "entry %d", n)
	}
	for n := range layout.slots {
		require.Equal(t, loadSlot(want, layout.slotPos(n)), loadSlot(got, layout.slotPos(n)), "slot %d", n)
	}
}

func sortedValues(files map[string][]byte) (list [][]byte) {
	for last := ""; len(list) < len(files); {
		next := ""
		for name := range files {
			if name > last && (next == "" || name < next) {
				next = name
			}
		}
		list, last = append(list, files[next]), next
	}
	return list
}

// eachRecord calls do for every record of the log that is dispatched to the index.
func eachRecord(files map[string][]byte, do func(*codec.DispatchView)) {
	for _, b := range sortedValues(files) {
		for len(b) > 0 {
			var v codec.DispatchView
			st, size := codec.ParseDispatch(b, &v)
			if st != codec.RecordOK {
				break
			}
			if codec.TransactionType(v.SysFlag) != codec.TransactionRollbackType {
				do(&v)
			}
			b = b[size:]
		}
	}
}

// TestIndexReadsJavas looks up every key of a Java broker's log in its index,
// clean or killed: the file that was not full at the kill is kept, too.
func TestIndexReadsJavas(t *testing.T) {
	for name, clean := range map[string]bool{"4.9.8-clean.tar.gz": true, "4.9.8-killed.tar.gz": false, "4.4.0-clean.tar.gz": true} {
		m := vfs.NewMemFS()
		require.NoError(t, m.MkdirAll("/index", 0o755))
		for file, b := range sampleFiles(t, name, "index") {
			f, err := m.OpenFile("/index/"+file, os.O_RDWR|os.O_CREATE, 0o644)
			require.NoError(t, err)
			_, err = f.WriteAt(b, 0)
			require.NoError(t, err)
		}
		s := newIndexService(m, "/index", 500, 2000, slog.Default(), time.Now)
		require.NoError(t, s.Load(clean, 1))
		keys := 0
		eachRecord(sampleFiles(t, name, "commitlog"), func(v *codec.DispatchView) {
			if v.UniqKey == "" || v.CommitLogOffset > s.endOffset {
				return
			}
			keys++
			got := s.Query(v.Topic, v.UniqKey, 64, v.StoreTimestampMs, v.StoreTimestampMs).phyOffsets
			require.Contains(t, got, v.CommitLogOffset, "%s %s#%s", name, v.Topic, v.UniqKey)
			require.Contains(t, s.Query(v.Topic, v.UniqKey, math.MaxInt32, 0, math.MaxInt64).phyOffsets, v.CommitLogOffset)
		})
		require.Greater(t, keys, 2000)
		require.NoError(t, s.Shutdown())
	}
}
