package filter

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
)

// message is what the tables below are evaluated over; m… are names it has not.
var message = props("five", "5", "fived", "5.0", "x", "x", "yes", "true", "blank", " 5 ", "big", "9999999999", "quote", "it's", "TAGS", "TagC")

// TestEvaluate: rules of the language, as the official library answers.
func TestEvaluate(t *testing.T) {
	for _, c := range []struct {
		text string
		want Result
	}{
		// numbers: the property is read as the literal's class
		{"five > 4", True}, {"five>=5", True}, {"five < 5", False}, {"five <= 5", True}, {"five = 5", True}, {"five <> 5", False},
		{"4 < five", True}, {"five > 4L", True}, {"five > 9999999999", False}, {"five = 5.0", True}, {"five > 0.5e1", False},
		{"fived = 5.0", True}, {"fived = 5", Failed}, {"x > 4", Failed}, {"x <> 4", Failed}, {"blank = 5", Failed}, {"blank = 5.0", True},
		{"big > 5", Failed}, {"big > 5L", Failed}, {"big > 2147483648", True}, {"big > 5.0", True},
		{"1 = 1.0", True}, {"1 < 1.5", True}, {"9999999999 > 1", True}, {"5L = 5", True},
		// strings
		{"x = 'x'", True}, {"x <> 'x'", False}, {"five = '5'", True}, {"fived = '5'", False}, {"quote = 'it''s'", True}, {"x = ''", False},
		{"'5' = 5", True}, {"'x' = 'x'", True}, {"x = 'X'", False}, {"X = 'x'", Unknown},
		// two properties: equal as strings, in order as doubles
		{"five = fived", False}, {"five <= fived", True}, {"five < blank", False}, {"five > x", Failed}, {"five = five", True},
		// what is missing is unknown
		{"m = 1", Unknown}, {"m <> 'x'", Unknown}, {"m > 1", Unknown}, {"m IS NULL", True}, {"m IS NOT NULL", False}, {"five IS NULL", False},
		{"five IS NOT NULL", True}, {"m IN ('x')", Unknown}, {"m NOT IN ('x')", Unknown}, {"m BETWEEN 1 AND 2", Unknown}, {"NOT (m = 1)", Unknown},
		{"m = m2", True}, {"5 = m", False}, {"NULL IS NULL", True},
		// three-valued logic, from left to right
		{"TRUE AND NULL", Unknown}, {"NULL AND FALSE", False}, {"NULL OR TRUE", True}, {"FALSE OR NULL", Unknown}, {"NOT NULL", Unknown},
		{"TRUE AND FALSE OR TRUE", True}, {"TRUE OR TRUE AND FALSE", True}, {"NOT FALSE AND FALSE", False},
		{"TRUE OR x > 1", True}, {"x > 1 OR TRUE", Failed}, {"FALSE AND x > 1", False}, {"x > 1 AND FALSE", Failed}, {"NULL OR x > 1", Failed},
		{"m > 1 OR five > 1 AND x = 'x'", True}, {"FALSE OR FALSE OR m = 1 OR TRUE", True}, {"TRUE AND TRUE AND m = 1 AND FALSE", False},
		// conditions
		{"five", False}, {"yes", False}, {"NOT yes", True}, {"m", Unknown}, {"TRUE", True}, {"FALSE", False}, {"NULL", Unknown},
		// BETWEEN, IN
		{"five BETWEEN 5 AND 6", True}, {"five between 6 and 7", False}, {"five NOT BETWEEN 6 AND 7", True}, {"five BETWEEN 1.5 AND 9999999999", True},
		{"five BETWEEN -1 AND 10", True}, {"five BETWEEN 6 AND -1", False}, {"x BETWEEN 1 AND 2", Failed}, {"5 BETWEEN five AND fived", Failed},
		{"TAGS IN ('TagC','TagD')", True}, {"TAGS NOT IN ('TagC')", False}, {"five IN ('5')", True}, {"fived IN ('5')", False},
		{"x IN ('a','b','c','d','e','f','g','h','x')", True}, {"x IN ('a','b','c','d','e','f','g','h','i')", False}, {"quote IN ('it''s')", True},
		{"(x) IN ('x')", True}, {"five > 3 AND TAGS IN ('TagA') = FALSE", True},
		// signs
		{"-5 = - 5", True}, {"--5 = 5", True}, {"+five = 5", True}, {"-five = -5", Unknown}, {"- -5 > 3", True}, {"-0.5 < 0", True}, {"-'x' = 1", Unknown},
		{"- 2147483648 < 0", True}, {"-five IS NULL", True},
		// equality of conditions
		{"five = 5 = TRUE", True}, {"yes = TRUE", True}, {"five = FALSE", True}, {"TRUE = yes", Failed}, {"5 = TRUE", False}, {"(x = 'x') = 5", False},
		{"m = 1 = TRUE", Unknown}, {"TRUE = (m = 1)", False}, {"m IS NULL = TRUE", True},
		// comments, blanks, case
		{"five/**/=/* it''s */5", True}, {"five = -- c\n5", True}, {"five\t=\r\n\f5", True}, {"five = 5 or x is not null", True},
		// what follows a complete expression is ignored
		{"five = 5 x", True}, {"five = 5)", True}, {"five LIKE '5'", False}, {"five + 1 = 6", False}, {"five-x = 5", False}, {"five = 05", False},
		// a word of more than the language
		{"convert_string_expressions = 1", Unknown}, {"NOW > 1", Unknown}, {"$five IS NULL AND _five IS NULL", True},
	} {
		got := Result(99)
		if x, err := Compile(codec.ExpressionTypeSQL92, c.text); err == nil {
			got = x.Evaluate(message)
			require.Equal(t, got == True, x.MatchRecord(message), c.text)
			require.True(t, x.MatchQueue(7, 0, nil))
			require.Equal(t, c.text, x.Text())
		}
		require.Equal(t, c.want, got, c.text)
	}
}

