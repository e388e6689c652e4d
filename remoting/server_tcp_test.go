package remoting

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
)

func TestTCPEverything(t *testing.T) {
	pool := NewExecutor("test", 4, 1000)
	s := tcpServer(t, ServerConfig{Routes: always(echoRoutes(pool))})
	big := strings.Repeat("0123456789abcdef", 4<<16) // 4 MiB
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			p := tcpPeer(t, s)
			for k, code := range []int32{codeEcho, codeSlow, codeLater, codeUnknown, codePanic, codeEcho, codeSlow} {
				body := fmt.Sprint(i, k)
				if k > 4 {
					body = big
				}
				req := request(code, int32(k), body)
				req.Serialize = codec.SerializeType(k % 2)
				resp := p.call(req)
				require.Equal(t, req.Opaque, resp.Opaque)
				require.Equal(t, req.Serialize, resp.Serialize)
				switch code {
				case codeUnknown:
					require.Equal(t, codec.RequestCodeNotSupported, resp.Code)
				case codePanic:
					require.Equal(t, codec.SystemError, resp.Code)
				default:
					require.True(t, bytes.Equal(req.Body, resp.Body))
				}
			}
			p.send(request(codeCallBack, 9, "state?"))
			ask := p.receive()
			p.send(&codec.Command{Opaque: ask.Opaque, Flag: codec.FlagResponse, Body: []byte("commit")})
			require.Equal(t, "commit", string(p.receive().Body))
		})
	}
	wg.Wait()
	require.Equal(t, 8, s.Connections())
}

// TestTCPManyRequestsAnsweredFromElsewhere: every reply comes from another
// goroutine, all arrive, none is torn.
func TestTCPManyRequestsAnsweredFromElsewhere(t *testing.T) {
	pool := NewExecutor("test", 4, 100_000)
	s := tcpServer(t, ServerConfig{Routes: always(echoRoutes(pool))})
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			const n = 3000
			p := tcpPeer(t, s)
			go func() {
				for i := range int32(n) {
					code := []int32{codeSlow, codeLater, codeEcho}[i%3]
					p.send(request(code, i, strings.Repeat("x", int(i%500))))
				}
			}()
			seen := map[int32]bool{}
			for range n {
				resp := p.receive()
				require.Equal(t, codec.Success, resp.Code)
				require.Len(t, resp.Body, int(resp.Opaque%500))
				seen[resp.Opaque] = true
			}
			require.Len(t, seen, n)
		})
	}
	wg.Wait()
}

func TestTCPBadFrameClosesItsConnectionOnly(t *testing.T) {
	s := tcpServer(t, ServerConfig{Routes: always(echoRoutes(nil))})
	good := tcpPeer(t, s)
	for _, bad := range []string{"\x01\x10\x00\x00", "GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01\x02\x00", "\x00\x00\x00\x09\x00\x00\x00\x05{code"} {
		p := tcpPeer(t, s)
		p.write([]byte(bad))
		p.closed()
	}
	good.call(request(codeEcho, 1, ""))
	require.Eventually(t, func() bool { return s.Connections() == 1 }, 5*time.Second, time.Millisecond)
}

func TestTCPIdleAndClosedPeers(t *testing.T) {
	closed := make(chan *Channel, 10)
	s := tcpServer(t, ServerConfig{Routes: always(echoRoutes(nil)), MaxIdle: 300 * time.Millisecond, OnClose: func(ch *Channel) { closed <- ch }})
	p := tcpPeer(t, s)
	p.call(request(codeEcho, 1, ""))
	start := time.Now()
	p.closed()
	require.Greater(t, time.Since(start), 250*time.Millisecond)
	<-closed
	p = tcpPeer(t, s)
	p.call(request(codeEcho, 1, ""))
	require.NoError(t, p.conn.Close())
	ch := <-closed
	require.False(t, ch.Alive())
	require.ErrorIs(t, ch.InvokeOneway(&codec.Command{}), ErrChannelClosed)
	ch.Close()
}

