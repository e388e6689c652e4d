package remoting

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// testCA signs certificates.
type testCA struct {
	t    testing.TB
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte
}

func newCA(t testing.TB, name string) *testCA {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	ca := &testCA{t: t, key: key}
	ca.cert = &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, ca.cert, ca.cert, key.Public(), key)
	require.NoError(t, err)
	ca.cert, err = x509.ParseCertificate(der)
	require.NoError(t, err)
	ca.pem = pemText("CERTIFICATE", der)
	return ca
}

// issue makes a certificate and its key; the name is neither an address nor a host.
func (ca *testCA) issue(name string) (certPEM, keyPEM []byte) {
	ca.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(ca.t, err)
	keyPEM = pemText("PRIVATE KEY", marshalKey(ca.t, key))
	return ca.certify(name, key.Public(), time.Now().Add(time.Hour)), keyPEM
}

func (ca *testCA) certify(name string, key crypto.PublicKey, notAfter time.Time) []byte {
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<60))
	require.NoError(ca.t, err)
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: notAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, ca.cert, key, ca.key)
	require.NoError(ca.t, err)
	return pemText("CERTIFICATE", der)
}

func marshalKey(t testing.TB, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	return der
}

func pemText(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// writeTemp replaces a file as tools do: at once.
func writeTemp(t testing.TB, dir, name string, text []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	require.NoError(t, os.WriteFile(path+".new", text, 0o600))
	require.NoError(t, os.Rename(path+".new", path))
	return path
}

func opensslKey(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "tls", name))
	require.NoError(t, err)
	return text
}

func TestPrivateKeysOfOpenSSL(t *testing.T) {
	want, err := parsePrivateKey(opensslKey(t, "ec.pem"), "")
	require.NoError(t, err)
	for _, name := range []string{"p8", "p8-default", "p8-aes-128-cbc", "p8-aes-192-cbc", "p8-des3",
		"p8-hmacWithSHA1", "p8-hmacWithSHA224", "p8-hmacWithSHA384", "p8-hmacWithSHA512",
		"p8-v1", "p8-v1-rc4", "p8-v1-rc4-40", "p8-v1-des2", "p8-v1-md5"} {
		text := opensslKey(t, name+".pem")
		got, err := parsePrivateKey(text, "s3cret")
		require.NoError(t, err, name)
		require.Equal(t, want, got, name)
		if name == "p8" {
			continue // a password that is not needed does no harm
		}
		_, err = parsePrivateKey(text, "secret")
		require.ErrorIs(t, err, errWrongPassword, name)
		_, err = parsePrivateKey(text, "")
		require.ErrorIs(t, err, errNoPassword, name)
	}
	for _, name := range []string{"p8-scrypt", "p8-v1-rc2", "ec-old"} {
		_, err := parsePrivateKey(opensslKey(t, name+".pem"), "s3cret")
		require.ErrorContains(t, err, opensslAdvice, name)
	}
	rsa, err := parsePrivateKey(opensslKey(t, "rsa-pkcs1.pem"), "")
	require.NoError(t, err)
	same, err := parsePrivateKey(opensslKey(t, "rsa-p8.pem"), "")
	require.NoError(t, err)
	require.True(t, samePublicKey(rsa.Public(), same.Public()))
	require.False(t, samePublicKey(rsa.Public(), want.Public()))
	_, err = parsePrivateKey(opensslKey(t, "ec-params.pem"), "")
	require.NoError(t, err, "EC PARAMETERS come first")
	for _, text := range []string{"", "text", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
		string(newCA(t, "ca").pem)} {
		_, err = parsePrivateKey([]byte(text), "")
		require.Error(t, err)
	}
}

