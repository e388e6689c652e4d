package remoting

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
)

func testTLS(mode TLSMode) *TLSConfig {
	config := DefaultTLSConfig()
	config.Mode = mode
	return &config
}

// realTLS has the certificate of a CA, in a folder for further files.
func realTLS(t testing.TB, ca *testCA) (config *TLSConfig, dir string) {
	t.Helper()
	dir = t.TempDir()
	cert, key := ca.issue("broker")
	config = testTLS(TLSPermissive)
	config.TestMode = false
	config.ServerCertPath, config.ServerKeyPath = writeTemp(t, dir, "server.pem", cert), writeTemp(t, dir, "server.key", key)
	return config, dir
}

func dialTCP(t testing.TB, s *Server) *net.TCPConn {
	t.Helper()
	conn, err := net.DialTCP("tcp", nil, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: s.Ports()[0]})
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	return conn
}

// handshake makes a connection with TLS and finds out whether the server takes
// it, which in TLS 1.3 shows after the client's part of the handshake only.
func handshake(t testing.TB, s *Server, config *tls.Config) (*testPeer, error) {
	t.Helper()
	if config == nil {
		config = &tls.Config{InsecureSkipVerify: true}
	}
	conn := tls.Client(dialTCP(t, s), config)
	require.NoError(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
	p := &testPeer{t: t, conn: conn}
	if _, err := conn.Write(encode(t, request(codeEcho, 1, "hello"))); err != nil {
		return p, err
	}
	_, err := readFrame(conn)
	return p, err
}

func tlsPeer(t testing.TB, s *Server, config *tls.Config) *testPeer {
	t.Helper()
	p, err := handshake(t, s, config)
	require.NoError(t, err)
	require.NoError(t, p.conn.SetDeadline(time.Time{}))
	return p
}

// clientHello is what a client sends first.
func clientHello(t testing.TB) []byte {
	t.Helper()
	client, server := net.Pipe()
	go func() {
		err := tls.Client(client, &tls.Config{InsecureSkipVerify: true}).Handshake()
		_ = err // the other side hangs up
		client.Close()
	}()
	b := make([]byte, 16<<10)
	n, err := server.Read(b)
	require.NoError(t, err)
	require.NoError(t, server.Close())
	require.EqualValues(t, recordTypeHandshake, b[0])
	return b[:n]
}

func TestTLSModes(t *testing.T) {
	for _, c := range []struct {
		config     *TLSConfig
		plain, tls bool
		log        string
		warnings   int
	}{
		{nil, true, false, "TLS is disabled", 1},
		{testTLS(TLSDisabled), true, false, "TLS is disabled", 1},
		{testTLS(TLSPermissive), true, true, "test mode", 1},
		{testTLS(""), true, true, "", 1},
		{testTLS("Enforced"), true, true, "value=Enforced", 2},
		{testTLS(TLSEnforcing), false, true, "tls.server.mode is enforcing", 2},
	} {
		t.Run(fmt.Sprint(c.config != nil, c.plain, c.tls), func(t *testing.T) {
			var log logLines
			s := tcpServer(t, ServerConfig{Routes: always(echoRoutes(nil)), TLS: c.config, Log: log.logger()})
			for range 3 {
				p, err := handshake(t, s, nil)
				require.Equal(t, c.tls, err == nil, "%v", err)
				if c.tls {
					require.Equal(t, "again", string(p.call(request(codeEcho, 2, "again")).Body))
				}
				p = tcpPeer(t, s)
				if p.send(request(codeEcho, 1, "plain")); c.plain {
					require.Equal(t, "plain", string(p.receive().Body))
				} else {
					p.closed()
				}
			}
			require.Equal(t, c.warnings, log.count("level=WARN"))
			require.Positive(t, log.count(c.log), c.log)
		})
	}
}

func TestTLSEverything(t *testing.T) {
	pool := NewExecutor("test", 4, 1000)
	closed := make(chan *Channel, 100)
	s := tcpServer(t, ServerConfig{Routes: always(echoRoutes(pool)), TLS: testTLS(TLSPermissive), OnClose: func(ch *Channel) { closed <- ch }})
	big := strings.Repeat("0123456789abcdef", 1<<16) // 1 MiB
	var wg sync.WaitGroup
	peers := make([]*testPeer, 6)
	for i := range peers {
		config := &tls.Config{InsecureSkipVerify: true}
		if i%2 == 0 {
			config.MaxVersion = tls.VersionTLS12
		}
		peers[i] = tlsPeer(t, s, config)
	}
	for i, p := range peers {
		wg.Go(func() {
			for k, code := range []int32{codeEcho, codeSlow, codeLater, codeUnknown, codePanic, codeEcho, codeSlow} {
				body := fmt.Sprint(i, k)
				if k > 4 {
					body = big
				}
				resp := p.call(request(code, int32(k), body))
				require.EqualValues(t, k, resp.Opaque)
				switch code {
				case codeUnknown:
					require.Equal(t, codec.RequestCodeNotSupported, resp.Code)
				case codePanic:
					require.Equal(t, codec.SystemError, resp.Code)
				default:
					require.Equal(t, body, string(resp.Body))
				}
			}
			p.send(request(codeCallBack, 9, "state?"))
			ask := p.receive()
			p.send(&codec.Command{Opaque: ask.Opaque, Flag: codec.FlagResponse, Body: []byte("commit")})
			require.Equal(t, "commit", string(p.receive().Body))
		})
	}
	wg.Wait()
	require.Equal(t, len(peers), s.Connections())
	for _, p := range peers {
		local := p.conn.LocalAddr().String()
		require.NoError(t, p.conn.Close())
		ch := <-closed
		require.Equal(t, local, ch.RemoteAddr())
		require.Equal(t, s.Ports()[0], ch.LocalPort())
		require.ErrorIs(t, ch.InvokeOneway(&codec.Command{}), ErrChannelClosed)
	}
}

// TestTLSBatches: the requests of many records that arrive together are one
// batch, also where a record ends in the next packet.
func TestTLSBatches(t *testing.T) {
	var batches atomic.Int32
	s := tcpServer(t, ServerConfig{Routes: always(echoRoutes(nil)), TLS: testTLS(TLSPermissive), BatchEnd: func() { batches.Add(1) }})
	wire := &gatheredConn{Conn: dialTCP(t, s)}
	p := &testPeer{t: t, conn: tls.Client(wire, &tls.Config{InsecureSkipVerify: true})}
	p.call(request(codeEcho, 1, ""))
	before := batches.Load()
	const n = 40
	wire.hold = true
	for i := range int32(n) {
		p.send(request(codeEcho, i, "x"))
	}
	half := len(wire.held)/2 + 7 // within a record
	_, err := wire.Conn.Write(wire.held[:half])
	require.NoError(t, err)
	_, err = wire.Conn.Write(wire.held[half:])
	require.NoError(t, err)
	for i := range int32(n) {
		require.Equal(t, i, p.receive().Opaque)
	}
	require.LessOrEqual(t, batches.Load()-before, int32(3))
}

// gatheredConn holds back what is written.
type gatheredConn struct {
	net.Conn
	hold bool
	held []byte
}

func (c *gatheredConn) Write(b []byte) (int, error) {
	if c.hold {
		c.held = append(c.held, b...)
		return len(b), nil
	}
	return c.Conn.Write(b)
}

func TestTLSClientHelloInPieces(t *testing.T) {
	s := tcpServer(t, ServerConfig{Routes: always(echoRoutes(nil)), TLS: testTLS(TLSPermissive)})
	conn := tls.Client(&dripConn{Conn: dialTCP(t, s), drips: 600}, &tls.Config{InsecureSkipVerify: true})
	p := &testPeer{t: t, conn: conn}
	require.Equal(t, "drop", string(p.call(request(codeEcho, 1, "drop")).Body))
	require.NoError(t, conn.Close())
}

// dripConn writes its first bytes one by one.
type dripConn struct {
	net.Conn
	drips int
}

func (c *dripConn) Write(b []byte) (n int, err error) {
	for ; c.drips > 0 && n < len(b); c.drips-- {
		if _, err := c.Conn.Write(b[n : n+1]); err != nil {
			return n, err
		}
		n++
		runtime.Gosched()
	}
	more, err := c.Conn.Write(b[n:])
	return n + more, err
}

func TestTLSJunkClosesItsConnectionOnly(t *testing.T) {
	var log logLines
	s := tcpServer(t, ServerConfig{Routes: always(echoRoutes(nil)), TLS: testTLS(TLSPermissive), Log: log.logger()})
	plain, secure := tcpPeer(t, s), tlsPeer(t, s, nil)
	plain.call(request(codeEcho, 1, ""))
	hello := clientHello(t)
	torn := bytes.Clone(hello)
	torn[20] ^= 0xff
	long := append([]byte{recordTypeHandshake, 3, 1, 0xff, 0xff}, make([]byte, 1<<16)...)
	for i, junk := range [][]byte{
		{recordTypeHandshake, 'j', 'u', 'n', 'k', 'j', 'u', 'n', 'k'},
		long,
		append([]byte{recordTypeHandshake, 3, 1, 0, 8}, "junkjunk"...),
		append([]byte{recordTypeHandshake, 3, 1, 0, 4}, 1, 0xff, 0xff, 0xff), // a ClientHello of 16 MiB
		append(bytes.Clone(hello), "and then something else, long enough to be a record"...),
		append(hello[:len(hello):len(hello)], hello...),
	} {
		conn := dialTCP(t, s)
		_, err := conn.Write(junk)
		require.NoError(t, err)
		require.NoError(t, conn.SetReadDeadline(time.Now().Add(5*time.Second)))
		_, err = io.Copy(io.Discard, conn) // an alert may come
		require.NotErrorIs(t, err, os.ErrDeadlineExceeded, "junk %d", i)
	}
	plain.call(request(codeEcho, 2, ""))
	secure.call(request(codeEcho, 2, ""))
	require.Eventually(t, func() bool { return s.Connections() == 2 }, 5*time.Second, time.Millisecond)
	require.Positive(t, log.count("TLS handshake failed"))
	require.Positive(t, log.count("the peer does not speak TLS"))

	// a frame that is wrong, in order of TLS
	bad := tlsPeer(t, s, nil)
	bad.write([]byte("GET / HTTP/1.1\r\n\r\n"))
	_, err := io.Copy(io.Discard, bad.conn)
	require.NoError(t, err, "the server says goodbye")
}

func TestTLSHandshakeTimeout(t *testing.T) {
	var log logLines
	s := NewServer(ServerConfig{Addrs: []string{"127.0.0.1:0"}, TLS: testTLS(TLSPermissive), Log: log.logger()})
	s.tls.handshakeTimeout = 100 * time.Millisecond
	require.NoError(t, s.Start())
	defer func() { require.NoError(t, s.Shutdown(t.Context())) }()
	p := &testPeer{t: t, conn: dialTCP(t, s)}
	p.write(clientHello(t)[:100])
	p.closed()
	require.Eventually(t, func() bool { return s.Connections() == 0 }, 5*time.Second, time.Millisecond)
	require.Equal(t, 1, log.count("did not finish the handshake in time"))
}

func TestTLSOldVersionsAreRefused(t *testing.T) {
	var log logLines
	s := tcpServer(t, ServerConfig{TLS: testTLS(TLSPermissive), Log: log.logger()})
	for range 3 {
		_, err := handshake(t, s, &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11})
		require.ErrorContains(t, err, "protocol version not supported")
	}
	require.Eventually(t, func() bool { return s.Connections() == 0 }, 5*time.Second, time.Millisecond)
	require.Equal(t, 1, log.count("TLS 1.1 or older"), "once a peer")
}

