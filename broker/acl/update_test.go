package acl

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/boostermq/booster/internal/vfs"
)

func ptr(s string) *string { return &s }

var newUser01 = &AccessConfig{
	AccessKey: "newUser01", SecretKey: "newSecret01", WhiteRemoteAddress: ptr("10.1.2.*"), DefaultTopicPerm: ptr("PUB"), DefaultGroupPerm: ptr("SUB"),
	TopicPerms: []string{"t1=DENY", "t2=PUB"}, GroupPerms: []string{"g1=SUB"},
}

// TestUpdateAsJava: what mqadmin did to a 4.9.8 broker gives the file that one wrote.
func TestUpdateAsJava(t *testing.T) {
	sample, err := os.ReadFile("testdata/plain_acl.before.yml")
	require.NoError(t, err)
	f := loaded(t, Options{}, string(sample))
	require.NoError(t, f.UpdateAccessConfig(newUser01))
	require.NoError(t, f.UpdateAccessConfig(&AccessConfig{AccessKey: "newUser02", SecretKey: "newSecret02"}))
	require.True(t, f.lets("newUser02", "newSecret02"))
	require.NoError(t, f.DeleteAccessConfig("newUser02"))
	require.False(t, f.lets("newUser02", "newSecret02"))
	require.NoError(t, f.UpdateGlobalWhiteAddrs("10.10.103.*,192.168.0.*", ""))
	require.NoError(t, f.Validate(netipAddr("192.168.0.5"), request(28)))

	wanted, err := os.ReadFile("testdata/plain_acl.after-mqadmin.yml")
	require.NoError(t, err)
	timestamp := regexp.MustCompile(`timestamp: \d{13}`)
	want := strings.ReplaceAll(string(wanted), "whiteRemoteAddress: null", "whiteRemoteAddress:")
	require.Equal(t, timestamp.ReplaceAllString(want, ""), timestamp.ReplaceAllString(f.read(plainPath), ""))
	require.Equal(t, int64(4), f.state.Load().versions[plainPath].Counter)
	require.NotContains(t, f.log.take(), "newSecret")
}

const commented = `# who may do what
globalWhiteRemoteAddresses: [10.0.0.1] # the console
extra: {kept: true}
accounts:
# the shop
- accessKey: shopKey1 # since 2019
  secretKey: 0123456789 # as it is written
  custom: 5
  topicPerms: [T=PUB] # orders
  admin: true
- {accessKey: flowKey1, secretKey: secret01}
`

