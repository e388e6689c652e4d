package remoting

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/memnet"
)

func errorsAs[T any](err error, target *T) bool { return errors.As(err, target) }

func request(code, opaque int32, body string) *codec.Command {
	c := &codec.Command{Code: code, Opaque: opaque, Version: codec.CurrentVersion, Ext: codec.Fields{{Key: "k", Value: "wert \"x\" ü"}}}
	if body != "" {
		c.Body = []byte(body)
	}
	return c
}

func TestBothSerialisationsOnOneConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := NewExecutor("test", 2, 10)
		_, p := memServer(t, ServerConfig{Routes: always(echoRoutes(pool))})
		for i, code := range []int32{codeEcho, codeSlow, codeLater, codeEcho} {
			for _, s := range []codec.SerializeType{codec.SerializeJSON, codec.SerializeROCKETMQ} {
				req := request(code, int32(-5+i), fmt.Sprint("body ", i))
				req.Serialize, req.Language = s, codec.LanguageGo
				resp := p.call(req)
				require.Equal(t, s, resp.Serialize)
				require.Equal(t, req.Opaque, resp.Opaque)
				require.EqualValues(t, codec.FlagResponse, resp.Flag)
				require.Equal(t, codec.LanguageJava, resp.Language)
				require.EqualValues(t, 409, resp.Version)
				require.Equal(t, req.Body, resp.Body)
				require.Equal(t, req.Ext, resp.Ext)
			}
		}
	})
}

func TestErrorAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log logLines
		denied := hookFunc(func(r *Request) error {
			if r.Ext.Get("k") == "deny" {
				return errors.New("org.apache.rocketmq.acl.common.AclException: No accessKey is configured")
			}
			return nil
		})
		s, p := memServer(t, ServerConfig{Routes: always(echoRoutes(nil)), Hooks: []RPCHook{denied}, Log: log.logger()})

		resp := p.call(request(codeUnknown, 7, ""))
		require.Equal(t, codec.RequestCodeNotSupported, resp.Code)
		require.Equal(t, " request type 1999 not supported", resp.Remark)

		resp = p.call(request(codePanic, 8, ""))
		require.Equal(t, codec.SystemError, resp.Code)
		require.Equal(t, "panic: boom", resp.Remark)
		require.Equal(t, 1, log.count("boom"))

		req := request(codeEcho, 9, "")
		req.Ext[0].Value = "deny"
		resp = p.call(req)
		require.Equal(t, codec.SystemError, resp.Code)
		require.Equal(t, "org.apache.rocketmq.acl.common.AclException: No accessKey is configured", resp.Remark)

		p.send(request(codeSilent, 10, ""))
		require.EqualValues(t, 11, p.call(request(codeEcho, 11, "")).Opaque)
		require.Zero(t, s.unanswered())
	})
}

type hookFunc func(*Request) error

func (f hookFunc) BeforeRequest(r *Request) error { return f(r) }

func TestDefaultRouteServesTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		routes := echoRoutes(nil)
		routes.SetDefault(Route{Process: func(r *Request) { r.ReplyCode(codec.Success, "default") }})
		_, p := memServer(t, ServerConfig{Routes: always(routes.Without(codeEcho))})
		require.Equal(t, "default", p.call(request(codeUnknown, 1, "")).Remark)
		require.Equal(t, "default", p.call(request(codeEcho, 1, "")).Remark)
		require.Panics(t, func() { routes.Register(Route{Code: codeEcho, Process: echo}) })
	})
}

func TestOnewayIsNeverAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		blocked := make(chan struct{})
		pool := NewExecutor("test", 1, 1)
		pool.SetMaxQueueWait(10 * time.Millisecond)
		s, p := memServer(t, ServerConfig{Routes: always(echoRoutes(pool))})
		for _, code := range []int32{codeEcho, codePanic, codeUnknown, codeLater, codeSilent} {
			req := request(code, 1, "x")
			req.Flag = codec.FlagOneway
			p.send(req)
		}
		require.True(t, pool.Execute(func() { <-blocked }))
		for range 3 { // one waits and is purged, the others are refused
			req := request(codeSlow, 1, "x")
			req.Flag = codec.FlagOneway
			p.send(req)
		}
		time.Sleep(time.Second)
		close(blocked)
		synctest.Wait()
		require.EqualValues(t, 2, p.call(request(codeEcho, 2, "")).Opaque)
		require.Zero(t, s.unanswered())
	})
}

func TestServerAsksTheClientOnTheSameConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, p := memServer(t, ServerConfig{Routes: always(echoRoutes(nil))})
		p.send(request(codeCallBack, 5, "state?"))
		ask := p.receive()
		require.EqualValues(t, 39, ask.Code)
		require.False(t, ask.IsResponse())
		require.EqualValues(t, 409, ask.Version)
		p.send(&codec.Command{Opaque: ask.Opaque + 1, Flag: codec.FlagResponse, Body: []byte("not asked")})
		p.send(&codec.Command{Opaque: ask.Opaque, Flag: codec.FlagResponse, Body: []byte("commit")})
		resp := p.receive()
		require.EqualValues(t, 5, resp.Opaque)
		require.Equal(t, "commit", string(resp.Body))

		// nobody answers: the time-out does
		start := time.Now()
		resp = func() *codec.Command {
			p.send(request(codeCallBack, 6, "state?"))
			p.receive()
			return p.receive()
		}()
		require.EqualValues(t, 6, resp.Opaque)
		require.Contains(t, resp.Remark, ErrTimeout.Error())
		require.Equal(t, time.Second, time.Since(start))
	})
}

func TestAnotherConnectionCannotAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := memServer(t, ServerConfig{Routes: always(echoRoutes(nil))})
		thief := memPeer(t, s)
		p.send(request(codeCallBack, 5, "state?"))
		ask := p.receive()
		thief.send(&codec.Command{Opaque: ask.Opaque, Flag: codec.FlagResponse, Body: []byte("rollback")})
		thief.call(request(codeEcho, 1, ""))
		p.send(&codec.Command{Opaque: ask.Opaque, Flag: codec.FlagResponse, Body: []byte("commit")})
		require.Equal(t, "commit", string(p.receive().Body))
	})
}

func TestChannelInvokeAndClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		channels := make(chan *Channel, 1)
		var closed atomic.Int32
		_, p := memServer(t, ServerConfig{
			OnConnect: func(ch *Channel) { channels <- ch },
			OnClose:   func(*Channel) { closed.Add(1) },
		})
		ch := <-channels
		require.Equal(t, "10.0.0.1:40001", ch.RemoteAddr())
		require.Equal(t, ch.RemoteAddr(), ch.Remote().String())
		require.Equal(t, 10911, ch.LocalPort())
		cmd := &codec.Command{Code: 40, Opaque: 77}
		require.NoError(t, ch.InvokeOneway(cmd))
		got := p.receive()
		require.True(t, got.IsOneway())
		require.EqualValues(t, 77, cmd.Opaque, "the caller's command is left alone")

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := ch.Invoke(ctx, cmd)
		require.ErrorIs(t, err, ErrTimeout)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		p.receive()

		errs := make(chan error, 1)
		go func() { _, err := ch.Invoke(t.Context(), cmd); errs <- err }()
		p.receive()
		require.True(t, ch.Alive())
		ch.Close()
		ch.Close()
		require.ErrorIs(t, <-errs, ErrChannelClosed)
		synctest.Wait()
		require.False(t, ch.Alive())
		require.EqualValues(t, 1, closed.Load())
		require.ErrorIs(t, ch.InvokeOneway(cmd), ErrChannelClosed)
		ch.InvokeAsync(cmd, time.Second, func(_ *codec.Command, err error) { errs <- err })
		require.ErrorIs(t, <-errs, ErrChannelClosed)
		p.closed()
	})
}

func TestIdleConnectionsAreClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		closed := make(chan time.Time, 2)
		s, p := memServer(t, ServerConfig{Routes: always(echoRoutes(nil)), OnClose: func(*Channel) { closed <- time.Now() }})
		start := time.Now()
		memPeer(t, s) // never says a word
		for range 5 {
			time.Sleep(50 * time.Second)
			p.call(request(codeEcho, 1, ""))
		}
		idle := (<-closed).Sub(start)
		require.GreaterOrEqual(t, idle, 120*time.Second)
		require.LessOrEqual(t, idle, 122*time.Second)
		start = time.Now()
		idle = (<-closed).Sub(start)
		require.GreaterOrEqual(t, idle, 120*time.Second)
		require.LessOrEqual(t, idle, 122*time.Second)
		p.closed()
	})
}

func TestBadBytesCloseTheirConnectionOnly(t *testing.T) {
	frame := encode(t, request(codeEcho, 1, "x"))
	for name, bad := range map[string][]byte{
		"17 MiB":         {0x01, 0x10, 0, 0},
		"negative":       {0xff, 0xff, 0xff, 0xff},
		"shorter than 4": {0, 0, 0, 3},
		"TLS hello":      {0x16, 3, 1, 2},
		"HTTP":           []byte("GET / HTTP/1.1\r\n\r\n"),
		"header > frame": {0, 0, 0, 10, 0, 0, 0, 50},
		"serialisation":  {0, 0, 0, 10, 9, 0, 0, 1},
		"no JSON":        append([]byte{0, 0, 0, 9, 0, 0, 0, 5}, "{code"...),
		"after a frame":  append(append([]byte{}, frame...), 0xff, 0xff, 0xff, 0xff),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, good := memServer(t, ServerConfig{Routes: always(echoRoutes(nil))})
				p := memPeer(t, s)
				p.write(bad)
				if strings.HasPrefix(name, "after") {
					p.receive()
				}
				p.closed()
				good.call(request(codeEcho, 1, ""))
			})
		})
	}
}

func TestFramesInPieces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, p := memServer(t, ServerConfig{Routes: always(echoRoutes(NewExecutor("test", 1, 100)))})
		big := strings.Repeat("0123456789abcdef", 100_000)
		stream := encode(t, request(codeEcho, 1, "one"), request(codeLater, 2, "two"), request(codeEcho, 3, big), request(codeSlow, 4, big))
		for _, step := range []int{1, 3, 7, 1000, 4096, 65536, len(stream)} {
			written := make(chan struct{})
			go func() {
				defer close(written)
				for rest := stream; len(rest) > 0; {
					n := min(step, len(rest))
					if step < 1000 && len(rest) < len(stream)-1000 {
						n = min(50_000, len(rest)) // the heads byte by byte, the bodies not
					}
					p.write(rest[:n])
					rest = rest[n:]
					time.Sleep(time.Nanosecond) // when all others wait: the piece was read
				}
			}()
			got := map[int32]int{}
			for range 4 {
				resp := p.receive()
				got[resp.Opaque] = len(resp.Body)
			}
			require.Equal(t, map[int32]int{1: 3, 2: 3, 3: len(big), 4: len(big)}, got)
			<-written
		}
	})
}

// countingConn counts writes.
type countingConn struct {
	*memnet.Conn
	writes atomic.Int32
}

func (c *countingConn) Write(b []byte) (int, error) {
	c.writes.Add(1)
	return c.Conn.Write(b)
}

func TestOneWriteForABatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var pending []*Request
		var ends int
		routes := echoRoutes(nil)
		routes.Register(Route{Code: codeBatch, Process: func(r *Request) { pending = append(pending, r) }})
		var conn countingConn
		s := NewServer(ServerConfig{Routes: always(routes), BatchEnd: func() {
			ends++
			require.Zero(t, conn.writes.Load(), "answers leave after BatchEnd")
			for _, r := range pending {
				r.ReplyCode(codec.Success, "committed")
			}
			pending = nil
		}})
		client, server := memnet.Pipe()
		conn.Conn = server
		go s.ServeConn(&conn)
		p := &testPeer{t: t, conn: client}
		var cmds []*codec.Command
		for i := range 10 {
			cmds = append(cmds, request(codeEcho, int32(i), ""), request(codeBatch, int32(100+i), ""))
		}
		p.send(cmds...)
		for range cmds {
			p.receive()
		}
		synctest.Wait()
		require.EqualValues(t, 1, conn.writes.Load())
		require.Equal(t, 1, ends)
		require.NoError(t, client.Close())
		require.NoError(t, s.Shutdown(t.Context()))
	})
}

func TestRetainedStringsOutliveTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var kept []string
		release := make(chan struct{})
		routes := NewRouteTable()
		routes.Register(Route{Code: codeLater, Process: func(r *Request) {
			r.Retain()
			key, body, remark := r.Ext.Get("k"), string(r.Body), r.Remark
			strs := []string{r.Ext.Get("k"), r.Ext[0].Key, r.Remark}
			go func() {
				<-release
				mu.Lock()
				kept = append(kept, strs...)
				mu.Unlock()
				if key != r.Ext.Get("k") || body != string(r.Body) || remark != r.Remark {
					r.ReplyCode(codec.SystemError, "changed")
					return
				}
				echo(r)
			}()
		}})
		_, p := memServer(t, ServerConfig{Routes: always(routes)})
		for i := range 20 {
			for _, s := range []codec.SerializeType{codec.SerializeJSON, codec.SerializeROCKETMQ} {
				p.send(&codec.Command{Code: codeLater, Opaque: int32(i), Serialize: s, Remark: "remark \n ü",
					Ext: codec.Fields{{Key: "k", Value: fmt.Sprintf("v\t%d", i)}}, Body: []byte(fmt.Sprint("b", i))})
			}
			synctest.Wait()
		}
		close(release)
		for range 40 {
			resp := p.receive()
			require.Equal(t, codec.Success, resp.Code)
			require.Equal(t, fmt.Sprintf("v\t%d", resp.Opaque), resp.Ext.Get("k"))
			require.Equal(t, fmt.Sprint("b", resp.Opaque), string(resp.Body))
		}
		require.Len(t, kept, 120)
		for i := 0; i < len(kept); i += 3 {
			require.True(t, strings.HasPrefix(kept[i], "v\t"), kept[i])
			require.Equal(t, "k", kept[i+1])
			require.Equal(t, "remark \n ü", kept[i+2])
		}
	})
}

func TestReplyOwnedReleasesTheBodyOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var released atomic.Int32
		routes := NewRouteTable()
		routes.Register(Route{Code: codeEcho, Process: func(r *Request) {
			body := make([]byte, int(binary.BigEndian.Uint32(r.Body)))
			for i := range body {
				body[i] = byte(i)
			}
			r.ReplyOwned(&codec.Command{Body: body, Ext: r.Ext}, func() { released.Add(1) })
		}})
		_, p := memServer(t, ServerConfig{Routes: always(routes)})
		for i, size := range []int{0, 10, largeBodyBytes - 1, largeBodyBytes, 1 << 20, codec.DefaultMaxFrameBytes} {
			resp := p.call(request(codeEcho, int32(i), string(binary.BigEndian.AppendUint32(nil, uint32(size)))))
			synctest.Wait()
			require.EqualValues(t, i+1, released.Load())
			if size == codec.DefaultMaxFrameBytes {
				require.Equal(t, codec.SystemError, resp.Code)
				require.Contains(t, resp.Remark, "longer than the limit")
				continue
			}
			require.Len(t, resp.Body, size)
			for k, b := range resp.Body {
				require.True(t, b == byte(k))
			}
		}
	})
}

func TestAnswerTooLongForAFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		routes := NewRouteTable()
		routes.Register(Route{Code: codeEcho, Process: func(r *Request) {
			r.Reply(&codec.Command{Body: make([]byte, 2000)})
		}})
		routes.Register(Route{Code: codeSlow, Process: func(r *Request) {
			r.Reply(&codec.Command{Body: make([]byte, largeBodyBytes)})
		}})
		routes.Register(Route{Code: codeLater, Process: func(r *Request) {
			r.Reply(&codec.Command{Code: 200050}) // does not fit a binary header
		}})
		_, p := memServer(t, ServerConfig{Routes: always(routes), MaxFrameBytes: 1500})
		for _, code := range []int32{codeEcho, codeSlow, codeLater} {
			req := request(code, 3, "")
			req.Serialize = codec.SerializeROCKETMQ
			resp := p.call(req)
			require.Equal(t, codec.SystemError, resp.Code)
			require.NotEmpty(t, resp.Remark)
			require.EqualValues(t, 3, resp.Opaque)
		}
	})
}

func TestShutdownWaitsForRunningRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		pool := NewExecutor("test", 1, 10)
		routes := NewRouteTable()
		routes.Register(Route{Code: codeSlow, Pool: pool, Process: func(r *Request) { <-gate; echo(r) }})
		s := NewServer(ServerConfig{Routes: always(routes)})
		p := memPeer(t, s)
		p.send(request(codeSlow, 1, "last words"))
		synctest.Wait()
		done := make(chan error, 1)
		go func() { done <- s.Shutdown(t.Context()) }()
		synctest.Wait()
		p.send(request(codeSlow, 2, "too late"))
		time.Sleep(time.Second)
		close(gate)
		require.Equal(t, "last words", string(p.receive().Body))
		p.closed()
		require.NoError(t, <-done)
		late := memPeer(t, s)
		late.closed()
	})
}

func TestShutdownEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var held []*Request
		routes := NewRouteTable()
		routes.Register(Route{Code: codeLater, Process: func(r *Request) { r.Retain(); held = append(held, r) }})
		s := NewServer(ServerConfig{Routes: always(routes)})
		p := memPeer(t, s)
		p.send(request(codeLater, 1, ""))
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		require.ErrorIs(t, s.Shutdown(ctx), context.DeadlineExceeded)
		p.closed()
		held[0].ReplyCode(codec.Success, "nobody hears it")
	})
}

func TestResetAndPartition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		closed := make(chan struct{}, 1)
		s := NewServer(ServerConfig{Routes: always(echoRoutes(nil)), OnClose: func(*Channel) { closed <- struct{}{} }})
		client, server := memnet.Pipe()
		go s.ServeConn(server)
		p := &testPeer{t: t, conn: client}
		client.SetDelay(20 * time.Millisecond)
		start := time.Now()
		p.call(request(codeEcho, 1, ""))
		require.Equal(t, 40*time.Millisecond, time.Since(start))
		client.SetPartitioned(true)
		p.send(request(codeEcho, 2, ""))
		time.Sleep(time.Minute)
		client.SetPartitioned(false)
		require.EqualValues(t, 2, p.receive().Opaque)
		client.Reset()
		<-closed
		require.NoError(t, s.Shutdown(t.Context()))
	})
}

// TestSlowReader: a peer that does not read is neither waited for nor served
// without end.
func TestSlowReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var served atomic.Int32
		channels := make(chan *Channel, 1)
		routes := NewRouteTable()
		routes.Register(Route{Code: codeEcho, Process: func(r *Request) {
			served.Add(1)
			r.Reply(&codec.Command{Body: make([]byte, 10_000)})
		}})
		_, p := memServer(t, ServerConfig{Routes: always(routes), HighWaterBytes: 100_000, MaxOutBytes: 1_000_000,
			OnConnect: func(ch *Channel) { channels <- ch }})
		ch := <-channels
		go func() {
			for i := range 1000 {
				if _, err := p.conn.Write(encode(t, request(codeEcho, int32(i), ""))); err != nil {
					return
				}
			}
		}()
		synctest.Wait()
		require.Less(t, served.Load(), int32(300), "requests wait until answers are read")
		for range 1000 {
			p.receive()
		}
		synctest.Wait()
		require.EqualValues(t, 1000, served.Load())

		// pushes to a peer that does not read end in its disconnection
		var err error
		for range 1000 {
			if err = ch.InvokeOneway(&codec.Command{Code: 40, Body: make([]byte, 10_000)}); err != nil {
				break
			}
		}
		require.ErrorIs(t, err, ErrChannelClosed)
		synctest.Wait()
		require.False(t, ch.Alive())
	})
}
