package interop

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/interop/internal/agent"
	"github.com/boostermq/booster/interop/internal/cluster"
	"github.com/boostermq/booster/remoting"
)

// TestTLS: name servers and brokers which take nothing but TLS, and official Java clients with useTLS (the default of that
// setting is the system property tls.enable); once with what every server has without settings, a self-signed certificate and
// clients which trust it, and once with certificates that both sides verify. The broker reaches the name server by TLS too.
//
// Not parallel: the agents' JVMs get their system properties from the environment.
func TestTLS(t *testing.T) {
	certs := newTLSCerts(t)
	tests := []struct {
		name, configFile string
		probe            *tls.Config
		kinds            []string
	}{
		{"self-signed", filepath.Join(certs.dir, "none"), &tls.Config{InsecureSkipVerify: true}, []string{agent.Java497, agent.Java440}},
		{"certificates", certs.properties, certs.probe(), []string{agent.Java497, agent.Java440, agent.Java533}},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			namesrv, broker := startTLSServers(t, c.configFile, c.probe)
			for _, addr := range []string{namesrv, broker} {
				requireRefused(t, addr, remoting.ClientConfig{Name: "plain"})
				if c.configFile == certs.properties {
					nobody := remoting.DefaultTLSConfig()
					requireRefused(t, addr, remoting.ClientConfig{Name: "without certificate", UseTLS: true, TLS: &nobody})
				}
			}
			plain := startProducer(t, agent.Java497, namesrv, agent.Args{"retries": 0})
			require.NotEmpty(t, plain.trySend(agent.Args{"topic": unique("Plain"), "text": "never"})[0].Error)
			for _, kind := range c.kinds {
				t.Run(kind, func(t *testing.T) {
					t.Setenv("JDK_JAVA_OPTIONS", "-Dtls.enable=true -Dtls.config.file="+c.configFile)
					a, err := agent.Start(kind, filepath.Join(suite.dir, unique("tls")))
					requireAvailable(t, err)
					t.Cleanup(a.Close)
					sendAndConsume(t, a, namesrv)
				})
			}
		})
	}
}

// startTLSServers starts a name server and a broker and returns their addresses.
func startTLSServers(t *testing.T, configFile string, probe *tls.Config) (namesrvAddr, brokerAddr string) {
	t.Helper()
	env := systemProperties("-Dtls.server.mode=enforcing -Dtls.enable=true -Dtls.config.file=" + configFile)
	namesrv, err := cluster.StartNamesrv(cluster.NamesrvOptions{
		Kind: suite.kind, Dir: scenarioDir(t, "namesrv"), Env: env, TLS: probe})
	requireAvailable(t, err)
	t.Cleanup(namesrv.Kill)
	broker := ownBroker(t, cluster.BrokerOptions{Namesrv: namesrv.Addr, Env: env, TLS: probe})
	return namesrv.Addr, broker.Addr
}

// requireRefused asks for the brokers with a client that gets no answer.
func requireRefused(t *testing.T, addr string, config remoting.ClientConfig) {
	t.Helper()
	client := remoting.NewClient(config)
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_, err := client.Invoke(ctx, addr, &codec.Command{Code: codec.GetBrokerClusterInfo})
	require.Error(t, err, "%s, %s", addr, config.Name)
	t.Logf("%s, %s: %v", addr, config.Name, err)
	require.NoError(t, ctx.Err(), "%s should close the connection, not just be silent", addr)
}

// sendAndConsume sends messages in every size class of a TLS record and consumes them.
func sendAndConsume(t *testing.T, a *agent.Agent, namesrv string) {
	t.Helper()
	p := &producer{t: t, a: a, name: unique("P-tls")}
	p.call("producer.start", agent.Args{"group": p.name, "namesrv": namesrv, "timeoutMs": 30000, "vip": false}, nil)
	topic := unique("TLS")
	sent := p.send(agent.Args{"topic": topic, "text": "Hello TLS %d", "count": 20})
	sent = append(sent, p.send(agent.Args{"topic": topic, "size": 300_000, "fill": "random", "seed": 1, "count": 3})...)
	c := &consumer{t: t, a: a, name: unique("C-tls")}
	c.inbox = a.Inbox(c.name)
	c.call("consumer.start", agent.Args{"group": c.name, "namesrv": namesrv, "topic": topic, "vip": false}, nil)
	got := map[string]string{}
	for _, m := range c.awaitAndStop(len(sent)) {
		got[m.MsgID] = m.SHA1
	}
	require.Len(t, got, len(sent))
	for _, r := range sent {
		require.Equal(t, r.SHA1, got[r.MsgID])
	}
	p.call("producer.stop", nil, nil)
}

// tlsCerts is a CA with a certificate for the server and one for clients.
type tlsCerts struct {
	t          *testing.T
	dir        string
	properties string // tls.properties for servers and clients
}

func newTLSCerts(t *testing.T) *tlsCerts {
	t.Helper()
	c := &tlsCerts{t: t, dir: t.TempDir()}
	ca, caKey := c.issue("ca", nil, nil)
	c.issue("server", ca, caKey)
	c.issue("client", ca, caKey)
	c.properties = filepath.Join(c.dir, "tls.properties")
	require.NoError(t, os.WriteFile(c.properties, []byte(strings.ReplaceAll(`tls.test.mode.enable=false
tls.server.need.client.auth=require
tls.server.authClient=true
tls.server.trustCertPath=DIR/ca.pem
tls.server.certPath=DIR/server.pem
tls.server.keyPath=DIR/server.key
tls.client.authServer=true
tls.client.trustCertPath=DIR/ca.pem
tls.client.certPath=DIR/client.pem
tls.client.keyPath=DIR/client.key
`, "DIR", c.dir)), 0o600))
	return c
}

// probe is what the start of servers is watched with. The certificates name no host, so it does not ask who answers: that
// the clients under test do.
func (c *tlsCerts) probe() *tls.Config {
	c.t.Helper()
	pair, err := tls.LoadX509KeyPair(filepath.Join(c.dir, "client.pem"), filepath.Join(c.dir, "client.key"))
	require.NoError(c.t, err)
	return &tls.Config{InsecureSkipVerify: true, Certificates: []tls.Certificate{pair}}
}

// issue writes name.pem and name.key, signed by parent or by itself.
func (c *tlsCerts) issue(name string, parent *x509.Certificate, parentKey *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
	c.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(c.t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		BasicConstraintsValid: true, IsCA: parent == nil, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	if parent == nil {
		parent, parentKey = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), parentKey)
	require.NoError(c.t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(c.t, err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(c.t, err)
	for file, block := range map[string]*pem.Block{
		name + ".pem": {Type: "CERTIFICATE", Bytes: der}, name + ".key": {Type: "PRIVATE KEY", Bytes: keyDER}} {
		require.NoError(c.t, os.WriteFile(filepath.Join(c.dir, file), pem.EncodeToMemory(block), 0o600))
	}
	return cert, key
}