// TestUpdateEdits: comments, unknown keys and what was not to be changed stay.
func TestUpdateEdits(t *testing.T) {
	for _, row := range []struct {
		name, before string
		do           func(m *Manager) error
		want         string // without the data version
	}{
		{"comments", commented,
			func(m *Manager) error {
				return m.UpdateAccessConfig(&AccessConfig{AccessKey: "shopKey1", SecretKey: "0123456789", DefaultTopicPerm: ptr("SUB")})
			},
			strings.Replace(commented, "admin: true\n", "admin: false\n  defaultTopicPerm: SUB\n", 1)},
		{"flow account", commented,
			func(m *Manager) error {
				return m.UpdateAccessConfig(&AccessConfig{AccessKey: "flowKey1", SecretKey: "1234567", Admin: true})
			},
			strings.Replace(commented, "- {accessKey: flowKey1, secretKey: secret01}\n", "- accessKey: flowKey1\n  secretKey: '1234567'\n  admin: true\n", 1)},
		{"white list", commented, func(m *Manager) error { return m.UpdateGlobalWhiteAddrs(" 10.1.2.{3,4} ,,10.2.*.*", "") },
			strings.Replace(commented, "globalWhiteRemoteAddresses: [10.0.0.1] # the console\n", "globalWhiteRemoteAddresses:\n- '10.1.2.{3,4}'\n- 10.2.*.*\n", 1)},
		{"white list emptied", commented, func(m *Manager) error { return m.UpdateGlobalWhiteAddrs("", plainPath) },
			strings.Replace(commented, "[10.0.0.1] # the console\n", "[]\n", 1)},
		{"delete", commented, func(m *Manager) error { return m.DeleteAccessConfig("flowKey1") },
			strings.Replace(commented, "- {accessKey: flowKey1, secretKey: secret01}\n", "", 1)},
		{"empty file", "", func(m *Manager) error { return m.UpdateAccessConfig(newUser02) }, account2},
		{"only comments", "# mine\n\n", func(m *Manager) error { return m.UpdateAccessConfig(newUser02) }, "# mine\n" + account2},
		{"null", "~\n", func(m *Manager) error { return m.UpdateAccessConfig(newUser02) }, account2},
		{"null accounts", "accounts:\n", func(m *Manager) error { return m.UpdateAccessConfig(newUser02) }, account2},
		{"flow file", "{accounts: []}\n", func(m *Manager) error { return m.UpdateAccessConfig(newUser02) }, account2},
		{"empty lists and texts", "accounts:\n- accessKey: newUser02\n  secretKey: newSecret02\n  admin: false\n  whiteRemoteAddress: 10.0.0.1\n",
			func(m *Manager) error {
				return m.UpdateAccessConfig(&AccessConfig{AccessKey: "newUser02", SecretKey: "newSecret02", WhiteRemoteAddress: ptr(""), TopicPerms: []string{}})
			},
			account2 + "  whiteRemoteAddress: ''\n  topicPerms: []\n"},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := loaded(t, Options{}, row.before)
			require.NoError(t, row.do(f.Manager))
			got := f.read(plainPath)
			head, version, ok := strings.Cut(got, "dataVersion:\n")
			require.True(t, ok, got)
			require.Regexp(t, `^- counter: 1\n  timestamp: \d{13}\n$`, version)
			require.Equal(t, row.want, head)
			if row.before != "" {
				require.Equal(t, row.before, f.read(plainPath+".bak"))
			}
		})
	}
}

var newUser02 = &AccessConfig{AccessKey: "newUser02", SecretKey: "newSecret02"}

const account2 = "accounts:\n- accessKey: newUser02\n  secretKey: newSecret02\n  admin: false\n"

// TestUpdateInItsFile: an account is changed where it counts, and deleted everywhere.
func TestUpdateInItsFile(t *testing.T) {
	aa, zz := home+"/conf/acl/aa.yml", home+"/conf/acl/zz.yml"
	f := newFixture(t, Options{}, map[string]string{
		aa: account1("sameKey1", "secretAA"), zz: account1("sameKey1", "secretZZ") + "- accessKey: onlyZZ01\n  secretKey: secretZZ\n- accessKey: sameKey1\n  secretKey: secretZ2\n",
		plainPath: account1("sameKey1", "secretPP"),
	})
	require.NoError(t, f.Load())
	require.NoError(t, f.UpdateAccessConfig(&AccessConfig{AccessKey: "sameKey1", SecretKey: "secretA2"}))
	require.Contains(t, f.read(aa), "secretA2")
	require.Equal(t, account1("sameKey1", "secretPP"), f.read(plainPath))
	require.NoError(t, f.UpdateAccessConfig(&AccessConfig{AccessKey: "onlyZZ01", SecretKey: "secretZ3"}))
	require.Contains(t, f.read(zz), "secretZ3")

	require.NoError(t, f.DeleteAccessConfig("sameKey1"))
	for _, secret := range []string{"secretAA", "secretA2", "secretZZ", "secretZ2", "secretPP"} {
		require.False(t, f.lets("sameKey1", secret))
	}
	require.True(t, f.lets("onlyZZ01", "secretZ3"))
	for _, path := range []string{aa, zz, plainPath} {
		require.NotContains(t, f.read(path), "sameKey1")
	}
	require.Contains(t, f.read(aa), "accounts: []")
	require.ErrorIs(t, f.DeleteAccessConfig("sameKey1"), errCannotDelete)
	require.ErrorIs(t, f.DeleteAccessConfig(""), errCannotDelete)
	require.Equal(t, defaultReloadInterval, f.poll()) // our own change is none to be read again
}

