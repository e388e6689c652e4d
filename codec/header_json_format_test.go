package codec

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// jsonHeaderCases hold what Java 4.9.7 (fastjson 1.2.69) made of each text,
// but for a missing opaque, which Java counts up by itself.
var jsonHeaderCases = []struct {
	in   string
	want Command
}{
	{`{"code":1,"language":"XX"}`, Command{Code: 1, Language: LanguageOther}},
	{`{"code":1,"language":null}`, Command{Code: 1, Language: LanguageOther}},
	{`{"code":1,"language":9}`, Command{Code: 1, Language: LanguageGo}},
	{`{}`, Command{}},
	{` { "code" : 1 , "flag" : 2 } ` + "\r\n\t", Command{Code: 1, Flag: 2}},
	{`{code:34,extFields:{a:1}}`, Command{Code: 34, Ext: Fields{{"a", "1"}}}},
	{`{'code':'12'}`, Command{Code: 12}},
	{`{"code":1.0}`, Command{Code: 1}},
	{`{"code":null}`, Command{}},
	{`{"code":true}`, Command{Code: 1}},
	{`{"code":-5}`, Command{Code: -5}},
	{`{"code":2147483647,"opaque":-2147483648}`, Command{Code: 1<<31 - 1, Opaque: -1 << 31}},
	{`{"code":1,"code":2}`, Command{Code: 2}},
	{`{"code":1,"flag":1,}`, Command{Code: 1, Flag: 1}},
	{`{"code":1,"version":"409"}`, Command{Code: 1, Version: 409}},
	{`{"code":1,"remark":5}`, Command{Code: 1, Remark: "5"}},
	{`{"code":1,"remark":null,"x":{"y":[1,{"z":2}],"a":"}"},"q":-1.5e3,"flag":1}`, Command{Code: 1, Flag: 1}},
	{`{"code":1,"extFields":null}`, Command{Code: 1}},
	{`{"code":1,"extFields":{}}`, Command{Code: 1, Ext: Fields{}}},
	{`{"code":1,"extFields":{"a":1,"b":true,"c":null,"d":1.50,"f":{"x":1},"g":[1,2]}}`,
		Command{Code: 1, Ext: Fields{{"a", "1"}, {"b", "true"}, {"d", "1.50"}, {"f", `{"x":1}`}, {"g", `[1,2]`}}}},
	{`{"code":1,"extFields":{"a":"1","a":"2"}}`, Command{Code: 1, Ext: Fields{{"a", "1"}, {"a", "2"}}}},
	{`{"code":1,"extFields":{"a":"1"},"extFields":{"b":"2"}}`, Command{Code: 1, Ext: Fields{{"b", "2"}}}},
	{`{"code":1,"remark":"a\x41\v\0\'b"}`, Command{Code: 1, Remark: "aA\v\x00'b"}},
	{"{\"code\":1,\"remark\":\"a\nb\"}", Command{Code: 1, Remark: "a\nb"}},
	{`{"remark":"\"\\\/\b\f\n\r\t\u0001\u00e9\u4E2d\ud83d\ude00"}`, Command{Remark: "\"\\/\b\f\n\r\t\x01é中😀"}},
	{`{"remark":"\ud83dx\ude00"}`, Command{Remark: "?x?"}},
	{`{"\u0063ode":7}`, Command{Code: 7}},
	{`{"flag":1,"language":"GO","flag":0,"language":"JAVA","opaque":5,"version":1,"serializeTypeCurrentRPC":"JSON","version":409}`, Command{Opaque: 5, Version: 409}},
	{`{"flag":0,"language":"JAVA","opaque":"5","serializeTypeCurrentRPC":"JSON","version":"409"}`, Command{Opaque: 5, Version: 409}},
}

func TestJSONHeaderDecode(t *testing.T) {
	for _, tc := range jsonHeaderCases {
		var c Command
		require.NoError(t, c.Decode(Frame{Header: []byte(tc.in)}), tc.in)
		require.Equal(t, tc.want.Clone(), c.Clone(), tc.in)
		require.Equal(t, tc.want.Ext == nil, c.Ext == nil, tc.in)
	}
}

