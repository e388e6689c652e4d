package namesrv

import (
	"fmt"
	"hash/maphash"
	"log/slog"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
)

// FuzzRegisterBody: whatever a body holds, it is refused or taken in whole, and
// the tables keep their laws. Seeds are the recorded registrations.
func FuzzRegisterBody(f *testing.F) {
	f.Add([]byte(`{"dataVersion":{"counter":1,"timestamp":2},"topicConfigTable":{"T":{"perm":6,"topicName":"U"},"V":{}}}`), int32(36), false)
	f.Add([]byte(`{"filterServerList":["h:1","x",""],"topicConfigSerializeWrapper":{"topicConfigTable":{"../x":{"perm":99},"T":null}}}`), int32(409), false)
	for _, name := range []string{"java-4.9.8-adminext", "java-4.9.8-broker-namesrv-slave"} {
		for _, frame := range recordedRegistrations(f, filepath.Join("../compat/frames", name+".jsonl.gz")) {
			f.Add(frame.Body, frame.Version, frame.Ext.Get("compressed") == "true")
		}
	}
	f.Fuzz(func(t *testing.T, body []byte, version int32, compressed bool) {
		decoded, err := registerDecode(version, body, compressed)
		if err != nil {
			return
		}
		p := &processor{log: slog.New(slog.DiscardHandler)}
		usable := p.registerUsable(decoded, "b", "h:1")
		for _, topic := range usable.Topics {
			require.NoError(t, checkTopic(topic))
		}
		require.Equal(t, version < registerBodyVersion, usable.FilterServers == nil)
		b := master("b", "h:1", usable.Topics...)
		b.version, b.filters = usable.DataVersion, usable.FilterServers
		m := newTestManager()
		b.register(t, m)
		for _, topic := range m.AllTopics() {
			require.NotEmpty(t, route(t, m, topic))
		}
		checkLaws(t, m)
		m.UnregisterBroker("C", "h:1", "b", 0)
		require.Empty(t, m.AllTopics())
		require.Zero(t, m.cachedBytes.Load())
	})
}

func recordedRegistrations(f *testing.F, path string) []*codec.Command {
	var found []*codec.Command
	for _, r := range readRecording(f, path) {
		if c := r.command(f); c.Code == codec.RegisterBroker && !c.IsResponse() {
			found = append(found, c)
		}
	}
	return found
}

func manyTopics(n int) []*codec.TopicConfig {
	var topics []*codec.TopicConfig
	for i := range n {
		topics = append(topics, topicConfig("a-topic-of-usual-length-"+strconv.Itoa(i), 6, 8))
	}
	return topics
}

// BenchmarkRegister40k is what the registration of a broker with 40,000 topics
// costs: the same as last time, with one topic changed, compressed and not.
func BenchmarkRegister40k(b *testing.B) {
	for _, compressed := range []bool{false, true} {
		full := registerBodyOf(1, manyTopics(40_000)...)
		body, err := codec.EncodeRegisterBrokerBody(full, compressed)
		require.NoError(b, err)
		b.Run(fmt.Sprintf("changed/compressed=%v", compressed), func(b *testing.B) {
			m := newTestManager()
			p := &processor{routes: m, log: slog.New(slog.DiscardHandler)}
			x := master("b", "h:1")
			b.ReportAllocs()
			for b.Loop() {
				decoded, err := registerDecode(409, body, compressed)
				require.NoError(b, err)
				usable := p.registerUsable(decoded, "b", "h:1")
				x.version.Counter++
				usable.DataVersion = x.version
				_, err = m.RegisterBroker(x.registration(), usable)
				require.NoError(b, err)
			}
		})
	}
	b.Run("unchanged", func(b *testing.B) {
		body, err := fastjson.Marshal(registerBodyOf(1, manyTopics(40_000)...))
		require.NoError(b, err)
		m := newTestManager()
		x := master("b", "h:1", manyTopics(40_000)...)
		x.registerQuick(b, m)
		p := &processor{bodySeed: maphash.MakeSeed()}
		b.ReportAllocs()
		b.SetBytes(int64(len(body)))
		for b.Loop() {
			p.registerHash(409, body, false)
			if _, ok := m.Refresh(x.registration()); !ok {
				b.Fatal("not refreshed")
			}
		}
	})
}
