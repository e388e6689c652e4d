package remoting

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/memnet"
)

// fuzzChannel is a channel whose answers are collected.
func fuzzChannel() (*Channel, *sinkTransport) {
	routes := echoRoutes(nil).Without(codeLater, codeCallBack) // what is answered in order
	s := NewServer(ServerConfig{Routes: always(routes), MaxFrameBytes: 1 << 20})
	ch := s.ep.newChannel(pipeAddr{}, 0, routes)
	sink := &sinkTransport{ch: ch, keep: true}
	ch.transport = sink
	return ch, sink
}

// FuzzReceive: whatever bytes come, cut however, nothing panics, the answers
// are the same as those to the bytes in one piece, and no buffer is larger than
// the order of what came. testdata holds frames recorded from real clients.
func FuzzReceive(f *testing.F) {
	three := encode(f, request(codeEcho, 1, "one"), request(codeUnknown, 2, "two"), request(codePanic, 3, ""))
	f.Add(three, uint16(7))
	f.Add(append(three, 0, 0, 1), uint16(1))
	f.Add([]byte{0, 0xff, 0xff, 0xf0, 0, 0, 0, 1}, uint16(3))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff}, uint16(2))
	f.Add([]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), uint16(5))
	f.Fuzz(func(t *testing.T, b []byte, step uint16) {
		whole, wholeSink := fuzzChannel()
		wholeOK := whole.receive(b)
		wholeSink.flush()

		cut, cutSink := fuzzChannel()
		cutOK, size := true, int(step)%5000+1
		for rest := b; len(rest) > 0 && cutOK; {
			n := min(size, len(rest))
			cutOK = cut.receive(append([]byte(nil), rest[:n]...))
			cutSink.flush()
			rest = rest[n:]
			if cut.in != nil {
				require.LessOrEqual(t, cap(cut.in.b), max(4*len(b), newBufferBytes))
			}
		}
		require.Equal(t, wholeOK, cutOK)
		require.Equal(t, wholeSink.bytes, cutSink.bytes)
	})
}

// FuzzConnection: a connection that sent anything ends when its peer does, and
// another one is served as before.
func FuzzConnection(f *testing.F) {
	f.Add(encode(f, request(codeEcho, 1, "one"), request(codeSlow, 2, "two")))
	f.Add([]byte{0, 0, 0, 9, 0, 0, 0, 5, '{', 'c', 'o', 'd', 'e'})
	pool := NewExecutor("fuzz", 1, 100)
	s := NewServer(ServerConfig{Routes: always(echoRoutes(pool)), MaxIdle: -1})
	f.Cleanup(func() { require.NoError(f, s.Shutdown(context.Background())) })
	f.Fuzz(func(t *testing.T, b []byte) {
		client, server := memnet.Pipe()
		client.SetWindow(64 << 20)
		done := make(chan struct{})
		go func() {
			defer close(done)
			s.ServeConn(server)
		}()
		if _, err := client.Write(b); err == nil {
			require.NoError(t, client.CloseWrite())
		}
		select {
		case <-done:
		case <-time.After(10 * time.Second):
			t.Fatal("the connection does not end")
		}
		require.NoError(t, client.Close())

		client, server = memnet.Pipe()
		go s.ServeConn(server)
		p := &testPeer{t: t, conn: client}
		require.Equal(t, codec.Success, p.call(request(codeEcho, 1, "")).Code)
		require.NoError(t, client.Close())
	})
}
