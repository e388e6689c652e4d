package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// asProgram makes the test binary run as the program of that name.
const asProgram = "BOOSTER_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if name := os.Getenv(asProgram); name != "" {
		os.Exit(run(append([]string{name}, os.Args[1:]...)))
	}
	os.Exit(m.Run())
}

// program is the command line of a program in an empty environment.
func program(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Dir = t.TempDir()
	cmd.Env = []string{asProgram + "=" + name, "HOME=" + cmd.Dir}
	return cmd
}

// outcome runs a program to its end.
func outcome(t *testing.T, cmd *exec.Cmd) (stdout, stderr string, status int) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		require.IsType(t, &exec.ExitError{}, err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

func writeConf(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.conf")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	return path
}

// TestUsage: -h and wrong options print what RocketMQ's programs print.
func TestUsage(t *testing.T) {
	const brokerUsage = `usage: mqbroker [-c <arg>] [-h] [-m] [-n <arg>] [-p]
 -c,--configFile <arg>       Broker config properties file
 -h,--help                   Print help
 -m,--printImportantConfig   Print important config item
 -n,--namesrvAddr <arg>      Name server address list, eg: '192.168.0.1:9876;192.168.0.2:9876'
 -p,--printConfigItem        Print all config item
`
	const namesrvUsage = `usage: mqnamesrv [-c <arg>] [-h] [-n <arg>] [-p]
 -c,--configFile <arg>    Name server config properties file
 -h,--help                Print help
 -n,--namesrvAddr <arg>   Name server address list, eg: '192.168.0.1:9876;192.168.0.2:9876'
 -p,--printConfigItem     Print all config items
`
	for _, c := range []struct {
		name, option, usage string
		status              int
	}{
		{"mqbroker", "-h", brokerUsage, 0}, {"mqbroker", "-x", brokerUsage, 1},
		{"mqnamesrv", "-h", namesrvUsage, 0}, {"mqnamesrv", "-x", namesrvUsage, 1},
	} {
		stdout, _, status := outcome(t, program(t, c.name, c.option))
		require.Equal(t, c.usage, stdout, c.name+c.option)
		require.Equal(t, c.status, status, c.name+c.option)
	}
}

// TestPrintConfig: -p and -m print settings and end with 0.
func TestPrintConfig(t *testing.T) {
	conf := writeConf(t, "brokerName=b7\nbrokerIP1=127.0.0.1\n")
	stdout, _, status := outcome(t, program(t, "mqbroker", "-c", conf, "-p"))
	require.Zero(t, status)
	require.Regexp(t, `(?m)^\d{4}-\d\d-\d\d \d\d\\:\d\d\\:\d\d INFO main - brokerName=b7$`, stdout)
	require.Contains(t, stdout, "INFO main - mappedFileSizeCommitLog=1073741824\n")
	important, _, status := outcome(t, program(t, "mqbroker", "-c", conf, "-m"))
	require.Zero(t, status)
	require.Contains(t, important, " - brokerName=b7\n")
	require.NotContains(t, important, "mappedFileSizeCommitLog")
	stdout, _, status = outcome(t, program(t, "mqnamesrv", "-p"))
	require.Zero(t, status)
	require.Contains(t, stdout, " - listenPort=9876\n")
}

// TestBadConfiguration: wrong values stop the start with file, line and key.
func TestBadConfiguration(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"listenPort=abc\n", "line 1: listenPort=abc"},
		{"\n# x\nflushDiskType=SOMETIMES\n", "line 3: flushDiskType=SOMETIMES"},
		{"metricsExporterType=OTLP_GRPC\n", "line 1: metricsExporterType=OTLP_GRPC"},
		{"autoCreateTopicEnable=yes\n", "line 1: autoCreateTopicEnable=yes"},
	} {
		conf := writeConf(t, c.text)
		_, stderr, status := outcome(t, program(t, "mqbroker", "-c", conf))
		require.NotZero(t, status)
		require.Contains(t, stderr, conf)
		require.Contains(t, stderr, c.want)
	}
	_, stderr, status := outcome(t, program(t, "mqbroker", "-c", "/nonexistent"))
	require.NotZero(t, status)
	require.Contains(t, stderr, "/nonexistent")
}

