package remoting

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
)

// sendFrame is a SEND_MESSAGE_V2 as the Java client writes it, with a body of n bytes.
func sendFrame(t testing.TB, serialize codec.SerializeType, bodyBytes int) []byte {
	t.Helper()
	return encode(t, &codec.Command{
		Code: codeEcho, Language: codec.LanguageJava, Version: 409, Opaque: 123456, Serialize: serialize,
		Ext: codec.Fields{{Key: "a", Value: "please_rename_unique_group_name"}, {Key: "b", Value: "BenchmarkTest"},
			{Key: "c", Value: "TBW102"}, {Key: "d", Value: "4"}, {Key: "e", Value: "2"}, {Key: "f", Value: "0"},
			{Key: "g", Value: "1700000000000"}, {Key: "h", Value: "0"},
			{Key: "i", Value: "UNIQ_KEY\x010A0000010A2B18B4AAC20C5F3F5A0000\x02WAIT\x01true\x02TAGS\x01TagA"},
			{Key: "j", Value: "0"}, {Key: "k", Value: "false"}, {Key: "m", Value: "false"}},
		Body: make([]byte, bodyBytes),
	})
}

// sendAnswer is what a send response carries.
type sendAnswer struct{}

func (sendAnswer) AppendFields(w *codec.FieldWriter) {
	w.Str("msgId", "0A00000100002A9F0000000000012345")
	w.Int("queueId", 2)
	w.Int("queueOffset", 123456)
	w.Str("MSG_REGION", "DefaultRegion")
	w.Str("TRACE_ON", "true")
}

// benchRoutes answer like a broker, from the three places answers come from.
func benchRoutes(pool *Executor) *RouteTable {
	answer := func(r *Request) { r.Reply(&codec.Command{Header: sendAnswer{}}) }
	answers := sync.Pool{New: func() any { return &codec.Command{Header: sendAnswer{}} }}
	routes := NewRouteTable()
	routes.Register(Route{Code: codeEcho, Process: func(r *Request) {
		c := answers.Get().(*codec.Command)
		r.Reply(c)
		answers.Put(c)
	}})
	routes.Register(Route{Code: codeSlow, Process: answer, Pool: pool})
	body := make([]byte, 100<<10)
	routes.Register(Route{Code: codeLater, Process: func(r *Request) { r.ReplyOwned(&codec.Command{Body: body}, nil) }, Pool: pool})
	routes.Register(Route{Code: codeBatch, Process: func(r *Request) { r.Reply(&codec.Command{Body: body}) }, Pool: pool})
	return routes
}

