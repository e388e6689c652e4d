package remoting

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	maxRefusals    = 1024
	refusalsForget = 10 * time.Minute
)

// refusals remembers what was said about whom: a client that tries again every
// second fills no log, and no number of peers fills the memory or the log.
type refusals struct {
	mu struct {
		sync.Mutex
		said  map[refusal]struct{}
		since time.Time
	}
}

type refusal struct {
	addr netip.Addr
	why  string
}

// first tells whether r is to be logged.
func (m *refusals) first(r refusal) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if now := time.Now(); m.mu.said == nil || now.Sub(m.mu.since) > refusalsForget {
		m.mu.said, m.mu.since = map[refusal]struct{}{}, now
	}
	_, said := m.mu.said[r]
	if said || len(m.mu.said) >= maxRefusals {
		return false
	}
	m.mu.said[r] = struct{}{}
	return true
}

// refuse logs why a connection is closed, once a peer and reason.
func (s *tlsServer) refuse(ch *Channel, what string, why error) {
	log := s.ep.log.Debug
	if s.refusals.first(refusal{ch.remote.Addr(), why.Error()}) {
		log = s.ep.log.Warn
	}
	args := []any{"channel", ch.remoteText, "error", why}
	if advice := handshakeAdvice(why); advice != "" {
		args = append(args, "advice", advice)
	}
	log(what, args...)
}

// handshakeAdvice says what an operator would want to know about an error of a
// server's handshake. Where crypto/tls has no type for an error its text is used.
func handshakeAdvice(err error) string {
	var notTLS tls.RecordHeaderError
	var untrusted *tls.CertificateVerificationError
	var op *net.OpError
	text := err.Error()
	switch {
	case errors.As(err, &notTLS):
		return "the peer does not speak TLS"
	case errors.As(err, &untrusted):
		return "the client's certificate is not signed by one in tls.server.trustCertPath, or not valid now"
	case strings.Contains(text, "client didn't provide a certificate"):
		return "tls.server.need.client.auth is require: set tls.client.certPath and tls.client.keyPath at the client"
	case strings.Contains(text, "unsupported versions"):
		return "the client wants TLS 1.1 or older, 1.2 is the minimum"
	case strings.Contains(text, "no cipher suite supported"):
		return "the client has no cipher suite in common with the server; old ones without forward secrecy are off"
	case errors.As(err, &op) && op.Op == "remote error":
		return "the client refuses the server's certificate: see tls.client.trustCertPath and tls.client.authServer there"
	case errors.Is(err, os.ErrDeadlineExceeded):
		return "the client did not finish the handshake in time"
	case errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET):
		return "the client hung up during the handshake: it may not trust the server's certificate"
	}
	return ""
}
