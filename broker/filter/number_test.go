package filter

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestNumbers: what Java's Integer, Long and Double take.
func TestNumbers(t *testing.T) {
	const (
		i = 1 << iota // an int
		l             // a long
		d             // a double
	)
	for text, want := range map[string]int{
		"5": i | l | d, "+5": i | l | d, "-5": i | l | d, "05": i | l | d, "-0": i | l | d,
		"٥": i | l, "५": i | l, "５": i | l, "5１": i | l, "᠙": i | l, "꧐": i | l, "𝟓": 0,
		" 5": d, "5 ": d, "\t5\n": d, "\x005\x01": d, "\u00a05": 0, "5\u00a0": 0, "\u20035": 0, "": 0, " ": 0,
		"2147483647": i | l | d, "2147483648": l | d, "-2147483648": i | l | d, "-2147483649": l | d,
		"9223372036854775807": l | d, "9223372036854775808": d, "-9223372036854775808": l | d, "-9223372036854775809": d,
		"92233720368547758070": d, "--5": 0, "+": 0, "-": 0, "5_0": 0, "0x5": 0, "5L": 0,
		"1e2": d, "1E+2": d, "1e-2": d, ".5": d, "5.": d, "+.5": d, "-.5e1": d, ".": 0, "e5": 0, "1e": 0, "1e+": 0, "1.e1": d,
		"NaN": d, "+NaN": d, "-NaN": d, "nan": 0, "NaNd": 0, "Infinity": d, "-Infinity": d, "infinity": 0, "Inf": 0, "inf": 0,
		"5d": d, "5F": d, "5.0f": d, "1e1D": d, "5dd": 0, "5ed": 0, "d": 0,
		"0x1p3": d, "0X1.8P1": d, "0x.8p0": d, "0x1.p0": d, "0x1p": 0, "0xp0": 0, "0x1": 0, "0x1.8": 0, "0x1p3f": d, "0xfp+3": d, "0xfp-3d": d,
		"-0x1p3": d, "0x1_0p0": 0, "1_0": 0, "0x1p99999999999999999999": d, "1e99999999999999999999": d, "1e-99999999999999999999": d, "1.５": 0, "é": 0,
	} {
		_, isInt := parseInteger(text, 32)
		_, isLong := parseInteger(text, 64)
		_, isDouble := parseDouble(text)
		require.Equal(t, want&i != 0, isInt, "int %q", text)
		require.Equal(t, want&l != 0, isLong, "long %q", text)
		require.Equal(t, want&d != 0, isDouble, "double %q", text)
	}
	for text, want := range map[string]int64{"-9223372036854775808": math.MinInt64, "+9223372036854775807": math.MaxInt64, "٤２": 42, "᠙": 9, "꧐": 0, "०९": 9} {
		n, _ := parseInteger(text, 64)
		require.Equal(t, want, n, text)
	}
	for text, want := range map[string]float64{"5d": 5, " 0x1.8p1f ": 3, "-.5e1": -5, "1e400": math.Inf(1), "-1e400": math.Inf(-1), "-Infinity": math.Inf(-1),
		"1e-400": 0, "4.9E-324": math.SmallestNonzeroFloat64, "0x1.fffffffffffff7p1023": math.MaxFloat64} {
		f, _ := parseDouble(text)
		require.Equal(t, want, f, text)
	}
}

func TestCompareDoubles(t *testing.T) {
	ordered := []float64{math.Inf(-1), -1, math.Copysign(0, -1), 0, 1, math.Inf(1), math.NaN()}
	for i, a := range ordered {
		for j, b := range ordered {
			got := compareDoubles(a, b)
			require.Equal(t, i < j, got < 0, "%v %v", a, b)
			require.Equal(t, i == j, got == 0, "%v %v", a, b)
		}
	}
}

func TestFormatDouble(t *testing.T) {
	for f, want := range map[float64]string{
		5: "5.0", 0.5: "0.5", 1e7: "1.0E7", 9999999: "9999999.0", 1234567.25: "1234567.25", 0.001: "0.001", 0.00099: "9.9E-4", 1.5e-300: "1.5E-300",
		math.MaxFloat64: "1.7976931348623157E308", 12345678.9: "1.23456789E7", -5: "-5.0", 0: "0.0",
	} {
		require.Equal(t, want, formatDouble(f))
	}
}
