package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMQAdminNames: as mqadmin, as mqadmin.sh and as booster admin it is the same program.
func TestMQAdminNames(t *testing.T) {
	for _, words := range [][]string{{"mqadmin"}, {"mqadmin.sh"}, {"booster", "admin"}} {
		mqadmin := func(args ...string) (stdout, stderr string, status int) {
			t.Helper()
			return outcome(t, program(t, words[0], append(words[1:len(words):len(words)], args...)...))
		}
		out, errs, status := mqadmin()
		require.Zero(t, status, errs)
		require.True(t, strings.HasPrefix(out, "The most commonly used mqadmin commands are:\n   updateTopic "), out)
		out, _, status = mqadmin("topicStatus", "-h")
		require.Zero(t, status)
		require.True(t, strings.HasPrefix(out, "usage: mqadmin topicStatus [-h] [-n <arg>] -t <arg>\n"), out)
		out, errs, status = mqadmin("topicStatus", "--nope")
		require.Equal(t, 1, status)
		require.Contains(t, out, "usage: mqadmin topicStatus")
		require.Equal(t, "mqadmin topicStatus: unrecognized option: --nope\n", errs)
		_, errs, status = mqadmin("noSuchCommand")
		require.Equal(t, 1, status)
		require.Equal(t, "The sub command noSuchCommand not exist.\n", errs)
	}
}

// TestMQAdminNameServer: -n counts before rocketmq.namesrv.addr, and that before NAMESRV_ADDR; one
// sentence names who was not reached.
func TestMQAdminNameServer(t *testing.T) {
	for _, c := range []struct {
		env  []string
		args []string
		want string
	}{
		{nil, nil, "no name server is configured"},
		{[]string{"NAMESRV_ADDR=127.0.0.1:1"}, nil, "127.0.0.1:1"},
		{[]string{"NAMESRV_ADDR=127.0.0.1:1", "JAVA_OPT=-Xmx1g -Drocketmq.namesrv.addr=127.0.0.1:2"}, nil, "127.0.0.1:2"},
		{[]string{"JAVA_OPT=-Drocketmq.namesrv.addr=127.0.0.1:2", "JAVA_OPT_EXT=-Drocketmq.namesrv.addr=127.0.0.1:3"}, nil, "127.0.0.1:3"},
		{[]string{"NAMESRV_ADDR=127.0.0.1:1", "JAVA_OPT=-Drocketmq.namesrv.addr=127.0.0.1:2"}, []string{"-n", "127.0.0.1:4"}, "127.0.0.1:4"},
		{nil, []string{"-n", "nowhere"}, `"nowhere" is not host:port`},
	} {
		cmd := program(t, "mqadmin", append([]string{"topicList"}, c.args...)...)
		cmd.Env = append(cmd.Env, c.env...)
		out, errs, status := outcome(t, cmd)
		require.Equal(t, 1, status, c.want)
		require.Empty(t, out, c.want)
		require.True(t, strings.HasPrefix(errs, "mqadmin topicList: "), errs)
		require.Contains(t, errs, c.want)
		require.Equal(t, 1, strings.Count(errs, "\n"), errs)
	}
}
