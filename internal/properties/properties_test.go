package properties

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParse(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		want       []Pair
	}{
		{"empty", "", nil},
		{"broker.conf", "# c\nbrokerName = broker-a\nbrokerId=0\n", []Pair{{"brokerName", "broker-a", 2}, {"brokerId", "0", 3}}},
		{"separators", "a=1\nb:2\nc 3\nd\t=\t4\ne  :  5\nf\f6", []Pair{{"a", "1", 1}, {"b", "2", 2}, {"c", "3", 3}, {"d", "4", 4}, {"e", "5", 5}, {"f", "6", 6}}},
		{"only one sign is eaten", "a==1\nb=:2\nc : = 3", []Pair{{"a", "=1", 1}, {"b", ":2", 2}, {"c", "= 3", 3}}},
		{"no value", "a\nb=\n=c", []Pair{{"a", "", 1}, {"b", "", 2}, {"", "c", 3}}},
		{"comments", "#a=1\n  ! b=2\\\nc=3 # not a comment", []Pair{{"c", "3 # not a comment", 3}}},
		{"continuation", "a=1,\\\n   2,\\\r\n\t3\nb=4", []Pair{{"a", "1,2,3", 1}, {"b", "4", 4}}},
		{"continued comment sign is text", "a=1\\\n#2", []Pair{{"a", "1#2", 1}}},
		{"even backslashes do not continue", "a=1\\\\\nb=2", []Pair{{"a", "1\\", 1}, {"b", "2", 2}}},
		{"continuation at the end", "a=1\\", []Pair{{"a", "1", 1}}},
		{"continued by an empty line", "a=1\\\n\nb=2", []Pair{{"a", "1", 1}, {"b", "2", 3}}},
		{"line ends", "a=1\rb=2\r\nc=3\n\n\nd=4", []Pair{{"a", "1", 1}, {"b", "2", 2}, {"c", "3", 3}, {"d", "4", 6}}},
		{"escapes", `a\=b\:c\ d=\tx\ny\q\\`, []Pair{{"a=b:c d", "\tx\nyq\\", 1}}},
		{"unicode", `k=\u00e4\u4E2d\uD83D\uDE00\uD83D`, []Pair{{"k", "ä中😀\ufffd", 1}}},
		{"utf-8", "name=中文", []Pair{{"name", "中文", 1}}},
		{"latin-1", "name=\xe4", []Pair{{"name", "ä", 1}}},
		{"byte order mark", "\ufeffa=1", []Pair{{"a", "1", 1}}},
		{"trailing blanks belong to the value", "a=1  ", []Pair{{"a", "1  ", 1}}},
		{"duplicates stay", "a=1\na=2", []Pair{{"a", "1", 1}, {"a", "2", 2}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := Parse([]byte(tc.text))
			require.NoError(t, err)
			require.Equal(t, tc.want, got)
		})
	}
}

func TestParseBadEscape(t *testing.T) {
	for _, text := range []string{`k=\u12`, `k=\uXYZW`, `\u+123=v`, `k=\u`} {
		_, err := Parse([]byte("a=1\n" + text))
		require.ErrorContains(t, err, "line 2: malformed", text)
	}
}

