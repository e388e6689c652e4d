package remoting

import (
	"crypto"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
)

// maxTLSFileBytes bounds what is read of a key, a chain or a list of roots.
const maxTLSFileBytes = 4 << 20

// tlsFiles names the files of one side, server or client.
type tlsFiles struct {
	side     string // "tls.server" or "tls.client"
	certPath string
	keyPath  string
	password string
	trust    string // "": not used
}

// serverFiles returns the files of the server side. Trust counts only where
// certificates are verified.
func (c *TLSConfig) serverFiles() tlsFiles {
	f := tlsFiles{side: "tls.server", certPath: c.ServerCertPath, keyPath: c.ServerKeyPath, password: c.ServerKeyPassword}
	if c.ServerAuthClient {
		f.trust = c.ServerTrustCertPath
	}
	return f
}

func (c *TLSConfig) clientFiles() tlsFiles {
	f := tlsFiles{side: "tls.client", certPath: c.ClientCertPath, keyPath: c.ClientKeyPath, password: c.ClientKeyPassword}
	if c.ClientAuthServer {
		f.trust = c.ClientTrustCertPath
	}
	return f
}

// tlsTexts is what the files hold.
type tlsTexts struct{ cert, key, trust []byte }

// read reads the files that are named.
func (f tlsFiles) read() (t tlsTexts, err error) {
	for _, file := range []struct {
		key, path string
		text      *[]byte
	}{{"certPath", f.certPath, &t.cert}, {"keyPath", f.keyPath, &t.key}, {"trustCertPath", f.trust, &t.trust}} {
		if file.path == "" {
			continue
		}
		if *file.text, err = readBounded(file.path); err != nil {
			return t, fmt.Errorf("%s.%s=%s: %w", f.side, file.key, file.path, err)
		}
	}
	return t, nil
}

func readBounded(path string) (text []byte, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	text, err = io.ReadAll(io.LimitReader(file, maxTLSFileBytes+1))
	if err == nil && len(text) > maxTLSFileBytes {
		err = fmt.Errorf("longer than %d bytes", maxTLSFileBytes)
	}
	return text, err
}

// sum tells one state of the files from another.
func (t tlsTexts) sum() (sum [sha256.Size]byte) {
	h := sha256.New()
	for _, text := range [][]byte{t.cert, t.key, t.trust} {
		part := sha256.Sum256(text)
		h.Write(part[:])
	}
	h.Sum(sum[:0])
	return sum
}

// certificate makes the chain and its key, which must fit each other.
func (f tlsFiles) certificate(t tlsTexts) (*tls.Certificate, error) {
	if f.certPath == "" || f.keyPath == "" {
		return nil, fmt.Errorf("%s.certPath and %s.keyPath must both be set", f.side, f.side)
	}
	c := &tls.Certificate{}
	for rest := t.cert; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type == "CERTIFICATE" {
			c.Certificate = append(c.Certificate, block.Bytes)
		}
	}
	err := errors.New("no PEM block CERTIFICATE")
	if len(c.Certificate) > 0 {
		c.Leaf, err = x509.ParseCertificate(c.Certificate[0])
	}
	if err != nil {
		return nil, fmt.Errorf("%s.certPath=%s: %w", f.side, f.certPath, err)
	}
	key, err := parsePrivateKey(t.key, f.password)
	if err == nil && !samePublicKey(key.Public(), c.Leaf.PublicKey) {
		err = fmt.Errorf("not the key of the first certificate in %s.certPath=%s", f.side, f.certPath)
	}
	if err != nil {
		return nil, fmt.Errorf("%s.keyPath=%s: %w", f.side, f.keyPath, err)
	}
	c.PrivateKey = key
	return c, nil
}

func samePublicKey(a, b crypto.PublicKey) bool {
	key, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && key.Equal(b)
}

// roots makes the certificates to verify the peer with; nil: the system's.
func (f tlsFiles) roots(t tlsTexts) (*x509.CertPool, error) {
	if f.trust == "" {
		return nil, nil
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(t.trust) {
		return nil, fmt.Errorf("%s.trustCertPath=%s: no PEM block CERTIFICATE", f.side, f.trust)
	}
	return pool, nil
}

const opensslAdvice = "convert it: openssl pkcs8 -topk8 -v2 aes-256-cbc -in OLD -out NEW"

// parsePrivateKey returns the first private key of a PEM text: PKCS#8, with or
// without password, PKCS#1 or EC (SEC 1). Java reads PKCS#8 only.
func parsePrivateKey(text []byte, password string) (crypto.Signer, error) {
	for {
		block, rest := pem.Decode(text)
		if block == nil {
			return nil, errors.New("no PEM block with a private key")
		}
		text = rest
		var key any
		var err error
		switch block.Type {
		case "PRIVATE KEY":
			key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
		case "ENCRYPTED PRIVATE KEY":
			var der []byte
			if der, err = decryptPKCS8(block.Bytes, password); err == nil {
				if key, err = x509.ParsePKCS8PrivateKey(der); err != nil {
					err = errWrongPassword
				}
			}
		case "RSA PRIVATE KEY", "EC PRIVATE KEY":
			key, err = parseOldPrivateKey(block)
		default:
			continue // EC PARAMETERS, certificates
		}
		if err != nil {
			return nil, err
		}
		signer, ok := key.(crypto.Signer)
		if !ok {
			return nil, fmt.Errorf("a key of type %T cannot sign", key)
		}
		return signer, nil
	}
}

func parseOldPrivateKey(block *pem.Block) (any, error) {
	switch {
	case block.Headers["DEK-Info"] != "": // MD5 and no integrity check: Go's reader of it is deprecated, Java has none
		return nil, fmt.Errorf("encrypted in OpenSSL's old form; %s", opensslAdvice)
	case block.Type == "RSA PRIVATE KEY":
		return x509.ParsePKCS1PrivateKey(block.Bytes)
	}
	return x509.ParseECPrivateKey(block.Bytes)
}
