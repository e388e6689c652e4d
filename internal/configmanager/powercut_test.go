package configmanager

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/internal/vfs"
)

// cuttingFS calls cut before and after every change.
type cuttingFS struct {
	*vfs.MemFS
	cut func()
}

func (f cuttingFS) Rename(oldName, newName string) error {
	f.cut()
	defer f.cut()
	return f.MemFS.Rename(oldName, newName)
}

func (f cuttingFS) SyncDir(name string) error {
	f.cut()
	defer f.cut()
	return f.MemFS.SyncDir(name)
}

func (f cuttingFS) OpenFile(name string, flag int, perm os.FileMode) (vfs.File, error) {
	f.cut()
	defer f.cut()
	file, err := f.MemFS.OpenFile(name, flag, perm)
	return cuttingFile{File: file, cut: f.cut}, err
}

type cuttingFile struct {
	vfs.File
	cut func()
}

func (f cuttingFile) WriteAt(b []byte, off int64) (int, error) {
	f.cut()
	defer f.cut()
	return f.File.WriteAt(b, off)
}

func (f cuttingFile) Sync() error {
	f.cut()
	defer f.cut()
	return f.File.Sync()
}

// TestPowerCut: a power cut at any moment of a Persist leaves the old or the
// new content, after it the new one; and the Persist after the cut works too.
func TestPowerCut(t *testing.T) {
	content := func(i int) string { return fmt.Sprintf("{%d:%0*d}", i, 3000*i, 0) } // up to several blocks, growing
	rng := rand.New(rand.NewPCG(1, 2))
	cuts := 0
	mem := vfs.NewMemFS()
	current := 0
	check := func(oldest, newest int) {
		for _, unsynced := range []int{0, 50, 100} {
			clone := mem.CrashClone(rng, vfs.Crash{UnsyncedPercent: unsynced, Torn: true})
			data, ok, err := Load(clone, "/c/topics.json")
			require.NoError(t, err)
			if oldest == 0 && !ok {
				continue // the very first one is not durable yet
			}
			var allowed []string
			for i := max(oldest, 1); i <= newest; i++ {
				allowed = append(allowed, content(i))
			}
			require.Contains(t, allowed, string(data))
			require.NoError(t, Persist(clone, "/c/topics.json", []byte("{after}")))
			data, _, err = Load(clone.CrashClone(rng, vfs.Crash{}), "/c/topics.json")
			require.NoError(t, err)
			require.Equal(t, "{after}", string(data))
			cuts++
		}
	}
	fsys := cuttingFS{MemFS: mem, cut: func() { check(current, current+1) }}
	for current < 5 {
		require.NoError(t, Persist(fsys, "/c/topics.json", []byte(content(current+1))))
		current++
		check(current, current)
	}
	require.Greater(t, cuts, 150)
}
