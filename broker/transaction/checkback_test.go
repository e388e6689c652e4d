package transaction

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/broker/client"
	"github.com/boostermq/booster/broker/offset"
	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/remoting"
	"github.com/boostermq/booster/store"
)

// What the broker will plug in.
var (
	_ Store   = (*store.MessageStore)(nil)
	_ Offsets = (*offset.Manager)(nil)
	_ Channel = client.Channel(nil)
	_ Channel = (*remoting.Channel)(nil)
)

// recorded39 returns the requests 39 that Java brokers sent.
func recorded39(t *testing.T, path string) (requests []codec.Command) {
	t.Helper()
	file, err := os.Open(path)
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	unzipped, err := gzip.NewReader(file)
	require.NoError(t, err)
	lines := bufio.NewScanner(unzipped)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var line struct {
			Code     int    `json:"code"`
			Type     string `json:"type"`
			FrameB64 []byte `json:"frame_b64"`
		}
		require.NoError(t, json.Unmarshal(lines.Bytes(), &line))
		if line.Code != int(codec.CheckTransactionState) || line.Type == "response" {
			continue
		}
		frame, _, err := codec.ParseFrame(line.FrameB64, codec.DefaultMaxFrameBytes)
		require.NoError(t, err)
		var cmd codec.Command
		require.NoError(t, cmd.Decode(frame))
		requests = append(requests, *cmd.Clone())
	}
	require.NoError(t, lines.Err())
	require.NotEmpty(t, requests)
	return requests
}

// TestCheckRequestLikeJava: of the half message that a Java broker asked about,
// ours makes the same request; only the order of the properties may differ.
func TestCheckRequestLikeJava(t *testing.T) {
	c := &New(Options{Log: slog.New(slog.DiscardHandler)}).checker
	for _, name := range []string{"java-4.9.8-tx", "java-4.4.0-tx", "java-4.9.8-adminext"} {
		for _, java := range recorded39(t, "../../compat/frames/"+name+".jsonl.gz") {
			asked := decode(t, java.Body)
			half := asked
			half.Properties = strings.Replace(asked.Properties, "WAIT\x01false", "WAIT\x01true", 1)
			toHalfTopic(&half)
			cmd, err := c.checkRequest(&half)
			require.NoError(t, err)
			require.Equal(t, java.Code, cmd.Code)
			require.ElementsMatch(t, java.Ext, codec.HeaderFields(cmd.Header))
			got := decode(t, cmd.Body)
			require.Equal(t, codec.ParseProperties(asked.Properties), codec.ParseProperties(got.Properties))
			got.Properties = asked.Properties
			require.Equal(t, asked, got)
		}
	}
}
