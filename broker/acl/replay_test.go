package acl

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
)

// recordedFrame is one line of compat/frames.
type recordedFrame struct {
	Dir    string `json:"dir"`
	Peer   string `json:"peer"`
	Conn   int    `json:"conn"`
	Opaque int32  `json:"opaque"`
	Frame  []byte `json:"frame_b64"`

	cmd codec.Command
}

func readRecording(t *testing.T, path string) (frames []*recordedFrame) {
	file, err := os.Open(path)
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	unzip, err := gzip.NewReader(file)
	require.NoError(t, err)
	lines := bufio.NewScanner(unzip)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		r := &recordedFrame{}
		require.NoError(t, json.Unmarshal(lines.Bytes(), r))
		frame, _, err := codec.ParseFrame(r.Frame, codec.DefaultMaxFrameBytes)
		require.NoError(t, err)
		require.NoError(t, r.cmd.Decode(frame))
		frames = append(frames, r)
	}
	require.NoError(t, lines.Err())
	return frames
}

// TestReplay: each request that a client sent to a Java 4.9.8 broker with ACL is
// let through or refused as it was there. So are those to its name server, which
// lets everybody in: of them the signature is checked.
func TestReplay(t *testing.T) {
	sample, err := os.ReadFile("testdata/plain_acl.before.yml")
	require.NoError(t, err)
	paths, err := filepath.Glob("../../compat/frames/*-acl-*.jsonl.gz")
	require.NoError(t, err)
	require.Len(t, paths, 15)
	total := 0
	for _, lax := range []bool{false, true} {
		f := loaded(t, Options{LaxAs498: lax}, string(sample))
		for _, path := range paths {
			name := strings.TrimSuffix(filepath.Base(path), ".jsonl.gz")
			t.Run(name, func(t *testing.T) { total += replay(t, f, readRecording(t, path)) })
		}
	}
	require.Greater(t, total, 500)
}

func replay(t *testing.T, f *fixture, frames []*recordedFrame) (requests int) {
	answers := map[[2]int]string{}
	for _, r := range frames {
		if r.Dir == "s2c" && r.cmd.IsResponse() {
			answers[[2]int{r.Conn, int(r.Opaque)}] = r.cmd.Remark
		}
	}
	for _, r := range frames {
		if r.Dir != "c2s" || r.cmd.IsResponse() {
			continue
		}
		requests++
		err := f.Validate(elsewhere, &r.cmd)
		if r.Peer == "namesrv" {
			requireNameServerRequest(t, err)
			continue
		}
		remark := answers[[2]int{r.Conn, int(r.Opaque)}] // "" too for one-way requests, which all got through
		if !strings.HasPrefix(remark, "org.apache.rocketmq.acl.common.AclException") {
			require.NoErrorf(t, err, "%d %v", r.cmd.Code, r.cmd.Ext)
			continue
		}
		require.Errorf(t, err, "%d %v", r.cmd.Code, r.cmd.Ext)
		require.Truef(t, strings.HasPrefix(remark, err.Error()+", org.apache.rocketmq.acl.plain."), "Java: %s\nwe: %s", remark, err)
	}
	return requests
}

// requireNameServerRequest: the recorded clients signed these with the same key,
// right or wrong, as what they sent to the broker.
func requireNameServerRequest(t *testing.T, err error) {
	if err == nil {
		return
	}
	for _, known := range []string{"No accessKey is configured", "No acl config for nobodyXX", "Check signature failed for accessKey=RocketMQ"} {
		if strings.HasSuffix(err.Error(), known) && !strings.Contains(t.Name(), "-push") && !strings.Contains(t.Name(), "-send") {
			return
		}
	}
	require.NoError(t, err)
}