func TestRewrite(t *testing.T) {
	for _, tc := range []struct {
		name, text, want string
		changes          []Pair
	}{
		{"change keeps comments and order", "# one\nb = 1\n\n!two\na:2\nzz=kept\n", "# one\nb = 9\n\n!two\na:8\nzz=kept\n", []Pair{{Key: "a", Value: "8"}, {Key: "b", Value: "9"}}},
		{"append", "a=1", "a=1\nb=2\nc=3\n", []Pair{{Key: "b", Value: "2"}, {Key: "c", Value: "3"}}},
		{"empty file", "", "b=2\n", []Pair{{Key: "b", Value: "2"}}},
		{"last duplicate", "a=1\na=2\n", "a=1\na=3\n", []Pair{{Key: "a", Value: "3"}}},
		{"last change wins", "a=1\n", "a=3\nb=5\n", []Pair{{Key: "a", Value: "2"}, {Key: "a", Value: "3"}, {Key: "b", Value: "4"}, {Key: "b", Value: "5"}}},
		{"continuation is replaced whole", "a=1,\\\n  2\nb=1\n", "a=x\nb=1\n", []Pair{{Key: "a", Value: "x"}}},
		{"continued key", "a\\\n  b = 1\nc=1\n", "ab=x\nc=1\n", []Pair{{Key: "ab", Value: "x"}}},
		{"blank separator", "a 1\nb 2\nc\n", "a 9\nb ==2\nc=3\n", []Pair{{Key: "a", Value: "9"}, {Key: "b", Value: "=2"}, {Key: "c", Value: "3"}}},
		{"crlf", "a=1\r\n", "a=2\r\nb=3\r\n", []Pair{{Key: "a", Value: "2"}, {Key: "b", Value: "3"}}},
		{"dangling continuation", "a=1\\", "a=1\\\n\nb=2\n", []Pair{{Key: "b", Value: "2"}}},
		{"escapes", "a=1\n", "a=\\ x\\\\y\\nä\n", []Pair{{Key: "a", Value: " x\\y\nä"}}},
		{"gbk comment is kept", "#\xd6\xd0\na=1\n", "#\xd6\xd0\na=2\n", []Pair{{Key: "a", Value: "2"}}},
		{"no change", "a=1", "a=1", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			want := strings.ReplaceAll(tc.want, "ä", `\u00E4`)
			require.Equal(t, want, string(Rewrite([]byte(tc.text), tc.changes)))
		})
	}
}

type role int

func (r role) MarshalText() ([]byte, error) { return []byte([]string{"MASTER", "SLAVE"}[r]), nil }

func (r *role) UnmarshalText(text []byte) error {
	for i, name := range []string{"MASTER", "SLAVE"} {
		if name == string(text) {
			*r = role(i)
			return nil
		}
	}
	return fmt.Errorf("want MASTER or SLAVE")
}

type inner struct {
	Ratio float64 `prop:"ratio"`
}

type sample struct {
	inner
	Name   string `prop:"name,important"`
	On     bool   `prop:"on"`
	Port   int    `prop:"port,important,alias=oldPort,alias=olderPort"`
	Small  int32  `prop:"small"`
	Big    int64  `prop:"big"`
	Role   role   `prop:"role,important"`
	Net    inner2
	Hidden string
	Never  string `prop:"-"`
}

type inner2 struct {
	Backlog int32 `prop:"backlog"`
}

func TestApply(t *testing.T) {
	s, other := sample{Name: "default", Net: inner2{7}}, inner2{}
	pairs, err := Parse([]byte("ratio=0.5\non= TRUE \noldPort=1\nport=2\nsmall=-2147483648\nbig=+9223372036854775807\nrole=SLAVE\nbacklog=3\nnope=1\nHidden=x\nname= a "))
	require.NoError(t, err)
	unknown, err := Apply(pairs, &s, &other)
	require.NoError(t, err)
	require.Equal(t, []Pair{{"nope", "1", 9}, {"Hidden", "x", 10}}, unknown)
	require.Equal(t, sample{inner: inner{0.5}, Name: "a ", On: true, Port: 2, Small: -2147483648, Big: 9223372036854775807, Role: 1, Net: inner2{3}}, s)
	require.Equal(t, inner2{3}, other)
}

// TestKnown: an alias counts for the name it stands for; what no field knows is left out.
func TestKnown(t *testing.T) {
	pairs := []Pair{{"olderPort", "1", 1}, {"nope", "2", 2}, {"port", "3", 3}, {"Port", "4", 4}}
	require.Equal(t, []Pair{{"port", "1", 1}, {"port", "3", 3}}, Known(pairs, &sample{}))
	require.Nil(t, Known(pairs, sample{}), "not a pointer")
}