// TestUpdateRefused: the remark, and nothing changed.
func TestUpdateRefused(t *testing.T) {
	f := loaded(t, Options{}, commented)
	both := "The accessKey=%s and secretKey=%s cannot be null and length should longer than 6"
	permForm := "Parse Resource format error for %s.\nThe expected resource format is 'Res=Perm'. For example: topicA=SUB"
	permValue := "Parse resource permission error for %s.\nThe expected permissions are 'SUB' or 'PUB' or 'SUB|PUB' or 'PUB|SUB'."
	for _, row := range []struct {
		c    AccessConfig
		want string
	}{
		{AccessConfig{AccessKey: "ab", SecretKey: "cd"}, fmt.Sprintf(both, "ab", "cd")},
		{AccessConfig{AccessKey: "shopKey1"}, fmt.Sprintf(both, "shopKey1", "null")},
		{AccessConfig{SecretKey: "secret01"}, fmt.Sprintf(both, "null", "secret01")},
		{AccessConfig{AccessKey: "sixsix", SecretKey: "secret01"}, fmt.Sprintf(both, "sixsix", "secret01")},
		{AccessConfig{AccessKey: "line\nbreak", SecretKey: "secret01"}, "accessKey and secretKey must be of printable characters"},
		{AccessConfig{AccessKey: "newUser1", SecretKey: "secret01", TopicPerms: []string{"T"}}, fmt.Sprintf(permForm, "T")},
		{AccessConfig{AccessKey: "newUser1", SecretKey: "secret01", TopicPerms: []string{"T=BAD"}}, fmt.Sprintf(permValue, "T=BAD")},
		{AccessConfig{AccessKey: "newUser1", SecretKey: "secret01", GroupPerms: []string{"G=sub"}}, fmt.Sprintf(permValue, "G=sub")},
		{AccessConfig{AccessKey: "newUser1", SecretKey: "secret01", TopicPerms: []string{"*=PUB"}},
			"*=PUB has no effect: The specified topic contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$"},
		{AccessConfig{AccessKey: "newUser1", SecretKey: "secret01", DefaultTopicPerm: ptr("XXX")}, "defaultTopicPerm=XXX is none of DENY, PUB, SUB, PUB|SUB, SUB|PUB"},
		{AccessConfig{AccessKey: "newUser1", SecretKey: "secret01", WhiteRemoteAddress: ptr("10.1.*")}, `no such form of address: "10.1.*"`},
	} {
		require.EqualError(t, f.UpdateAccessConfig(&row.c), row.want)
	}
	require.ErrorIs(t, f.UpdateGlobalWhiteAddrs("10.1.{2,3}.*", ""), ErrAddress)
	require.Equal(t, commented, f.read(plainPath))

	require.ErrorIs(t, New(Options{FS: vfs.NewMemFS(), Home: home}).UpdateAccessConfig(newUser02), errNotLoaded)

	f.write(plainPath, "accounts: [") // somebody is at it
	require.ErrorContains(t, f.UpdateAccessConfig(newUser02), plainPath)
	require.Equal(t, "accounts: [", f.read(plainPath))
	require.True(t, f.lets("shopKey1", "0123456789"))
}

// TestWhiteListPaths: only an ACL file that is there, however it is written.
func TestWhiteListPaths(t *testing.T) {
	more := home + "/conf/acl/more.yml"
	f := newFixture(t, Options{}, map[string]string{
		plainPath: commented, more: account1("more0001", "secret01"), home + "/conf/tools.yml": "accessKey: a\n", home + "/conf/other.yml": "a: b\n",
		home + "/conf/broker.conf": "x=y\n", "/etc/evil.yml": "a: b\n", home + "-other/conf/acl/a.yml": "a: b\n", home + "/conf/acl/tools.yml": "a: b\n",
	})
	require.NoError(t, f.Load())
	for _, path := range []string{
		home + "/conf/tools.yml", home + "/conf/other.yml", home + "/conf/broker.conf", "/etc/evil.yml", home + "/conf/acl/../../../../etc/evil.yml",
		home + "-other/conf/acl/a.yml", home + "/conf/acl/missing.yml", home + "/conf/acl", home, "/", "conf/plain_acl.yml", more + "\x00", home + "/conf/acl/tools.yml",
	} {
		require.ErrorIs(t, f.UpdateGlobalWhiteAddrs("10.7.7.7", path), errNoACLFile, path)
	}
	require.NoError(t, f.UpdateGlobalWhiteAddrs("10.7.7.7", home+"/conf/../conf//acl/./more.yml"))
	require.Contains(t, f.read(more), "globalWhiteRemoteAddresses:\n- '10.7.7.7'\n")
	for _, peer := range []string{"10.7.7.7", "10.0.0.1"} { // that of the other file stays
		require.NoError(t, f.Validate(netipAddr(peer), request(28)))
	}
	for _, path := range []string{home + "/conf/tools.yml", "/etc/evil.yml"} {
		require.NotContains(t, f.read(path), "10.7.7.7")
	}
}

