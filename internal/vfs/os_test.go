package vfs

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func openNew(t *testing.T, name string) File {
	t.Helper()
	f, err := OS().OpenFile(name, os.O_RDWR|os.O_CREATE, 0o644)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	return f
}

func TestOSFileGrowsSparseAndAllocates(t *testing.T) {
	name := filepath.Join(t.TempDir(), "f")
	f := openNew(t, name)
	require.NoError(t, f.Truncate(1<<30))
	size, err := f.Size()
	require.NoError(t, err)
	require.EqualValues(t, 1<<30, size)

	var st unix.Stat_t
	require.NoError(t, unix.Stat(name, &st))
	require.Less(t, st.Blocks*512, int64(1<<20), "the file must be sparse")

	if err := f.Allocate(0, 1<<20); err != nil {
		t.Skipf("this volume has no fallocate: %v", err)
	}
	require.NoError(t, unix.Stat(name, &st))
	require.GreaterOrEqual(t, st.Blocks*512, int64(1<<20))
	size, err = f.Size()
	require.NoError(t, err)
	require.EqualValues(t, 1<<30, size, "Allocate keeps the length")
}

func TestOSReadOnlyMapSeesWrites(t *testing.T) {
	f := openNew(t, filepath.Join(t.TempDir(), "f"))
	require.NoError(t, f.Truncate(8192))
	m, err := f.Map(8192, false)
	require.NoError(t, err)
	_, err = f.WriteAt([]byte("hello"), 4094)
	require.NoError(t, err)
	require.NoError(t, f.Sync())
	require.Equal(t, "hello", string(m.Bytes()[4094:4099]))
	require.NoError(t, m.Close())
	require.NoError(t, m.Close(), "a second Close does nothing")
}

func TestOSWritableMapReachesFile(t *testing.T) {
	f := openNew(t, filepath.Join(t.TempDir(), "f"))
	require.NoError(t, f.Truncate(4096))
	m, err := f.Map(4096, true)
	require.NoError(t, err)
	copy(m.Bytes()[100:], "index")
	require.NoError(t, m.Sync())
	got := make([]byte, 5)
	_, err = f.ReadAt(got, 100)
	require.NoError(t, err)
	require.Equal(t, "index", string(got))
	require.NoError(t, m.Close())
	require.ErrorIs(t, m.Sync(), os.ErrClosed)
}

func TestOSLockExcludesSecondHolder(t *testing.T) {
	name := filepath.Join(t.TempDir(), "lock")
	l, err := OS().Lock(name)
	require.NoError(t, err)
	text, err := os.ReadFile(name) // its close must not release the lock
	require.NoError(t, err)
	require.Equal(t, "lock", string(text))

	_, err = OS().Lock(name)
	require.ErrorIs(t, err, ErrLocked)
	require.False(t, childCanLock(t, name), "an fcntl lock, as Java takes it, must meet ours")

	require.NoError(t, l.Close())
	require.True(t, childCanLock(t, name))
	l, err = OS().Lock(name)
	require.NoError(t, err)
	require.NoError(t, l.Close())
}

// childCanLock tries the fcntl lock of byte 0 in another process.
func childCanLock(t *testing.T, name string) bool {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestOSLockChild$")
	cmd.Env = append(os.Environ(), "VFS_LOCK_CHILD="+name)
	return cmd.Run() == nil
}

// TestOSLockChild is the body of childCanLock's process; on its own it has nothing to do.
func TestOSLockChild(t *testing.T) {
	name := os.Getenv("VFS_LOCK_CHILD")
	if name == "" {
		return
	}
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	require.NoError(t, err)
	lk := unix.Flock_t{Type: unix.F_WRLCK, Len: 1}
	require.NoError(t, unix.FcntlFlock(f.Fd(), unix.F_SETLK, &lk))
	require.NoError(t, f.Close())
}

func TestOSUsageAndSyncDir(t *testing.T) {
	dir := t.TempDir()
	u, err := OS().Usage(dir)
	require.NoError(t, err)
	require.Positive(t, u.Total)
	require.LessOrEqual(t, u.Avail, u.Free)
	require.LessOrEqual(t, u.Free, u.Total)
	require.NoError(t, OS().SyncDir(dir))
	require.Error(t, OS().SyncDir(filepath.Join(dir, "absent")))
	_, err = OS().Usage(filepath.Join(dir, "absent"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

// TestOSReadCached: what was read is in memory, what the kernel was told to
// forget is not, and what lies behind the end never is.
func TestOSReadCached(t *testing.T) {
	f := openNew(t, filepath.Join(t.TempDir(), "f")).(*osFile)
	want := []byte("what is written is in memory")
	b := make([]byte, len(want))
	_, err := f.WriteAt(want, 4090)
	require.NoError(t, err)
	if !f.ReadCached(b, 4090) {
		t.Skip("this volume cannot tell what is in memory")
	}
	require.Equal(t, want, b)
	require.False(t, f.ReadCached(b, 4091), "the last byte is missing")
	require.True(t, f.ReadCached(nil, 1<<40))
	require.Zero(t, testing.AllocsPerRun(100, func() { f.ReadCached(b, 4090) }))

	require.NoError(t, f.Sync())
	require.Eventually(t, func() bool { // the kernel keeps a page that it has in hand itself just now
		return unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED) == nil && !f.ReadCached(b, 4090)
	}, 10*time.Second, time.Millisecond, "nobody has it in memory")
	_, err = f.ReadAt(b, 4090)
	require.NoError(t, err)
	require.True(t, f.ReadCached(b, 4090))
}

func TestWriteZeroPadded(t *testing.T) {
	open := func(fsys FS, name string) File {
		f, err := fsys.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o644)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, f.Close()) })
		return f
	}
	dir := t.TempDir()
	for name, f := range map[string]File{
		"os": open(OS(), filepath.Join(dir, "f")), "mem": open(NewMemFS(), "/f"), "fault": open(NewFaultFS(OS(), nil), filepath.Join(dir, "g")),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := f.WriteAt(bytes.Repeat([]byte{'x'}, 20), 0)
			require.NoError(t, err)
			n, err := f.WriteZeroPadded([]byte("hello"), 3, 10)
			require.NoError(t, err)
			require.Equal(t, 8, n)
			got := make([]byte, 20)
			_, err = f.ReadAt(got, 0)
			require.NoError(t, err)
			require.Equal(t, "xxxxxxxxxxhello\x00\x00\x00xx", string(got))
			n, err = f.WriteZeroPadded([]byte("last"), maxZeros+1, 0)
			require.NoError(t, err)
			require.GreaterOrEqual(t, n, 4+maxZeros, "as much as it takes at once")
		})
	}
}
