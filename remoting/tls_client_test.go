package remoting

import (
	"context"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func addrOf(s *Server) string {
	return (&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: s.Ports()[0]}).String()
}

func tlsClient(t testing.TB, config *TLSConfig) *Client {
	t.Helper()
	c := NewClient(ClientConfig{UseTLS: true, TLS: config, ConnectTimeout: 5 * time.Second})
	t.Cleanup(c.Close)
	return c
}

// TestTLSClientTestMode: without further settings a client trusts everybody.
func TestTLSClientTestMode(t *testing.T) {
	s := tcpServer(t, ServerConfig{Routes: always(echoRoutes(nil)), TLS: testTLS(TLSEnforcing)})
	for _, config := range []*TLSConfig{nil, testTLS(TLSPermissive), {}} {
		resp, err := tlsClient(t, config).Invoke(t.Context(), addrOf(s), request(codeEcho, 0, "hello"))
		require.NoError(t, err)
		require.Equal(t, "hello", string(resp.Body))
	}
	plain := NewClient(ClientConfig{})
	defer plain.Close()
	_, err := plain.Invoke(t.Context(), addrOf(s), request(codeEcho, 0, "hello"))
	require.ErrorIs(t, err, ErrChannelClosed)
}

func TestTLSClientAgainstServerWithout(t *testing.T) {
	s := tcpServer(t, ServerConfig{Routes: always(echoRoutes(nil))})
	c := tlsClient(t, nil)
	for range 2 {
		_, err := c.Invoke(t.Context(), addrOf(s), request(codeEcho, 0, ""))
		require.ErrorContains(t, err, "connect to "+addrOf(s)+": TLS handshake: ")
		require.ErrorContains(t, err, "tls.server.mode")
	}
	require.Eventually(t, func() bool { return s.Connections() == 0 }, 5*time.Second, time.Millisecond)
}

// TestTLSClientVerifies: both sides verify each other; a renewed certificate
// of the client counts from the next connection on.
func TestTLSClientVerifies(t *testing.T) {
	ca, strangers := newCA(t, "ca"), newCA(t, "strangers")
	serverConfig, dir := realTLS(t, ca)
	serverConfig.ServerNeedClientAuth, serverConfig.ServerAuthClient = "require", true
	serverConfig.ServerTrustCertPath = writeTemp(t, dir, "trust.pem", ca.pem)
	var dials atomic.Int32
	s := tcpServer(t, ServerConfig{Routes: always(echoRoutes(nil)), TLS: serverConfig, OnConnect: func(*Channel) { dials.Add(1) }})

	config := DefaultTLSConfig()
	config.TestMode, config.ClientAuthServer = false, true
	config.ClientTrustCertPath = serverConfig.ServerTrustCertPath
	cert, key := strangers.issue("client")
	config.ClientCertPath, config.ClientKeyPath = writeTemp(t, dir, "client.pem", cert), writeTemp(t, dir, "client.key", key)
	c := tlsClient(t, &config)
	call := func() error {
		_, err := c.Invoke(t.Context(), addrOf(s), request(codeEcho, 0, ""))
		return err
	}
	require.Error(t, call(), "the server does not know who signed")
	cert, key = ca.issue("client")
	writeTemp(t, dir, "client.pem", cert)
	require.ErrorContains(t, call(), "tls.client.keyPath="+config.ClientKeyPath+": not the key of")
	writeTemp(t, dir, "client.key", key)
	require.NoError(t, call())
	require.NoError(t, call())
	require.EqualValues(t, 2, dials.Load())

	for _, c := range []struct {
		set  func(*TLSConfig)
		want string
	}{
		{func(c *TLSConfig) { c.ClientTrustCertPath = writeTemp(t, dir, "strangers.pem", strangers.pem) }, "not trusted (tls.client.trustCertPath)"},
		{func(c *TLSConfig) { c.ClientTrustCertPath = "" }, "not trusted"}, // the system's roots do not know it
		{func(c *TLSConfig) { c.ClientTrustCertPath = config.ClientKeyPath }, "no PEM block CERTIFICATE"},
		{func(c *TLSConfig) { c.ClientTrustCertPath = dir + "/none" }, "tls.client.trustCertPath=" + dir + "/none"},
		{func(c *TLSConfig) { c.ClientKeyPath = "" }, "must both be set"},
	} {
		wrong := config
		c.set(&wrong)
		_, err := tlsClient(t, &wrong).Invoke(t.Context(), addrOf(s), request(codeEcho, 0, ""))
		require.ErrorContains(t, err, c.want)
	}
}

// TestTLSClientAgainstSilence: a server that never shakes hands costs the connect time-out.
func TestTLSClientAgainstSilence(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	c := NewClient(ClientConfig{UseTLS: true, ConnectTimeout: 50 * time.Millisecond})
	defer c.Close()
	_, err = c.Invoke(t.Context(), ln.Addr().String(), request(codeEcho, 0, ""))
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestServerName(t *testing.T) {
	for addr, want := range map[string]string{"broker.example:10911": "broker.example", "10.0.0.1:1": "", "[::1]:1": "", "nonsense": ""} {
		require.Equal(t, want, serverName(addr))
	}
}
