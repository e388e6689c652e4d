package remoting

import (
	"context"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
)

// TestTCPChaos: peers come, send requests and garbage, read or do not, and go
// with or without a goodbye, while other goroutines push to all channels; in
// the middle of it the server shuts down. Nothing panics, hangs or is left
// behind, and every channel is closed exactly once.
func TestTCPChaos(t *testing.T) {
	var mu sync.Mutex
	open, closed := map[*Channel]bool{}, map[*Channel]int{}
	pool := NewExecutor("chaos", 3, 20)
	pool.SetMaxQueueWait(2 * time.Millisecond)
	s := NewServer(ServerConfig{
		Addrs: []string{"127.0.0.1:0"}, Routes: always(echoRoutes(pool)), MaxConnections: 30, MaxIdle: 50 * time.Millisecond,
		HighWaterBytes: 50_000, MaxOutBytes: 500_000,
		OnConnect: func(ch *Channel) { mu.Lock(); open[ch] = true; mu.Unlock() },
		OnClose:   func(ch *Channel) { mu.Lock(); delete(open, ch); closed[ch]++; mu.Unlock() },
	})
	require.NoError(t, s.Start())
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	var wg sync.WaitGroup
	for seed := range uint64(12) {
		wg.Go(func() { chaosPeer(t, ctx, rand.New(rand.NewPCG(seed, 7)), s.Ports()[0]) })
	}
	for range 2 {
		wg.Go(func() {
			for ctx.Err() == nil {
				mu.Lock()
				for ch := range open {
					if err := ch.InvokeOneway(&codec.Command{Code: 40}); err != nil {
						require.ErrorIs(t, err, ErrChannelClosed)
					}
					ch.InvokeAsync(&codec.Command{Code: 39, Body: make([]byte, 5000)}, time.Millisecond, func(*codec.Command, error) {})
				}
				mu.Unlock()
				select {
				case <-time.After(time.Millisecond):
				case <-ctx.Done():
				}
			}
		})
	}
	select {
	case <-time.After(700 * time.Millisecond):
	case <-t.Context().Done():
	}
	downCtx, downCancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer downCancel()
	if err := s.Shutdown(downCtx); err != nil {
		require.ErrorIs(t, err, context.DeadlineExceeded)
	}
	wg.Wait()
	require.Empty(t, open)
	require.NotEmpty(t, closed)
	for _, times := range closed {
		require.Equal(t, 1, times)
	}
	pool.Shutdown()
	require.NoError(t, pool.Wait(downCtx))
}

func chaosPeer(t *testing.T, ctx context.Context, rnd *rand.Rand, port int) {
	codes := []int32{codeEcho, codeSlow, codePanic, codeLater, codeSilent, codeCallBack, codeUnknown}
	for ctx.Err() == nil {
		conn, err := net.DialTCP("tcp", nil, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
		if err != nil {
			return // the server is down
		}
		var reader sync.WaitGroup
		if rnd.IntN(3) > 0 {
			reader.Go(func() {
				_, err := io.Copy(io.Discard, conn)
				_ = err // however it ends
			})
		}
		for range rnd.IntN(40) {
			b := encode(t, &codec.Command{Code: codes[rnd.IntN(len(codes))], Flag: int32(rnd.IntN(4)), Opaque: rnd.Int32(),
				Serialize: codec.SerializeType(rnd.IntN(2)), Body: make([]byte, rnd.IntN(3)*rnd.IntN(50_000))})
			if rnd.IntN(20) == 0 {
				b[rnd.IntN(len(b))] ^= 0xff
			}
			if _, err := conn.Write(b[:len(b)-rnd.IntN(2)*rnd.IntN(10)]); err != nil {
				break
			}
		}
		if rnd.IntN(2) == 0 {
			require.NoError(t, conn.SetLinger(0))
		}
		require.NoError(t, conn.Close())
		reader.Wait()
	}
}
