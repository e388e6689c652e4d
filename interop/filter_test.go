package interop

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/broker/filter"
	"github.com/boostermq/booster/interop/internal/javaenv"
)

// filterExpressions is how many generated expressions are compared, and filterKeys how many keys of the bloom filter;
// INTEROP_FILTERS says otherwise for both.
const (
	filterExpressions = 6000
	filterKeys        = 3000
)

// TestFilterLikeJava: generated expressions, right ones and wrong ones, mean the same to Booster as to the official filter
// library: the same tree, the same verdict on each of a few messages, the same text for what is refused.
func TestFilterLikeJava(t *testing.T) {
	t.Parallel()
	count, random := filterCount(t, filterExpressions), seeded(t)
	texts, messages := slices.Clone(fixedExpressions), make([]string, 6)
	for len(texts) < count {
		texts = append(texts, generateExpression(random))
	}
	var questions strings.Builder
	asked := make([][]string, len(texts))
	for i, text := range texts {
		asked[i] = slices.Clone(messages)
		fmt.Fprintf(&questions, "sql\t%s", encode64(text))
		for j := range asked[i] {
			asked[i][j] = generateProperties(random)
			fmt.Fprintf(&questions, "\t%s", encode64(asked[i][j]))
		}
		questions.WriteByte('\n')
	}
	answers := askFilterOracle(t, questions.String())
	require.Len(t, answers, len(texts))
	differences, matches, refused := 0, 0, 0
	for i, text := range texts {
		want, got := strings.Split(answers[i], "\t"), describeFilter(text, asked[i])
		want[1] = decode64(t, want[1])
		if want[0] == "bad" {
			refused++
		}
		matches += strings.Count(strings.Join(got[2:], " "), "TRUE")
		if !slices.Equal(comparableAnswer(want), comparableAnswer(got)) {
			differences++
			t.Errorf("%q over %q\n java %q\n here %q", text, asked[i], want, got)
		}
		require.Less(t, differences, 20, "too many differences")
	}
	require.Greater(t, refused, count/10, "the generator makes too few wrong expressions")
	require.Greater(t, matches, count/10, "the generator makes too few matches")
	t.Logf("%d expressions, %d refused, %d matches", len(texts), refused, matches)
}

// TestBloomFilterLikeJava: size and bit positions for thousands of keys and many settings.
func TestBloomFilterLikeJava(t *testing.T) {
	t.Parallel()
	random := seeded(t)
	type question struct {
		f, n int
		key  string
	}
	var text strings.Builder
	var questions []question
	for i := range filterCount(t, filterKeys) {
		q := question{20, 32, generateWord(random, 1+random.IntN(40)) + "#" + generateWord(random, 1+random.IntN(40))}
		if i%3 == 0 {
			q.f, q.n = 1+random.IntN(99), 1+random.IntN(2000)
		}
		questions = append(questions, q)
		fmt.Fprintf(&text, "bloom\t%d\t%d\t%s\n", q.f, q.n, encode64(q.key))
	}
	answers := askFilterOracle(t, text.String())
	require.Len(t, answers, len(questions))
	for i, q := range questions {
		b, err := filter.NewBloomFilter(q.f, q.n)
		require.NoError(t, err)
		positions := strings.ReplaceAll(fmt.Sprint(b.Positions(q.key)), " ", ", ")
		require.Equalf(t, answers[i], fmt.Sprintf("%d\t%d\t%s", b.K(), b.M(), positions), "%+v", q)
	}
}

// askFilterOracle runs the official library on questions, one a line, and returns its answers, one a line.
func askFilterOracle(t *testing.T, questions string) []string {
	t.Helper()
	env, err := javaenv.Prepare(javaenv.Server497)
	requireAvailable(t, err)
	root, err := javaenv.Root()
	require.NoError(t, err)
	home := scenarioDir(t, "oracle")
	require.NoError(t, os.MkdirAll(home, 0o755))
	source := filepath.Join(root, "interop", "java", "src-filter", "io", "boostermq", "interop", "FilterOracle.java")
	command := env.Command(home, nil, source) // a source file: java compiles it in memory
	run := exec.Command(command[0], command[1:]...)
	run.Env, run.Stdin = env.Environ(home), strings.NewReader(questions)
	var out, log bytes.Buffer
	run.Stdout, run.Stderr = &out, &log
	require.NoErrorf(t, run.Run(), "oracle: %s", log.String())
	return strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
}