func TestApplyWrongValueChangesNothing(t *testing.T) {
	for line, want := range map[string]string{
		"on=yes":                  "line 2: on=yes: want true or false",
		"on=":                     "line 2: on=: want true or false",
		"port=2147483648":         "line 2: port=2147483648: want an integer from -2147483648 to 2147483647",
		"small=1_000":             "line 2: small=1_000: want an integer",
		"big=9223372036854775808": "line 2: big=9223372036854775808: want an integer",
		"ratio=a":                 "line 2: ratio=a: want a number",
		"role=QUEEN":              "line 2: role=QUEEN: want MASTER or SLAVE",
		"olderPort=x":             "line 2: olderPort=x: want an integer",
	} {
		s := sample{Name: "keep"}
		pairs, err := Parse([]byte("name=new\n" + line))
		require.NoError(t, err)
		_, err = Apply(pairs, &s)
		require.ErrorContains(t, err, want)
		require.Equal(t, sample{Name: "keep"}, s)
	}
}

func TestApplyRefusesWrongStructs(t *testing.T) {
	for _, s := range []any{
		sample{}, (*sample)(nil), 5,
		&struct {
			X []string `prop:"x"`
		}{},
		&struct {
			X string `prop:"x,importnat"`
		}{},
		&struct {
			x string `prop:"x"`
		}{},
	} {
		_, err := Apply(nil, s)
		require.Error(t, err, "%T", s)
	}
}

func TestEncode(t *testing.T) {
	s := sample{inner: inner{1}, Name: "ä\\b=c", On: true, Port: 1, Small: 2, Big: 3, Net: inner2{4}}
	require.Equal(t, "ratio=1.0\nname=\\u00E4\\\\b=c\non=true\nport=1\nsmall=2\nbig=3\nrole=MASTER\nbacklog=4\n", string(Encode(&s, &inner2{9})))
	require.Equal(t, "name=\\u00E4\\\\b=c\nport=1\nrole=MASTER\n", string(EncodeImportant(&s)))
	require.Equal(t, Pair{"name", "ä\\b=c", 2}, Pairs(&s)[1])

	pairs, err := Parse(Encode(&s))
	require.NoError(t, err)
	var back sample
	unknown, err := Apply(pairs, &back)
	require.NoError(t, err)
	require.Empty(t, unknown)
	require.Equal(t, s, back)
}

// asMap is what counts of pairs: the last value of each key.
func asMap(pairs []Pair) map[string]string {
	m := map[string]string{}
	for _, p := range pairs {
		m[p.Key] = p.Value
	}
	return m
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"a=1\nb:2", "# c\na\\\n b = c\\\\", "\ufeffk=\\u00e4", "x \\", "a=1\\\r\n\r\n=b", "k\xe4=\xff", "! \\\na==b"} {
		f.Add([]byte(seed), "a", "v", "new key", " =:\\\nä")
	}
	f.Fuzz(func(t *testing.T, text []byte, k1, v1, k2, v2 string) {
		pairs, err := Parse(text)
		if err != nil {
			return
		}
		changes := []Pair{{Key: strings.ToValidUTF8(k1, "?"), Value: strings.ToValidUTF8(v1, "?")}, {Key: strings.ToValidUTF8(k2, "?"), Value: strings.ToValidUTF8(v2, "?")}}
		if len(pairs) > 0 {
			changes = append(changes, Pair{Key: pairs[len(pairs)/2].Key, Value: v2}, Pair{Key: pairs[len(pairs)-1].Key, Value: v1})
			changes[2].Value, changes[3].Value = changes[1].Value, changes[0].Value
		}
		rewritten := Rewrite(text, changes)
		after, err := Parse(rewritten)
		require.NoError(t, err)
		require.Equal(t, asMap(append(pairs, changes...)), asMap(after), "%q", rewritten)
		require.Equal(t, string(text), string(Rewrite(text, nil)))
		require.Equal(t, string(rewritten), string(Rewrite(rewritten, changes)), "rewriting is idempotent")
	})
}