// TestOddities: what one would not expect.
func TestOddities(t *testing.T) {
	require.Equal(t, "((- (- 5)) == 5)", compile(t, "--5 = 5").String(), "a comment needs a line end")
	require.Equal(t, "(a == (- (- x)))", compile(t, "a = -- x").String())
	require.Equal(t, "((5 >= five) && (5 <= fived))", compile(t, "5 BETWEEN five AND fived").String())
	require.Equal(t, "'it'", compile(t, "'it' IS NULL").root.args[0].String())
	require.Equal(t, "(a == 0)", compile(t, "a = 01 b").String(), "a number does not begin with 0")
	require.Equal(t, "((a || b) || (c || d))", compile(t, "a OR b OR (c OR d)").String())
	require.Equal(t, "(NOT (a == 'it''s'))", compile(t, "a <> 'it''s'").String())
	require.Equal(t, "(a NOT IN ( b, c ) && (a == 1.0E10))", compile(t, "a NOT IN ('b','c') AND a = 1e10").String())
	require.Equal(t, "((a < 1) || (a > 10))", compile(t, "a NOT BETWEEN 1 AND 10").String())
}

const anOperand = "\nWas expecting one of:\n    \"NOT\" ...\n    \"TRUE\" ...\n    \"FALSE\" ...\n    \"NULL\" ...\n    <DECIMAL_LITERAL> ...\n" +
	"    <FLOATING_POINT_LITERAL> ...\n    <STRING_LITERAL> ...\n    <ID> ...\n    \"(\" ...\n    \"-\" ...\n    "

