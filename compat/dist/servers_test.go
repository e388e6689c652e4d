package dist

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/internal/freeport"
)

// freePorts returns two ports of the loopback interface, the broker's with room for its other listeners.
func freePorts(t *testing.T) (namesrv, broker int) {
	t.Helper()
	namesrv, err := freeport.Find()
	require.NoError(t, err)
	broker, err = freeport.Find()
	require.NoError(t, err)
	return namesrv, broker
}

// server is a started script.
type server struct {
	cmd   *exec.Cmd
	lines *bufio.Reader
}

func start(t *testing.T, c call) *server {
	t.Helper()
	cmd := c.command(t)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	cmd.Stderr = os.Stderr
	if c.errs != nil {
		cmd.Stderr = c.errs
	}
	require.NoError(t, cmd.Start())
	s := &server{cmd, bufio.NewReader(out)}
	t.Cleanup(func() {
		if cmd.ProcessState == nil {
			require.NoError(t, cmd.Process.Kill())
			_ = cmd.Wait() // killed
		}
	})
	return s
}

// awaitLine reads up to a line with that text and returns what it read.
func (s *server) awaitLine(t *testing.T, text string) string {
	t.Helper()
	seen := ""
	for !strings.Contains(seen, text) {
		line, err := s.lines.ReadString('\n')
		seen += line
		require.NoError(t, err, "waiting for %q:\n%s", text, seen)
	}
	return seen
}

func (s *server) awaitEnd(t *testing.T) {
	t.Helper()
	_, err := io.Copy(io.Discard, s.lines)
	require.NoError(t, err)
	require.NoError(t, s.cmd.Wait())
}

// TestServers: both servers started by their scripts become the program itself, hold the memory they are given, are healthy,
// and end through mqshutdown, which finds them and nobody else.
func TestServers(t *testing.T) {
	for name, shell := range shells(t) {
		t.Run(name, func(t *testing.T) {
			namesrvPort, brokerPort := freePorts(t)
			nsConf := writeFile(t, "namesrv.conf", fmt.Sprintf("bindAddress=127.0.0.1\nlistenPort=%d\n", namesrvPort))
			conf := writeFile(t, "broker.conf", fmt.Sprintf("brokerName=b7\nbrokerIP1=127.0.0.1\nbindAddress=127.0.0.1\nlistenPort=%d\n", brokerPort))
			user := t.TempDir()
			ns := start(t, call{args: append(shell, "mqnamesrv", "-c", nsConf), env: []string{"MAX_POSSIBLE_HEAP=100000000"}})
			ns.awaitLine(t, "memory limit 95 MiB (MAX_POSSIBLE_HEAP=100000000)\n")
			b := start(t, call{args: append(shell, "mqbroker", "-c", filepath.Base(conf), "autoCreateTopicEnable=true"), dir: filepath.Dir(conf),
				env: []string{fmt.Sprintf("NAMESRV_ADDR=127.0.0.1:%d", namesrvPort), "JAVA_OPT_EXT=-Xms512m -Xmx512m -Duser.home=" + user}}.inBin())
			said := b.awaitLine(t, "memory limit 512 MiB (-Xmx512m in JAVA_OPT_EXT)\n")
			require.Contains(t, said, fmt.Sprintf("The broker[b7, 127.0.0.1:%d] boot success. serializeType=JSON and name server is 127.0.0.1:%d\n", brokerPort, namesrvPort))
			require.DirExists(t, filepath.Join(user, "store"), "-Duser.home moves the store")
			require.DirExists(t, filepath.Join(user, "logs", "rocketmqlogs"), "-Duser.home moves the logs")
			exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", b.cmd.Process.Pid))
			require.NoError(t, err)
			require.Equal(t, filepath.Join(home, "bin", "booster"), exe, "the script has become the program")

			booster := filepath.Join(home, "bin", "booster")
			stdout, stderr, status := call{args: []string{booster, "health"}}.outcome(t)
			require.Zero(t, status, stderr)
			require.Contains(t, stdout, fmt.Sprintf("namesrv %d answers on 127.0.0.1:%d\n", ns.cmd.Process.Pid, namesrvPort))
			require.Contains(t, stdout, fmt.Sprintf("broker %d answers on 127.0.0.1:%d\n", b.cmd.Process.Pid, brokerPort))

			requireShutdown(t, shell, "broker", b)
			requireShutdown(t, shell, "namesrv", ns)
			_, stderr, status = call{args: []string{booster, "health"}}.outcome(t)
			require.Equal(t, 1, status)
			require.Equal(t, "no name server and no broker runs here\n", stderr)
		})
	}
}

