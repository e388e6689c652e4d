package remoting

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// tlsHandshakeTimeout is netty's.
	tlsHandshakeTimeout = 10 * time.Second
	// tlsReloadInterval is how often the files are looked at (Java: FileWatchService).
	tlsReloadInterval = 500 * time.Millisecond
	selfSignedYears   = 10
)

// tlsServer is the TLS side of a Server: mode, certificate, connections.
type tlsServer struct {
	ep       *endpoint
	mode     TLSMode
	config   TLSConfig
	files    tlsFiles // empty in test mode
	loaded   [sha256.Size]byte
	current  atomic.Pointer[tls.Config] // of new connections
	refusals refusals
	running  sync.WaitGroup // one a TLS connection, one that watches the files

	handshakeTimeout time.Duration
}

// newTLSServer returns a server side that closes all connections with TLS
// until load. A nil config is disabled for good.
func newTLSServer(config *TLSConfig, ep *endpoint) *tlsServer {
	s := &tlsServer{ep: ep, mode: TLSDisabled, handshakeTimeout: tlsHandshakeTimeout}
	if config != nil {
		s.config, s.mode = *config, config.Mode
		if !s.mode.known() {
			s.mode = TLSPermissive
		}
	}
	return s
}

// load makes what new connections need. It reads the files, and makes no key.
func (s *tlsServer) load() error {
	if s.mode == TLSDisabled {
		return nil
	}
	if !s.config.Mode.known() && s.config.Mode != "" {
		s.ep.log.Warn("tls.server.mode is none of disabled, permissive, enforcing: taken as permissive", "value", string(s.config.Mode))
	}
	if s.config.TestMode {
		s.current.Store(s.testConfig())
		return nil
	}
	s.files = s.config.serverFiles()
	texts, err := s.files.read()
	if err == nil {
		err = s.build(texts)
	}
	if err != nil {
		return fmt.Errorf("remoting: TLS: %w", err)
	}
	return nil
}

// build makes the configuration of new connections from the files' texts.
func (s *tlsServer) build(texts tlsTexts) error {
	certificate, err := s.files.certificate(texts)
	if err != nil {
		return err
	}
	roots, err := s.files.roots(texts)
	if err != nil {
		return err
	}
	clientAuth, err := s.clientAuth()
	if err != nil {
		return err
	}
	s.current.Store(&tls.Config{
		MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{*certificate}, ClientAuth: clientAuth, ClientCAs: roots,
		DynamicRecordSizingDisabled: true, // made for browsers that render while they load
	})
	s.loaded = texts.sum()
	leaf := certificate.Leaf
	s.ep.log.Info("TLS certificate loaded", "subject", leaf.Subject.String(), "notAfter", leaf.NotAfter)
	if now := time.Now(); now.After(leaf.NotAfter) || now.Before(leaf.NotBefore) {
		s.ep.log.Warn("the TLS certificate is not valid now, clients that verify it will refuse",
			"file", s.files.certPath, "notBefore", leaf.NotBefore, "notAfter", leaf.NotAfter)
	}
	return nil
}

// clientAuth is need.client.auth, verified or not. Java takes any other text as
// none, which opens a server that was meant to be closed.
func (s *tlsServer) clientAuth() (tls.ClientAuthType, error) {
	verify := s.config.ServerAuthClient
	switch need := strings.ToLower(strings.TrimSpace(s.config.ServerNeedClientAuth)); {
	case need == "" || need == "none":
		if verify {
			s.ep.log.Warn("tls.server.authClient=true does nothing while tls.server.need.client.auth is none: clients are not asked for certificates")
		}
		return tls.NoClientCert, nil
	case need == "optional" && verify:
		return tls.VerifyClientCertIfGiven, nil
	case need == "optional":
		return tls.RequestClientCert, nil
	case need == "require" && verify:
		return tls.RequireAndVerifyClientCert, nil
	case need == "require":
		return tls.RequireAnyClientCert, nil
	}
	return 0, fmt.Errorf("tls.server.need.client.auth=%s: want none, optional or require", s.config.ServerNeedClientAuth)
}

// testConfig serves with a certificate that is made for the first connection.
func (s *tlsServer) testConfig() *tls.Config {
	certificate := sync.OnceValues(func() (*tls.Certificate, error) {
		s.ep.log.Warn("TLS test mode: a self-signed certificate, encryption without authentication; " +
			"for more set tls.test.mode.enable=false, tls.server.certPath and tls.server.keyPath")
		return selfSigned(time.Now())
	})
	return &tls.Config{
		MinVersion: tls.VersionTLS12, ClientAuth: tls.RequestClientCert, DynamicRecordSizingDisabled: true,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return certificate() },
	}
}

// selfSigned makes a throw-away certificate.
func selfSigned(now time.Time) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("self-signed certificate: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 100))
	if err != nil {
		return nil, fmt.Errorf("self-signed certificate: %w", err)
	}
	template := x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "Booster test mode"}, DNSNames: []string{"localhost"},
		NotBefore: now.Add(-24 * time.Hour), NotAfter: now.AddDate(selfSignedYears, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("self-signed certificate: %w", err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

// watch begins to look at the files until the endpoint stops, if there are any.
func (s *tlsServer) watch() {
	if s.mode == TLSDisabled || s.config.TestMode {
		return
	}
	s.running.Go(func() {
		ticker := time.NewTicker(tlsReloadInterval)
		defer ticker.Stop()
		r := reloader{s: s}
		for {
			select {
			case <-s.ep.stop:
				return
			case <-ticker.C:
				r.look()
			}
		}
	})
}

// reloader takes changed files into use (Java: FileWatchService). Java waits
// until both certificate and key have changed; here whatever fits together is
// taken, so that a certificate renewed for the same key counts too. While the
// files do not fit, new connections get what was there before.
type reloader struct {
	s      *tlsServer
	misfit [sha256.Size]byte // the texts that could not be used
	looks  int               // how often they have been seen
}

func (r *reloader) look() {
	texts, err := r.s.files.read()
	if err != nil { // a file is being replaced, as a rule
		r.failed(sha256.Sum256([]byte(err.Error())), err)
		return
	}
	sum := texts.sum()
	if sum == r.s.loaded {
		r.looks = 0
		return
	}
	if r.looks > 1 && sum == r.misfit {
		return
	}
	if err := r.s.build(texts); err != nil {
		r.failed(sum, err)
		return
	}
	r.looks = 0
}

// failed complains when the same trouble is there at a second look: files are
// replaced one after the other.
func (r *reloader) failed(sum [sha256.Size]byte, err error) {
	if r.misfit != sum {
		r.misfit, r.looks = sum, 0
	}
	if r.looks++; r.looks == 2 {
		r.s.ep.log.Error("changed TLS files are not used, the ones before stay", "error", err)
	}
}
