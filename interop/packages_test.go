package interop

import (
	"archive/tar"
	"compress/gzip"
	"debug/elf"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/interop/internal/cluster"
	"github.com/boostermq/booster/interop/internal/javaenv"
)

// TestPackages: make dist makes for both processors a tree that unpacks and runs, a deb and an rpm.
func TestPackages(t *testing.T) {
	t.Parallel()
	if suite.kind != cluster.Booster {
		t.Skip("they are Booster's packages")
	}
	root, err := javaenv.Root()
	require.NoError(t, err)
	out := t.TempDir()
	build := exec.Command("sh", "compat/dist/build.sh", "dist", "v1.2.3-rc1")
	build.Dir, build.Env = root, append(os.Environ(), "OUT="+out)
	said, err := build.CombinedOutput()
	require.NoError(t, err, string(said))

	for arch, want := range map[string]struct {
		machine elf.Machine
		deb     string
		rpm     string
	}{
		"amd64": {elf.EM_X86_64, "booster_1.2.3.rc1_amd64.deb", "booster-1.2.3.rc1-1.x86_64.rpm"},
		"arm64": {elf.EM_AARCH64, "booster_1.2.3.rc1_arm64.deb", "booster-1.2.3.rc1-1.aarch64.rpm"},
	} {
		files := untar(t, filepath.Join(out, "booster-v1.2.3-rc1-linux-"+arch+".tar.gz"), filepath.Join(out, arch))
		for _, name := range []string{"LICENSE", "bin/mqnamesrv", "bin/mqbroker", "bin/mqadmin", "bin/mqshutdown", "bin/runserver.sh", "bin/runbroker.sh",
			"bin/tools.sh", "bin/os.sh", "bin/play.sh", "bin/dledger/fast-try.sh", "bin/masterslave/fast-try.sh", "conf/broker.conf", "conf/plain_acl.yml",
			"conf/tools.yml", "conf/2m-2s-async/broker-a-s.properties", "conf/2m-2s-sync/broker-b.properties", "conf/2m-noslave/broker-trace.properties",
			"conf/dledger/broker-n2.conf"} {
			require.Contains(t, files, "booster-v1.2.3-rc1-linux-"+arch+"/"+name)
		}
		program, err := elf.Open(filepath.Join(out, arch, "booster-v1.2.3-rc1-linux-"+arch, "bin", "booster"))
		require.NoError(t, err)
		require.Equal(t, want.machine, program.Machine)
		libraries, err := program.ImportedLibraries()
		require.NoError(t, err)
		require.Empty(t, libraries, "it is static")
		require.NoError(t, program.Close())
		require.FileExists(t, filepath.Join(out, want.rpm))

		list, err := exec.Command("dpkg-deb", "--contents", filepath.Join(out, want.deb)).Output()
		require.NoError(t, err)
		for _, name := range []string{"./usr/lib/booster/bin/booster", "./usr/bin/mqbroker -> /usr/lib/booster/bin/mqbroker", "./etc/rocketmq/broker.conf",
			"./usr/lib/booster/conf -> /etc/rocketmq", "./usr/lib/systemd/system/rocketmq-broker.service", "./usr/lib/systemd/system/rocketmq-namesrv.service"} {
			require.Contains(t, string(list), name+"\n")
		}
	}
}

// untar unpacks plain files and folders and returns the names.
func untar(t *testing.T, archive, into string) []string {
	t.Helper()
	f, err := os.Open(archive)
	require.NoError(t, err)
	defer f.Close()
	unzipped, err := gzip.NewReader(f)
	require.NoError(t, err)
	var names []string
	for r := tar.NewReader(unzipped); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return names
		}
		require.NoError(t, err)
		require.Zero(t, h.Uid+h.Gid, h.Name)
		require.True(t, filepath.IsLocal(h.Name), h.Name)
		names = append(names, strings.TrimSuffix(h.Name, "/"))
		path := filepath.Join(into, h.Name)
		if h.Typeflag == tar.TypeDir {
			require.NoError(t, os.MkdirAll(path, 0o755))
			continue
		}
		require.Equal(t, byte(tar.TypeReg), h.Typeflag, h.Name)
		text, err := io.ReadAll(r)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, text, 0o755))
	}
}