// describeFilter is Booster's answer in the oracle's form.
func describeFilter(text string, messages []string) []string {
	x, err := filter.Compile("SQL92", text)
	if err != nil {
		return []string{"bad", err.Error()}
	}
	answer := []string{"ok", x.String()}
	for _, properties := range messages {
		answer = append(answer, x.Evaluate(properties).String())
	}
	return answer
}

var (
	scientific = regexp.MustCompile(`[0-9]\.[0-9]+E-?[0-9]+`)
	twoPoints  = regexp.MustCompile(`multiple points|For input string: "[^"]*\.[^"]*\.[^"]*"`)
)

// comparableAnswer takes out what depends on the JDK: the modules in the text of a ClassCastException, what it says of a
// number with two points, and digits of doubles that Double.toString wrote too many of before JDK 19.
func comparableAnswer(answer []string) []string {
	answer = slices.Clone(answer)
	if answer[0] == "bad" {
		answer[1], _, _ = strings.Cut(answer[1], " (java.lang.Boolean and")
		answer[1] = twoPoints.ReplaceAllString(answer[1], "two points")
	}
	answer[1] = scientific.ReplaceAllStringFunc(answer[1], func(number string) string {
		f, err := strconv.ParseFloat(number, 64)
		return fmt.Sprint(f, err)
	})
	return answer
}

// fixedExpressions are what users get wrong, and what reading the grammar would not tell.
var fixedExpressions = []string{
	"", " ", "a", "a > 3", "a LIKE 'x'", "a + 1 > 2", "a == 5", "a != 5", `a = "5"`, "a.b = 1", "a-b = 1", "a = 5;", "a = 5)",
	"(a = 5", "a IN ()", "a IN (5)", "a IN ('5',)", "a NOT NULL", "a IS 5", "a BETWEEN 5 AND 1", "a > 'x'", "a = NULL", "a > 0.0",
	"NOT a IN ('5')", "TRUE = a", "a = TRUE", "a = b", "-a > 3", "+a > 3", "+", "+(a", "'x'", "1", "a = 'x", "/* x", "a /", "a = 5 -- c",
	"a = 5 -- c\n AND b = 'x'", "convert_string_expressions:a > 3", "a > 9223372036854775808", "a > 1e400", "\t\t@", "a=\r\n5 @",
	"a = '\U0001F600' AND \U0001F600", "é = 1", "(a OR b OR c) > 5", "a IN ('x') IN ('y')", "a = 5 = TRUE", "(NULL) IS NOT NULL",
}

// generateExpression makes a right expression, one that was damaged, or tokens in any order.
func generateExpression(r *rand.Rand) string {
	switch r.IntN(10) {
	case 0, 1:
		tokens := make([]string, 1+r.IntN(9))
		for i := range tokens {
			tokens[i] = pick(r, wildTokens)
		}
		return strings.Join(tokens, pick(r, []string{" ", " ", ""}))
	case 2, 3, 4:
		return damage(r, generateCondition(r, 3))
	}
	return generateCondition(r, 4)
}

var (
	wildTokens = strings.Split("NOT not AND OR BETWEEN IN TRUE FALSE NULL IS IS a b c = <> > >= < <= ( ( ) ) , + - 1 0 00 07 1L 0L 5.5 5. .5 1e3 1e "+
		"9999999999 99999999999999999999 1e999 0.0 'x' '5' '' 'it''s' ' '' ' -- /* */ /**/ / . ; @ % \" é \U0001F600", " ")
	comparisons = strings.Fields("= = = <> > >= < <=")
	signs       = strings.Fields("> >= < <=")
	names       = strings.Fields("a b c d e missing TAGS KEYS _x $y i1 number text flag")
	numbers     = strings.Fields("0 1 2 5 10 2147483647 2147483648 9999999999 9223372036854775807 5L 5.0 0.5 1.5e1 2e9 1e-3 1e10 123456789.25 12345678.9")
	textValues  = []string{"", "x", "X", "5", "5.0", "true", "FALSE", "it's", "é", "中文", "5 ", "\U0001F600", "a\tb", `"`}
	values      = append([]string{"-5", "+5", "05", " 5", "0", "-0", "-0.0", "1e1", "0x1p3", "NaN", "-Infinity", "5d", "5f", "2147483648",
		"-2147483649", "9999999999", "9223372036854775808", "1e400", "٥", "５", "5L", "1_0", "inf", ".5", "5.", "yes", "TagA"}, textValues...)
)

