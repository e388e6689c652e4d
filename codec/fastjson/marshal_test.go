package fastjson

import (
	"math"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// queue is the usual struct key.
type queue struct {
	Topic      string `json:"topic"`
	BrokerName string `json:"brokerName"`
	QueueID    int32  `json:"queueId"`
}

// shapes is what testdata/shapes.txt shows as the Java side writes it.
type shapes struct {
	D    float64          `json:"d"`
	F    float32          `json:"f"`
	S    *string          `json:"s"`
	Im   map[int32]string `json:"im"`
	L    []any            `json:"l"`
	Om   map[string]any   `json:"om"`
	B    bool             `json:"b"`
	I    int32            `json:"i"`
	J    int64            `json:"j"`
	None *int             `json:"none"`
}

// mixed has keys of several kinds in the order of the text.
func mixed(t *testing.T, text string) Value {
	v, err := Parse([]byte(text))
	require.NoError(t, err)
	return v
}

func newShapes(t *testing.T) shapes {
	q0, q1 := queue{"t", "b", 0}, queue{"t", "b", 1}
	return shapes{
		Im: map[int32]string{1: "y", 0: "x"},
		L:  []any{"s", 1, map[string]string{"k": "v"}, []int{}, nil},
		Om: map[string]any{
			"e":  map[string]int{},
			"l":  []queue{q0, q1},
			"n":  nil,
			"mk": map[queue]any{q1: "z", q0: &q1},
			"mi": map[int]any{2: map[int]int{5: 6}, 1: q1},
			"mx": mixed(t, `{5:1,true:2,1.5:3}`),
			"mz": mixed(t, `{s:"v",3:"w",t:"u"}`),
		},
	}
}

func TestMarshalShapes(t *testing.T) {
	want, err := os.ReadFile("testdata/shapes.txt")
	require.NoError(t, err)
	parts := strings.Split(strings.TrimSuffix(string(want), "\n"), "\n----\n")
	require.Len(t, parts, 3)

	v := newShapes(t)
	got, err := Marshal(v)
	require.NoError(t, err)
	require.Equal(t, parts[0], string(got))
	got, err = MarshalStandard(&v)
	require.NoError(t, err)
	require.Equal(t, parts[1], string(got))
	got, err = MarshalPretty(v)
	require.NoError(t, err)
	require.Equal(t, parts[2], string(got))
}

func TestMarshalEscapes(t *testing.T) {
	want, err := os.ReadFile("testdata/escapes.json")
	require.NoError(t, err)
	lines := strings.Split(string(want), "\n")

	var all strings.Builder
	for r := range rune(0x180) {
		all.WriteRune(r)
	}
	all.WriteString("\u2027\u2028\u2029\u202a中\U0001F600\uffff")
	v := map[string]string{"k": all.String()}
	got, err := Marshal(v)
	require.NoError(t, err)
	require.Equal(t, lines[0], string(got))
	got, err = MarshalStandard(v)
	require.NoError(t, err)
	require.Equal(t, lines[1], string(got))

	for _, line := range lines[:2] {
		var back map[string]string
		require.NoError(t, Unmarshal([]byte(line), &back))
		require.Equal(t, v, back)
	}
}

func TestMarshalFloats(t *testing.T) {
	for f, want := range map[float64]string{
		0: "0.0", 1: "1.0", -1: "-1.0", 0.1: "0.1", 1e-3: "0.001", 9.99e-4: "9.99E-4", 2e-3: "0.002",
		1234567.5: "1234567.5", 9999999: "9999999.0", 1e7: "1.0E7", 1.5e10: "1.5E10", 1e21: "1.0E21",
		1e-10: "1.0E-10", 0.016666666666666666: "0.016666666666666666", 100: "100.0", 123456789.125: "1.23456789125E8",
		math.MaxFloat64: "1.7976931348623157E308", math.Inf(-1): "null", -1.5e-20: "-1.5E-20",
	} {
		got, err := Marshal(f)
		require.NoError(t, err)
		require.Equal(t, want, string(got))
	}
	got, err := Marshal([]any{math.NaN(), float32(0.1), float32(1e10), math.Copysign(0, -1)})
	require.NoError(t, err)
	require.Equal(t, `[null,0.1,1.0E10,-0.0]`, string(got))
}

func TestMarshalTags(t *testing.T) {
	type tagged struct {
		Zeta    int            `json:"zeta,omitempty"`
		Alpha   string         `json:"alpha,omitempty"`
		List    []int          `json:"list"`
		Kept    []int          `json:"kept,always"`
		Table   map[string]int `json:"table,always"`
		Empty   map[string]int `json:"empty,omitempty"`
		Line    []int          `json:"line,inline"`
		Hidden  int            `json:"-"`
		private int
		Plain   uint16
	}
	got, err := Marshal(tagged{private: 1, Hidden: 2, Empty: map[string]int{}})
	require.NoError(t, err)
	require.Equal(t, `{"Plain":0,"kept":[],"table":{}}`, string(got))

	got, err = MarshalPretty(tagged{Zeta: 1, Alpha: "a", List: []int{1, 2}, Line: []int{3, 4}})
	require.NoError(t, err)
	require.Equal(t, "{\n\t\"Plain\":0,\n\t\"alpha\":\"a\",\n\t\"kept\":[],\n\t\"line\":[3,4],\n\t\"list\":[\n\t\t1,\n\t\t2\n\t],\n\t\"table\":{},\n\t\"zeta\":1\n}", string(got))
}

// TestMarshalShared: no $ref, and nil containers inside containers are empty.
func TestMarshalShared(t *testing.T) {
	shared := &queue{"t", "b", 1}
	got, err := Marshal(map[string]any{"a": shared, "b": []*queue{shared, nil, shared}, "c": map[string][]int{"x": nil}, "d": (*queue)(nil)})
	require.NoError(t, err)
	q := `{"brokerName":"b","queueId":1,"topic":"t"}`
	require.Equal(t, `{"a":`+q+`,"b":[`+q+`,null,`+q+`],"c":{"x":[]}}`, string(got))
}

func TestMarshalRefuses(t *testing.T) {
	type node struct{ Next *node }
	cycle := &node{}
	cycle.Next = cycle
	_, err := Marshal(cycle)
	require.ErrorIs(t, err, errDepth)
	var self any
	self = &self
	_, err = Marshal(map[string]any{"self": self})
	require.ErrorIs(t, err, errDepth)
	for _, v := range []any{make(chan int), map[string]any{"f": func() {}}, []any{complex(1, 1)}, struct{ C chan int }{make(chan int)}} {
		_, err := Marshal(v)
		require.ErrorContains(t, err, "cannot be written")
	}
}

func TestMarshalInvalidUTF8(t *testing.T) {
	got, err := Marshal("a\xffb\xe4\xb8")
	require.NoError(t, err)
	require.Equal(t, `"a`+"\ufffd"+`b`+"\ufffd\ufffd"+`"`, string(got))
	got, err = MarshalStandard("a\xff中")
	require.NoError(t, err)
	require.Equal(t, `"a\uFFFD\u4E2D"`, string(got))
}

// TestMarshalKeyOrder: numbers by value, structs field by field.
func TestMarshalKeyOrder(t *testing.T) {
	got, err := Marshal(map[int64]bool{10: true, 9: true, -1: true})
	require.NoError(t, err)
	require.Equal(t, `{-1:true,9:true,10:true}`, string(got))
	got, err = Marshal(map[queue]int{{"b", "x", 1}: 4, {"a", "y", 0}: 3, {"a", "x", 10}: 2, {"a", "x", 9}: 1})
	require.NoError(t, err)
	require.Regexp(t, `:1,.*:2,.*:3,.*:4}$`, string(got))
}

func BenchmarkMarshal(b *testing.B) {
	v := map[queue]map[int32]int64{{"t", "b", 0}: {0: 1, 1: 2}, {"t", "b", 1}: {0: 1}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Marshal(v); err != nil {
			b.Fatal(err)
		}
	}
}
