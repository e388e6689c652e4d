package httpd

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func start(t *testing.T, host string, handler http.Handler) *Server {
	t.Helper()
	s := New(host, 0, handler, slog.New(slog.NewTextHandler(t.Output(), nil)))
	require.NoError(t, s.Start())
	t.Cleanup(func() { require.NoError(t, s.Shutdown(context.Background())) })
	return s
}

func answer(t *testing.T, method, addr, host string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://"+addr+"/", nil)
	require.NoError(t, err)
	req.Host = host
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	resp, err := client.Do(req)
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, errors.Join(err, resp.Body.Close()))
	return resp, string(body)
}

func TestReadOnly(t *testing.T) {
	called := 0
	s := start(t, "", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		called++
		_, err := io.WriteString(w, "hello")
		require.NoError(t, err)
	}))
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "OPTIONS"} {
		resp, _ := answer(t, method, s.Addr(), s.Addr())
		require.Equal(t, http.StatusMethodNotAllowed, resp.StatusCode, method)
		require.Equal(t, "GET, HEAD", resp.Header.Get("Allow"))
	}
	require.Zero(t, called)
	resp, body := answer(t, "GET", s.Addr(), s.Addr())
	require.Equal(t, "hello", body)
	require.Contains(t, resp.Header.Get("Content-Security-Policy"), "default-src 'none'")
	require.Equal(t, "nosniff", resp.Header.Get("X-Content-Type-Options"))
}

// TestNamesOnLoopback: a name that was made to point to loopback is not served,
// so that the page behind it cannot read the broker.
func TestNamesOnLoopback(t *testing.T) {
	s := start(t, "127.0.0.1", http.NotFoundHandler())
	for host, want := range map[string]int{
		"127.0.0.1:5557": 404, "localhost:5557": 404, "LOCALHOST": 404, "[::1]:5557": 404, "192.0.2.7": 404,
		"evil.example:5557": 421, "127.0.0.1.evil.example": 421, "localhost.evil.example": 421,
	} {
		resp, _ := answer(t, "GET", s.Addr(), host)
		require.Equal(t, want, resp.StatusCode, host)
	}
	s = start(t, "0.0.0.0", http.NotFoundHandler())
	_, port, err := net.SplitHostPort(s.Addr())
	require.NoError(t, err)
	resp, _ := answer(t, "GET", "127.0.0.1:"+port, "broker-a.example:5557")
	require.Equal(t, 404, resp.StatusCode, "told to listen everywhere, it goes by any name")
}

func TestHealth(t *testing.T) {
	sentence := ""
	s := start(t, "", Health(func() string { return sentence }))
	resp, body := answer(t, "GET", s.Addr(), s.Addr())
	require.Equal(t, 200, resp.StatusCode)
	require.Equal(t, "ok\n", body)
	sentence = "the store is not writeable"
	resp, body = answer(t, "GET", s.Addr(), s.Addr())
	require.Equal(t, 503, resp.StatusCode)
	require.Equal(t, sentence+"\n", body)
}

func TestPortInUse(t *testing.T) {
	s := start(t, "", http.NotFoundHandler())
	port := s.listen.Addr().(*net.TCPAddr).Port
	other := New("", port, http.NotFoundHandler(), slog.Default())
	require.ErrorContains(t, other.Start(), "address already in use")
	require.Empty(t, other.Addr())
	require.NoError(t, other.Shutdown(context.Background()))
}

// TestConnectionLimit: what is too much waits and is served when others go.
func TestConnectionLimit(t *testing.T) {
	s := start(t, "", http.NotFoundHandler())
	var open []net.Conn
	for range maxConnections {
		conn, err := net.Dial("tcp", s.Addr())
		require.NoError(t, err)
		open = append(open, conn)
	}
	late, err := net.Dial("tcp", s.Addr())
	require.NoError(t, err)
	_, err = io.WriteString(late, "GET / HTTP/1.0\r\nHost: localhost\r\n\r\n")
	require.NoError(t, err)
	require.NoError(t, late.SetReadDeadline(time.Now().Add(100*time.Millisecond)))
	_, err = late.Read(make([]byte, 1))
	require.ErrorContains(t, err, "timeout")
	for _, conn := range open {
		require.NoError(t, conn.Close())
	}
	require.NoError(t, late.SetReadDeadline(time.Now().Add(10*time.Second)))
	text, err := io.ReadAll(late)
	require.NoError(t, errors.Join(err, late.Close()))
	require.True(t, strings.HasPrefix(string(text), "HTTP/1.0 404"), string(text))
}
