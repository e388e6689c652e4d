package dist

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// operatorHome is an installation in which the operator has mounted its file.
func operatorHome(t *testing.T, common string) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.Symlink(filepath.Join(home, "bin"), filepath.Join(dir, "bin")))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "conf"), 0o755))
	if common != "" {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "conf", "broker-common.conf"), []byte(common), 0o644))
	}
	return dir
}

// TestOperatorConfig: brokerGenConfig.sh takes who the broker is from the operator, and everything else from the mounted file.
func TestOperatorConfig(t *testing.T) {
	const common = "# comment\nbrokerName=mine\n brokerId = 7\nbrokerClusterName:mine\nbrokerIP1=10.0.0.1\nfileReservedTime=48\nbrokerRole=ASYNC_MASTER"
	master := []string{"BROKER_CLUSTER_NAME=broker", "BROKER_NAME=broker-0", "BROKER_ID=0", "POD_IP=10.0.0.9"}
	replica := []string{"BROKER_CLUSTER_NAME=broker", "BROKER_NAME=broker-0", "BROKER_ID=2"}
	for name, shell := range shells(t) {
		t.Run(name, func(t *testing.T) {
			for _, c := range []struct {
				common string
				env    []string
				want   string // "" = it fails
				err    string
			}{
				{common, master, "# comment\nbrokerIP1=10.0.0.1\nfileReservedTime=48\nbrokerRole=ASYNC_MASTER\n" +
					"brokerClusterName=broker\nbrokerName=broker-0\nbrokerId=0\nbrokerIP1=10.0.0.9\n", ""},
				{common, replica, "# comment\nbrokerIP1=10.0.0.1\nfileReservedTime=48\n" +
					"brokerClusterName=broker\nbrokerName=broker-0\nbrokerId=2\nbrokerRole=SLAVE\n", ""},
				{"", master, "", "broker-common.conf cannot be read; the operator mounts it"},
				{common, master[1:], "", "BROKER_CLUSTER_NAME must be set"},
				{common, append(master[:1:1], master[2:]...), "", "BROKER_NAME must be set"},
				{common, append(master[:2:2], "BROKER_ID=-1"), "", "BROKER_ID=-1 is not a number"},
				{common, append(master[:4:4], "enableControllerMode=true"), "", "there is no controller mode"},
			} {
				dir := operatorHome(t, c.common)
				stdout, stderr, status := call{args: append(shell, "brokerGenConfig.sh"), env: append(c.env, "ROCKETMQ_HOME="+dir)}.outcome(t)
				if c.want == "" {
					require.NotZero(t, status, stdout)
					require.Contains(t, stderr, "brokerGenConfig.sh: ")
					require.Contains(t, stderr, c.err)
					require.NoFileExists(t, filepath.Join(dir, "conf", "broker.conf"), c.err)
					continue
				}
				require.Zero(t, status, stderr)
				require.Equal(t, c.want, withoutEmptyLines(stdout))
			}
		})
	}
}

func withoutEmptyLines(text string) string {
	out := ""
	for line := range strings.Lines(text) {
		if line != "\n" {
			out += line
		}
	}
	return out
}

// TestOperatorStart: brokerStart.sh makes the configuration, takes the operator's list of name servers, which can end in a
// semicolon, and becomes the broker; a configuration that cannot be made starts nothing.
func TestOperatorStart(t *testing.T) {
	for name, shell := range shells(t) {
		t.Run(name, func(t *testing.T) {
			_, port := freePorts(t)
			dir := operatorHome(t, fmt.Sprintf("listenPort=%d\nbindAddress=127.0.0.1\n", port))
			env := []string{"ROCKETMQ_HOME=" + dir, "BROKER_CLUSTER_NAME=broker", "BROKER_NAME=broker-0", "BROKER_ID=0", "POD_IP=127.0.0.1",
				"NAMESRV_ADDR=127.0.0.1:1;127.0.0.1:2;", "BROKER_MEM= -Xms256m -Xmx256m -Xmn128m "}
			b := start(t, call{args: append(shell, "./brokerStart.sh"), env: env})
			said := b.awaitLine(t, "memory limit 256 MiB (-Xmx256m in BROKER_MEM)\n")
			require.Contains(t, said, fmt.Sprintf("The broker[broker-0, 127.0.0.1:%d] boot success. serializeType=JSON and name server is 127.0.0.1:1;127.0.0.1:2;\n", port))
			exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", b.cmd.Process.Pid))
			require.NoError(t, err)
			require.Equal(t, filepath.Join(home, "bin", "booster"), exe)
			requireShutdown(t, shell, "broker", b)

			stdout, stderr, status := call{args: append(shell, "./brokerStart.sh"), env: append(env, "BROKER_ID=x")}.outcome(t)
			require.Equal(t, 1, status, stdout)
			require.Contains(t, stderr, "BROKER_ID=x is not a number")
		})
	}
}
