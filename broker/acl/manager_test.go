package acl

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/vfs"
)

func account1(accessKey, secretKey string) string {
	return "accounts:\n- accessKey: " + accessKey + "\n  secretKey: " + secretKey + "\n"
}

// lets tells whether a plain request with this key and secret is let through.
func (f *fixture) lets(accessKey, secretKey string) bool {
	return f.Validate(elsewhere, signed(request(codec.GetBrokerRuntimeInfo), accessKey, secretKey)) == nil
}

func TestLoadCreatesTheDefaultFile(t *testing.T) {
	f := newFixture(t, Options{}, nil)
	require.False(t, f.lets("someKey1", "secret01")) // nothing is let in before
	require.NoError(t, f.Load())
	require.Empty(t, f.read(plainPath))
	require.Contains(t, f.log.take(), "no ACL file has an account")
	require.False(t, f.lets("someKey1", "secret01"))
}

// TestLoadOnDisk: the default file is for its owner only.
func TestLoadOnDisk(t *testing.T) {
	dir := t.TempDir()
	m := New(Options{Home: dir})
	require.NoError(t, m.Load())
	info, err := os.Stat(filepath.Join(dir, "conf", "plain_acl.yml"))
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o600), info.Mode().Perm())
	require.NoError(t, m.UpdateAccessConfig(newUser02))
	require.NoError(t, m.Load())
	require.Len(t, m.state.Load().accounts, 1)
}

func TestLoadWithoutHome(t *testing.T) {
	require.ErrorIs(t, New(Options{FS: vfs.NewMemFS()}).Load(), ErrNoHome)
}

// TestLoadOrder: files below conf/acl by path, then the default file; the first
// account with a key wins. Other names are not looked at.
func TestLoadOrder(t *testing.T) {
	f := newFixture(t, Options{}, map[string]string{
		plainPath:                         account1("sameKey1", "default1") + "- accessKey: onlyDef1\n  secretKey: default1\nglobalWhiteRemoteAddresses: [10.0.0.1]\n",
		home + "/conf/acl/zz.yml":         account1("sameKey1", "secretZZ") + "globalWhiteRemoteAddresses: [10.0.0.2]\n",
		home + "/conf/acl/aa/deep/b.yaml": account1("sameKey1", "secretBB"),
		home + "/conf/acl/aa/c.txt":       "no: [YAML",
		home + "/conf/acl/tools.yml":      "accessKey: x\nsecretKey: y\n",
		home + "/conf/acl/..data/zz.yml":  account1("hidden01", "secret01"),
		home + "/conf/acl/.zz.yml":        "a: b: c",
		home + "/conf/tools.yml":          "a: b: c",
		home + "/conf/other.yml":          account1("other001", "secret01"),
	})
	require.NoError(t, f.Load())
	require.True(t, f.lets("sameKey1", "secretBB"))
	require.False(t, f.lets("sameKey1", "secretZZ"))
	require.False(t, f.lets("sameKey1", "default1"))
	require.True(t, f.lets("onlyDef1", "default1"))
	require.False(t, f.lets("hidden01", "secret01"))
	require.False(t, f.lets("other001", "secret01"))
	log := f.log.take()
	require.Contains(t, log, "zz.yml:2: account sameKey1 is ignored, it is in "+home+"/conf/acl/aa/deep/b.yaml too")
	require.Contains(t, log, "plain_acl.yml:2: account sameKey1 is ignored")
	for _, ip := range []string{"10.0.0.1", "10.0.0.2"} {
		require.NoError(t, f.Validate(netipAddr(ip), request(codec.SendMessage)))
	}
	_, all := f.Versions()
	require.Len(t, all, 3)
}

func TestLoadRefusesBrokenFiles(t *testing.T) {
	f := newFixture(t, Options{}, map[string]string{
		plainPath:                account1("good0001", "secret01"),
		home + "/conf/acl/a.yml": account1("short", "secret01"),
		home + "/conf/acl/b.yml": "x: [",
	})
	err := f.Load()
	require.ErrorContains(t, err, home+"/conf/acl/a.yml:2: account \"short\"")
	require.ErrorContains(t, err, home+"/conf/acl/b.yml:")
	var fileErr *FileError
	require.ErrorAs(t, err, &fileErr)
	require.False(t, f.lets("good0001", "secret01"))
}

func TestLoadReadError(t *testing.T) {
	ff := vfs.NewFaultFS(vfs.NewMemFS(), nil)
	f := newFixture(t, Options{FS: ff}, map[string]string{plainPath: account1("good0001", "secret01")})
	broken := errors.New("disk on fire")
	ff.Inject(vfs.Always(vfs.On("plain_acl", vfs.OpRead), vfs.Fault{Err: broken}))
	err := f.Load()
	require.ErrorIs(t, err, broken)
	require.ErrorContains(t, err, plainPath)
	ff.Inject(nil)
	require.NoError(t, f.Load())
}