// TestTLSClientAuth: need.client.auth and authClient against no certificate, one that was verified, one of strangers.
func TestTLSClientAuth(t *testing.T) {
	ours, strangers := newCA(t, "ours"), newCA(t, "strangers")
	pair := func(cert, key []byte) *tls.Certificate {
		c, err := tls.X509KeyPair(cert, key)
		require.NoError(t, err)
		return &c
	}
	certificates := []*tls.Certificate{{}, pair(ours.issue("client")), pair(strangers.issue("client"))}
	const none, good, foreign = 1, 2, 4
	for _, c := range []struct {
		need   string
		verify bool
		taken  int
		log    string
	}{
		{"none", false, none | good | foreign, ""},
		{"", true, none | good | foreign, "authClient=true does nothing"},
		{"optional", false, none | good | foreign, ""},
		{"OPTIONAL", true, none | good, "not signed by one in tls.server.trustCertPath"},
		{"require", false, good | foreign, "need.client.auth is require"},
		{"Require", true, good, "need.client.auth is require"},
	} {
		t.Run(fmt.Sprint(c.need, c.verify), func(t *testing.T) {
			var log logLines
			config, dir := realTLS(t, ours)
			config.ServerNeedClientAuth, config.ServerAuthClient = c.need, c.verify
			config.ServerTrustCertPath = writeTemp(t, dir, "trust.pem", ours.pem)
			s := tcpServer(t, ServerConfig{Routes: always(echoRoutes(nil)), TLS: config, Log: log.logger()})
			for i, certificate := range certificates {
				_, err := handshake(t, s, &tls.Config{InsecureSkipVerify: true,
					GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return certificate, nil }})
				require.Equal(t, c.taken&(1<<i) != 0, err == nil, "certificate %d: %v", i, err)
			}
			require.Eventually(t, func() bool { return log.count(c.log) > 0 }, 5*time.Second, time.Millisecond, c.log)
		})
	}
}

