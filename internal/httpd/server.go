// Package httpd is the small HTTP server beside a broker or a name server, for
// metrics, health and the page: read-only and bounded, because what it is beside
// matters more than it does.
package httpd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Bounds of what clients may do to the process.
const (
	maxConnections = 64 // of those that are open; file descriptors belong to the broker
	headerTimeout  = 5 * time.Second
	requestTimeout = 10 * time.Second
	answerTimeout  = 90 * time.Second // a CPU profile takes 30 s by default
	idleTimeout    = 60 * time.Second
	maxHeaderBytes = 16 << 10
)

// Server serves GET and HEAD requests of one handler on one address.
type Server struct {
	log    *slog.Logger
	host   string
	port   int
	http   *http.Server
	listen net.Listener // set by Start
	done   sync.WaitGroup
}

// New returns a server that does not listen yet. host "" is the loopback
// interface; port 0 is chosen by the system.
//
// What a browser may do with the answers is little: nothing of other origins is
// loaded or may frame them. On a loopback address only requests for an IP address
// or localhost are served: a web page whose name was made to point here
// (DNS rebinding) gets nothing.
func New(host string, port int, handler http.Handler, log *slog.Logger) *Server {
	if host = strings.Trim(host, "[]"); host == "" {
		host = "127.0.0.1"
	}
	handler = readOnly(handler)
	if loopback(host) {
		handler = localNames(handler)
	}
	return &Server{log: log, host: host, port: port, http: &http.Server{
		Handler: handler, ReadHeaderTimeout: headerTimeout, ReadTimeout: requestTimeout, WriteTimeout: answerTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}}
}

// Start listens and serves on a goroutine of its own.
func (s *Server) Start() error {
	l, err := net.Listen("tcp", net.JoinHostPort(s.host, strconv.Itoa(s.port)))
	if err != nil {
		return err
	}
	s.listen = limitListener(l, maxConnections)
	s.done.Go(func() {
		if err := s.http.Serve(s.listen); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("the HTTP server ended", "addr", l.Addr(), "err", err)
		}
	})
	return nil
}

// Addr is where the server listens, "" when it does not.
func (s *Server) Addr() string {
	if s == nil || s.listen == nil {
		return ""
	}
	return s.listen.Addr().String()
}

// Shutdown lets the answers under way end while ctx lasts, a second at most.
func (s *Server) Shutdown(ctx context.Context) error {
	if s.listen == nil {
		return nil
	}
	polite, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	err := s.http.Shutdown(polite)
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		err = s.http.Close()
	}
	s.done.Wait()
	return err
}

// readOnly refuses all but GET and HEAD and sets what holds for every answer.
func readOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "+
			"base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			h.Set("Allow", "GET, HEAD")
			http.Error(w, "read-only: GET and HEAD only", http.StatusMethodNotAllowed)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// localNames serves requests whose Host is an IP address or localhost.
func localNames(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		if !loopback(host) && !isAddress(host) {
			http.Error(w, "this address is served to its own names only", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func isAddress(host string) bool {
	_, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return strings.EqualFold(host, "localhost") || err == nil && ip.IsLoopback()
}

// Health serves 200 "ok" while check returns "", else 503 with its sentence.
func Health(check func() string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		text := check()
		if text == "" {
			text = "ok"
		} else {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		if _, err := fmt.Fprintln(w, text); err != nil {
			return // the client is gone
		}
	})
}