func pick(r *rand.Rand, from []string) string { return from[r.IntN(len(from))] }

// generateCondition makes what may stand alone, or nearly: some of it is refused for its types.
func generateCondition(r *rand.Rand, depth int) string {
	if depth == 0 {
		return pick(r, []string{"TRUE", "FALSE", "NULL", pick(r, names)})
	}
	condition := func() string { return generateCondition(r, depth-1) }
	switch r.IntN(14) {
	case 0, 1:
		return condition() + keywordOf(r, " AND ") + condition()
	case 2, 3:
		return condition() + keywordOf(r, " OR ") + condition()
	case 4:
		return keywordOf(r, "NOT ") + condition()
	case 5:
		return "(" + condition() + ")"
	case 6:
		return generateOperand(r, depth) + keywordOf(r, pick(r, []string{" IS NULL", " IS NOT NULL"}))
	case 7:
		return generateOperand(r, depth) + keywordOf(r, pick(r, []string{" BETWEEN ", " NOT BETWEEN "})) +
			pick(r, numbers) + keywordOf(r, " AND ") + generateOperand(r, 0)
	case 8:
		words := make([]string, 1+r.IntN(7))
		for i := range words {
			words[i] = quoted(pick(r, textValues))
		}
		return pick(r, names) + keywordOf(r, pick(r, []string{" IN (", " NOT IN ("})) + strings.Join(words, ", ") + ")"
	case 9, 10:
		return pick(r, names) + pick(r, comparisons) + pick(r, numbers)
	case 11:
		return pick(r, names) + " " + pick(r, signs) + " " + pick(r, names)
	}
	return generateOperand(r, depth-1) + " " + pick(r, comparisons) + pick(r, []string{" ", "", "/* c */", "-- c\n"}) + generateOperand(r, depth-1)
}

func generateOperand(r *rand.Rand, depth int) string {
	switch n := r.IntN(16); {
	case n < 6:
		return pick(r, names)
	case n < 9:
		return pick(r, numbers)
	case n < 11:
		return quoted(pick(r, values))
	case n == 11:
		return pick(r, []string{"TRUE", "FALSE", "NULL"})
	case n < 14:
		return pick(r, []string{"-", "- ", "+", "+ "}) + generateOperand(r, depth)
	case depth > 0:
		return "(" + generateCondition(r, depth-1) + ")"
	}
	return "(" + generateOperand(r, 0) + ")"
}

func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func keywordOf(r *rand.Rand, s string) string {
	if r.IntN(4) == 0 {
		return strings.ToLower(s)
	}
	return s
}

// damage drops, doubles or replaces a character or two.
func damage(r *rand.Rand, text string) string {
	chars := []rune(text)
	for range 1 + r.IntN(2) {
		if len(chars) == 0 {
			break
		}
		switch i := r.IntN(len(chars)); r.IntN(4) {
		case 0:
			chars = slices.Delete(chars, i, i+1)
		case 1:
			chars = slices.Insert(chars, i, chars[i])
		case 2:
			chars[i] = []rune("'() -+=<>,./*\n\t@é\U0001F600a0")[r.IntN(20)]
		default:
			chars = chars[:i]
		}
	}
	return string(chars)
}

func generateProperties(r *rand.Rand) string {
	var b strings.Builder
	for _, name := range names {
		if name != "missing" && r.IntN(4) != 0 {
			b.WriteString(name + "\x01" + pick(r, values) + "\x02")
		}
	}
	return b.String()
}

// generateWord makes a name of n characters.
func generateWord(r *rand.Rand, n int) string {
	const chars = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789%_-|"
	b := make([]byte, n)
	for i := range b {
		b[i] = chars[r.IntN(len(chars))]
	}
	return string(b)
}

// seeded is a source of chance whose seed is in the log; INTEROP_SEED repeats a run.
func seeded(t *testing.T) *rand.Rand {
	seed := rand.Uint64()
	if s := os.Getenv("INTEROP_SEED"); s != "" {
		var err error
		seed, err = strconv.ParseUint(s, 10, 64)
		require.NoError(t, err)
	}
	t.Logf("INTEROP_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

func filterCount(t *testing.T, standard int) int {
	s := os.Getenv("INTEROP_FILTERS")
	if s == "" {
		return standard
	}
	n, err := strconv.Atoi(s)
	require.NoError(t, err)
	return n
}

func encode64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func decode64(t *testing.T, s string) string {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(s)
	require.NoError(t, err)
	return string(b)
}
