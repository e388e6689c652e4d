package filter

import (
	"encoding/hex"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// cqExtCases are units and their bytes, which the Java store wrote.
var cqExtCases = []struct {
	hex  string
	unit CQExtUnit
}{
	{"0022ffffffff80000000000001a2033f42a7000e0102030405060708090a0b0c0d80",
		CQExtUnit{-2147483648, 1795350807207, BitsArray{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 0x80}}},
	{"0014000000000000004d00000000000000050000", CQExtUnit{77, 5, nil}},
}

func TestCQExtUnit(t *testing.T) {
	var file []byte
	for _, c := range cqExtCases {
		want, err := hex.DecodeString(c.hex)
		require.NoError(t, err)
		got, err := AppendCQExtUnit(nil, &c.unit)
		require.NoError(t, err)
		require.Equal(t, want, got)
		require.Len(t, want, c.unit.Size())
		file = append(file, want...)
	}
	file = append(AppendCQExtEnd(file), make([]byte, 8)...)
	var unit CQExtUnit
	for _, c := range cqExtCases {
		n, err := DecodeCQExtUnit(file, &unit)
		require.NoError(t, err)
		require.Equal(t, c.unit, unit)
		file = file[n:]
	}
	_, err := DecodeCQExtUnit(file, &unit)
	require.ErrorIs(t, err, ErrCQExtEnd)
	_, err = DecodeCQExtUnit(file[2:], &unit)
	require.ErrorIs(t, err, ErrCQExtEnd, "never written")
	_, err = DecodeCQExtUnit(nil, &unit)
	require.ErrorIs(t, err, ErrCQExtEnd)

	for _, wrong := range []string{"00130000", "8000", "fffe", "0014", "7fff0000", "0014000000000000004d00000000000000050001", "0014000000000000004d0000000000000005ffff"} {
		b, err := hex.DecodeString(wrong)
		require.NoError(t, err)
		_, err = DecodeCQExtUnit(b, &unit)
		require.ErrorIs(t, err, errCQExt, wrong)
	}
	largest := CQExtUnit{FilterBitMap: NewBitsArray((cqExtMaxUnitBytes - cqExtHeadBytes) * 8)}
	b, err := AppendCQExtUnit(nil, &largest)
	require.NoError(t, err)
	_, err = DecodeCQExtUnit(b, &unit)
	require.NoError(t, err)
	largest.FilterBitMap = append(largest.FilterBitMap, 0)
	_, err = AppendCQExtUnit(nil, &largest)
	require.ErrorIs(t, err, errCQExt)
}

func TestCQExtAddress(t *testing.T) {
	for offset, want := range map[int64]int64{0: math.MinInt64, 34: -9223372036854775774, 100: -9223372036854775708, maxExtOffset: MaxExtAddress} {
		address, ok := ExtAddress(offset)
		require.True(t, ok)
		require.Equal(t, want, address)
		require.True(t, IsExtAddress(address))
		require.Equal(t, offset, ExtOffset(address))
	}
	for _, offset := range []int64{-1, maxExtOffset + 1, math.MaxInt64} {
		_, ok := ExtAddress(offset)
		require.False(t, ok)
	}
	for _, tagsCode := range []int64{0, math.MinInt32, math.MaxInt32, 1795350807207} {
		require.False(t, IsExtAddress(tagsCode))
	}
	require.True(t, FitsCQExt(62, 34, 100))
	require.False(t, FitsCQExt(63, 34, 100))
}

// FuzzDecodeCQExtUnit: what is read is written the same.
func FuzzDecodeCQExtUnit(f *testing.F) {
	for _, c := range cqExtCases {
		b, err := hex.DecodeString(c.hex)
		require.NoError(f, err)
		f.Add(b)
		f.Add(b[:len(b)-1])
	}
	f.Add(AppendCQExtEnd(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		var unit CQExtUnit
		n, err := DecodeCQExtUnit(b, &unit)
		if err != nil {
			return
		}
		again, err := AppendCQExtUnit(nil, &unit)
		require.NoError(t, err)
		require.Equal(t, b[:n], again)
	})
}
