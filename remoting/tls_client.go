package remoting

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
)

// dial connects to addr, with TLS where that is configured. ctx bounds both.
func (c *Client) dial(ctx context.Context, addr string) (net.Conn, error) {
	if !c.config.UseTLS {
		return c.config.Dial(ctx, addr)
	}
	config, err := c.config.TLS.clientConfig(addr)
	if err != nil {
		return nil, fmt.Errorf("TLS: %w", err)
	}
	conn, err := c.config.Dial(ctx, addr)
	if err != nil {
		return nil, err
	}
	secure := tls.Client(conn, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		if closeErr := conn.Close(); closeErr != nil {
			c.ep.log.Debug("close", "remote", addr, "error", closeErr)
		}
		return nil, fmt.Errorf("TLS handshake: %w (is TLS on at the server? see tls.server.mode there)", err)
	}
	return secure, nil
}

// clientConfig reads the client's files anew: connections are made rarely, and
// so a renewed certificate needs no watching.
func (c *TLSConfig) clientConfig(addr string) (*tls.Config, error) {
	config := &tls.Config{
		MinVersion: tls.VersionTLS12, ServerName: serverName(addr), DynamicRecordSizingDisabled: true,
		InsecureSkipVerify: true, // see verifyChain
	}
	if c.TestMode {
		return config, nil
	}
	files := c.clientFiles()
	texts, err := files.read()
	if err != nil {
		return nil, err
	}
	if c.ClientAuthServer {
		roots, err := files.roots(texts)
		if err != nil {
			return nil, err
		}
		config.VerifyConnection = func(s tls.ConnectionState) error { return verifyChain(s, roots) }
	}
	if files.certPath != "" || files.keyPath != "" {
		certificate, err := files.certificate(texts)
		if err != nil {
			return nil, err
		}
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return certificate, nil }
	}
	return config, nil
}

// verifyChain verifies that a root signed the server's certificate. As in Java
// the name in it does not matter: name servers and brokers are known by address.
func verifyChain(s tls.ConnectionState, roots *x509.CertPool) error {
	if len(s.PeerCertificates) == 0 {
		return errors.New("the server has no certificate")
	}
	options := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool()}
	for _, c := range s.PeerCertificates[1:] {
		options.Intermediates.AddCert(c)
	}
	if _, err := s.PeerCertificates[0].Verify(options); err != nil {
		return fmt.Errorf("the server's certificate is not trusted (tls.client.trustCertPath): %w", err)
	}
	return nil
}

// serverName is what the server is told it was called; addresses are no names.
func serverName(addr string) string {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return ""
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return ""
	}
	return host
}
