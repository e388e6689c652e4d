package store

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/internal/vfs"
)

func TestCheckpointFormat(t *testing.T) {
	v := checkpointValue{physicMs: 0x0102030405060708, logicsMs: 0x1112131415161718, indexMs: 0x2122232425262728, safeOffset: 0x3132333435363738}
	b := appendCheckpoint(nil, v)
	require.Len(t, b, 4096)
	require.Equal(t, "\x01\x02\x03\x04\x05\x06\x07\x08\x11\x12\x13\x14\x15\x16\x17\x18\x21\x22\x23\x24\x25\x26\x27\x28", string(b[:24]), "Java's part")
	require.Equal(t, "BOOSTER1\x01\x02\x03\x04\x05\x06\x07\x08\x11\x12\x13\x14\x15\x16\x17\x18\x31\x32\x33\x34\x35\x36\x37\x38", string(b[2048:2080]))
	require.Equal(t, v, parseCheckpoint(b))

	noMark := v
	noMark.safeOffset = -1
	require.Equal(t, noMark, parseCheckpoint(appendCheckpoint(nil, noMark)))
	f := func(change func(b []byte)) {
		t.Helper()
		c := append([]byte(nil), b...)
		change(c)
		require.EqualValues(t, -1, parseCheckpoint(c).safeOffset)
	}
	f(func(b []byte) { binary.BigEndian.PutUint64(b, 1) })     // Java wrote a new time
	f(func(b []byte) { binary.BigEndian.PutUint64(b[8:], 1) }) // or this one
	f(func(b []byte) { b[2079]++ })                            // torn
	f(func(b []byte) { b[2083]++ })
	f(func(b []byte) { b[2048] = 'b' })
	require.Equal(t, checkpointValue{safeOffset: -1}, parseCheckpoint(nil))
	require.Equal(t, int64(0), parseCheckpoint([]byte{0xFF, 0, 0, 0, 0, 0, 0, 0}).physicMs, "no time before 1970")
}

func TestCheckpointFile(t *testing.T) {
	c := storeCheckpoint{fs: vfs.NewMemFS(), path: "/checkpoint"}
	require.NoError(t, c.load())
	require.Equal(t, checkpointValue{safeOffset: -1}, c.value)
	v := checkpointValue{physicMs: 5, logicsMs: 6, indexMs: 7, safeOffset: 8}
	require.NoError(t, c.save(v))
	again := storeCheckpoint{fs: c.fs, path: c.path}
	require.NoError(t, again.load())
	require.Equal(t, v, again.value)
}

func FuzzParseCheckpoint(f *testing.F) {
	f.Add([]byte{})
	f.Add(appendCheckpoint(nil, checkpointValue{physicMs: 1, logicsMs: 2, indexMs: 3, safeOffset: 4}))
	f.Fuzz(func(t *testing.T, b []byte) {
		v := parseCheckpoint(b)
		if v.physicMs < 0 || v.logicsMs < 0 || v.indexMs < 0 || v.safeOffset < -1 {
			t.Fatalf("%+v", v)
		}
		if again := parseCheckpoint(appendCheckpoint(nil, v)); again != v {
			t.Fatalf("%+v, again %+v", v, again)
		}
	})
}
