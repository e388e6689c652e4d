package remoting

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/memnet"
)

// TestMain looks for goroutines left behind. The two of ants belong to a global
// pool that gnet starts when it is imported. With a load variable set the
// binary is the other side of a benchmark instead, see load_test.go.
func TestMain(m *testing.M) {
	if spec := os.Getenv(loadVariable); spec != "" {
		os.Exit(runLoad(spec))
	}
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/panjf2000/ants/v2.(*poolCommon).purgeStaleWorkers"),
		goleak.IgnoreAnyFunction("github.com/panjf2000/ants/v2.(*poolCommon).ticktock"))
}

// Codes of the processors of testRoutes.
const (
	codeEcho     int32 = 1001 // inline; answers with the body and the ext fields
	codeSlow     int32 = 1002 // executor, likewise
	codePanic    int32 = 1003
	codeLater    int32 = 1004 // retained, answered by a goroutine
	codeSilent   int32 = 1005
	codeCallBack int32 = 1006 // asks the client before it answers
	codeBatch    int32 = 1007 // answered by BatchEnd
	codeUnknown  int32 = 1999
)

func echo(r *Request) {
	r.Reply(&codec.Command{Code: codec.Success, Remark: r.Remark, Ext: r.Ext, Body: r.Body})
}

// echoRoutes has what needs no more than the request.
func echoRoutes(pool *Executor) *RouteTable {
	t := NewRouteTable()
	t.Register(Route{Code: codeEcho, Process: echo})
	t.Register(Route{Code: codePanic, Process: func(*Request) { panic("boom") }})
	t.Register(Route{Code: codeSilent, Process: func(r *Request) { r.ReplyNone() }})
	t.Register(Route{Code: codeLater, Process: func(r *Request) {
		r.Retain()
		go echo(r)
	}})
	t.Register(Route{Code: codeCallBack, Process: func(r *Request) {
		r.Retain()
		ask := &codec.Command{Code: 39, Body: r.Body}
		r.Channel.InvokeAsync(ask, time.Second, func(resp *codec.Command, err error) {
			if err != nil {
				r.ReplyCode(codec.SystemError, err.Error())
				return
			}
			r.Reply(&codec.Command{Body: resp.Body})
		})
	}})
	if pool != nil {
		t.Register(Route{Code: codeSlow, Process: echo, Pool: pool})
	}
	return t
}

func always(t *RouteTable) func(int) *RouteTable { return func(int) *RouteTable { return t } }

// memServer runs a Server on a memory connection; the returned peer is the client side.
func memServer(t *testing.T, config ServerConfig) (*Server, *testPeer) {
	t.Helper()
	s := NewServer(config)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		require.NoError(t, s.Shutdown(ctx))
	})
	return s, memPeer(t, s)
}

func memPeer(t *testing.T, s *Server) *testPeer {
	t.Helper()
	client, server := memnet.Pipe()
	go s.ServeConn(server)
	p := &testPeer{t: t, conn: client}
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	return p
}

// tcpServer starts a Server on a free loopback port.
func tcpServer(t testing.TB, config ServerConfig) *Server {
	t.Helper()
	config.Addrs = []string{"127.0.0.1:0"}
	if config.EventLoops == 0 {
		config.EventLoops = 2 // what a larger machine has
	}
	s := NewServer(config)
	require.NoError(t, s.Start())
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		require.NoError(t, s.Shutdown(ctx))
	})
	return s
}

func tcpPeer(t testing.TB, s *Server) *testPeer {
	t.Helper()
	conn, err := net.DialTCP("tcp", nil, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: s.Ports()[0]})
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	return &testPeer{t: t, conn: conn}
}

// testPeer speaks frames.
type testPeer struct {
	t    testing.TB
	conn net.Conn
}

func encode(t testing.TB, cmds ...*codec.Command) []byte {
	t.Helper()
	var b []byte
	var err error
	for _, c := range cmds {
		b, err = codec.AppendFrame(b, c)
		require.NoError(t, err)
	}
	return b
}

func (p *testPeer) send(cmds ...*codec.Command) { p.write(encode(p.t, cmds...)) }

func (p *testPeer) write(b []byte) {
	p.t.Helper()
	_, err := p.conn.Write(b)
	require.NoError(p.t, err)
}

// receive reads one frame.
func (p *testPeer) receive() *codec.Command {
	p.t.Helper()
	b, err := readFrame(p.conn)
	require.NoError(p.t, err)
	f, n, err := codec.ParseFrame(b, codec.DefaultMaxFrameBytes)
	require.NoError(p.t, err)
	require.Equal(p.t, len(b), n)
	c := &codec.Command{}
	require.NoError(p.t, c.Decode(f))
	return c
}

func readFrame(r io.Reader) ([]byte, error) {
	b := make([]byte, 4)
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, err
	}
	b = append(b, make([]byte, binary.BigEndian.Uint32(b))...)
	_, err := io.ReadFull(r, b[4:])
	return b, err
}

func (p *testPeer) call(c *codec.Command) *codec.Command {
	p.t.Helper()
	p.send(c)
	return p.receive()
}

// closed waits for the end of the connection without an answer before it.
func (p *testPeer) closed() {
	p.t.Helper()
	require.NoError(p.t, p.conn.SetReadDeadline(time.Now().Add(5*time.Second)))
	n, err := p.conn.Read(make([]byte, 1))
	require.Zero(p.t, n, "an answer came")
	require.Error(p.t, err)
	var ne net.Error
	if ok := errorsAs(err, &ne); ok {
		require.False(p.t, ne.Timeout(), "the connection is still open")
	}
}

// logLines is a log to look into.
type logLines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logLines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

func (l *logLines) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

func (l *logLines) count(what string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.buf.String(), what)
}
