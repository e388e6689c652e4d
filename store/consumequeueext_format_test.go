package store

import (
	"encoding/hex"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// cqExtCases are units and their bytes, which the Java store wrote.
var cqExtCases = []struct {
	hex  string
	unit cqExtUnit
}{
	{"0022ffffffff80000000000001a2033f42a7000e0102030405060708090a0b0c0d80",
		cqExtUnit{-2147483648, 1795350807207, []byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 0x80}}},
	{"0014000000000000004d00000000000000050000", cqExtUnit{77, 5, nil}},
}

func TestCQExtUnit(t *testing.T) {
	var file []byte
	for _, c := range cqExtCases {
		want, err := hex.DecodeString(c.hex)
		require.NoError(t, err)
		require.Equal(t, want, appendCQExtUnit(nil, &c.unit))
		require.Len(t, want, c.unit.size())
		file = append(file, want...)
	}
	file = append(appendCQExtEnd(file), make([]byte, 8)...)
	var unit cqExtUnit
	for _, c := range cqExtCases {
		n, err := parseCQExtUnit(file, &unit)
		require.NoError(t, err)
		require.Equal(t, c.unit, unit)
		file = file[n:]
	}
	_, err := parseCQExtUnit(file, &unit)
	require.ErrorIs(t, err, errCQExtEnd)
	_, err = parseCQExtUnit(file[2:], &unit)
	require.ErrorIs(t, err, errCQExtEnd, "never written")
	_, err = parseCQExtUnit(nil, &unit)
	require.ErrorIs(t, err, errCQExtEnd)

	for _, wrong := range []string{"00130000", "8000", "fffe", "0014", "7fff0000", "0014000000000000004d00000000000000050001", "0014000000000000004d0000000000000005ffff"} {
		b, err := hex.DecodeString(wrong)
		require.NoError(t, err)
		_, err = parseCQExtUnit(b, &unit)
		require.ErrorIs(t, err, errCQExt, wrong)
	}
	largest := cqExtUnit{filterBitMap: make([]byte, cqExtMaxUnitBytes-cqExtHeadBytes)}
	n, err := parseCQExtUnit(appendCQExtUnit(nil, &largest), &unit)
	require.NoError(t, err)
	require.Equal(t, cqExtMaxUnitBytes, n)
}

func TestCQExtAddress(t *testing.T) {
	for offset, want := range map[int64]int64{0: math.MinInt64, 34: -9223372036854775774, 100: -9223372036854775708, cqExtMaxOffset: -2147483649} {
		address := extAddress(offset)
		require.Equal(t, want, address)
		require.True(t, isExtAddress(address))
		require.Equal(t, offset, extOffset(address))
	}
	for _, tagsCode := range []int64{0, math.MinInt32, math.MaxInt32, 1795350807207} {
		require.False(t, isExtAddress(tagsCode))
	}
}

// FuzzParseCQExtUnit: what is read is written the same.
func FuzzParseCQExtUnit(f *testing.F) {
	for _, c := range cqExtCases {
		b, err := hex.DecodeString(c.hex)
		require.NoError(f, err)
		f.Add(b)
		f.Add(b[:len(b)-1])
	}
	f.Add(appendCQExtEnd(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		var unit cqExtUnit
		n, err := parseCQExtUnit(b, &unit)
		if err != nil {
			return
		}
		require.Equal(t, b[:n], appendCQExtUnit(nil, &unit))
	})
}