// TestUnusableStore: a store that is no folder is one sentence on stderr.
func TestUnusableStore(t *testing.T) {
	file := writeConf(t, "")
	conf := writeConf(t, fmt.Sprintf("brokerIP1=127.0.0.1\nlistenPort=0\nstorePathRootDir=%s/store\nmetricsPromExporterPort=-1\n", file))
	_, stderr, status := outcome(t, program(t, "mqbroker", "-c", conf))
	require.NotZero(t, status)
	require.Contains(t, stderr, "the store folder "+file+"/store cannot be used")
	require.Equal(t, 1, strings.Count(stderr, "\n"), stderr)
}

// TestPortInUse and a locked store: one sentence on stderr and a non-zero status; the boot line and a clean stop of who came first.
func TestPortInUseAndLockedStore(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	port := l.Addr().(*net.TCPAddr).Port
	conf := writeConf(t, fmt.Sprintf("bindAddress=127.0.0.1\nlistenPort=%d\n", port))
	_, stderr, status := outcome(t, program(t, "mqnamesrv", "-c", conf))
	require.NotZero(t, status)
	require.Contains(t, stderr, "address already in use")

	store := filepath.Join(t.TempDir(), "store")
	conf = writeConf(t, fmt.Sprintf("brokerName=b7\nbrokerIP1=127.0.0.1\nbindAddress=127.0.0.1\nlistenPort=0\nstorePathRootDir=%s\nmetricsPromExporterPort=0\nnoSuchKey=1\n", store))
	first := program(t, "mqbroker", "-c", conf)
	var log bytes.Buffer
	first.Stderr = &log
	out, err := first.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, first.Start())
	banner := awaitLine(t, out, "boot success. serializeType=JSON")
	require.Regexp(t, `(?m)^page at http://127\.0\.0\.1:\d+/`, banner)
	require.FileExists(t, filepath.Join(store, "abort"))

	_, stderr, status = outcome(t, program(t, "mqbroker", "-c", conf))
	require.NotZero(t, status)
	require.Contains(t, stderr, "Lock failed,MQ already started")

	require.NoError(t, first.Process.Signal(syscall.SIGINT))
	require.NoError(t, first.Wait())
	require.NoFileExists(t, filepath.Join(store, "abort"))
	require.Contains(t, log.String(), "noSuchKey", "an unknown key is logged and ignored")
}

// awaitLine reads until a line holds text, and lets the rest of the output go by.
func awaitLine(t *testing.T, out io.Reader, text string) (before string) {
	t.Helper()
	var seen strings.Builder
	buf := make([]byte, 4096)
	for !strings.Contains(seen.String(), text) {
		n, err := out.Read(buf)
		seen.Write(buf[:n])
		require.NoError(t, err, seen.String())
	}
	return seen.String()
}

// TestLogFiles: the logs are where RocketMQ's are, and JSON by a setting.
func TestLogFiles(t *testing.T) {
	conf := writeConf(t, "brokerName=b7\nbrokerIP1=127.0.0.1\nbindAddress=127.0.0.1\nlistenPort=0\nmetricsPromExporterPort=-1\nlogFormat=json\n")
	for name, files := range map[string][]string{"mqbroker": {"broker", "store"}, "mqnamesrv": {"namesrv"}} {
		if name == "mqnamesrv" {
			conf = writeConf(t, "bindAddress=127.0.0.1\nlistenPort=0\nmetricsPromExporterPort=-1\nlogFormat=json\n")
		}
		cmd := program(t, name, "-c", conf)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		awaitLine(t, out, "boot success. serializeType=JSON")
		require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
		require.NoError(t, cmd.Wait())
		for _, file := range files {
			text, err := os.ReadFile(filepath.Join(cmd.Dir, "logs", "rocketmqlogs", file+".log"))
			require.NoError(t, err)
			for line := range strings.Lines(string(text)) {
				require.True(t, json.Valid([]byte(line)), line)
			}
		}
	}
	_, stderr, status := outcome(t, program(t, "mqbroker", "-c", writeConf(t, "brokerIP1=127.0.0.1\nlogLevel=loud\n")))
	require.NotZero(t, status)
	require.Contains(t, stderr, "logLevel=loud: want debug, info, warn or error")
}