// BenchmarkServer measures the CPU time of the server alone: the load comes
// from another process over loopback with prebuilt frames.
//
//	go test -run '^$' -bench Server -benchtime 200000x ./remoting
func BenchmarkServer(b *testing.B) {
	for _, bm := range []struct {
		name            string
		code            int32
		conns, inFlight int
		bodyBytes       int
		serialize       codec.SerializeType
		loops           int
		tls             bool
	}{
		{"inline/json/4x64", codeEcho, 4, 64, 128, codec.SerializeJSON, 0, false},
		{"inline/rocketmq/4x64", codeEcho, 4, 64, 128, codec.SerializeROCKETMQ, 0, false},
		{"inline/json/4x64/1loop", codeEcho, 4, 64, 128, codec.SerializeJSON, 1, false},
		{"executor/json/4x64", codeSlow, 4, 64, 128, codec.SerializeJSON, 0, false},
		{"inline/json/1x1", codeEcho, 1, 1, 128, codec.SerializeJSON, 0, false},
		{"inline/json/1x1/1loop", codeEcho, 1, 1, 128, codec.SerializeJSON, 1, false},
		{"executor/json/1x1", codeSlow, 1, 1, 128, codec.SerializeJSON, 0, false},
		{"executor/json/4x4/answer-100KiB", codeBatch, 4, 4, 0, codec.SerializeJSON, 0, false},
		{"executor/json/4x4/answer-100KiB-owned", codeLater, 4, 4, 0, codec.SerializeJSON, 0, false},
		{"inline/json/4x16/64KiB", codeEcho, 4, 16, 64 << 10, codec.SerializeJSON, 0, false},
		{"tls/inline/json/4x64", codeEcho, 4, 64, 128, codec.SerializeJSON, 0, true},
		{"tls/inline/json/1x1", codeEcho, 1, 1, 128, codec.SerializeJSON, 0, true},
		{"tls/executor/json/4x64", codeSlow, 4, 64, 128, codec.SerializeJSON, 0, true},
		{"tls/executor/json/4x4/answer-100KiB", codeBatch, 4, 4, 0, codec.SerializeJSON, 0, true},
		{"tls/inline/json/4x16/64KiB", codeEcho, 4, 16, 64 << 10, codec.SerializeJSON, 0, true},
	} {
		b.Run(bm.name, func(b *testing.B) {
			routes := benchRoutes(NewExecutor("bench", 4, 100_000))
			s := tcpServer(b, ServerConfig{Routes: always(routes), EventLoops: bm.loops, TLS: new(DefaultTLSConfig())})
			frame := sendFrame(b, bm.serialize, bm.bodyBytes)
			frame = recode(b, frame, bm.code)
			b.ReportAllocs()
			b.ResetTimer()
			cpu := cpuNs()
			result := startLoad(b, load{Port: s.Ports()[0], Conns: bm.conns, InFlight: bm.inFlight, Total: b.N, Frame: frame, TLS: bm.tls})()
			cpu = cpuNs() - cpu
			b.StopTimer()
			b.ReportMetric(float64(cpu)/1e3/float64(b.N), "server-cpu-µs/op")
			b.ReportMetric(float64(result.CPUNs)/1e3/float64(b.N), "client-cpu-µs/op")
			b.ReportMetric(float64(b.N)/(float64(result.ElapsedNs)/1e9), "op/s")
		})
	}
}

func recode(t testing.TB, frame []byte, code int32) []byte {
	t.Helper()
	f, _, err := codec.ParseFrame(frame, codec.DefaultMaxFrameBytes)
	require.NoError(t, err)
	var c codec.Command
	require.NoError(t, c.Decode(f))
	c.Code = code
	return encode(t, &c)
}

// BenchmarkDispatch is the way of a batch without sockets: cut, decode, run, encode.
func BenchmarkDispatch(b *testing.B) {
	for _, serialize := range []codec.SerializeType{codec.SerializeJSON, codec.SerializeROCKETMQ} {
		b.Run(fmt.Sprint("serialize=", serialize), func(b *testing.B) {
			routes := benchRoutes(NewExecutor("bench", 1, 1))
			s := NewServer(ServerConfig{Routes: always(routes)})
			ch := s.ep.newChannel(pipeAddr{}, 0, routes)
			sink := &sinkTransport{ch: ch}
			ch.transport = sink
			batch := make([]byte, 0, 64<<10)
			frame := sendFrame(b, serialize, 128)
			const frames = 64
			for range frames {
				batch = append(batch, frame...)
			}
			b.ReportAllocs()
			for b.Loop() {
				if !ch.receive(batch) {
					b.Fatal("refused")
				}
				sink.flush()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/frames, "ns/msg")
		})
	}
}

type pipeAddr struct{}

func (pipeAddr) Network() string { return "test" }
func (pipeAddr) String() string  { return "test" }

// sinkTransport drops what is written.
type sinkTransport struct {
	ch     *Channel
	closed bool
	bytes  []byte // kept when keep
	keep   bool
}

func (t *sinkTransport) relieve([]byte) bool  { t.flush(); t.ch.beginBatch(); return true }
func (t *sinkTransport) wake()                {}
func (t *sinkTransport) close()               { t.closed = true }
func (t *sinkTransport) closeWhenFlushed()    { t.closed = true }
func (t *sinkTransport) runBatch(func()) bool { return false }
func (t *sinkTransport) closeIfIdle()         { t.closed = true }

func (t *sinkTransport) flush() {
	var few [2]segment
	t.ch.out.mu.Lock()
	segments := t.ch.takeOut(few[:0])
	t.ch.out.mu.batching, t.ch.out.mu.scheduled = false, false
	t.ch.out.mu.Unlock()
	if t.keep {
		for _, s := range segments {
			t.bytes = append(t.bytes, s.bytes...)
		}
	}
	t.ch.recycle(segments)
}
