package mqadmin

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
)

// TestSignRecorded: every request that Java's mqadmin signed gets the same signature from us.
func TestSignRecorded(t *testing.T) {
	for _, name := range []string{"java-4.9.8-acl-mqadmin", "java-4.9.8-mqadmin"} {
		t.Run(name, func(t *testing.T) { requireSigned(t, "../../compat/frames/"+name+".jsonl.gz") })
	}
}

func requireSigned(t *testing.T, path string) {
	file, err := os.Open(path)
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	unzip, err := gzip.NewReader(file)
	require.NoError(t, err)
	lines := bufio.NewScanner(unzip)
	lines.Buffer(nil, 1<<24)
	signed := 0
	for lines.Scan() {
		var line struct {
			Frame []byte `json:"frame_b64"`
		}
		require.NoError(t, json.Unmarshal(lines.Bytes(), &line))
		frame, _, err := codec.ParseFrame(line.Frame, codec.DefaultMaxFrameBytes)
		require.NoError(t, err)
		var recorded codec.Command
		require.NoError(t, recorded.Decode(frame))
		want, ok := recorded.Ext.Lookup(codec.ACLSignature)
		if !ok {
			continue
		}
		if recorded.Code == codec.QueryMessage {
			continue // Java signs _UNIQUE_KEY_QUERY, which its broker then leaves out
		}
		signed++
		cmd := codec.Command{Code: recorded.Code, Body: recorded.Body}
		for _, f := range recorded.Ext {
			if f.Key != codec.ACLSignature && f.Key != codec.ACLAccessKey {
				cmd.Ext = append(cmd.Ext, f)
			}
		}
		(&Credentials{AccessKey: "rocketmq2", SecretKey: "12345678"}).sign(&cmd)
		require.Equal(t, want, cmd.Ext.Get(codec.ACLSignature), "code %d", cmd.Code)
		require.Equal(t, "rocketmq2", cmd.Ext.Get(codec.ACLAccessKey))
	}
	require.NoError(t, lines.Err())
	require.Greater(t, signed, 20)
}

func TestLoadCredentials(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tools.yml")
	c, err := LoadCredentials(path)
	require.NoError(t, err)
	require.Nil(t, c, "no file, no signature")
	for _, f := range []struct {
		text string
		want *Credentials
	}{
		{"accessKey: rocketmq2\nsecretKey: 12345678\n", &Credentials{"rocketmq2", "12345678"}},
		{"accessKey: 'a b'\nsecretKey: \"007\"\nother: [1]\n", &Credentials{"a b", "007"}},
		{"accessKey: rocketmq2\n", nil},
		{"", nil},
	} {
		require.NoError(t, os.WriteFile(path, []byte(f.text), 0o600))
		c, err := LoadCredentials(path)
		require.NoError(t, err, f.text)
		require.Equal(t, f.want, c, f.text)
	}
	require.NoError(t, os.WriteFile(path, []byte("accessKey: {"), 0o600))
	_, err = LoadCredentials(path)
	require.ErrorContains(t, err, path)
}

// FuzzLoadCredentials: no text makes reading a tools.yml fail other than by an error.
func FuzzLoadCredentials(f *testing.F) {
	f.Add("accessKey: a\nsecretKey: b\n")
	f.Add("accessKey: &x [*x]\n")
	path := filepath.Join(f.TempDir(), "tools.yml")
	f.Fuzz(func(t *testing.T, text string) {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		c, err := LoadCredentials(path)
		if err == nil && c != nil {
			require.NotEmpty(t, c.AccessKey)
			require.NotEmpty(t, c.SecretKey)
		}
	})
}
