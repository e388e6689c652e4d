package codec

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// propertiesCases hold what Java 4.9.7 reads.
var propertiesCases = []struct {
	text string
	want map[string]string
}{
	{"", map[string]string{}},
	{"a\x01b\x02c\x01d", map[string]string{"a": "b", "c": "d"}},
	{"a\x01b\x02c\x01d\x02", map[string]string{"a": "b", "c": "d"}},
	{"\x01b\x02x\x01", map[string]string{}},
	{"a\x01\x01b", map[string]string{"a": "\x01b"}},
	{"a\x01b\x02a\x01c", map[string]string{"a": "c"}},
	{"ab", map[string]string{}},
	{"\x02\x02a\x01b", map[string]string{"a": "b"}},
}

func TestProperties(t *testing.T) {
	for _, tc := range propertiesCases {
		require.Equal(t, tc.want, ParseProperties(tc.text), "%q", tc.text)
		for name, value := range tc.want {
			got, ok := GetProperty(tc.text, name)
			require.True(t, ok)
			require.Equal(t, value, got, "%q", tc.text)
		}
		_, ok := GetProperty(tc.text, "absent")
		require.False(t, ok)
		require.Equal(t, tc.want, ParseProperties(EncodeProperties(tc.want)))
	}
	require.Equal(t, "a\x01b\x02c\x01d", EncodeProperties(map[string]string{"c": "d", "a": "b", "": "x", "y": ""}))
}

func TestAppendProperty(t *testing.T) {
	require.Equal(t, "a\x01b", string(AppendProperty(nil, "a", "b")))
	require.Equal(t, "a\x01b\x02c\x01d", string(AppendProperty([]byte("a\x01b"), "c", "d")))
	require.Equal(t, "a\x01b\x02c\x01d", string(AppendProperty([]byte("a\x01b\x02"), "c", "d")), "text of 4.9.0")
	require.Equal(t, "a\x01b", string(AppendProperty([]byte("a\x01b"), "c", "")))
}

func TestDeleteProperty(t *testing.T) {
	const text = "a\x01b\x02WAIT\x01true\x02c\x01d\x02WAIT\x01false\x02"
	require.Equal(t, "a\x01b\x02c\x01d", string(DeleteProperty(nil, text, PropertyWaitStoreMsgOK)))
	require.Equal(t, "before"+"a\x01b\x02c\x01d", string(DeleteProperty([]byte("before"), text, PropertyWaitStoreMsgOK)))
	require.Equal(t, "WAIT\x01true\x02WAIT\x01false", string(DeleteProperty(nil, "WAIT\x01true\x02a\x01b\x02WAIT\x01false", "a")))
	require.Empty(t, DeleteProperty(nil, "a\x01b", "a"))
	require.Empty(t, DeleteProperty(nil, "", "a"))
}

func FuzzProperties(f *testing.F) {
	for _, tc := range propertiesCases {
		f.Add(tc.text, "a")
	}
	f.Fuzz(func(t *testing.T, text, name string) {
		m := ParseProperties(text)
		value, ok := GetProperty(text, name)
		want, has := m[name]
		require.Equal(t, has, ok)
		require.Equal(t, want, value)
		require.Equal(t, m, ParseProperties(EncodeProperties(m)))
		delete(m, name)
		require.Equal(t, m, ParseProperties(string(DeleteProperty(nil, text, name))))
		if name != "" && !strings.ContainsAny(name, "\x01\x02") {
			added := string(AppendProperty([]byte(text), name, "v"))
			got, ok := GetProperty(added, name)
			require.True(t, ok, "%q", added)
			require.Equal(t, "v", got)
		}
	})
}

func BenchmarkGetProperty(b *testing.B) {
	m := benchMessage()
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := GetProperty(m.Properties, PropertyTags); !ok {
			b.Fatal()
		}
	}
}

// TestCutPropertyEveryLength: the first separator is found wherever it stands, among bytes near to it.
func TestCutPropertyEveryLength(t *testing.T) {
	for n := range 40 {
		text := strings.Repeat("\x01\x03\x82\xFF\x00", 8)[:n]
		piece, rest := cutProperty(text)
		require.Equal(t, []string{text, ""}, []string{piece, rest}, n)
		for at := range n {
			for _, end := range []string{"", "\x02", "b\x02\x02"} {
				piece, rest = cutProperty(text[:at] + "\x02" + text[at:] + end)
				require.Equal(t, []string{text[:at], text[at:] + end}, []string{piece, rest}, "%d of %d", at, n)
			}
		}
	}
}