// TestPKCS8Limits: a key file may not cost for ever, and its parts must fit.
func TestPKCS8Limits(t *testing.T) {
	block, _ := pem.Decode(opensslKey(t, "p8-default.pem"))
	der := string(block.Bytes)
	for old, changed := range map[string]string{
		"\x02\x02\x08\x00": "\x02\x02\xf8\x00", // 2048 iterations become less than none
		"\x04\x10":         "\x04\x0f",         // the IV
		"\x01\x05\x0d":     "\x01\x05\x03",     // PBES2 becomes PBES1, with parameters of PBES2
		"\x02\x09":         "\x02\x0f",         // the HMAC
		"\x01\x2a":         "\x01\x2b",         // the cipher
	} {
		require.Contains(t, der, old)
		_, err := decryptPKCS8([]byte(strings.Replace(der, old, changed, 1)), "s3cret")
		require.Error(t, err)
		require.NotErrorIs(t, err, errWrongPassword)
	}
	_, err := decryptPKCS8([]byte(der+"\x00"), "s3cret")
	require.ErrorContains(t, err, "more bytes")
	huge := pbes2Params{}
	huge.KeyDerivation.Algorithm = []int{1, 2, 840, 113549, 1, 5, 12}
	huge.KeyDerivation.Parameters.FullBytes = []byte("\x30\x0a\x04\x01\x01\x02\x05\x00\xff\xff\xff\xff")
	_, err = huge.deriveKey("x", 32)
	require.ErrorContains(t, err, "iterations")
	for _, n := range []int{0, 5, 17} {
		_, err := decryptPKCS8([]byte(der)[:n], "x")
		require.Error(t, err)
	}
	old, _ := pem.Decode(opensslKey(t, "p8-v1.pem"))
	for times, changed := range map[string]string{"iterations": "\x02\x02\xf8\x00", "key": "\x02\x01\x08\x00"} {
		require.Contains(t, string(old.Bytes), "\x02\x02\x08\x00")
		_, err := decryptPKCS8([]byte(strings.Replace(string(old.Bytes), "\x02\x02\x08\x00", changed, 1)), "s3cret")
		require.ErrorContains(t, err, times)
	}
}

func FuzzParsePrivateKey(f *testing.F) {
	names, err := filepath.Glob("testdata/tls/*.pem")
	require.NoError(f, err)
	for _, name := range names {
		text, err := os.ReadFile(name)
		require.NoError(f, err)
		if block, _ := pem.Decode(text); strings.HasPrefix(filepath.Base(name), "p8-") {
			f.Add([]byte(strings.Replace(string(block.Bytes), "\x02\x02\x08\x00", "\x02\x02\x00\x08", 1)), true) // 8 iterations: quick
		}
		f.Add(text, false)
	}
	f.Fuzz(func(t *testing.T, b []byte, encrypted bool) {
		if encrypted {
			if strings.Contains(string(b), "\x02\x03") || strings.Contains(string(b), "\x02\x04") {
				return // millions of iterations are allowed, but not here
			}
			b = pemText("ENCRYPTED PRIVATE KEY", b)
		}
		key, err := parsePrivateKey(b, "s3cret")
		require.Equal(t, err == nil, key != nil)
	})
}