// TestTLSChainAndKeys: clients that verify accept what the server shows, whatever form its key file has.
func TestTLSChainAndKeys(t *testing.T) {
	ca := newCA(t, "ca")
	pool := x509.NewCertPool()
	pool.AddCert(ca.cert)
	for name, password := range map[string]string{"ec.pem": "", "p8.pem": "", "p8-default.pem": "s3cret", "rsa-pkcs1.pem": "", "rsa-p8.pem": "x"} {
		config, dir := realTLS(t, ca)
		text := opensslKey(t, name)
		key, err := parsePrivateKey(text, password)
		require.NoError(t, err)
		chain := append(ca.certify("broker", key.Public(), time.Now().Add(time.Hour)), ca.pem...)
		config.ServerCertPath, config.ServerKeyPath = writeTemp(t, dir, "chain.pem", chain), writeTemp(t, dir, name, text)
		config.ServerKeyPassword = password
		s := tcpServer(t, ServerConfig{Routes: always(echoRoutes(nil)), TLS: config})
		p := tlsPeer(t, s, &tls.Config{InsecureSkipVerify: true, VerifyConnection: func(c tls.ConnectionState) error { return verifyChain(c, pool) }})
		require.Len(t, p.conn.(*tls.Conn).ConnectionState().PeerCertificates, 2)
	}
}

