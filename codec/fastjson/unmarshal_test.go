package fastjson

import (
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// target has one field of each kind that is read.
type target struct {
	S    string             `json:"s"`
	I    int32              `json:"i"`
	J    int64              `json:"j"`
	U    uint16             `json:"u"`
	D    float64            `json:"d"`
	B    bool               `json:"b"`
	Ni   *int32             `json:"ni"`
	Im   map[int32]string   `json:"im"`
	Sm   map[string]*target `json:"sm"`
	Qm   map[queue]int64    `json:"qm"`
	L    []string           `json:"l"`
	Ql   []queue            `json:"ql"`
	Pl   []*queue           `json:"pl"`
	V    Value              `json:"v"`
	Deep *target            `json:"deep"`
}

// TestUnmarshalDialect is what the Java side reads, observed with fastjson 1.2.69.
func TestUnmarshalDialect(t *testing.T) {
	nine := int32(9)
	q := queue{"t", "b", 1}
	for text, want := range map[string]target{
		`{}`:                                 {},
		`{i:1}`:                              {I: 1},
		`{'i':1,'s':'it\'s'}`:                {I: 1, S: "it's"},
		`{"i":"12"}`:                         {I: 12},
		`{"i":'7'}`:                          {I: 7},
		`{"i":1.9}`:                          {I: 1},
		`{"i":-1.9}`:                         {I: -1},
		`{"i":null}`:                         {},
		`{"i":""}`:                           {},
		`{"i":true,"j":false}`:               {I: 1},
		`{"j":1e3}`:                          {J: 1000},
		`{"j":"null"}`:                       {},
		`{"j":-9223372036854775808}`:         {J: -1 << 63},
		`{"u":65535}`:                        {U: 65535},
		`{"s":12}`:                           {S: "12"},
		`{"s":1.50}`:                         {S: "1.50"},
		`{"s":true}`:                         {S: "true"},
		`{"s":{"a":1}}`:                      {S: `{"a":1}`},
		`{"s":[1, 2]}`:                       {S: `[1,2]`},
		`{"s":null}`:                         {},
		`{"s":undefined,"d":NaN}`:            {},
		`{"b":1}`:                            {B: true},
		`{"b":"TRUE"}`:                       {B: true},
		`{"b":"1"}`:                          {B: true},
		`{"b":"Y"}`:                          {B: true},
		`{"b":"f"}`:                          {},
		`{"d":"1.5"}`:                        {D: 1.5},
		`{"d":-1.5E-3}`:                      {D: -1.5e-3},
		`{"ni":9}`:                           {Ni: &nine},
		`{"I":1}`:                            {I: 1},
		`{"n-I":9}`:                          {Ni: &nine},
		`{"i":1,"i":2}`:                      {I: 2},
		`{"i":1,}`:                           {I: 1},
		`{,"i":1}`:                           {I: 1},
		`{"i":1,,"j":2}`:                     {I: 1, J: 2},
		"/*c*/{\"i\":/*x*/1}//y\n":           {I: 1},
		`{"i":1} // open`:                    {I: 1},
		`{"i":+1}`:                           {I: 1},
		`{"i":01,"j":1L}`:                    {I: 1, J: 1},
		"\ufeff{\"i\":1}":                    {I: 1},
		"{ i\t: 1 ,\r\n 's' :'x' }":          {I: 1, S: "x"},
		"{\"s\":\"a\nb\x01\"}":               {S: "a\nb\x01"},
		`{"s":"\x41\u0041\v\0\/\b\f\t\r\n"}`: {S: "AA\v\x00/\b\f\t\r\n"},
		`{"s":"\ud83d\ude00\ud800\udc0"}`:    {}, // refused below
		`{"s":"\ud83d\ude00\ud800x\ud800\u0041\udc00"}`:                     {S: "\U0001F600\ufffdx\ufffdA\ufffd"},
		"{\"s\":\"\xff\u4e2d\"}":                                            {S: "\ufffd中"},
		"{\"s\":\"\\n\xff\"}":                                               {S: "\n\ufffd"},
		`{"unk":{"x":[{},[],"y",1e5,true]},"i":5}`:                          {I: 5},
		`{"unk":{{"a":1}:2,[1]:3,4:5,null:6,f_$:7},"i":5}`:                  {I: 5},
		`{{"a":1}:2,"i":5,7:8,[9]:0}`:                                       {I: 5},
		`{"im":{0:"a","1":"b",'2':"c",3L:4}}`:                               {Im: map[int32]string{0: "a", 1: "b", 2: "c", 3: "4"}},
		`{"im":{null:"b","":"c",5:null}}`:                                   {Im: map[int32]string{}},
		`{"im":null,"l":null,"qm":null,"v":null}`:                           {},
		`{"im":"","l":''}`:                                                  {},
		`{"sm":{"a":{"i":1},b:null,3:{}}}`:                                  {Sm: map[string]*target{"a": {I: 1}, "3": {}}},
		`{"qm":{{"brokerName":"b","queueId":1,"topic":"t"}:7}}`:             {Qm: map[queue]int64{q: 7}},
		`{"qm":{"{\"brokerName\":\"b\",\"queueId\":1,\"topic\":\"t\"}":7}}`: {Qm: map[queue]int64{q: 7}},
		`{"qm":{{}:7,null:8}}`:                                              {Qm: map[queue]int64{{}: 7}},
		`{"l":["a",1,null,true,,{}],"ql":[],"pl":[null,{topic:t}]}`:         {},
		`{"l":["a",1,null,true,,{}],"ql":[],"pl":[null,{"topic":"t"}]}`:     {L: []string{"a", "1", "true", "{}"}, Ql: []queue{}, Pl: []*queue{{Topic: "t"}}},
		`{"ql":[{"topic":"t","brokerName":"b","queueId":"1"},null,{}]}`:     {Ql: []queue{q, {}}},
		`{"v":[1]}`:                          {V: Value{Kind: Array, nodes: []Value{{Kind: Number, Text: "1"}}}},
		`{"deep":{"deep":{"deep":{"i":1}}}}`: {Deep: &target{Deep: &target{Deep: &target{I: 1}}}},
	} {
		var got target
		err := Unmarshal([]byte(text), &got)
		if strings.Contains(text, `\udc0"`) || strings.Contains(text, `{topic:t}`) {
			require.Error(t, err, text)
			require.Equal(t, target{}, got)
			continue
		}
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
}

func TestUnmarshalRefuses(t *testing.T) {
	for text, message := range map[string]string{
		``: "ends too early", ` `: "ends too early", `{`: "ends too early", `{"i":1`: "ends too early", `{"i":1,`: "ends too early",
		`{"i"`: "instead of :", `{"i":`: "ends too early", `{"i"=1}`: "instead of :", `{"s":"a`: "ends too early", `{"s":"a\`: "escape",
		`null`: "null", `undefined`: "null", `""`: "null", `[]`: "does not begin", `[1]`: "does not begin", `"x"`: "is no", `1`: "is no",
		`{"i":1}garbage`: "after the end", `{"i":1}{`: "after the end", `{"i":1 "j":2}`: "instead of ,", `{"l":["a" "b"]}`: "instead of ,", `{"l":["a"}`: "instead of ,",
		`{"i":"1.9"}`: "i: bad number", `{"i":99999999999}`: "bad number", `{"i":2147483648.0}`: "bad number", `{"j":99999999999999999999}`: "bad number",
		`{"j":1e19}`: "bad number", `{"i":0x1}`: "instead of ,", `{"i":1x}`: "instead of ,", `{"i":-}`: "bad number", `{"i":1e}`: "bad number", `{"i":.5}`: "unknown word",
		`{"u":-1}`: "invalid syntax", `{"u":65536}`: "out of range", `{"d":"x"}`: "bad number", `{"d":1e999}`: "bad number", `{"d":true}`: "bad number",
		`{"b":"x"}`: "is no bool", `{"i":{}}`: "unknown word", `{"s":abc}`: "unknown word", `{"s":"\q"}`: "escape", `{"s":"\u12g4"}`: "escape", `{"s":"\x4"}`: "escape",
		`{"im":{"x":"b"}}`: "im: bad number", `{"im":[]}`: "does not begin", `{"im":{{}:1}}`: "must be a int32", `{"l":{}}`: "does not begin", `{"l":"x"}`: "is no", `{"deep":1}`: "is no",
		`{"qm":{"x":1}}`: "unknown word", `{"qm":{"{}x":1}}`: "after the end", `{"qm":{1:1}}`: "is no", `{i-x:3}`: "instead of :", `{"unk":{"x":[tru]}}`: "unknown word",
		`/*{"i":1}`: "unknown word", `{"i":1}/*`: "after the end", "{\"i\":\x00}": "unknown word", `{"a":[}`: "unknown word",
		strings.Repeat(`{"deep":`, 65) + `1`:        "too deep",
		`{"x":` + strings.Repeat(`[`, 100000) + `}`: "too deep", `{"v":` + strings.Repeat(`[`, 100000): "too deep",
		`{"x":` + strings.Repeat(`{{`, 100000): "too deep", `{"s":` + strings.Repeat(`[`, 100000): "too deep",
		`{"sm":{` + strings.Repeat(`1:{},`, 100000) + `}}`: "far more room",
		`{"v":[` + strings.Repeat(`1,`, 1<<20) + `]}`:      "values",
	} {
		got := target{I: 7, Im: map[int32]string{1: "kept"}}
		err := Unmarshal([]byte(text), &got)
		require.ErrorContains(t, err, message, "%.100s", text)
		require.Equal(t, target{I: 7, Im: map[int32]string{1: "kept"}}, got, "unchanged after %.100s", text)
	}
}

func TestUnmarshalTargets(t *testing.T) {
	var n int
	require.NoError(t, Unmarshal([]byte(` 5 `), &n))
	require.Equal(t, 5, n)
	var list []float64
	require.NoError(t, Unmarshal([]byte(`[1,2.5]`), &list))
	require.Equal(t, []float64{1, 2.5}, list)
	require.ErrorContains(t, Unmarshal([]byte(`1`), n), "not a pointer")
	require.ErrorContains(t, Unmarshal([]byte(`1`), nil), "not a pointer")
	require.ErrorContains(t, Unmarshal([]byte(`1`), (*int)(nil)), "not a pointer")
	var anything any
	require.ErrorContains(t, Unmarshal([]byte(`1`), &anything), "cannot be read")
	var channel struct{ C chan int }
	require.ErrorContains(t, Unmarshal([]byte(`{"C":1}`), &channel), "cannot be read")
}

type defaulted struct {
	N    int    `json:"n"`
	Text string `json:"text"`
}

func (d *defaulted) SetDefaults() { d.N = 16 }

func TestUnmarshalDefaults(t *testing.T) {
	var got map[string]*defaulted
	require.NoError(t, Unmarshal([]byte(`{"a":{},"b":{"n":1},"c":{"n":null,"text":"x"}}`), &got))
	require.Equal(t, map[string]*defaulted{"a": {N: 16}, "b": {N: 1}, "c": {N: 16, Text: "x"}}, got)
}

func TestParse(t *testing.T) {
	text := `{b:"x",'a':1.50,"n":null,3:[true,{}],{"k":1}:"o","a":"last",true:[]}`
	v, err := Parse([]byte(text))
	require.NoError(t, err)
	require.True(t, v.IsContainer())
	require.Equal(t, 7, v.Len())
	key, value := v.Member(1)
	require.Equal(t, Value{Kind: String, Text: "a"}, key)
	require.Equal(t, Value{Kind: Number, Text: "1.50"}, value)
	found, ok := v.Lookup("a")
	require.True(t, ok)
	require.Equal(t, "last", found.Text)
	_, ok = v.Lookup("none")
	require.False(t, ok)
	_, ok = Value{}.Lookup("a")
	require.False(t, ok)
	list, ok := v.Lookup("3")
	require.True(t, ok)
	require.Equal(t, 2, list.Len())
	require.Equal(t, Value{Kind: Bool, Text: "true"}, list.Elem(0))

	got, err := Marshal(v)
	require.NoError(t, err)
	require.Equal(t, `{"b":"x","a":1.50,"n":null,3:[true,{}],{"k":1}:"o","a":"last",true:[]}`, string(got))
	got, err = MarshalStandard(v)
	require.NoError(t, err)
	require.Equal(t, `{"b":"x","a":1.50,"n":null,"3":[true,{}],"{\"k\":1}":"o","a":"last","true":[]}`, string(got))
}

func FuzzUnmarshal(f *testing.F) {
	f.Add([]byte(`{"s":"x","i":1,"d":1.5,"b":true,"ni":2,"im":{0:"a"},"sm":{"k":{}},"qm":{{"topic":"t"}:1},"l":["x"],"ql":[{}],"v":{a:[1]},"deep":{}}`))
	f.Add([]byte(`{"unk":{x:[{},'y',1e5,null]},/*c*/"s":"\ud83d\ude00"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var got, again target
		if Unmarshal(b, &got) != nil {
			require.True(t, reflect.DeepEqual(got, target{}), "changed by a bad text")
			return
		}
		for _, marshal := range []func(any) ([]byte, error){Marshal, MarshalStandard, MarshalPretty} {
			text, err := marshal(got)
			require.NoError(t, err)
			again = target{}
			require.NoError(t, Unmarshal(text, &again), string(text))
			twice, err := marshal(again)
			require.NoError(t, err)
			require.Equal(t, string(text), string(twice))
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{b:"x",'a':1.50,"n":null,3:[true,{}],{"k":1}:"o",[2]:L}`))
	f.Add([]byte(`{"code":34,"language":"GO","extFields":{a:1,"b":"\u4e2d"}} // end`))
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := Parse(b)
		if err != nil {
			return
		}
		text, err := Marshal(v)
		require.NoError(t, err)
		again, err := Parse(text)
		require.NoError(t, err, string(text))
		require.Equal(t, v, again)
	})
}

func BenchmarkUnmarshal(b *testing.B) {
	text := []byte(`{"s":"text","i":1,"j":2,"qm":{{"brokerName":"b","queueId":1,"topic":"t"}:7},"ql":[{"brokerName":"b","queueId":1,"topic":"t"}]}`)
	b.ReportAllocs()
	for b.Loop() {
		var v target
		if err := Unmarshal(text, &v); err != nil {
			b.Fatal(err)
		}
	}
}