func TestTCPConnectionLimit(t *testing.T) {
	var log logLines
	s := tcpServer(t, ServerConfig{Routes: always(echoRoutes(nil)), MaxConnections: 2, Log: log.logger()})
	a, b := tcpPeer(t, s), tcpPeer(t, s)
	a.call(request(codeEcho, 1, ""))
	b.call(request(codeEcho, 1, ""))
	for range 5 {
		tcpPeer(t, s).closed()
	}
	require.LessOrEqual(t, log.count("too many connections"), 2)
	require.NoError(t, a.conn.Close())
	require.Eventually(t, func() bool { return s.Connections() == 1 }, 5*time.Second, time.Millisecond)
	tcpPeer(t, s).call(request(codeEcho, 1, ""))
}

// TestTCPDescriptorsRunOut: accept(2) fails, the open connections live on, and
// when there are descriptors again connections are accepted again.
func TestTCPDescriptorsRunOut(t *testing.T) {
	var log logLines
	s := tcpServer(t, ServerConfig{Routes: always(echoRoutes(nil)), Log: log.logger()})
	p := tcpPeer(t, s)
	p.call(request(codeEcho, 1, ""))
	var old syscall.Rlimit
	require.NoError(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &old))
	fd, err := syscall.Dup(0)
	require.NoError(t, err)
	require.NoError(t, syscall.Close(fd))
	// the client's socket is made first, then there is no descriptor for the server's
	client, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	require.NoError(t, err)
	defer syscall.Close(client)
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: uint64(fd), Max: old.Max}))
	restore := sync.OnceFunc(func() { require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &old)) })
	defer restore()
	require.NoError(t, syscall.Connect(client, &syscall.SockaddrInet4{Port: s.Ports()[0], Addr: [4]byte{127, 0, 0, 1}}))
	require.Eventually(t, func() bool { return log.count("cannot accept") > 0 }, 5*time.Second, time.Millisecond)
	p.call(request(codeEcho, 2, ""))
	restore()
	require.Eventually(t, func() bool {
		q, err := net.Dial("tcp", p.conn.RemoteAddr().String())
		if err != nil {
			return false
		}
		defer q.Close()
		_, err = q.Write(encode(t, request(codeEcho, 3, "")))
		require.NoError(t, err)
		_, err = readFrame(q)
		return err == nil
	}, 5*time.Second, 10*time.Millisecond)
}

func TestTCPSlowReader(t *testing.T) {
	var served atomic.Int32
	channels := make(chan *Channel, 1)
	routes := NewRouteTable()
	routes.Register(Route{Code: codeEcho, Process: func(r *Request) {
		served.Add(1)
		r.Reply(&codec.Command{Body: make([]byte, 100_000)})
	}})
	s := tcpServer(t, ServerConfig{Routes: always(routes), HighWaterBytes: 1 << 20, MaxOutBytes: 16 << 20,
		OnConnect: func(ch *Channel) { channels <- ch }})
	p := tcpPeer(t, s)
	ch := <-channels
	const n = 1000 // 100 MB of answers, far beyond MaxOutBytes and the socket buffers
	for i := range int32(n) {
		p.send(request(codeEcho, i, "")) // they fit the socket buffers
	}
	require.Eventually(t, func() bool { return served.Load() > 10 }, 5*time.Second, time.Millisecond)
	for i := range int32(n) {
		require.Equal(t, i, p.receive().Opaque)
	}
	require.EqualValues(t, n, served.Load())

	// pushes do not wait: such a peer is disconnected
	var err error
	for range n {
		if err = ch.InvokeOneway(&codec.Command{Code: 40, Body: make([]byte, 100_000)}); err != nil {
			break
		}
	}
	if err == nil {
		require.Eventually(t, func() bool { return !ch.Alive() }, 5*time.Second, time.Millisecond)
	}
}