// inBin makes the script's name absolute, since the call has a folder of its own.
func (c call) inBin() call {
	for i, arg := range c.args {
		if strings.HasPrefix(arg, "mq") {
			c.args[i] = filepath.Join(home, "bin", arg)
		}
	}
	return c
}

func requireShutdown(t *testing.T, shell []string, role string, s *server) {
	t.Helper()
	pid := s.cmd.Process.Pid
	stdout, stderr, status := call{args: append(shell, "mqshutdown", role)}.outcome(t)
	require.Zero(t, status, stderr)
	require.Equal(t, fmt.Sprintf("The mq%s(%d) is running...\nSend shutdown request to mq%s(%d) OK\n", role, pid, role, pid), stdout)
	s.awaitEnd(t)
}

// TestMountedStartScript: a script of the Java image that ends in a call of java starts our program with its options.
func TestMountedStartScript(t *testing.T) {
	java, err := filepath.Abs("rootfs/usr/java/bin/java")
	require.NoError(t, err)
	for name, shell := range shells(t) {
		t.Run(name, func(t *testing.T) {
			user := t.TempDir()
			script := append(shell, java)
			stdout, stderr, status := call{args: append(script, "-server", "-Xms8g", "-XX:+UseG1GC", "-Duser.home="+user, "-cp", ".:../conf",
				"org.apache.rocketmq.broker.BrokerStartup", "-p"), env: []string{"ROCKETMQ_HOME=" + home, "JAVA_OPT_EXT=-Duser.home=/x"}}.outcome(t)
			require.Zero(t, status, stderr)
			require.Contains(t, stdout, " - storePathRootDir="+user+"/store\n")
			_, stderr, status = call{args: append(script, "-version")}.outcome(t)
			require.Zero(t, status)
			require.Contains(t, stderr, `version "1.8.0"`)
		})
	}
}

// TestEntrypoint: the words of later images, NODE_ROLE, and everything else as it stands.
func TestEntrypoint(t *testing.T) {
	entrypoint, err := filepath.Abs("rootfs/docker-entrypoint.sh")
	require.NoError(t, err)
	for name, shell := range shells(t) {
		t.Run(name, func(t *testing.T) {
			for _, c := range []struct{ words, role, want string }{
				{"nameserver -p", "", "listenPort=9876"},
				{"broker -m", "", "brokerClusterName=DefaultCluster"},
				{"dummy -m", "broker", "brokerClusterName=DefaultCluster"},
				{"-m", "broker", "brokerClusterName=DefaultCluster"},
				{"sh mqbroker -m", "", "brokerClusterName=DefaultCluster"},
				{"mqnamesrv -p", "", "listenPort=9876"},
				{"echo a b", "", "a b"},
				{"dev -h", "", "usage: booster dev"},
			} {
				args := append(append(append([]string{}, shell...), entrypoint), strings.Fields(c.words)...)
				stdout, stderr, status := call{args: args, env: []string{"NODE_ROLE=" + c.role}}.outcome(t)
				require.Zero(t, status, "%s: %s", c.words, stderr)
				require.Contains(t, stdout, c.want, c.words)
			}
			_, stderr, status := call{args: append(shell, entrypoint, "controller")}.outcome(t)
			require.Equal(t, 1, status)
			require.Contains(t, stderr, "has no controller")
		})
	}
}
