package dist

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const ordinaryUser = 3000 // of the later images

// asOrdinaryUser returns how to run a command as somebody who may not write everywhere, and his number.
func asOrdinaryUser() (*syscall.SysProcAttr, int) {
	if os.Getuid() != 0 {
		return nil, os.Getuid()
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: ordinaryUser, Gid: ordinaryUser}}, ordinaryUser
}

// TestUnwritableVolume: a store that belongs to somebody else, the famous exit status 253, is told in a sentence that says
// who must have which right; a store folder that must be made, too.
func TestUnwritableVolume(t *testing.T) {
	attr, uid := asOrdinaryUser()
	dir, err := os.MkdirTemp(filepath.Dir(home), "volume-")
	require.NoError(t, err)
	require.NoError(t, os.Mkdir(filepath.Join(dir, "store"), 0o555))
	conf := filepath.Join(dir, "broker.conf")
	require.NoError(t, os.WriteFile(conf, []byte("listenPort=0\nbindAddress=127.0.0.1\nbrokerIP1=127.0.0.1\n"), 0o644))
	require.NoError(t, os.Chmod(dir, 0o555))
	t.Cleanup(func() { require.NoError(t, os.Chmod(dir, 0o755)) }) // so that it can be removed
	for _, store := range []string{"store", "new"} {
		cmd := call{args: []string{"sh", "mqbroker", "-c", conf}, env: []string{"JAVA_OPT=-Duser.home=" + dir}}.command(t)
		if store == "new" {
			cmd.Env = append(cmd.Env, "JAVA_OPT=-Duser.home="+filepath.Join(dir, "new"))
		}
		cmd.SysProcAttr = attr
		stdout, stderr, status := outcomeOf(t, cmd)
		require.Equal(t, 253, status, stderr)
		require.Empty(t, stdout)
		require.Contains(t, stderr, fmt.Sprintf("permission denied; user %d, who runs this, must be able to read and write there\n", uid))
	}
	require.NoError(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		require.Contains(t, []string{dir, conf, filepath.Join(dir, "store")}, path, "nothing is left behind")
		return err
	}))
}

// TestNamesrvComesLater: a broker whose name servers cannot be resolved or are not there yet starts, says so once for each,
// however often it tries, and registers when one comes. Too little memory is told in one sentence.
func TestNamesrvComesLater(t *testing.T) {
	namesrvPort, brokerPort := freePorts(t)
	conf := writeFile(t, "broker.conf", fmt.Sprintf("brokerName=b7\nbrokerIP1=127.0.0.1\nbindAddress=127.0.0.1\nlistenPort=%d\n", brokerPort))
	nsConf := writeFile(t, "namesrv.conf", fmt.Sprintf("bindAddress=127.0.0.1\nlistenPort=%d\n", namesrvPort))
	addr := fmt.Sprintf("127.0.0.1:%d", namesrvPort)
	shell := []string{"sh"}
	var said, nsSaid bytes.Buffer
	b := start(t, call{args: append(shell, "mqbroker", "-n", "no-such-host.invalid:9876;"+addr, "-c", conf), errs: &said})
	b.awaitLine(t, " boot success.")
	ns := start(t, call{args: append(shell, "mqnamesrv", "-c", nsConf), env: []string{"MAX_POSSIBLE_HEAP=1000"}, errs: &nsSaid})
	ns.awaitLine(t, "memory limit 64 MiB (MAX_POSSIBLE_HEAP=1000)\n")
	require.Eventually(t, func() bool { // the broker tries again
		stdout, _, _ := call{args: append(shell, "mqadmin", "clusterList", "-n", addr)}.outcome(t)
		return strings.Contains(stdout, fmt.Sprintf("127.0.0.1:%d", brokerPort))
	}, 30*time.Second, 100*time.Millisecond)
	requireShutdown(t, shell, "broker", b)
	requireShutdown(t, shell, "namesrv", ns)
	for _, who := range []string{`"the host of no-such-host.invalid:9876"`, addr} {
		require.Equal(t, 1, strings.Count(said.String(), `msg="name server not reached, trying again" addr=`+who+" "), said.String())
	}
	require.Equal(t, 1, strings.Count(nsSaid.String(), "MAX_POSSIBLE_HEAP=1000 is too little memory and 64 MiB are used: give at least those\n"), nsSaid.String())
}

// TestConfFiles: every file of settings that is delivered is accepted, but for those of DLedger.
func TestConfFiles(t *testing.T) {
	count := 0
	for _, pattern := range []string{"broker.conf", "2m-*/*.properties"} {
		files, err := filepath.Glob(filepath.Join(home, "conf", pattern))
		require.NoError(t, err)
		for _, file := range files {
			stdout, stderr, status := call{args: []string{"sh", "mqbroker", "-c", file, "-p"}}.outcome(t)
			require.Zero(t, status, "%s: %s", file, stderr)
			slave := strings.HasSuffix(file, "-s.properties")
			require.Equal(t, slave, strings.Contains(stdout, " - brokerRole=SLAVE\n"), file)
			require.Equal(t, slave, strings.Contains(stdout, " - brokerId=1\n"), file)
			count++
		}
	}
	require.Equal(t, 12, count)
}