func TestTCPShutdownDeliversAnswers(t *testing.T) {
	gate := make(chan struct{})
	pool := NewExecutor("test", 1, 10)
	routes := NewRouteTable()
	body := bytes.Repeat([]byte("last words "), 1<<20)
	routes.Register(Route{Code: codeSlow, Pool: pool, Process: func(r *Request) { <-gate; r.Reply(&codec.Command{Body: body}) }})
	s := NewServer(ServerConfig{Addrs: []string{"127.0.0.1:0"}, Routes: always(routes)})
	require.NoError(t, s.Start())
	p, idle := tcpPeer(t, s), tcpPeer(t, s)
	p.send(request(codeSlow, 1, ""))
	require.Eventually(t, func() bool { return pool.Running() == 1 }, 5*time.Second, time.Millisecond)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- s.Shutdown(ctx) }()
	require.Eventually(t, func() bool {
		c, err := net.Dial("tcp", p.conn.RemoteAddr().String())
		if err == nil {
			c.Close()
		}
		return err != nil
	}, 5*time.Second, time.Millisecond)
	close(gate)
	require.True(t, bytes.Equal(body, p.receive().Body))
	p.closed()
	idle.closed()
	require.NoError(t, <-done)
}

func TestTCPBindError(t *testing.T) {
	s := tcpServer(t, ServerConfig{})
	other := NewServer(ServerConfig{Addrs: []string{"127.0.0.1:0", fmt.Sprint("127.0.0.1:", s.Ports()[0])}})
	err := other.Start()
	require.ErrorIs(t, err, syscall.EADDRINUSE)
	require.ErrorContains(t, err, fmt.Sprint(s.Ports()[0]))
}

func TestTCPTwoPortsTwoTables(t *testing.T) {
	ports := map[int]bool{}
	var mu sync.Mutex
	s := NewServer(ServerConfig{Addrs: []string{"127.0.0.1:0", "127.0.0.1:0"}, Routes: func(port int) *RouteTable {
		mu.Lock()
		defer mu.Unlock()
		ports[port] = true
		r := NewRouteTable()
		r.SetDefault(Route{Process: func(r *Request) {
			r.ReplyCode(codec.Success, fmt.Sprint(port, " ", r.Channel.LocalPort()))
		}})
		return r
	}})
	require.NoError(t, s.Start())
	defer func() { require.NoError(t, s.Shutdown(t.Context())) }()
	require.Len(t, s.Ports(), 2)
	for _, port := range s.Ports() {
		conn, err := net.Dial("tcp", fmt.Sprint("127.0.0.1:", port))
		require.NoError(t, err)
		defer conn.Close()
		p := &testPeer{t: t, conn: conn}
		require.Equal(t, fmt.Sprint(port, " ", port), p.call(request(1, 1, "")).Remark)
	}
	require.Len(t, ports, 2)
}

// TestTenThousandIdleConnections: what one of them costs in heap and stacks.
func TestTenThousandIdleConnections(t *testing.T) {
	if raceEnabled {
		t.Skip("SKIPPED: the race detector's shadow memory is not the server's")
	}
	const conns = 10_000
	if err := raiseDescriptors(conns + 1000); err != nil {
		t.Skip("SKIPPED, 10,000 connections NOT tested:", err)
	}
	s := tcpServer(t, ServerConfig{Routes: always(echoRoutes(nil))})
	tcpPeer(t, s).call(request(codeEcho, 1, "warm"))
	goroutines := runtime.NumGoroutine()
	before := memoryInUse()
	wait := startLoad(t, load{Port: s.Ports()[0], Conns: conns})
	require.Eventually(t, func() bool { return s.Connections() >= conns }, 60*time.Second, 10*time.Millisecond)
	perConn := float64(memoryInUse()-before) / conns
	t.Logf("%.0f bytes a connection, %d goroutines more", perConn, runtime.NumGoroutine()-goroutines)
	require.Less(t, perConn, 20.0*1024)
	require.Less(t, runtime.NumGoroutine()-goroutines, 10)
	wait()
	require.Eventually(t, func() bool { return s.Connections() <= 1 }, 30*time.Second, 10*time.Millisecond)
}

// memoryInUse counts live objects: spans that earlier tests left half empty are not ours.
func memoryInUse() int64 {
	for range 3 { // pools let go at the second collection
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}
