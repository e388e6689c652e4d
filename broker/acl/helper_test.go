package acl

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"log/slog"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/vfs"
)

const (
	home      = "/opt/rocketmq"
	plainPath = home + "/conf/plain_acl.yml"
)

var elsewhere = netip.MustParseAddr("203.0.113.9")

// logText collects what is logged.
type logText struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logText) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

// take returns what was logged since the last call.
func (l *logText) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.buf.Reset()
	return l.buf.String()
}

// fixture is a Manager over a memory file system.
type fixture struct {
	*Manager
	t   *testing.T
	fs  vfs.FS
	log *logText
}

func newFixture(t *testing.T, o Options, files map[string]string) *fixture {
	t.Helper()
	f := &fixture{t: t, fs: o.FS, log: &logText{}}
	if f.fs == nil {
		f.fs = vfs.NewMemFS()
	}
	for _, path := range slices.Sorted(maps.Keys(files)) {
		f.write(path, files[path])
	}
	o.FS, o.Home, o.Log = f.fs, home, slog.New(slog.NewTextHandler(f.log, nil))
	f.Manager = New(o)
	return f
}

// loaded is a fixture whose default file has this text.
func loaded(t *testing.T, o Options, text string) *fixture {
	t.Helper()
	f := newFixture(t, o, map[string]string{plainPath: text})
	require.NoError(t, f.Load())
	return f
}

func (f *fixture) write(path, text string) {
	f.t.Helper()
	require.NoError(f.t, f.fs.MkdirAll(filepath.Dir(path), 0o755))
	file, err := f.fs.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_RDWR, 0o644)
	require.NoError(f.t, err)
	_, err = file.WriteAt([]byte(text), 0)
	require.NoError(f.t, err)
	require.NoError(f.t, file.Close())
}

func (f *fixture) read(path string) string {
	f.t.Helper()
	text, err := f.readFile(path)
	require.NoError(f.t, err)
	return string(text)
}

// request makes a request of code with pairs of keys and values.
func request(code int32, pairs ...string) *codec.Command {
	c := &codec.Command{Code: code, Ext: codec.Fields{}}
	for i := 0; i+1 < len(pairs); i += 2 {
		c.Ext = append(c.Ext, codec.Field{Key: pairs[i], Value: pairs[i+1]})
	}
	return c
}

// signed signs c, in another way than the package does.
func signed(c *codec.Command, accessKey, secretKey string) *codec.Command {
	c.Ext = append(c.Ext, codec.Field{Key: "AccessKey", Value: accessKey})
	values := map[string]string{}
	for _, f := range c.Ext {
		values[f.Key] = f.Value
	}
	delete(values, "_UNIQUE_KEY_QUERY")
	mac := hmac.New(sha1.New, []byte(secretKey))
	for _, key := range slices.Sorted(maps.Keys(values)) {
		mac.Write([]byte(values[key]))
	}
	mac.Write(c.Body)
	c.Ext = append(c.Ext, codec.Field{Key: "Signature", Value: base64.StdEncoding.EncodeToString(mac.Sum(nil))})
	return c
}

// requireRefused checks the remark of a refusal; "" = let through.
func requireRefused(t *testing.T, remark string, err error) {
	t.Helper()
	if remark == "" {
		require.NoError(t, err)
		return
	}
	require.EqualError(t, err, "org.apache.rocketmq.acl.common.AclException: "+remark)
}
