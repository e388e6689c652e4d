package remoting

import (
	"context"
	"crypto/tls"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
)

// TestTLSChaos: peers with and without TLS on one port hang up anywhere in the
// handshake and after it, send torn records, do not read; others push to all
// channels from their first moment on; idle ones are closed; in the middle of
// it the server shuts down. Connections that do nothing wrong feel nothing,
// every channel is closed once, and nothing is left behind.
func TestTLSChaos(t *testing.T) {
	var mu sync.Mutex
	open, closed := map[*Channel]bool{}, map[*Channel]int{}
	pool := NewExecutor("chaos", 3, 1000)
	s := NewServer(ServerConfig{
		Addrs: []string{"127.0.0.1:0"}, Routes: always(echoRoutes(pool)), MaxIdle: 60 * time.Millisecond, TLS: testTLS(TLSEnforcing),
		HighWaterBytes: 50_000, MaxOutBytes: 500_000,
		OnConnect: func(ch *Channel) { mu.Lock(); open[ch] = true; mu.Unlock() },
		OnClose:   func(ch *Channel) { mu.Lock(); delete(open, ch); closed[ch]++; mu.Unlock() },
	})
	s.tls.handshakeTimeout = 40 * time.Millisecond
	require.NoError(t, s.Start())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var wg sync.WaitGroup
	for seed := range uint64(8) {
		wg.Go(func() { chaosTLSPeer(t, ctx, rand.New(rand.NewPCG(seed, 9)), s.Ports()[0]) })
	}
	wg.Go(func() {
		for ctx.Err() == nil {
			mu.Lock()
			for ch := range open {
				if err := ch.InvokeOneway(&codec.Command{Code: 40, Body: make([]byte, 100)}); err != nil {
					require.ErrorIs(t, err, ErrChannelClosed)
				}
			}
			mu.Unlock()
			select {
			case <-time.After(time.Millisecond):
			case <-ctx.Done():
			}
		}
	})
	p := patientTLSPeer(t, s)
	until := time.Now().Add(600 * time.Millisecond)
	for i := int32(100); time.Now().Before(until); i++ {
		p.send(request(codeSlow, i, "good"))
		for {
			if c := p.receive(); c.IsResponse() && c.Opaque == i { // a push may have come before the answer tlsPeer reads
				require.Equal(t, "good", string(c.Body))
				break
			}
		}
	}
	downCtx, downCancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer downCancel()
	if err := s.Shutdown(downCtx); err != nil {
		require.ErrorIs(t, err, context.DeadlineExceeded)
	}
	cancel()
	wg.Wait()
	require.Empty(t, open)
	t.Logf("%d connections", len(closed))
	require.Greater(t, len(closed), 8)
	for _, times := range closed {
		require.Equal(t, 1, times)
	}
	pool.Shutdown()
	require.NoError(t, pool.Wait(downCtx))
}

// patientTLSPeer tries until its handshake is done within the limit of the test, which is far below the real one: on a busy
// machine an honest one may miss it.
func patientTLSPeer(t *testing.T, s *Server) *testPeer {
	for deadline := time.Now().Add(20 * time.Second); ; {
		p, err := handshake(t, s, nil)
		if err == nil {
			require.NoError(t, p.conn.SetDeadline(time.Time{}))
			return p
		}
		require.True(t, time.Now().Before(deadline), "%v", err)
		t.Logf("handshake: %v; close: %v", err, p.conn.Close()) // the server has hung up
	}
}

func chaosTLSPeer(t *testing.T, ctx context.Context, rnd *rand.Rand, port int) {
	for ctx.Err() == nil {
		tcp, err := net.DialTCP("tcp", nil, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
		if err != nil {
			return // the server is down
		}
		conn := net.Conn(tcp)
		if rnd.IntN(8) > 0 {
			conn = tls.Client(&faultyConn{Conn: tcp, rnd: rnd, left: 200 + rnd.IntN(4000)}, &tls.Config{InsecureSkipVerify: true})
		}
		require.NoError(t, conn.SetDeadline(time.Now().Add(time.Second)))
		var reader sync.WaitGroup
		if _, err := conn.Write(encode(t, request(codeEcho, 1, ""))); err == nil && rnd.IntN(3) > 0 {
			reader.Go(func() {
				_, err := io.Copy(io.Discard, conn)
				_ = err // however it ends
			})
		}
		for range rnd.IntN(30) {
			code := []int32{codeEcho, codeSlow, codePanic, codeLater, codeSilent, codeUnknown}[rnd.IntN(6)]
			if _, err := conn.Write(encode(t, &codec.Command{Code: code, Flag: int32(rnd.IntN(3)), Body: make([]byte, rnd.IntN(2)*rnd.IntN(50_000))})); err != nil {
				break
			}
		}
		if rnd.IntN(2) == 0 {
			require.NoError(t, tcp.SetLinger(0))
		}
		require.NoError(t, tcp.Close())
		reader.Wait()
	}
}

// faultyConn hurts what is written after left bytes, in one of three ways.
type faultyConn struct {
	net.Conn
	rnd  *rand.Rand
	left int
}

func (c *faultyConn) Write(b []byte) (int, error) {
	if c.left -= len(b); c.left > 0 || len(b) == 0 {
		return c.Conn.Write(b)
	}
	switch c.left = 1 << 30; c.rnd.IntN(3) {
	case 0: // the end is missing, and then nothing comes
		return c.Conn.Write(b[:c.rnd.IntN(len(b))])
	case 1:
		b = append([]byte(nil), b...)
		b[c.rnd.IntN(len(b))] ^= 0x55
	}
	return c.Conn.Write(b)
}
