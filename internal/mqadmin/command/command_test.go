package command

import (
	"bufio"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestEveryCommandAndOption: the table has what 4.9.8 has, and no less or more.
func TestEveryCommandAndOption(t *testing.T) {
	file, err := os.Open("testdata/commands.tsv")
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	lines := bufio.NewScanner(file)
	require.True(t, lines.Scan())
	var names []string
	options := map[string]int{}
	for lines.Scan() {
		f := strings.Split(lines.Text(), "\t")
		name, alias, short, long, hasArg, required, group := f[0], f[2], f[4], f[5], f[6] == "true", f[7] == "true", f[8]
		if len(names) == 0 || names[len(names)-1] != name {
			names = append(names, name)
		}
		options[name]++
		c, ok := find(name)
		require.True(t, ok, name)
		require.Equal(t, alias, c.Alias, name)
		o, ok := c.option(short)
		require.True(t, ok, "%s -%s", name, short)
		require.Equal(t, []any{long, hasArg, required, group != ""}, []any{o.Long, o.HasArg, o.Required, o.Either}, "%s -%s", name, short)
	}
	require.NoError(t, lines.Err())
	require.Len(t, names, 56)
	for i, c := range table {
		require.Equal(t, names[i], c.Name)
		require.Len(t, c.options(), options[c.Name], c.Name)
	}
	require.Len(t, table, len(names))
}

// TestEveryCommandRuns: what is listed can be run.
func TestEveryCommandRuns(t *testing.T) {
	for _, c := range slices.Concat(table, extras) {
		require.NotNil(t, c.Run, c.Name)
	}
}

// TestHelp: the usage of every command is what Java's prints, byte for byte.
func TestHelp(t *testing.T) {
	for _, c := range table {
		want, err := os.ReadFile(filepath.Join("testdata", "help", c.Name+".txt"))
		require.NoError(t, err)
		require.Equal(t, result{out: string(want)}, run(t, nil, "help", c.Name))
		require.Equal(t, result{out: string(want)}, run(t, nil, c.Name, "-h"))
	}
	list, err := os.ReadFile("testdata/help/help.txt")
	require.NoError(t, err)
	want := result{out: string(list) + "\nCommands that only Booster's mqadmin has:\n" +
		"   drainBroker          Send producers to other brokers and wait until no message comes in\n" +
		"   dlqList              List the groups that have dead letters\n" +
		"   dlqQuery             Print dead letters of a group\n" +
		"   dlqResend            Send dead letters of a group again\n" +
		"   dlqExport            Write dead letters of a group to a file, one JSON object a line\n"}
	require.Equal(t, want, run(t, nil))
	require.Equal(t, want, run(t, nil, "help"))
	require.Contains(t, run(t, nil, "drainBroker", "-h").out, "usage: mqadmin drainBroker -b <arg> [-h] [-n <arg>] [-t <arg>] [-u]\n")
	for _, c := range extras {
		require.Contains(t, run(t, nil, c.Name, "-h").out, "usage: mqadmin "+c.Name+" ")
	}
	require.Equal(t, load(t, "help-updateTopic").output, run(t, nil, "help", "updateTopic").out, "the help pages are of 4.9.7, this one of 4.9.8")
	require.Equal(t, load(t, "topicRoute-noarg").output, run(t, nil, "topicRoute", "-n", nsAddr).out)
}

// TestWrongCommandLine: usage on standard output as in Java, the reason on standard error, status 1.
func TestWrongCommandLine(t *testing.T) {
	for _, c := range []struct {
		words []string
		want  string
	}{
		{[]string{"noSuchCommand"}, strings.TrimSpace(load(t, "no-such-command").output)},
		{[]string{"help", "noSuchCommand"}, "The sub command noSuchCommand not exist."},
		{[]string{"topicRoute"}, "mqadmin topicRoute: missing required option: -t"},
		{[]string{"topicRoute", "-t"}, "mqadmin topicRoute: missing argument for option: -t"},
		{[]string{"topicRoute", "-t", "-n", "x:1"}, "mqadmin topicRoute: missing argument for option: -t"},
		{[]string{"topicRoute", "-t", "T", "-x"}, "mqadmin topicRoute: unrecognized option: -x"},
		{[]string{"topicRoute", "-t", "T", "--nope=1"}, "mqadmin topicRoute: unrecognized option: --nope=1"},
		{[]string{"updateTopic", "-t", "T"}, "mqadmin updateTopic: missing required option: one of -b and -c"},
		{[]string{"updateTopic", "-t", "T", "-b", "b:1", "-c", "c"}, "mqadmin updateTopic: missing required option: one of -b and -c"},
		{[]string{"updateTopic", "-t", "T", "-b", "b:1", "-r", "many"}, `mqadmin updateTopic: option -r (readQueueNums) takes a number, not "many"`},
		{[]string{"updateTopic", "-t", "T", "-b", "b:1", "-r", "4294967297"}, `mqadmin updateTopic: option -r (readQueueNums) takes a number, not "4294967297"`},
		{[]string{"updateTopic", "-t", "T", "-b", "b:1", "-o", "ture"}, `mqadmin updateTopic: option -o (order) takes true or false, not "ture"`},
	} {
		got := run(t, nil, c.words...)
		require.Equal(t, c.want+"\n", got.err, c.words)
		require.Equal(t, 1, got.status, c.words)
		require.NotEmpty(t, got.out, c.words)
	}
}

// TestParse: the spellings of commons-cli.
func TestParse(t *testing.T) {
	topic, _ := find("TOPICROUTE")
	for _, c := range []struct {
		words []string
		want  Args
	}{
		{[]string{"-t", "T"}, Args{"t": "T"}},
		{[]string{"-tT"}, Args{"t": "T"}},
		{[]string{"--topic", " T "}, Args{"t": "T"}},
		{[]string{"--topic=T"}, Args{"t": "T"}},
		{[]string{"-topic", "T"}, Args{"t": "T"}},
		{[]string{"-ltT"}, Args{"l": "", "t": "T"}},
		{[]string{"-lt", "T"}, Args{"l": "", "t": "T"}},
		{[]string{"-t", "-1"}, Args{"t": "-1"}},
		{[]string{"-t", `"T"`}, Args{"t": "T"}},
		{[]string{"plain", "-t", "T", "words", "-"}, Args{"t": "T"}},
		{[]string{"-t", "T", "--", "-x"}, Args{"t": "T"}},
		{[]string{"-t", "first", "-t", "second"}, Args{"t": "first"}},
		{[]string{"-h"}, Args{"h": ""}},
	} {
		got, err := topic.parse(c.words)
		require.NoError(t, err, c.words)
		require.Equal(t, c.want, got, c.words)
	}
	printMsg, _ := find("printMsg")
	got, err := printMsg.parse([]string{"-t", "T", "--printBody", "true", "--charsetName ", "GBK"})
	require.NoError(t, err)
	require.Equal(t, Args{"t": "T", "d": "true", "c": "GBK"}, got, "long names with and without the blank at their end")
}

// FuzzParse: no words make the parser fail other than by an error, and what it accepts is complete.
func FuzzParse(f *testing.F) {
	f.Add("updateTopic", "-t\x00T\x00-b\x00x:1")
	f.Add("printMsg", "--topic=T\x00-d\x00\xff")
	f.Add("clusterList", "-mi\x005")
	f.Fuzz(func(t *testing.T, name, words string) {
		c, ok := find(name)
		if !ok {
			return
		}
		args, err := c.parse(strings.Split(words, "\x00"))
		if err != nil || args.Has("h") {
			return
		}
		for _, o := range c.options() {
			require.False(t, o.Required && !args.Has(o.Short), "-%s", o.Short)
		}
	})
}