func TestTLSExpiredCertificateWarns(t *testing.T) {
	var log logLines
	ca := newCA(t, "ca")
	config, dir := realTLS(t, ca)
	key, err := parsePrivateKey(opensslKey(t, "p8.pem"), "")
	require.NoError(t, err)
	config.ServerKeyPath = writeTemp(t, dir, "p8.pem", opensslKey(t, "p8.pem"))
	config.ServerCertPath = writeTemp(t, dir, "old.pem", ca.certify("broker", key.Public(), time.Now().Add(-time.Hour)))
	s := tcpServer(t, ServerConfig{Routes: always(echoRoutes(nil)), TLS: config, Log: log.logger()})
	tlsPeer(t, s, nil)
	require.Equal(t, 1, log.count("not valid now"))
}

func TestTLSHotReload(t *testing.T) {
	var log logLines
	old, renewed := newCA(t, "old"), newCA(t, "renewed")
	config, dir := realTLS(t, old)
	config.ServerNeedClientAuth, config.ServerAuthClient = "require", true
	config.ServerTrustCertPath = writeTemp(t, dir, "trust.pem", old.pem)
	s := tcpServer(t, ServerConfig{Routes: always(echoRoutes(nil)), TLS: config, Log: log.logger()})
	client := func(ca *testCA) *tls.Config {
		certificate, err := tls.X509KeyPair(ca.issue("client"))
		require.NoError(t, err)
		return &tls.Config{InsecureSkipVerify: true,
			GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &certificate, nil }}
	}
	oldClient, newClient := client(old), client(renewed)
	issuer := func(config *tls.Config) string {
		p, err := handshake(t, s, config)
		if err != nil {
			return err.Error()
		}
		defer p.conn.Close()
		return p.conn.(*tls.Conn).ConnectionState().PeerCertificates[0].Issuer.CommonName
	}
	before := tlsPeer(t, s, oldClient)
	require.Equal(t, "old", issuer(oldClient))

	cert, key := renewed.issue("broker")
	writeTemp(t, dir, "server.pem", cert)
	require.Eventually(t, func() bool { return log.count("not the key of the first certificate") == 1 }, 5*time.Second, 10*time.Millisecond)
	require.Equal(t, "old", issuer(oldClient), "half of a pair is not used")
	writeTemp(t, dir, "server.key", key)
	require.Eventually(t, func() bool { return issuer(oldClient) == "renewed" }, 5*time.Second, 10*time.Millisecond)

	require.Contains(t, issuer(newClient), "remote error")
	writeTemp(t, dir, "trust.pem", renewed.pem)
	require.Eventually(t, func() bool { return issuer(newClient) == "renewed" }, 5*time.Second, 10*time.Millisecond)
	require.Contains(t, issuer(oldClient), "remote error")

	require.NoError(t, os.Remove(config.ServerKeyPath))
	require.Eventually(t, func() bool { return log.count("no such file") == 1 }, 5*time.Second, 10*time.Millisecond)
	writeTemp(t, dir, "server.pem", []byte("torn"))
	writeTemp(t, dir, "server.key", []byte("torn"))
	require.Eventually(t, func() bool { return log.count("no PEM block") == 1 }, 5*time.Second, 10*time.Millisecond)
	require.Equal(t, "renewed", issuer(newClient))
	require.Equal(t, "alive", string(before.call(request(codeEcho, 1, "alive")).Body), "connections are left alone")

	cert, key = old.issue("broker")
	writeTemp(t, dir, "server.pem", cert)
	writeTemp(t, dir, "server.key", key)
	require.Eventually(t, func() bool { return issuer(newClient) == "old" }, 5*time.Second, 10*time.Millisecond)
}

