package dist

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// home is the installation tree under test, made by TestMain.
var home string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "booster-dist-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil { // for tests that run the programs as another user
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	home = filepath.Join(dir, "booster")
	build := exec.Command("sh", "compat/dist/build.sh", "tree", "test", goArch(), home)
	build.Dir = filepath.Join("..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build.sh tree: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

func goArch() string {
	out, err := exec.Command("go", "env", "GOHOSTARCH").Output()
	if err != nil {
		return "amd64"
	}
	return strings.TrimSpace(string(out))
}

// requireTool returns the path of a program, installing Debian's package when it is missing and that is allowed.
func requireTool(t *testing.T, name, debian string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	if _, noApt := exec.LookPath("apt-get"); noApt == nil && os.Getuid() == 0 {
		out, installErr := exec.Command("sh", "-c", "apt-get update && apt-get install -y --no-install-recommends "+debian).CombinedOutput()
		if path, err = exec.LookPath(name); err == nil {
			return path
		}
		err = errors.Join(err, installErr, errors.New(string(out)))
	}
	if os.Getenv("CI") == "true" {
		require.NoError(t, err)
	}
	t.Skipf("NOT TESTED: %s is missing (apt-get install %s): %v", name, debian, err)
	return ""
}

// shells are the ones that scripts must work with, as the words before the script.
func shells(t *testing.T) map[string][]string {
	return map[string][]string{
		"dash":    {requireTool(t, "dash", "dash")},
		"bash":    {requireTool(t, "bash", "bash")},
		"busybox": {requireTool(t, "busybox", "busybox-static"), "sh"},
	}
}

// call is one command line, run in the tree's bin folder.
type call struct {
	args []string
	env  []string
	dir  string
	errs io.Writer // standard error of a server; nil = the test's
}

func (c call) command(t *testing.T) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, c.args[0], c.args[1:]...)
	cmd.Dir = filepath.Join(home, "bin")
	if c.dir != "" {
		cmd.Dir = c.dir
	}
	cmd.Env = append([]string{"PATH=" + filepath.Join(home, "bin") + ":" + os.Getenv("PATH"), "HOME=" + t.TempDir()}, c.env...)
	return cmd
}

func (c call) outcome(t *testing.T) (stdout, stderr string, status int) {
	t.Helper()
	return outcomeOf(t, c.command(t))
}

func outcomeOf(t *testing.T, cmd *exec.Cmd) (stdout, stderr string, status int) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		require.IsType(t, &exec.ExitError{}, err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	return path
}

// TestShellcheck: every script is clean.
func TestShellcheck(t *testing.T) {
	args := []string{"-x", "-P", "SCRIPTDIR"}
	for _, root := range []string{".", filepath.Join("..", "..", "packaging")} {
		require.NoError(t, filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			text, err := os.ReadFile(path)
			if bytes.HasPrefix(text, []byte("#!/bin/sh\n")) {
				args = append(args, path)
			}
			return err
		}))
	}
	require.Greater(t, len(args), 20)
	out, err := exec.Command(requireTool(t, "shellcheck", "shellcheck"), args...).CombinedOutput()
	require.NoError(t, err, string(out))
}