// TestRefused: the texts of the official library.
func TestRefused(t *testing.T) {
	const parse, lexical, runtime = parseException + "Encountered ", tokenMgrError + "Lexical error at line ", runtimeException
	for text, want := range map[string]string{
		"a >>> 2":       parse + `" ">" "> "" at line 1, column 4.` + anOperand, // recorded from 4.9.8 (code 46)
		"":              parse + `"<EOF>" at line 0, column 0.` + anOperand,
		" ":             parse + `"<EOF>" at line 1, column 1.` + anOperand,
		"a = 5 AND":     parse + `"<EOF>" at line 1, column 9.` + anOperand,
		"a ==5":         parse + `" "=" "= "" at line 1, column 4.` + anOperand,
		"between = 5":   parse + `" "BETWEEN" "between "" at line 1, column 1.` + anOperand,
		"a >\n\t= 5":    parse + `" "=" "= "" at line 2, column 9.` + anOperand,
		"a > +(b c)":    parse + `" "+" "+ "" at line 1, column 5.` + anOperand,
		"a IS 5":        parse + "\" <DECIMAL_LITERAL> \"5 \"\" at line 1, column 6.\nWas expecting:\n    \"NOT\" ...\n    ",
		"a IS NOT 5":    parse + "\" <DECIMAL_LITERAL> \"5 \"\" at line 1, column 10.\nWas expecting:\n    \"NULL\" ...\n    ",
		"a IN ('5',)":   parse + "\" \")\" \") \"\" at line 1, column 11.\nWas expecting:\n    <STRING_LITERAL> ...\n    ",
		"a IN ('5' 'é'": parse + "\" <STRING_LITERAL> \"\\'\\u00e9\\' \"\" at line 1, column 11.\nWas expecting one of:\n    \",\" ...\n    \")\" ...\n    ",
		"a NOT NULL": parse + "\" \"NOT\" \"NOT \"\" at line 1, column 3.\nWas expecting one of:\n    \"BETWEEN\" ...\n    \"IN\" ...\n" +
			"    \">\" ...\n    \">=\" ...\n    \"<\" ...\n    \"<=\" ...\n    ",
		"(a = 5": parse + "\"<EOF>\" at line 1, column 6.\nWas expecting one of:\n    \"NOT\" ...\n    \"AND\" ...\n    \"OR\" ...\n    \"BETWEEN\" ...\n" +
			"    \"IN\" ...\n    \"IS\" ...\n    \"=\" ...\n    \"<>\" ...\n    \">\" ...\n    \">=\" ...\n    \"<\" ...\n    \"<=\" ...\n    \")\" ...\n    ",
		"(a IS NULL NOT": parse + "\" \"NOT\" \"NOT \"\" at line 1, column 12.\nWas expecting one of:\n    \"AND\" ...\n    \"OR\" ...\n    \"IS\" ...\n" +
			"    \"=\" ...\n    \"<>\" ...\n    \")\" ...\n    ",

		"a != 5":                      lexical + `1, column 3.  Encountered: "!" (33), after : ""`,
		"a.b = 1":                     lexical + `1, column 3.  Encountered: "b" (98), after : "."`,
		`a = "5"`:                     lexical + `1, column 5.  Encountered: "\"" (34), after : ""`,
		"é = 1":                       lexical + `1, column 1.  Encountered: "\u00e9" (233), after : ""`,
		"a\r\v= 1":                    lexical + `2, column 1.  Encountered: "\u000b" (11), after : ""`,
		"a = '\U0001F600' \U0001F600": lexical + `1, column 10.  Encountered: "\ud83d" (55357), after : ""`,
		"a = 5;":                      lexical + `1, column 7.  Encountered: <EOF> after : ""`,
		"a = 'x":                      lexical + `1, column 7.  Encountered: <EOF> after : "\'x"`,
		"a = 'x\n":                    lexical + `2, column 0.  Encountered: <EOF> after : "\'x\n"`,
		"a = 'x''":                    lexical + `1, column 9.  Encountered: <EOF> after : ""`,
		"/* x":                        lexical + `1, column 5.  Encountered: <EOF> after : "/* x"`,
		"a = '\U0001F600":             lexical + `1, column 8.  Encountered: <EOF> after : "\'\ud83d\ude00"`,

		"a":       "", // a name alone is a condition
		"-a":      parseException + "Expression will not result in a boolean value: (- a)",
		"'x'":     parseException + "Expression will not result in a boolean value: 'x'",
		"5 AND a": parseException + "Expression will not result in a boolean value: 5",
		"a OR .5": parseException + "Expression will not result in a boolean value: 0.5",

		"a > 'x'":                 runtime + "Value ''x'' cannot be compared.",
		"5 > 3 > 2":               runtime + "Value '(5 > 3)' cannot be compared.",
		"a < TRUE":                runtime + "Value 'TRUE' cannot be compared.",
		"a = NULL":                runtime + "'NULL' cannot be compared.",
		"TRUE = 5":                runtime + "'TRUE' cannot be compared with '5'",
		"NOT a IN ('x')":          runtime + "Expected a property for In expression, got: (NOT a)",
		"a BETWEEN 10 AND 1":      runtime + "Illegal values of between, left value(10) must less than or equal to right value(1)",
		"a BETWEEN 1 AND NULL":    runtime + "Illegal values of between, values can not be null!",
		"a BETWEEN 'x' AND 1":     runtime + numberFormatException + `For input string: "x"`,
		"a BETWEEN ' ' AND 1.0":   runtime + numberFormatException + `empty String`,
		"a > 0.0":                 runtime + "0.0 is less than 4.9E-324",
		"a > 1e400":               runtime + "1e400 is greater than 1.7976931348623157E308",
		"a > 9223372036854775808": numberFormatException + `For input string: "9223372036854775808"`,
	} {
		got := ""
		if _, err := Compile(codec.ExpressionTypeSQL92, text); err != nil {
			require.ErrorAs(t, err, new(*ParseError))
			got = err.Error()
		}
		require.Equal(t, want, got, "%q", text)
	}
	_, err := Compile("TAG", "*")
	require.EqualError(t, err, "there is no filter of type TAG")
}