func TestTLSIdleConnectionsAreClosed(t *testing.T) {
	s := tcpServer(t, ServerConfig{Routes: always(echoRoutes(nil)), TLS: testTLS(TLSEnforcing), MaxIdle: 300 * time.Millisecond})
	silent, begun := tcpPeer(t, s), tcpPeer(t, s)
	begun.write(clientHello(t)[:9])
	p := tlsPeer(t, s, nil)
	start := time.Now()
	_, err := p.conn.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)
	require.Greater(t, time.Since(start), 250*time.Millisecond)
	silent.closed()
	begun.closed()
	require.Eventually(t, func() bool { return s.Connections() == 0 }, 5*time.Second, time.Millisecond)
}

// TestTLSSlowReader: its requests wait, the memory stays bounded, all answers come; one that takes no pushes is closed.
func TestTLSSlowReader(t *testing.T) {
	var served atomic.Int32
	channels := make(chan *Channel, 1)
	routes := NewRouteTable()
	routes.Register(Route{Code: codeEcho, Process: func(r *Request) {
		served.Add(1)
		r.Reply(&codec.Command{Body: make([]byte, 100_000)})
	}})
	s := tcpServer(t, ServerConfig{Routes: always(routes), HighWaterBytes: 1 << 20, MaxOutBytes: 16 << 20, TLS: testTLS(TLSPermissive),
		OnConnect: func(ch *Channel) { channels <- ch }})
	p := tlsPeer(t, s, nil)
	ch := <-channels
	const n = 500
	for i := range int32(n) {
		p.send(request(codeEcho, i, ""))
	}
	require.Eventually(t, func() bool { return served.Load() > 10 }, 5*time.Second, time.Millisecond)
	require.Less(t, served.Load(), int32(n), "50 MB of answers wait for nobody")
	for i := range int32(n) {
		require.Equal(t, i, p.receive().Opaque)
	}
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

// TestTLSSlowServer: what a busy server does not take stays with the client.
func TestTLSSlowServer(t *testing.T) {
	gate := make(chan struct{})
	routes := NewRouteTable()
	routes.Register(Route{Code: codeEcho, Process: echo})
	routes.Register(Route{Code: codeSilent, Process: func(r *Request) { <-gate; r.ReplyNone() }})
	s := tcpServer(t, ServerConfig{Routes: always(routes), TLS: testTLS(TLSPermissive)})
	p, other := tlsPeer(t, s, nil), tlsPeer(t, s, nil)
	require.NoError(t, p.conn.SetWriteDeadline(time.Now().Add(300*time.Millisecond)))
	frame := encode(t, request(codeSilent, 1, strings.Repeat("x", 1<<20)))
	var err error
	for range 200 {
		if _, err = p.conn.Write(frame); err != nil {
			break
		}
	}
	require.ErrorIs(t, err, os.ErrDeadlineExceeded, "200 MB went somewhere")
	other.call(request(codeEcho, 2, "")) // another goroutine, another connection
	close(gate)
}

func TestTLSShutdown(t *testing.T) {
	gate := make(chan struct{})
	pool := NewExecutor("test", 1, 10)
	routes := echoRoutes(nil)
	body := bytes.Repeat([]byte("last words "), 1<<20)
	routes.Register(Route{Code: codeSlow, Pool: pool, Process: func(r *Request) { <-gate; r.Reply(&codec.Command{Body: body}) }})
	s := NewServer(ServerConfig{Addrs: []string{"127.0.0.1:0"}, Routes: always(routes), TLS: testTLS(TLSPermissive)})
	require.NoError(t, s.Start())
	p, idle, begun := tlsPeer(t, s, nil), tlsPeer(t, s, nil), tcpPeer(t, s)
	begun.write(clientHello(t)[:50])
	p.send(request(codeSlow, 1, ""))
	require.Eventually(t, func() bool { return pool.Running() == 1 }, 5*time.Second, time.Millisecond)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- s.Shutdown(ctx) }()
	close(gate)
	require.True(t, bytes.Equal(body, p.receive().Body))
	for _, p := range []*testPeer{p, idle} {
		_, err := p.conn.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF, "close_notify")
	}
	begun.closed()
	require.NoError(t, <-done)
	pool.Shutdown()
	require.NoError(t, pool.Wait(ctx))
}