func TestTLSFilesThatAreWrong(t *testing.T) {
	dir := t.TempDir()
	ca := newCA(t, "ca")
	cert, key := ca.issue("broker")
	_, otherKey := ca.issue("other")
	good := writeTemp(t, dir, "good.pem", cert)
	goodKey := writeTemp(t, dir, "good.key", key)
	encrypted := writeTemp(t, dir, "encrypted.key", opensslKey(t, "p8-default.pem"))
	for _, c := range []struct {
		set  func(*TLSConfig)
		want []string
	}{
		{func(c *TLSConfig) { c.ServerCertPath, c.ServerKeyPath = "", "" }, []string{"tls.server.certPath", "tls.server.keyPath", "must both be set"}},
		{func(c *TLSConfig) { c.ServerKeyPath = "" }, []string{"must both be set"}},
		{func(c *TLSConfig) { c.ServerCertPath = dir + "/none" }, []string{"tls.server.certPath=" + dir + "/none", "no such file"}},
		{func(c *TLSConfig) { c.ServerKeyPath = dir + "/none" }, []string{"tls.server.keyPath=" + dir + "/none", "no such file"}},
		{func(c *TLSConfig) { c.ServerCertPath = goodKey }, []string{"tls.server.certPath=" + goodKey, "no PEM block CERTIFICATE"}},
		{func(c *TLSConfig) { c.ServerCertPath = dir }, []string{"tls.server.certPath=" + dir, "is a directory"}},
		{func(c *TLSConfig) { c.ServerKeyPath = good }, []string{"tls.server.keyPath=" + good, "no PEM block with a private key"}},
		{func(c *TLSConfig) { c.ServerKeyPath = writeTemp(t, dir, "other.key", otherKey) }, []string{"other.key", "not the key of"}},
		{func(c *TLSConfig) { c.ServerKeyPath = encrypted }, []string{"tls.server.keyPath=" + encrypted, "no keyPassword"}},
		{func(c *TLSConfig) { c.ServerKeyPath, c.ServerKeyPassword = encrypted, "x" }, []string{"password does not fit"}},
		{func(c *TLSConfig) { c.ServerAuthClient, c.ServerTrustCertPath = true, goodKey }, []string{"tls.server.trustCertPath=" + goodKey}},
		{func(c *TLSConfig) { c.ServerNeedClientAuth = "always" }, []string{"tls.server.need.client.auth=always", "none, optional or require"}},
		{func(c *TLSConfig) { c.ServerCertPath = writeTemp(t, dir, "huge", make([]byte, maxTLSFileBytes+1)) }, []string{"longer than"}},
		{func(c *TLSConfig) {
			c.ServerCertPath = writeTemp(t, dir, "torn", pemText("CERTIFICATE", []byte("torn")))
		}, []string{"torn"}},
	} {
		config := DefaultTLSConfig()
		config.TestMode, config.ServerCertPath, config.ServerKeyPath = false, good, goodKey
		c.set(&config)
		s := NewServer(ServerConfig{Addrs: []string{"127.0.0.1:0"}, TLS: &config})
		err := s.Start()
		require.Error(t, err)
		for _, want := range c.want {
			require.ErrorContains(t, err, want)
		}
		require.NotContains(t, err.Error(), "s3cret")
		require.NoError(t, s.Shutdown(t.Context()))
		config.Mode = TLSDisabled
		tcpServer(t, ServerConfig{TLS: &config}) // what is off need not be right
	}
}

func TestTLSConfigFile(t *testing.T) {
	config := DefaultTLSConfig()
	require.False(t, config.UseTLS())
	config.ServerKeyPath, config.ServerCertPath = "explicit", "explicit"
	config.ConfigFile = filepath.Join(t.TempDir(), "tls.properties")
	apply := func(text []byte, into any) error {
		if string(text) == "bad" {
			into.(*TLSFileConfig).TestMode = false
			return errors.New("line 1: bad")
		}
		into.(*TLSFileConfig).ServerKeyPath = string(text)
		return nil
	}
	before := config
	require.NoError(t, config.LoadFile(apply), "that there is no file is fine")
	require.Equal(t, before, config)
	require.NoError(t, os.WriteFile(config.ConfigFile, []byte("file"), 0o600))
	require.NoError(t, config.LoadFile(apply))
	require.Equal(t, "file", config.ServerKeyPath, "the file wins")
	require.Equal(t, "explicit", config.ServerCertPath)
	before = config
	require.NoError(t, os.WriteFile(config.ConfigFile, []byte("bad"), 0o600))
	err := config.LoadFile(apply)
	require.ErrorContains(t, err, "tls.config.file="+config.ConfigFile+": line 1: bad")
	require.Equal(t, before, config)
	config.ConfigFile = ""
	require.NoError(t, config.LoadFile(nil))
	config.Mode = TLSEnforcing
	require.True(t, config.UseTLS())
}