// TestUpdateOfAliases: what several entries share is not changed behind their backs.
func TestUpdateOfAliases(t *testing.T) {
	for _, text := range []string{
		"one: &a {accessKey: newUser02, secretKey: secret01}\naccounts:\n- *a\n",
		"list: &l\n- {accessKey: newUser02, secretKey: secret01}\naccounts: *l\n",
	} {
		f := loaded(t, Options{}, text)
		require.ErrorIs(t, f.UpdateAccessConfig(newUser02), errAlias)
		require.ErrorIs(t, f.DeleteAccessConfig("newUser02"), errAlias)
		require.Equal(t, text, f.read(plainPath))
	}
	anchored := "accounts:\n- accessKey: newUser02\n  secretKey: secret01\n  topicPerms: &p [T=PUB]\n- accessKey: newUser03\n  secretKey: secret01\n  topicPerms: *p\n"
	f := loaded(t, Options{}, anchored)
	require.ErrorContains(t, f.DeleteAccessConfig("newUser02"), "cannot be edited")
	require.Equal(t, anchored, f.read(plainPath))
	require.NoError(t, f.DeleteAccessConfig("newUser03"))
}

// TestUpdateFaults: an error of the disk leaves the old or the new state, never
// less, and later changes go through.
func TestUpdateFaults(t *testing.T) {
	for _, kind := range []vfs.OpKind{vfs.OpCreate, vfs.OpWrite, vfs.OpSync, vfs.OpRename, vfs.OpSyncDir} {
		for n := int64(1); n <= 3; n++ {
			ff := vfs.NewFaultFS(vfs.NewMemFS(), nil)
			f := newFixture(t, Options{FS: ff}, map[string]string{plainPath: commented})
			require.NoError(t, f.Load())
			full := errors.New("no space left")
			ff.Inject(vfs.Nth(n, vfs.On("conf", kind), vfs.Fault{Err: full}))
			err := f.UpdateAccessConfig(newUser02)
			ff.Inject(nil)
			text := f.read(plainPath)
			if err == nil {
				require.Greater(t, n, int64(2), kind) // there are two writes: the backup and the file
			} else {
				require.ErrorIs(t, err, full)
			}
			if text != commented {
				require.Contains(t, text, "newUser02")
			}
			f.poll()
			f.poll()
			require.Equal(t, text != commented, f.lets("newUser02", "newSecret02"))
			require.NoError(t, f.UpdateAccessConfig(newUser02))
			require.True(t, f.lets("newUser02", "newSecret02"))
		}
	}
}

// TestUpdateOfMountPoint: a file mounted into a container cannot be renamed.
func TestUpdateOfMountPoint(t *testing.T) {
	ff := vfs.NewFaultFS(vfs.NewMemFS(), nil)
	f := newFixture(t, Options{FS: ff}, map[string]string{plainPath: commented})
	require.NoError(t, f.Load())
	ff.Inject(vfs.Always(vfs.On("plain_acl.yml.tmp", vfs.OpRename), vfs.Fault{Err: syscall.EBUSY}))
	require.NoError(t, f.UpdateAccessConfig(newUser02))
	require.Contains(t, f.read(plainPath), "newUser02")
	require.Equal(t, commented, f.read(plainPath+".bak"))
	_, err := ff.Stat(plainPath + ".tmp")
	require.ErrorIs(t, err, fs.ErrNotExist)
}