// TestTLSShutdownInTime: a peer that does not read does not hold the server up.
func TestTLSShutdownInTime(t *testing.T) {
	routes := echoRoutes(nil)
	body := make([]byte, 8<<20)
	var served atomic.Int32
	routes.Register(Route{Code: codeSlow, Process: func(r *Request) { r.Reply(&codec.Command{Body: body}); served.Add(1) }})
	s := NewServer(ServerConfig{Addrs: []string{"127.0.0.1:0"}, Routes: always(routes), TLS: testTLS(TLSPermissive)})
	require.NoError(t, s.Start())
	p := tlsPeer(t, s, nil)
	p.write(encode(t, request(codeSlow, 1, ""), request(codeSlow, 2, ""), request(codeSlow, 3, "")))
	require.Eventually(t, func() bool { return served.Load() > 0 }, 5*time.Second, time.Millisecond)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, s.Shutdown(ctx), context.DeadlineExceeded)
}

// TestTLSPushBeforeFirstByte: an enforcing server says nothing in the clear, and what waited comes encrypted.
func TestTLSPushBeforeFirstByte(t *testing.T) {
	s := tcpServer(t, ServerConfig{Routes: always(echoRoutes(nil)), TLS: testTLS(TLSEnforcing), OnConnect: func(ch *Channel) {
		if err := ch.InvokeOneway(&codec.Command{Code: 40, Remark: "secret"}); err != nil {
			panic(err)
		}
	}})
	conn := dialTCP(t, s)
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(50*time.Millisecond)))
	_, err := conn.Read(make([]byte, 1))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	require.NoError(t, conn.SetReadDeadline(time.Time{}))
	p := &testPeer{t: t, conn: tls.Client(conn, &tls.Config{InsecureSkipVerify: true})}
	p.send(request(codeEcho, 7, ""))
	require.Equal(t, "secret", p.receive().Remark)
	require.EqualValues(t, 7, p.receive().Opaque)
	require.NoError(t, p.conn.Close())
}

func TestTLSRefusalsAreBounded(t *testing.T) {
	var log logLines
	ep := &endpoint{log: log.logger()}
	s := newTLSServer(testTLS(TLSPermissive), ep)
	for i := range 3 * maxRefusals {
		ch := ep.newChannel(&net.TCPAddr{IP: net.IPv4(10, 0, byte(i>>8), byte(i)), Port: i}, 1, nil)
		s.refuse(ch, "closed", errors.New("why"))
		s.refuse(ch, "closed", errors.New("why"))
	}
	require.Equal(t, maxRefusals, log.count("closed"))
	s.refusals.mu.since = time.Now().Add(-2 * refusalsForget)
	s.refuse(ep.newChannel(&net.TCPAddr{IP: net.IPv4(10, 0, 0, 1)}, 1, nil), "closed", errors.New("why"))
	require.Equal(t, maxRefusals+1, log.count("closed"))
}

// TestTLSIdleMemory: what an idle connection with TLS costs.
func TestTLSIdleMemory(t *testing.T) {
	if raceEnabled {
		t.Skip("SKIPPED: the race detector's shadow memory is not the server's")
	}
	const conns = 500
	s := tcpServer(t, ServerConfig{Routes: always(echoRoutes(nil)), TLS: testTLS(TLSPermissive)})
	tlsPeer(t, s, nil)
	before := memoryInUse()
	for range conns {
		tlsPeer(t, s, nil)
	}
	t.Logf("%d bytes a connection, both ends", (memoryInUse()-before)/conns)
	require.Less(t, (memoryInUse()-before)/conns, int64(160<<10))
}