func TestJSONHeaderRefused(t *testing.T) {
	for _, in := range []string{
		``, ` `, `null`, `[]`, `"x"`, `1`, `{`, `{"code"`, `{"code":`, `{"code":1`, `{"code":1,"remark":"x`, `{"code":1,"remark":"\`,
		`{"code":1,"remark":"\u00`, `{"code":"x"}`, `{"code":99999999999}`, `{"code":[1]}`, `{"code":1} trailing`,
		`{"code":1,"extFields":[]}`, `{"code":1,"extFields":"x"}`, `{"x":[}]}`,
		`{"code":1,"x":` + strings.Repeat("[", 1000) + strings.Repeat("]", 1000) + `}`,
		`{"code":1,"x":` + strings.Repeat(`{"a":`, 1<<16),
	} {
		c := Command{Remark: "before"}
		require.ErrorIs(t, c.Decode(Frame{Header: []byte(in), Body: []byte("b")}), ErrHeaderCorrupt, "%.80s", in)
		require.Equal(t, &Command{}, c.Clone(), "%.80s", in)
	}
}

// TestJSONStringAsFastjson: what fastjson 1.2.69 escapes is escaped, and nothing else.
func TestJSONStringAsFastjson(t *testing.T) {
	cases := map[string]string{
		"":                                 `""`,
		"plain /<>&' é中😀\u00a0":            `"plain /<>&' é中😀` + "\u00a0" + `"`,
		"\x00\x01\x07\x08\t\n\x0b":         `"\u0000\u0001\u0007\b\t\n\u000B"`,
		"\x0c\r\x0e\x1f\"\\":               `"\f\r\u000E\u001F\"\\"`,
		"a\u007f\u0080\u009f\u2028\u2029z": `"a\u007F\u0080\u009F\u2028\u2029z"`,
		"a\xffb\xe4\xb8":                   `"a` + "\ufffdb\ufffd\ufffd" + `"`,
		"\ufffd":                           `"` + "\ufffd" + `"`,
	}
	for in, want := range cases {
		require.Equal(t, want, string(appendJSONString(nil, in)), "%q", in)
	}
}

func FuzzJSONHeader(f *testing.F) {
	f.Add([]byte(header310))
	for _, tc := range jsonHeaderCases {
		f.Add([]byte(tc.in))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var fast, lenient Command
		if !(&jsonHeader{b: b, c: &fast}).parse() {
			if err := fast.Decode(Frame{Header: b}); err != nil {
				require.Equal(t, &Command{}, fast.Clone())
			}
			return
		}
		// Where both forms read a text they read the same, but for what the one pass leaves as it is.
		if lenient.decodeJSONHeaderLenient(b) != nil || !utf8.Valid(b) || strings.ContainsAny(string(b), "\\[") || strings.Count(string(b), "{") > 2 {
			return
		}
		require.Equal(t, fast.Clone(), lenient.Clone())
	})
}

// TestAppendJSONStringEveryByte: the look at eight bytes at once and the one at
// each byte agree on what stands for itself, wherever it is.
func TestAppendJSONStringEveryByte(t *testing.T) {
	for c := range 256 {
		for at := range 19 {
			s := []byte("The quick ~brown fox"[:19])
			s[at] = byte(c)
			want := append(appendJSONEscaped([]byte{'"'}, string(s), 0), '"')
			require.Equal(t, string(want), string(appendJSONString(nil, string(s))), "byte %#x at %d", c, at)
		}
	}
}

// TestJSONHeaderStringEnds: a string ends at its quote and an escape is seen at
// whatever distance from the begin of eight bytes it is.
func TestJSONHeaderStringEnds(t *testing.T) {
	for before := range 20 {
		for behind := range 20 {
			a, b := strings.Repeat("!", before), strings.Repeat("\u00df", behind)
			var c Command
			require.NoError(t, c.Decode(Frame{Header: []byte(`{"code":1,"remark":"` + a + `\u0001\"` + b + `","extFields":{"k":"` + b + `"}}`)}))
			require.Equal(t, a+"\x01\""+b, c.Remark)
			require.Equal(t, b, c.Ext.Get("k"))
		}
	}
}
