package broker

import (
	"bufio"
	"encoding/binary"
	"io"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
)

// inFlight is how many requests the benchmarks have under way.
const inFlight = 64

// roundTrips writes bursts of prebuilt frames and reads as many answers; the
// client side allocates nothing.
func roundTrips(b *testing.B, p *peer, frame []byte, perFrame int) {
	b.Helper()
	var burst []byte
	for range inFlight {
		burst = append(burst, frame...)
	}
	in := bufio.NewReaderSize(p.conn, 1<<20)
	head := make([]byte, 4)
	trip := func() {
		p.write(burst)
		for range inFlight {
			if _, err := io.ReadFull(in, head); err != nil {
				b.Fatal(err)
			}
			if _, err := in.Discard(int(binary.BigEndian.Uint32(head))); err != nil {
				b.Fatal(err)
			}
		}
	}
	trip()
	b.ReportAllocs()
	b.ResetTimer()
	for range (b.N + inFlight*perFrame - 1) / (inFlight * perFrame) {
		trip()
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
}

func frameOf(b *testing.B, cmd *codec.Command) []byte {
	b.Helper()
	cmd.Version, cmd.Opaque = codec.CurrentVersion, 7
	frame, err := codec.AppendFrame(nil, cmd)
	require.NoError(b, err)
	return frame
}

func benchBroker(b *testing.B) (*Controller, *peer) {
	broker := startBroker(b, func(c *Config) {
		c.Store.MappedFileSizeCommitLog, c.Store.MappedFileSizeConsumeQueue = 256<<20, 6000000
		c.Store.MaxHashSlotNum, c.Store.MaxIndexNum = 500000, 2000000
	})
	p := dial(b, broker)
	putMessages(b, broker, p, "T1", 64)
	return broker, p
}

// BenchmarkSend: 310 with 128 bytes, 64 in flight on one connection. A message
// must not cost an allocation.
func BenchmarkSend(b *testing.B) {
	for name, serialize := range map[string]codec.SerializeType{"JSON": codec.SerializeJSON, "ROCKETMQ": codec.SerializeROCKETMQ} {
		b.Run(name, func(b *testing.B) {
			_, p := benchBroker(b)
			frame := frameOf(b, &codec.Command{
				Code: codec.SendMessageV2, Serialize: serialize, Body: make([]byte, 128),
				Header: (*codec.SendMessageRequestHeaderV2)(sendHeader("T1")),
			})
			roundTrips(b, p, frame, 1)
		})
	}
}

// BenchmarkSendParked: sends that wait in another topic, by delay level and as
// half messages.
func BenchmarkSendParked(b *testing.B) {
	for name, properties := range map[string]string{"delay": "DELAY\x0118", "half": "TRAN_MSG\x01true\x02PGROUP\x01pg"} {
		b.Run(name, func(b *testing.B) {
			_, p := benchBroker(b)
			h := sendHeader("T1")
			h.Properties += "\x02" + properties
			roundTrips(b, p, frameOf(b, &codec.Command{Code: codec.SendMessageV2, Body: make([]byte, 128), Header: (*codec.SendMessageRequestHeaderV2)(h)}), 1)
		})
	}
}

// BenchmarkPull: 11 with 32 messages an answer.
func BenchmarkPull(b *testing.B) {
	_, p := benchBroker(b)
	roundTrips(b, p, frameOf(b, &codec.Command{Code: codec.PullMessage, Header: pullHeader("cg", "T1", 0)}), 32)
}

// BenchmarkUpdateOffset: 15.
func BenchmarkUpdateOffset(b *testing.B) {
	_, p := benchBroker(b)
	roundTrips(b, p, frameOf(b, &codec.Command{Code: codec.UpdateConsumerOffset,
		Header: &codec.UpdateConsumerOffsetRequestHeader{ConsumerGroup: "cg", Topic: "T1", CommitOffset: 1}}), 1)
}

// BenchmarkStoredProperties: the one look at a message's properties.
func BenchmarkStoredProperties(b *testing.B) {
	const props = "KEYS\x01k1 k2 k3\x02UNIQ_KEY\x01C00002026E824E0E2F2A6ECF402B0000\x02WAIT\x01true\x02TAGS\x01TagA"
	b.ReportAllocs()
	var p sentProperties
	for b.Loop() {
		p.render(props, "DefaultCluster")
	}
}

// BenchmarkLook is one look at 1000 topics of 8 queues, each read by three
// groups: what a scrape costs beside rendering it.
func BenchmarkLook(b *testing.B) {
	broker, p := benchBroker(b)
	putMessages(b, broker, p, "T1", 1)
	for i := range 1000 {
		name := "Topic" + strconv.Itoa(i)
		require.NoError(b, broker.topics.Update(&codec.TopicConfig{TopicName: name, ReadQueueNums: 8, WriteQueueNums: 8, Perm: 6}))
		for g := range 3 {
			for q := range int32(8) {
				broker.offsets.Commit("", "Group"+strconv.Itoa(i%100*3+g), name, q, 0)
			}
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		broker.look()
	}
}
