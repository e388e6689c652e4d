package filter

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
	"github.com/boostermq/booster/internal/vfs"
)

// seeds are expressions of recorded clients and the corners of the language.
var seeds = []string{
	"(a > 2 AND a BETWEEN 0 AND 6) AND s = 'str1' OR TAGS IN ('TagC')", "a > 2 AND TAGS IN ('TagC','TagD')", "a >>> 2", "TAGS = 'T1'",
	"", "+(a IS NOT NULL)", "NOT a NOT IN ('it''s', '')", "-- x\na<>-1.5e3/* */", "a BETWEEN 'x' AND 1.", "TRUE = (a = NULL)", "a = '\U0001F600\t' \r\n@", "'",
	"+ + a IN ('x')", "((((a))))=((5L))", "a=b=c=d IS NULL", "/*", "a.", "9999999999999999999999",
}

// FuzzCompile: no text hangs, panics or takes more than its due; a compiled
// expression compiles again from its own rendering to the same, but where that
// is no expression of the language (== && ||).
func FuzzCompile(f *testing.F) {
	for _, seed := range seeds {
		f.Add(seed, "a\x015\x02b\x01x\x02")
	}
	f.Add(strings.Repeat("(", 300), "a\x01NaN\x02TAGS\x01T1")
	f.Fuzz(func(t *testing.T, text, properties string) {
		x, err := Compile(codec.ExpressionTypeSQL92, text)
		if err != nil {
			require.ErrorAs(t, err, new(*ParseError))
			require.NotEmpty(t, err.Error())
			return
		}
		result := x.Evaluate(properties)
		require.Equal(t, result, x.Evaluate(properties), "evaluation leaves nothing behind")
		require.Equal(t, result == True, x.MatchRecord(properties))
		require.LessOrEqual(t, int(x.root.depth), maxDepth)

		again, err := Compile(codec.ExpressionTypeSQL92, inLanguage(x.root))
		if err != nil {
			require.Equal(t, error(errTooDeep), err) // more parentheses than before
			return
		}
		require.Equal(t, x.String(), again.String())
		require.Equal(t, result, again.Evaluate(properties))
	})
}

// inLanguage writes n as an expression again.
func inLanguage(n *node) string {
	arg := func(i int) string { return inLanguage(n.args[i]) }
	switch n.kind {
	case nodeConstant, nodeProperty:
		return n.String()
	case nodeCondition:
		return arg(0)
	case nodeNegate, nodeNot:
		return "(" + nodeSigns[n.kind] + " " + arg(0) + ")"
	case nodeIn, nodeNotIn:
		words := make([]string, len(n.words.list))
		for i, word := range n.words.list {
			words[i] = value{kind: valueString, s: word}.literal()
		}
		return arg(0) + " " + nodeSigns[n.kind] + " (" + strings.Join(words, ",") + ")"
	case nodeEqual:
		if right := n.args[1]; right.kind == nodeConstant && right.value.kind == valueNull {
			return "(" + arg(0) + " IS NULL)"
		}
		return "(" + arg(0) + " = " + arg(1) + ")"
	case nodeAnd, nodeOr:
		sign := map[nodeKind]string{nodeAnd: " AND ", nodeOr: " OR "}[n.kind]
		parts := make([]string, len(n.args))
		for i := range parts {
			parts[i] = arg(i)
		}
		return "(" + strings.Join(parts, sign) + ")"
	}
	return "(" + arg(0) + " " + nodeSigns[n.kind] + " " + arg(1) + ")"
}

// FuzzLoad: whatever the file holds, what was taken from it is written so that
// it is read back the same.
func FuzzLoad(f *testing.F) {
	sample, err := os.ReadFile("testdata/consumerFilter.json")
	require.NoError(f, err)
	f.Add(sample)
	f.Add([]byte(`{"filterDataByTopic":{T:{"groupFilterData":{G:{"expression":"a=1","expressionType":"SQL92","bornTime":9,"deadTime":5}}},"U":null}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		o := options(vfs.NewMemFS())
		m := newManager(t, o)
		var w codec.ConsumerFilterSerializeWrapper
		if fastjson.Unmarshal(data, &w) != nil {
			return
		}
		for topic, groups := range w.FilterDataByTopic {
			if groups == nil {
				continue
			}
			for group, body := range groups.GroupFilterData {
				d, err := m.loaded(topic, group, body, 1000)
				if err != nil {
					continue
				}
				require.False(t, d.Alive())
				m.putLocked(d)
			}
		}
		written, _ := m.wrapper()
		text, err := fastjson.MarshalPretty(written)
		require.NoError(t, err)
		var again codec.ConsumerFilterSerializeWrapper
		require.NoError(t, fastjson.Unmarshal(text, &again))
		require.Equal(t, written, &again)
	})
}