// TestBounds: what is too long or too deep is refused, whatever it is made of;
// what is long but flat is not.
func TestBounds(t *testing.T) {
	refused := func(text string, want error) {
		t.Helper()
		_, err := Compile(codec.ExpressionTypeSQL92, text)
		require.Equal(t, want, err)
	}
	fits := func(one, between string) string {
		n := (maxExpressionBytes + len(between)) / (len(one) + len(between))
		return strings.TrimSuffix(strings.Repeat(one+between, n), between)
	}
	refused("a = '"+strings.Repeat("x", maxExpressionBytes)+"'", errTooLong)
	for _, open := range []string{"(", "NOT ", "-", "+", "+(", "-(NOT+", "a=(", "+a OR ("} {
		refused(strings.Repeat(open, 400)+"a", errTooDeep)
	}
	refused(fits("(", ""), errTooDeep)
	refused(fits("a", "="), errTooDeep)
	refused(fits("a IS NULL", " = "), errTooDeep)
	require.Equal(t, Unknown, compile(t, strings.Repeat("(", maxDepth-1)+"a"+strings.Repeat(")", maxDepth-1)).Evaluate(""))

	for _, text := range []string{fits("a=1", " OR "), fits("a=1", " AND "), fits("a IN ('x')", " or "), fits("(a=--1)", " or "), fits("+(a)", " or ")} {
		require.Equal(t, Unknown, compile(t, text).Evaluate(props("b", "x")))
	}
	var many, words strings.Builder
	for i := range 5000 {
		many.WriteString("n" + strconv.Itoa(i) + "=1 OR ")
		words.WriteString("'w" + strconv.Itoa(i) + "',")
	}
	require.Equal(t, True, compile(t, many.String()+"x='x'").Evaluate(message))
	require.Equal(t, True, compile(t, "x IN ("+words.String()+"'x')").Evaluate(message))
}

// TestNamesBeyondSlots: with more names than slots the same is found.
func TestNamesBeyondSlots(t *testing.T) {
	for n := maxSlots - 2; n < maxSlots+3; n++ {
		var text, properties []string
		for i := range n {
			name := "n" + strconv.Itoa(i)
			text = append(text, name+" = "+strconv.Itoa(i))
			properties = append(properties, name, strconv.Itoa(i))
		}
		x := compile(t, strings.Join(text, " AND ")+" AND n0 = 0")
		require.Equal(t, True, x.Evaluate(props(properties...)))
		require.Equal(t, Unknown, x.Evaluate(props(properties[2:]...)))
	}
}

func TestEvaluateAllocatesNothing(t *testing.T) {
	x := compile(t, "five > 2 AND fived BETWEEN 1.5 AND 6 AND (x = 'x' OR m IS NULL) AND TAGS IN ('TagC','TagD') AND NOT (big = 9999999999 AND x > 1)")
	require.Equal(t, Failed, x.Evaluate(message))
	require.Zero(t, testing.AllocsPerRun(100, func() { x.MatchRecord(message) }))
}

func BenchmarkMatchRecord(b *testing.B) {
	for name, text := range map[string]string{"small": "five > 2 AND TAGS IN ('TagC','TagD')", "large": "(five > 2 AND five BETWEEN 0 AND 6) AND x = 'x' AND fived < 7.5 AND m IS NULL"} {
		x := compile(b, text)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if !x.MatchRecord(message) {
					b.Fatal("no match")
				}
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Compile(codec.ExpressionTypeSQL92, "(a > 2 AND a BETWEEN 0 AND 6) AND s = 'str1' OR TAGS IN ('TagC')"); err != nil {
			b.Fatal(err)
		}
	}
}
