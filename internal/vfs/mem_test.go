package vfs

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func memOpen(t *testing.T, m FS, name string) File {
	t.Helper()
	f, err := m.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o644)
	require.NoError(t, err)
	return f
}

func memWrite(t *testing.T, f File, off int64, text string) {
	t.Helper()
	n, err := f.WriteAt([]byte(text), off)
	require.NoError(t, err)
	require.Equal(t, len(text), n)
}

// memRead is the content of a file; "absent" when there is none.
func memRead(t *testing.T, m FS, name string) string {
	t.Helper()
	f, err := m.OpenFile(name, os.O_RDONLY, 0)
	if err != nil {
		require.ErrorIs(t, err, fs.ErrNotExist)
		return "absent"
	}
	size, err := f.Size()
	require.NoError(t, err)
	b, err := io.ReadAll(io.NewSectionReader(f, 0, size))
	require.NoError(t, err)
	require.NoError(t, f.Close())
	return string(b)
}

func seeded(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

func TestMemIsAFileSystem(t *testing.T) {
	m := NewMemFS()
	require.NoError(t, m.MkdirAll("/a/b", 0o755))
	f := memOpen(t, m, "/a/b/f")
	memWrite(t, f, 3, "hello")
	require.Equal(t, "\x00\x00\x00hello", memRead(t, m, "/a/b/f"))
	b := make([]byte, 10)
	n, err := f.ReadAt(b, 4)
	require.ErrorIs(t, err, io.EOF)
	require.Equal(t, "ello", string(b[:n]))
	require.NoError(t, f.Truncate(5))
	require.NoError(t, f.Truncate(9))
	require.Equal(t, "\x00\x00\x00he\x00\x00\x00\x00", memRead(t, m, "/a/b/f"))
	require.Equal(t, "/a/b/f", f.Name())
	require.NoError(t, f.Close())
	require.ErrorIs(t, f.Close(), os.ErrClosed)
	_, err = f.WriteAt([]byte("x"), 0)
	require.ErrorIs(t, err, os.ErrClosed)

	require.NoError(t, m.Rename("/a/b/f", "/a/g"))
	require.Equal(t, "absent", memRead(t, m, "/a/b/f"))
	list, err := m.ReadDir("/a")
	require.NoError(t, err)
	require.Len(t, list, 2)
	require.Equal(t, "b", list[0].Name())
	require.True(t, list[0].IsDir())
	require.Equal(t, "g", list[1].Name())
	info, err := m.Stat("/a/g")
	require.NoError(t, err)
	require.EqualValues(t, 9, info.Size())
	when := time.UnixMilli(12345)
	require.NoError(t, m.SetModTime("/a/g", when))
	info, err = m.Stat("/a/g")
	require.NoError(t, err)
	require.Equal(t, when, info.ModTime())

	_, err = m.OpenFile("/a/g", os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
	require.ErrorIs(t, err, fs.ErrExist)
	_, err = m.OpenFile("/a/none", os.O_RDWR, 0o644)
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = m.OpenFile("/x/none", os.O_RDWR|os.O_CREATE, 0o644)
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = m.OpenFile("/a/b", os.O_RDWR, 0o644)
	require.ErrorIs(t, err, syscall.EISDIR)
	require.ErrorIs(t, m.Remove("/a"), syscall.ENOTEMPTY)
	require.ErrorIs(t, m.MkdirAll("/a/g/x", 0o755), syscall.ENOTDIR)
	require.ErrorIs(t, m.Rename("/a/none", "/a/h"), fs.ErrNotExist)
	r, err := m.OpenFile("/a/g", os.O_RDONLY, 0)
	require.NoError(t, err)
	_, err = r.WriteAt([]byte("x"), 0)
	require.ErrorIs(t, err, syscall.EBADF)
	require.NoError(t, m.Remove("/a/g"))
	require.ErrorIs(t, m.Remove("/a/g"), fs.ErrNotExist)
	require.NoError(t, m.RemoveAll("/a"))
	require.NoError(t, m.RemoveAll("/a"))
	_, err = m.ReadDir("/a")
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestMemMappingsSeeWritesBothWays(t *testing.T) {
	m := NewMemFS()
	f := memOpen(t, m, "/f")
	require.NoError(t, f.Truncate(8192))
	ro, err := f.Map(8192, false)
	require.NoError(t, err)
	memWrite(t, f, 5000, "file")
	require.Equal(t, "file", string(ro.Bytes()[5000:5004]))
	rw, err := f.Map(8192, true)
	require.NoError(t, err)
	require.NoError(t, f.Allocate(0, 4096))
	copy(rw.Bytes()[10:], "map")
	require.Equal(t, "map", memRead(t, m, "/f")[10:13])
	require.ErrorIs(t, f.Truncate(1<<20), syscall.ETXTBSY, "a mapping would be left behind")
	require.NoError(t, rw.Sync())
	require.NoError(t, ro.Close())
	require.NoError(t, rw.Close())
	require.NoError(t, rw.Close())
	require.ErrorIs(t, rw.Sync(), os.ErrClosed)
	require.NoError(t, f.Truncate(1<<20))
	_, err = f.Map(1<<20+1, false)
	require.Error(t, err)
}

func TestMemMappedWriteWithoutSpaceIsFound(t *testing.T) {
	m := NewMemFS()
	f := memOpen(t, m, "/f")
	require.NoError(t, f.Truncate(3*memBlock))
	rw, err := f.Map(3*memBlock, true)
	require.NoError(t, err)
	require.NoError(t, f.Allocate(memBlock, memBlock))
	rw.Bytes()[memBlock] = 1
	require.NoError(t, rw.Sync())
	rw.Bytes()[2*memBlock] = 1
	require.ErrorIs(t, rw.Sync(), syscall.EFAULT)
}

func TestMemLockAndUsage(t *testing.T) {
	m := NewMemFS()
	l, err := m.Lock("/lock")
	require.NoError(t, err)
	require.Equal(t, "lock", memRead(t, m, "/lock"))
	_, err = m.Lock("/lock")
	require.ErrorIs(t, err, ErrLocked)
	other, err := m.CrashClone(seeded(1), Crash{UnsyncedPercent: 100}).Lock("/lock")
	require.NoError(t, err, "the lock dies with the process")
	require.NoError(t, other.Close())
	require.NoError(t, l.Close())
	l, err = m.Lock("/lock")
	require.NoError(t, err)
	require.NoError(t, l.Close())

	m.SetCapacity(4 * memBlock)
	f := memOpen(t, m, "/f")
	memWrite(t, f, 0, "x")
	require.NoError(t, f.Truncate(1<<20), "growth is sparse")
	u, err := m.Usage("/")
	require.NoError(t, err)
	require.Equal(t, Usage{Total: 4 * memBlock, Free: 2 * memBlock, Avail: 2 * memBlock}, u)
	require.NoError(t, f.Allocate(0, 3*memBlock))
	_, err = f.WriteAt([]byte("x"), 3*memBlock)
	require.ErrorIs(t, err, syscall.ENOSPC)
	require.ErrorIs(t, f.Allocate(3*memBlock, 1), syscall.ENOSPC)
	memWrite(t, f, 2*memBlock, "x")
	require.NoError(t, m.Remove("/f"))
	u, err = m.Usage("/")
	require.NoError(t, err)
	require.EqualValues(t, 3*memBlock, u.Free)
	m.SetUsage(&Usage{Total: 100, Free: 10, Avail: 5})
	u, err = m.Usage("/")
	require.NoError(t, err)
	require.Equal(t, Usage{Total: 100, Free: 10, Avail: 5}, u)
	_, err = m.Usage("/none")
	require.ErrorIs(t, err, fs.ErrNotExist)
}

// TestMemCrashKeepsWhatWasSynced: each case is one file system and the contents
// that "/d/f" may have after a power cut; all of them must turn up.
func TestMemCrashKeepsWhatWasSynced(t *testing.T) {
	blocks := func(letters string) (s string) {
		for _, l := range []byte(letters) {
			s += string(bytes.Repeat([]byte{l}, memBlock))
		}
		return s
	}
	f := func(name string, prepare func(m *MemFS, f File), want ...string) {
		t.Helper()
		m := NewMemFS()
		require.NoError(t, m.MkdirAll("/d", 0o755))
		require.NoError(t, m.SyncDir("/"))
		file := memOpen(t, m, "/d/f")
		prepare(m, file)
		seen := map[string]bool{}
		for seed := range uint64(200) {
			got := memRead(t, m.CrashClone(seeded(seed), Crash{UnsyncedPercent: 50}), "/d/f")
			require.Contains(t, want, got, "%s, seed %d", name, seed)
			seen[got] = true
		}
		require.Len(t, seen, len(want), name)
		killed := m.CrashClone(seeded(1), Crash{UnsyncedPercent: 100})
		require.Equal(t, memRead(t, m, "/d/f"), memRead(t, killed, "/d/f"), name)
		nothing := m.CrashClone(seeded(1), Crash{})
		require.Equal(t, memRead(t, nothing.CrashClone(seeded(2), Crash{}), "/d/f"), memRead(t, nothing, "/d/f"), "what survived is durable")
	}
	durable := func(m *MemFS, f File, content string) {
		memWrite(t, f, 0, content)
		require.NoError(t, f.Sync())
		require.NoError(t, m.SyncDir("/d"))
	}
	f("name not synced", func(m *MemFS, f File) {
		memWrite(t, f, 0, "x")
		require.NoError(t, f.Sync())
	}, "x", "absent")
	f("all synced", func(m *MemFS, f File) { durable(m, f, "x") }, "x")
	f("blocks", func(m *MemFS, f File) {
		durable(m, f, blocks("aa"))
		memWrite(t, f, 0, blocks("bb"))
	}, blocks("aa"), blocks("ab"), blocks("ba"), blocks("bb"))
	f("growth", func(m *MemFS, f File) {
		durable(m, f, blocks("a"))
		memWrite(t, f, memBlock, blocks("b"))
	}, blocks("a"), blocks("a\x00"), blocks("ab"))
	f("written twice", func(m *MemFS, f File) {
		durable(m, f, blocks("a"))
		memWrite(t, f, 0, blocks("b"))
		require.NoError(t, f.Sync())
		memWrite(t, f, 0, blocks("c"))
	}, blocks("b"), blocks("c"))
	f("truncated", func(m *MemFS, f File) {
		durable(m, f, blocks("ab"))
		require.NoError(t, f.Truncate(memBlock))
	}, blocks("ab"), blocks("a"), blocks("a\x00"))
	f("cut and grown", func(m *MemFS, f File) {
		durable(m, f, blocks("ab"))
		require.NoError(t, f.Truncate(memBlock))
		require.NoError(t, f.Truncate(2*memBlock))
	}, blocks("ab"), blocks("a\x00"))
	f("removed", func(m *MemFS, f File) {
		durable(m, f, "x")
		require.NoError(t, m.Remove("/d/f"))
	}, "x", "absent")
	f("renamed over", func(m *MemFS, f File) {
		durable(m, f, "old")
		tmp := memOpen(t, m, "/d/tmp")
		memWrite(t, tmp, 0, "new")
		require.NoError(t, tmp.Sync())
		require.NoError(t, m.Rename("/d/tmp", "/d/f"))
	}, "old", "new")
	f("renamed over, folder synced", func(m *MemFS, f File) {
		durable(m, f, "old")
		tmp := memOpen(t, m, "/d/tmp")
		memWrite(t, tmp, 0, "new")
		require.NoError(t, tmp.Sync())
		require.NoError(t, m.Rename("/d/tmp", "/d/f"))
		require.NoError(t, m.SyncDir("/d"))
	}, "new")
	f("renamed into another folder", func(m *MemFS, f File) {
		durable(m, f, "x")
		require.NoError(t, m.MkdirAll("/e", 0o755))
		require.NoError(t, m.SyncDir("/"))
		require.NoError(t, m.Rename("/d/f", "/e/f"))
		require.NoError(t, m.SyncDir("/e"))
	}, "absent")
	f("mapped", func(m *MemFS, f File) {
		durable(m, f, blocks("aa"))
		rw, err := f.Map(2*memBlock, true)
		require.NoError(t, err)
		copy(rw.Bytes(), blocks("b"))
		require.NoError(t, rw.Sync())
		copy(rw.Bytes()[memBlock:], blocks("c"))
		require.NoError(t, rw.Close())
	}, blocks("ba"), blocks("bc"))
}

func TestMemCrashTearsInSectors(t *testing.T) {
	m := NewMemFS()
	f := memOpen(t, m, "/f")
	require.NoError(t, m.SyncDir("/"))
	memWrite(t, f, 0, string(bytes.Repeat([]byte{'a'}, memBlock)))
	require.NoError(t, f.Sync())
	memWrite(t, f, 0, string(bytes.Repeat([]byte{'b'}, memBlock)))
	torn := 0
	for seed := range uint64(100) {
		got := memRead(t, m.CrashClone(seeded(seed), Crash{UnsyncedPercent: 50, Torn: true}), "/f")
		for at := 0; at < memBlock; at += memSector {
			sector := got[at : at+memSector]
			require.Contains(t, []string{string(bytes.Repeat([]byte{'a'}, memSector)), string(bytes.Repeat([]byte{'b'}, memSector))}, sector)
		}
		if bytes.ContainsRune([]byte(got), 'a') && bytes.ContainsRune([]byte(got), 'b') {
			torn++
		}
	}
	require.Greater(t, torn, 5)
}

func TestMemCrashIsRepeatable(t *testing.T) {
	m := NewMemFS()
	for i := range 20 {
		memWrite(t, memOpen(t, m, fmt.Sprintf("/f%d", i)), int64(i)*1000, "content")
	}
	names := func(seed uint64) (s string) {
		c := m.CrashClone(seeded(seed), Crash{UnsyncedPercent: 50, Torn: true})
		list, err := c.ReadDir("/")
		require.NoError(t, err)
		for _, e := range list {
			s += e.Name() + "=" + memRead(t, c, e.Name()) + ";"
		}
		return s
	}
	require.Equal(t, names(7), names(7))
	require.NotEqual(t, names(7), names(8))
}

func TestFaultsByPredicate(t *testing.T) {
	m := NewMemFS()
	ff := NewFaultFS(m, nil)
	f := memOpen(t, ff, "/dir-f")
	memWrite(t, f, 0, "0123456789")

	ff.Inject(Nth(2, On("dir-f", OpWrite), Fault{Err: syscall.ENOSPC, Short: 3}))
	memWrite(t, f, 0, "a")
	n, err := f.WriteAt([]byte("bcdefg"), 0)
	require.ErrorIs(t, err, syscall.ENOSPC)
	require.Equal(t, 3, n)
	require.Equal(t, "bcd3456789", memRead(t, ff, "/dir-f"))
	memWrite(t, f, 0, "a")

	ff.Inject(From(2, On("", OpSync), Fault{Err: syscall.EIO}))
	require.NoError(t, f.Sync())
	require.ErrorIs(t, f.Sync(), syscall.EIO)
	require.ErrorIs(t, f.Sync(), syscall.EIO)

	ff.Inject(FirstOf(Always(On("nothing"), Fault{Err: syscall.EIO}), Always(func(op Op) bool { return op.Kind == OpRead && op.Offset >= 4 }, Fault{Err: syscall.EIO})))
	b := make([]byte, 2)
	_, err = f.ReadAt(b, 3)
	require.NoError(t, err)
	_, err = f.ReadAt(b, 4)
	var pathErr *os.PathError
	require.ErrorAs(t, err, &pathErr)
	require.Equal(t, "read", pathErr.Op)

	ff.Inject(Always(On("", OpRename), Fault{Err: syscall.EIO, After: true}))
	require.ErrorIs(t, ff.Rename("/dir-f", "/dir-g"), syscall.EIO)
	require.Equal(t, "absent", memRead(t, ff, "/dir-f"))

	ff.Inject(Always(On(""), Fault{Err: syscall.EIO}))
	for i, err := range faultAll(ff, f) {
		require.ErrorIs(t, err, syscall.EIO, i)
	}
	ff.Inject(nil)
	for i, err := range faultAll(ff, f) {
		require.NoError(t, err, i)
	}
	require.Positive(t, ff.Count(OpSync))

	ff.Inject(Always(On("", OpStat), Fault{Delay: 20 * time.Millisecond}))
	began := time.Now()
	_, err = ff.Stat("/")
	require.NoError(t, err)
	require.GreaterOrEqual(t, time.Since(began), 20*time.Millisecond)
}

// faultAll tries what the other test does not.
func faultAll(ff *FaultFS, f File) (errs []error) {
	add := func(err error) { errs = append(errs, err) }
	add(ff.MkdirAll("/x", 0o755))
	_, err := ff.ReadDir("/")
	add(err)
	_, err = ff.Stat("/")
	add(err)
	_, err = ff.Usage("/")
	add(err)
	add(ff.SyncDir("/"))
	_, err = ff.Lock("/l")
	add(err)
	add(ff.RemoveAll("/x"))
	_, err = ff.OpenFile("/y", os.O_RDWR|os.O_CREATE, 0o644)
	add(err)
	add(ff.Remove("/y"))
	_, err = f.Size()
	add(err)
	add(f.Truncate(10))
	add(f.Allocate(0, 10))
	mapping, err := f.Map(10, true)
	add(err)
	if err == nil {
		add(mapping.Sync())
		add(mapping.Close())
	} else {
		errs = append(errs, err, err)
	}
	return errs
}