// TestHotReload: a change is taken within two looks, a broken one is not, and is
// said once.
func TestHotReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := loaded(t, Options{}, account1("first001", "secret01"))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); f.Run(ctx) }()
		settled := func() string {
			time.Sleep(defaultReloadInterval + maxSettle)
			synctest.Wait()
			return f.log.take()
		}
		settled()
		require.Empty(t, settled()) // nothing changed, nothing said

		f.write(plainPath, account1("second02", "secret01"))
		require.Contains(t, settled(), "ACL files read")
		require.True(t, f.lets("second02", "secret01"))
		require.False(t, f.lets("first001", "secret01"))

		f.write(plainPath, "accounts:\n- accessKey: [\n")
		require.Contains(t, settled(), "plain_acl.yml:")
		require.True(t, f.lets("second02", "secret01"))
		require.Empty(t, settled()) // said once

		f.write(home+"/conf/acl/more.yml", account1("third003", "secret01"))
		require.Contains(t, settled(), "plain_acl.yml:") // still broken
		require.False(t, f.lets("third003", "secret01"))

		f.write(plainPath, account1("second02", "secret02"))
		require.Contains(t, settled(), "ACL files read")
		require.True(t, f.lets("second02", "secret02"))
		require.True(t, f.lets("third003", "secret01"))

		require.NoError(t, f.fs.Remove(home+"/conf/acl/more.yml"))
		settled()
		require.False(t, f.lets("third003", "secret01"))
		require.NoError(t, f.fs.Remove(plainPath))
		settled()
		require.False(t, f.lets("second02", "secret02"))
		cancel()
		<-done
	})
}

// TestHotReloadOfHalfAFile: what is seen once only is not believed.
func TestHotReloadOfHalfAFile(t *testing.T) {
	f := loaded(t, Options{}, account1("first001", "secret01"))
	f.write(plainPath, "")
	require.Equal(t, maxSettle, f.poll())
	require.True(t, f.lets("first001", "secret01"))
	f.write(plainPath, account1("second02", "secret01"))
	require.Equal(t, maxSettle, f.poll())
	require.True(t, f.lets("first001", "secret01"))
	require.Equal(t, defaultReloadInterval, f.poll())
	require.True(t, f.lets("second02", "secret01"))
	f.write(plainPath, "")
	f.poll()
	f.write(plainPath, account1("second02", "secret01"))
	require.Equal(t, defaultReloadInterval, f.poll()) // as it was
	require.True(t, f.lets("second02", "secret01"))
}

func TestHotReloadReadError(t *testing.T) {
	ff := vfs.NewFaultFS(vfs.NewMemFS(), nil)
	f := newFixture(t, Options{FS: ff}, map[string]string{plainPath: account1("first001", "secret01")})
	require.NoError(t, f.Load())
	f.log.take()
	ff.Inject(vfs.Always(vfs.On("plain_acl", vfs.OpRead), vfs.Fault{Err: fs.ErrPermission}))
	f.poll()
	require.Contains(t, f.log.take(), "cannot be read")
	f.poll()
	require.Empty(t, f.log.take())
	require.True(t, f.lets("first001", "secret01"))
	ff.Inject(nil)
	f.poll()
	ff.Inject(vfs.Always(vfs.On("conf/acl", vfs.OpReadDir), vfs.Fault{Err: fs.ErrPermission}))
	f.poll()
	require.Contains(t, f.log.take(), "cannot be read")
}

// TestVersions: a file states its version, or its changes are counted.
func TestVersions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stated := home + "/conf/acl/stated.yml"
		f := newFixture(t, Options{}, map[string]string{
			plainPath: account1("first001", "secret01"),
			stated:    account1("second02", "secret01") + "dataVersion: [{counter: 7, timestamp: 1795350958118}]\n",
		})
		start := time.Now().UnixMilli()
		require.NoError(t, f.Load())
		plain, all := f.Versions()
		require.Equal(t, codec.DataVersion{Timestamp: start}, plain)
		require.Equal(t, map[string]codec.DataVersion{plainPath: plain, stated: {Counter: 7, Timestamp: 1795350958118}}, all)
		time.Sleep(time.Second)
		f.write(stated, account1("second02", "secret01")+"dataVersion: [{counter: 8, timestamp: 1795350958119}]\n")
		f.poll()
		f.poll()
		unchanged, all := f.Versions()
		require.Equal(t, plain, unchanged)
		require.Equal(t, int64(8), all[stated].Counter)
		f.write(plainPath, account1("first001", "secret02"))
		f.poll()
		f.poll()
		plain, _ = f.Versions()
		require.Equal(t, codec.DataVersion{Counter: 1, Timestamp: start + 1000}, plain)
	})
}
