package remoting

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/memnet"
)

const serverAddr = "10.1.1.1:9876"

// memWorld is a server on a memory network and a client that can dial it.
type memWorld struct {
	net    *memnet.Network
	server *Server
	client *Client
	dials  atomic.Int32
	conns  atomic.Int32
}

func newMemWorld(t *testing.T, server ServerConfig, client ClientConfig) *memWorld {
	t.Helper()
	w := &memWorld{net: memnet.New()}
	w.server = NewServer(server)
	l, err := w.net.Listen(serverAddr)
	require.NoError(t, err)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			w.conns.Add(1)
			go w.server.ServeConn(c)
		}
	}()
	client.Dial = func(ctx context.Context, addr string) (net.Conn, error) {
		w.dials.Add(1)
		return w.net.Dial(ctx, addr)
	}
	w.client = NewClient(client)
	t.Cleanup(func() {
		require.NoError(t, l.Close())
		w.client.Close()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		require.NoError(t, w.server.Shutdown(ctx))
	})
	return w
}

func TestClientMatchesAnswersAndReconnects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newMemWorld(t, ServerConfig{Routes: always(echoRoutes(NewExecutor("test", 4, 100)))}, ClientConfig{})
		var wg sync.WaitGroup
		for i := range 50 {
			wg.Go(func() {
				body := string(rune('A' + i))
				code := []int32{codeEcho, codeSlow, codeLater}[i%3]
				resp, err := w.client.Invoke(t.Context(), serverAddr, request(code, 0, body))
				require.NoError(t, err)
				require.Equal(t, body, string(resp.Body))
			})
		}
		wg.Wait()
		require.EqualValues(t, 1, w.dials.Load(), "one connection an address")

		w.net.Reset(serverAddr)
		synctest.Wait()
		_, err := w.client.Invoke(t.Context(), serverAddr, request(codeEcho, 0, "again"))
		require.NoError(t, err)
		require.EqualValues(t, 2, w.dials.Load())
		require.NoError(t, w.client.InvokeOneway(t.Context(), serverAddr, request(codeEcho, 0, "")))
	})
}

func TestClientTimeouts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newMemWorld(t, ServerConfig{Routes: always(echoRoutes(nil))}, ClientConfig{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := w.client.Invoke(ctx, serverAddr, request(codeSilent, 0, ""))
		require.ErrorIs(t, err, ErrTimeout)
		_, err = w.client.Invoke(t.Context(), serverAddr, request(codeEcho, 0, ""))
		require.NoError(t, err)
		require.EqualValues(t, 2, w.dials.Load(), "a connection that swallowed a request is made anew")

		// dialling: 3 s, shared by all who wait
		w.net.Reset(serverAddr)
		w.net.Partition(serverAddr)
		synctest.Wait()
		start := time.Now()
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				_, err := w.client.Invoke(t.Context(), serverAddr, request(codeEcho, 0, ""))
				require.ErrorIs(t, err, context.DeadlineExceeded)
			})
		}
		wg.Wait()
		require.Equal(t, 3*time.Second, time.Since(start))
		require.EqualValues(t, 3, w.dials.Load())
		w.net.Heal(serverAddr)
		_, err = w.client.Invoke(t.Context(), serverAddr, request(codeEcho, 0, ""))
		require.NoError(t, err)

		_, err = w.client.Invoke(t.Context(), "10.1.1.9:1", request(codeEcho, 0, ""))
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
	})
}

func TestClientClosesIdleConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		closed := make(chan *Channel, 1)
		w := newMemWorld(t, ServerConfig{Routes: always(echoRoutes(nil)), MaxIdle: -1},
			ClientConfig{MaxIdle: time.Minute, OnClose: func(ch *Channel) { closed <- ch }})
		_, err := w.client.Invoke(t.Context(), serverAddr, request(codeEcho, 0, ""))
		require.NoError(t, err)
		start := time.Now()
		<-closed
		require.InDelta(t, time.Minute, time.Since(start), float64(2*time.Second))
	})
}

func TestClientServesThePeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newMemWorld(t, ServerConfig{Routes: always(echoRoutes(nil))}, ClientConfig{Routes: func() *RouteTable {
			r := NewRouteTable()
			r.Register(Route{Code: 39, Process: func(r *Request) {
				r.Reply(&codec.Command{Body: append([]byte("checked "), r.Body...)})
			}})
			return r
		}()})
		resp, err := w.client.Invoke(t.Context(), serverAddr, request(codeCallBack, 0, "tx"))
		require.NoError(t, err)
		require.Equal(t, "checked tx", string(resp.Body))
	})
}

func TestClientCloseFailsWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newMemWorld(t, ServerConfig{Routes: always(echoRoutes(nil))}, ClientConfig{})
		errs := make(chan error, 2)
		go func() {
			_, err := w.client.Invoke(t.Context(), serverAddr, request(codeSilent, 0, ""))
			errs <- err
		}()
		synctest.Wait()
		w.net.Partition("10.1.1.2:1")
		go func() {
			_, err := w.client.Invoke(t.Context(), "10.1.1.2:1", request(codeSilent, 0, ""))
			errs <- err
		}()
		synctest.Wait()
		start := time.Now()
		w.client.Close()
		w.client.Close()
		require.Error(t, <-errs)
		require.Error(t, <-errs)
		require.Zero(t, time.Since(start))
		_, err := w.client.Invoke(t.Context(), serverAddr, request(codeEcho, 0, ""))
		require.ErrorIs(t, err, ErrClosed)
	})
}
