package configmanager

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/internal/properties"
	"github.com/boostermq/booster/internal/vfs"
)

// decodeInto accepts any content that does not start with a zero byte or '!'.
func decodeInto(out *string) func([]byte) error {
	return func(data []byte) error {
		if data[0] == '!' || data[0] == 0 {
			return errors.New("damaged")
		}
		*out = string(data)
		return nil
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return "(missing)"
	}
	require.NoError(t, err)
	return string(data)
}

func TestLoadValid(t *testing.T) {
	const missing = "(missing)"
	for _, tc := range []struct {
		name, file, backup string
		want               string
		found, damaged     bool
		wantErr            string
	}{
		{"neither", missing, missing, "", false, false, ""},
		{"file", "new", "old", "new", true, false, ""},
		{"backup only", missing, "old", "old", true, false, ""},
		{"empty file", "", "old", "old", true, false, ""},
		{"empty files", "", "", "", false, false, ""},
		{"damaged file", "!", "old", "old", true, true, ""},
		{"zeros after a power cut", "\x00\x00\x00", "old", "old", true, true, ""},
		{"damaged, no backup", "!", missing, "", false, false, "damaged"},
		{"both damaged", "!", "!", "", false, false, "kv.json.bak: damaged"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "kv.json")
			for p, content := range map[string]string{path: tc.file, path + ".bak": tc.backup} {
				if content != missing {
					write(t, p, content)
				}
			}
			var got string
			source, err := LoadFrom(vfs.OS(), path, decodeInto(&got))
			if tc.wantErr != "" {
				require.ErrorContains(t, err, tc.wantErr)
			} else {
				require.NoError(t, err)
			}
			require.Equal(t, tc.want, got)
			require.Equal(t, tc.found, source.Path != "")
			require.Equal(t, tc.damaged, source.Damaged != nil)

			found, _ := LoadValid(vfs.OS(), path, decodeInto(&got))
			require.Equal(t, tc.found, found)
		})
	}
}

func TestPersistAndLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "b", "topics.json")
	_, ok, err := Load(vfs.OS(), path)
	require.NoError(t, err)
	require.False(t, ok)

	require.NoError(t, Persist(vfs.OS(), path, []byte("one")))
	require.Equal(t, "(missing)", read(t, path+".bak"))
	require.NoError(t, Persist(vfs.OS(), path, []byte("two")))
	require.Equal(t, "one", read(t, path+".bak"))
	require.Equal(t, "(missing)", read(t, path+".tmp"))

	data, ok, err := Load(vfs.OS(), path)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, "two", string(data))
}

func TestPersistKeepsBackupWhenFileIsBlank(t *testing.T) {
	path := filepath.Join(t.TempDir(), "topics.json")
	write(t, path, "\x00\x00\x00\x00")
	write(t, path+".bak", "good")
	require.NoError(t, Persist(vfs.OS(), path, []byte("new")))
	require.Equal(t, "new", read(t, path))
	require.Equal(t, "good", read(t, path+".bak"))
}

// mountedFS refuses to rename one path, as the kernel does for a mount point.
type mountedFS struct {
	vfs.FS
	mount string
}

func (m mountedFS) Rename(oldName, newName string) error {
	if oldName == m.mount || newName == m.mount {
		return &os.LinkError{Op: "rename", Old: oldName, New: newName, Err: syscall.EBUSY}
	}
	return m.FS.Rename(oldName, newName)
}

func TestPersistOverMountPoint(t *testing.T) {
	path := filepath.Join(t.TempDir(), "broker.conf")
	for _, content := range []string{"a=1\n", ""} {
		write(t, path, content)
		fsys := mountedFS{FS: vfs.OS(), mount: path}
		require.NoError(t, Persist(fsys, path, []byte("a=22\n")))
		require.Equal(t, "a=22\n", read(t, path))
		require.Equal(t, "a=1\n", read(t, path+".bak"), "the backup of an empty file is the one before")
		require.Equal(t, "(missing)", read(t, path+".tmp"))
	}
}

