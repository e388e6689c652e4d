package configmanager

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/internal/properties"
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

// TestPowerCutOfProperties: a power cut at any moment of a PersistProperties
// leaves the file itself, old or new.
func TestPowerCutOfProperties(t *testing.T) {
	const path = "/c/broker.conf"
	text := func(i int) string { return fmt.Sprintf("# mine\nsize=%0*d\n", 3000*i, i) }
	rng := rand.New(rand.NewPCG(3, 4))
	mem, current, cuts := vfs.NewMemFS(), 1, 0
	require.NoError(t, Persist(mem, path, []byte(text(1))))
	check := func(newest int) {
		for _, unsynced := range []int{0, 50, 100} {
			data, err := vfs.ReadFile(mem.CrashClone(rng, vfs.Crash{UnsyncedPercent: unsynced, Torn: true}), path)
			require.NoError(t, err)
			require.Contains(t, []string{text(current), text(newest)}, string(data))
			cuts++
		}
	}
	fsys := cuttingFS{MemFS: mem, cut: func() { check(current + 1) }}
	for current < 5 {
		change := []properties.Pair{{Key: "size", Value: fmt.Sprintf("%0*d", 3000*(current+1), current+1)}}
		require.NoError(t, PersistProperties(fsys, path, change, nil))
		current++
		check(current)
		backup, err := vfs.ReadFile(mem, path+".bak")
		require.NoError(t, err)
		require.Equal(t, text(current-1), string(backup))
	}
	require.Greater(t, cuts, 150)
}