// TestUpdatePowerCut: a deleted account does not come back.
func TestUpdatePowerCut(t *testing.T) {
	for seed := range uint64(50) {
		mem := vfs.NewMemFS()
		f := newFixture(t, Options{FS: mem}, map[string]string{plainPath: ""})
		for _, dir := range []string{"/", "/opt", home} {
			require.NoError(t, mem.SyncDir(dir))
		}
		require.NoError(t, f.Load())
		require.NoError(t, f.UpdateAccessConfig(newUser01))
		require.NoError(t, f.UpdateAccessConfig(newUser02))
		require.NoError(t, f.DeleteAccessConfig("newUser01"))
		after := newFixture(t, Options{FS: mem.CrashClone(rand.New(rand.NewPCG(seed, 1)), vfs.Crash{UnsyncedPercent: 50, Torn: true})}, nil)
		require.NoError(t, after.Load())
		require.True(t, after.lets("newUser02", "newSecret02"))
		require.False(t, after.lets("newUser01", "newSecret01"))
	}
}

// TestReplaceFileMode: the file holds secrets, its mode is kept.
func TestReplaceFileMode(t *testing.T) {
	dir := t.TempDir()
	kept, created := filepath.Join(dir, "kept.yml"), filepath.Join(dir, "new.yml")
	require.NoError(t, os.WriteFile(kept, []byte("old"), 0o640))
	require.NoError(t, os.Chmod(kept, 0o640))
	for _, path := range []string{kept, created} {
		require.NoError(t, replaceFile(vfs.OS(), path, []byte("old"), []byte("new")))
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, "new", string(text))
	}
	for path, mode := range map[string]fs.FileMode{kept: 0o640, kept + ".bak": 0o640, created: 0o600} {
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, mode, info.Mode().Perm(), path)
	}
}

// FuzzEdit: an account that is added to a file is there afterwards, the others
// are as before, and deleting it gives the accounts of the beginning.
func FuzzEdit(f *testing.F) {
	f.Add([]byte(commented), "newUser02", "newSecret02", "10.1.2.*")
	f.Add([]byte(""), "0123456", "1e10001", "*")
	f.Add([]byte("{accounts: [{accessKey: someKey1, secretKey: 'secret''01'}]} # end"), "nullnull", "~~~~~~~", "::1")
	f.Fuzz(func(t *testing.T, text []byte, accessKey, secretKey, white string) {
		before, _, err := parseFile("f.yml", text)
		c := &AccessConfig{AccessKey: accessKey, SecretKey: secretKey, WhiteRemoteAddress: &white, TopicPerms: []string{"T=PUB"}}
		if err != nil || checkAccessConfig(c) != nil || strings.Contains(string(text), "*") || strings.Contains(string(text), "&") {
			return
		}
		was := secretsOf(before)
		if _, there := was[accessKey]; there {
			return
		}
		added, changed, err := editFile("f.yml", text, 1, func(root *yaml.Node) (bool, error) { return editAccount(root, c) })
		require.NoError(t, err)
		require.True(t, changed)
		after, _, err := parseFile("f.yml", added)
		require.NoError(t, err, "%s", added)
		was[accessKey] = secretKey
		require.Equal(t, was, secretsOf(after), "%s", added)
		require.Equal(t, map[string]Perm{"T": Pub}, after.accounts[len(after.accounts)-1].topics)
		deleted, changed, err := editFile("f.yml", added, 2, func(root *yaml.Node) (bool, error) { return removeAccounts(root, accessKey) })
		require.NoError(t, err)
		require.True(t, changed)
		after, _, err = parseFile("f.yml", deleted)
		require.NoError(t, err, "%s", deleted)
		delete(was, accessKey)
		require.Equal(t, was, secretsOf(after), "%s", deleted)
		require.Equal(t, int64(2), after.version.Timestamp)
	})
}

func secretsOf(cfg *fileConfig) map[string]string {
	secrets := map[string]string{}
	for _, a := range cfg.accounts {
		secrets[a.accessKey] = a.secretKey
	}
	return secrets
}