// TestCommandForms: the ways in which people call the scripts, with what Java's programs print and end with.
func TestCommandForms(t *testing.T) {
	conf := writeFile(t, "broker.conf", "brokerName=b7\nbrokerIP1=127.0.0.1\n")
	slave := writeFile(t, "slave.conf", "brokerRole=SLAVE\nbrokerId=0\n")
	noFolder := writeFile(t, "store.conf", "listenPort=0\nbrokerIP1=127.0.0.1\nbindAddress=127.0.0.1\nstorePathRootDir="+conf+"/store\n")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	taken := writeFile(t, "taken.conf", fmt.Sprintf("bindAddress=127.0.0.1\nlistenPort=%d\n", l.Addr().(*net.TCPAddr).Port))
	link := filepath.Join(t.TempDir(), "mqbroker")
	require.NoError(t, os.Symlink(filepath.Join(home, "bin", "mqbroker"), link))
	forms := []struct {
		words          string // SH stands for the shell
		env            string
		status         int
		stdout, stderr string
	}{
		{words: "SH mqbroker -h", stdout: "usage: mqbroker [-c <arg>] [-h] [-m] [-n <arg>] [-p]\n"},
		{words: "SH mqbroker -x", status: 1, stdout: "usage: mqbroker [-c <arg>] [-h] [-m] [-n <arg>] [-p]\n"},
		{words: "SH mqbroker -c", status: 1, stdout: "usage: mqbroker"},
		{words: "SH mqnamesrv -h", stdout: "usage: mqnamesrv [-c <arg>] [-h] [-n <arg>] [-p]\n"},
		{words: "./mqnamesrv -p", stdout: " - listenPort=9876\n"},
		{words: "SH mqnamesrv -p plain words", stdout: " - rocketmqHome=" + home + "\n"},
		{words: "SH mqbroker -c ../conf/broker.conf -p autoCreateTopicEnable=false &", stdout: " - autoCreateTopicEnable=true\n"},
		{words: "SH mqbroker -n 127.0.0.1:9876;127.0.0.2:9876 -c ../conf/broker.conf -m", stdout: " - namesrvAddr=127.0.0.1:9876;127.0.0.2:9876\n"},
		{words: "SH " + home + "/bin/mqbroker -c " + conf + " -m", stdout: " - brokerName=b7\n"},
		{words: "mqbroker -c " + conf + " -m", env: "NAMESRV_ADDR=namesrv:9876", stdout: " - namesrvAddr=namesrv:9876\n"},
		{words: "SH " + link + " -p", stdout: " - rocketmqHome=" + home + "\n"},
		{words: "SH mqbroker.numanode1 -m", env: "ROCKETMQ_HOME=" + home, stdout: " - brokerClusterName=DefaultCluster\n"},
		{words: "SH mqbroker -m", env: "JAVA_OPT_EXT=-Xmx512m -Drocketmq.namesrv.addr=x:1", stdout: " - namesrvAddr=x:1\n"},
		{words: "SH mqbroker -c /nonexistent", status: 255, stderr: "/nonexistent"},
		{words: "SH mqnamesrv -c /nonexistent", status: 255, stderr: "/nonexistent"},
		{words: "SH mqbroker -n nowhere", status: 253,
			stderr: "The Name Server Address[nowhere] illegal, please set it as follows, \"127.0.0.1:9876;192.168.0.1:9876\"\n"},
		{words: "SH mqbroker -c " + slave, status: 253, stderr: "Slave's brokerId must be > 0\n"},
		{words: "SH mqbroker -c " + noFolder, status: 253, stderr: "cannot be used"},
		{words: "SH mqnamesrv -c " + taken, status: 255, stderr: "address already in use"},
		{words: "SH runserver.sh no.such.Class", status: 1, stderr: "no.such.Class is not a program of this installation"},
		{words: "SH tools.sh org.apache.rocketmq.example.quickstart.Producer", status: 1, stderr: "Producer: "},
		{words: "SH ./tools.sh org.apache.rocketmq.example.quickstart.Consumer", status: 1,
			stderr: "ERROR: org.apache.rocketmq.example.quickstart.Consumer needs RocketMQ's Java client, which is not here; " +
				"messages are shown by: sh mqadmin consumeMessage -t TopicTest\n"},
		{words: "SH mqshutdown", stdout: "Useage: mqshutdown broker | namesrv\n"},
		{words: "SH mqshutdown broker", status: 255, stdout: "No mqbroker running.\n"},
		{words: "SH mqshutdown namesrv", status: 255, stdout: "No mqnamesrv running.\n"},
		{words: "SH masterslave/fast-try.sh", status: 1, stdout: "Usage: sh masterslave/fast-try.sh start|stop\n"},
		{words: "SH masterslave/fast-try.sh stop", stdout: "Nothing was started here.\n"},
		{words: "SH dledger/fast-try.sh", status: 1, stdout: "Usage: sh dledger/fast-try.sh start|stop\n"},
		{words: "SH dledger/fast-try.sh stop", stdout: "Nothing was started here.\n"},
		{words: "SH dledger/fast-try.sh start", status: 1, stderr: "There is no DLedger here and nothing was started; "},
		{words: "SH mqbroker -c ../conf/dledger/broker-n0.conf", status: 255,
			stderr: "enableDLegerCommitLog=true is not supported: there is no DLedger; take it out\n"},
	}
	for name, shell := range shells(t) {
		t.Run(name, func(t *testing.T) {
			for _, f := range forms {
				c := call{}
				for _, w := range strings.Fields(f.words) {
					if w == "SH" {
						c.args = append(c.args, shell...)
					} else {
						c.args = append(c.args, w)
					}
				}
				if strings.HasPrefix(f.words, "mqbroker") {
					c.args[0] = filepath.Join(home, "bin", "mqbroker") // found in PATH by a shell
				}
				if f.env != "" {
					c.env = []string{f.env}
				}
				stdout, stderr, status := c.outcome(t)
				require.Equal(t, f.status, status, "%s\n%s%s", f.words, stdout, stderr)
				require.Contains(t, stdout, f.stdout, f.words)
				require.Contains(t, stderr, f.stderr, f.words)
			}
		})
	}
}

// TestNoHome: the program by itself, with accounts to read and no ROCKETMQ_HOME, ends as Java does: with −2.
func TestNoHome(t *testing.T) {
	conf := writeFile(t, "acl.conf", "aclEnable=true\nlistenPort=0\nbindAddress=127.0.0.1\nbrokerIP1=127.0.0.1\n")
	_, stderr, status := call{args: []string{filepath.Join(home, "bin", "booster"), "mqbroker", "-c", conf}}.outcome(t)
	require.Equal(t, 254, status, stderr)
	require.Contains(t, stderr, "ROCKETMQ_HOME")
}