// TestPersistProperties: the file keeps what nobody changed; a new one gets all.
func TestPersistProperties(t *testing.T) {
	path := filepath.Join(t.TempDir(), "conf", "broker.conf")
	change := []properties.Pair{{Key: "a", Value: "2"}, {Key: "new", Value: "x"}}
	require.NoError(t, PersistProperties(vfs.OS(), path, change, []byte("a=1\nb=1\n")))
	require.Equal(t, "a=1\nb=1\n", read(t, path))
	write(t, path, "# mine\na : 1\nother\n")
	require.NoError(t, PersistProperties(vfs.OS(), path, change, nil))
	require.Equal(t, "# mine\na : 2\nother\nnew=x\n", read(t, path))
	require.Equal(t, "# mine\na : 1\nother\n", read(t, path+".bak"))
	require.NoError(t, PersistProperties(vfs.OS(), path, change, nil))
	require.Equal(t, "# mine\na : 1\nother\n", read(t, path+".bak"), "nothing to write")
	require.Equal(t, "(missing)", read(t, path+".tmp"))

	fsys := mountedFS{FS: vfs.OS(), mount: path}
	require.NoError(t, PersistProperties(fsys, path, change[:1], nil))
	require.NoError(t, PersistProperties(fsys, path, []properties.Pair{{Key: "a", Value: "3"}}, nil))
	require.Equal(t, "# mine\na : 3\nother\nnew=x\n", read(t, path))
	require.Equal(t, "# mine\na : 2\nother\nnew=x\n", read(t, path+".bak"))
	require.Equal(t, "(missing)", read(t, path+".tmp"))
}

// failingFS fails the nth call that changes something.
type failingFS struct {
	vfs.FS
	calls, failAt int
}

var errInjected = errors.New("injected")

func (f *failingFS) step() error {
	if f.calls++; f.calls == f.failAt {
		return errInjected
	}
	return nil
}

func (f *failingFS) Rename(oldName, newName string) error {
	if err := f.step(); err != nil {
		return err
	}
	return f.FS.Rename(oldName, newName)
}

func (f *failingFS) SyncDir(name string) error {
	if err := f.step(); err != nil {
		return err
	}
	return f.FS.SyncDir(name)
}

func (f *failingFS) OpenFile(name string, flag int, perm os.FileMode) (vfs.File, error) {
	if err := f.step(); err != nil {
		return nil, err
	}
	file, err := f.FS.OpenFile(name, flag, perm)
	if err != nil {
		return nil, err
	}
	return failingFile{File: file, fs: f}, nil
}

type failingFile struct {
	vfs.File
	fs *failingFS
}

func (f failingFile) WriteAt(b []byte, off int64) (int, error) {
	if err := f.fs.step(); err != nil {
		return 0, err
	}
	return f.File.WriteAt(b, off)
}

func (f failingFile) Sync() error {
	if err := f.fs.step(); err != nil {
		return err
	}
	return f.File.Sync()
}

// TestPersistFails: whichever step fails, the error is told and Load finds the old or the new content.
func TestPersistFails(t *testing.T) {
	for failAt := 1; ; failAt++ {
		path := filepath.Join(t.TempDir(), "topics.json")
		require.NoError(t, Persist(vfs.OS(), path, []byte("older")))
		require.NoError(t, Persist(vfs.OS(), path, []byte("old")))
		fsys := &failingFS{FS: vfs.OS(), failAt: failAt}
		err := Persist(fsys, path, []byte("new"))
		if fsys.calls < failAt {
			require.NoError(t, err)
			require.Greater(t, failAt, 6)
			return
		}
		require.ErrorIs(t, err, errInjected)
		data, ok, err := Load(vfs.OS(), path)
		require.NoError(t, err)
		require.True(t, ok)
		require.Contains(t, []string{"old", "new"}, string(data))
	}
}
