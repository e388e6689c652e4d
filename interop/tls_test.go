package interop

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/interop/internal/agent"
	"github.com/boostermq/booster/interop/internal/cluster"
	"github.com/boostermq/booster/remoting"
)

// useTLS is what an application sets; without more settings clients then trust every server.
var useTLS = agent.Args{"set": agent.Args{"UseTLS": true}}

// TestTLS: without settings servers take TLS, with a certificate of their own making, and plain connections on one
// port; disabled closes connections with TLS, enforcing those without. The broker reaches the name server by TLS then too.
func TestTLS(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		properties   string
		probe        *tls.Config
		plain, byTLS bool
	}{
		"permissive": {"-Dtls.server.mode=permissive", nil, true, true},
		"disabled":   {"-Dtls.server.mode=disabled", nil, true, false},
		"enforcing":  {"-Dtls.server.mode=enforcing -Dtls.enable=true", &tls.Config{InsecureSkipVerify: true}, false, true},
	}
	for mode, c := range tests {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			namesrv, broker := startTLSServers(t, c.properties, c.probe)
			secure := remoting.DefaultTLSConfig()
			for _, addr := range []string{namesrv, broker} {
				requireReached(t, addr, remoting.ClientConfig{Name: "plain"}, c.plain)
				requireReached(t, addr, remoting.ClientConfig{Name: "TLS", UseTLS: true, TLS: &secure}, c.byTLS)
			}
			for _, kind := range javaClients() {
				t.Run(kind, func(t *testing.T) {
					t.Parallel()
					for _, how := range []struct {
						args   agent.Args
						served bool
					}{{nil, c.plain}, {useTLS, c.byTLS}} {
						if how.served {
							sendAndConsume(t, client(t, kind), namesrv, how.args)
						} else {
							requireCutOff(t, kind, namesrv, how.args)
						}
					}
				})
			}
			if c.plain {
				sendAndConsume(t, client(t, agent.Go212), namesrv, nil) // it has no TLS
			}
		})
	}
}

// TestTLSCertificates: with certificates made by openssl, the keys with a password, both sides prove who they are; clients
// without one of ours are refused. Files that change count for connections from then on, without a restart.
func TestTLSCertificates(t *testing.T) {
	t.Parallel()
	certs := newTLSCerts(t)
	namesrv, broker := startTLSServers(t,
		"-Dtls.server.mode=enforcing -Dtls.enable=true -Dtls.config.file="+certs.properties("tls.properties", "both.pem"), certs.probe("both.pem"))
	trusting := func(file, roots string) []string {
		return []string{"-Dtls.enable=true", "-Dtls.config.file=" + certs.properties(file, roots)}
	}
	nobody := remoting.DefaultTLSConfig()
	for _, addr := range []string{namesrv, broker} {
		requireReached(t, addr, remoting.ClientConfig{Name: "plain"}, false)
		requireReached(t, addr, remoting.ClientConfig{Name: "without certificate", UseTLS: true, TLS: &nobody}, false)
	}
	requireCutOff(t, agent.Java497, namesrv, nil)
	requireCutOff(t, agent.Java497, namesrv, useTLS)
	for _, kind := range javaClients() {
		sendAndConsume(t, ownAgent(t, kind, trusting("old.properties", "ca.pem")...), namesrv, nil)
	}

	certs.replaceServer()
	for _, addr := range []string{namesrv, broker} {
		eventuallyWithin(t, reloadTimeout, "the new certificate of "+addr, func() bool {
			conn, err := tls.Dial("tcp", addr, certs.probe("ca2.pem"))
			if err != nil {
				t.Logf("%s: %v", addr, err)
				return false
			}
			return assert.NoError(t, conn.Close())
		})
	}
	sendAndConsume(t, ownAgent(t, agent.Java497, trusting("new.properties", "ca2.pem")...), namesrv, nil)
}

// startTLSServers starts a name server and a broker and returns their addresses.
func startTLSServers(t *testing.T, properties string, probe *tls.Config) (namesrvAddr, brokerAddr string) {
	t.Helper()
	env := systemProperties(properties)
	namesrv, err := cluster.StartNamesrv(cluster.NamesrvOptions{
		Kind: suite.kind, Dir: scenarioDir(t, "namesrv"), Env: env, TLS: probe})
	requireAvailable(t, err)
	t.Cleanup(namesrv.Kill)
	broker := ownBroker(t, cluster.BrokerOptions{Namesrv: namesrv.Addr, Env: env, TLS: probe})
	return namesrv.Addr, broker.Addr
}

// requireCutOff has a client try in vain.
func requireCutOff(t *testing.T, kind, namesrv string, args agent.Args) {
	t.Helper()
	p := startProducer(t, kind, namesrv, agent.Args{"retries": 0}.With(args))
	require.NotEmpty(t, p.trySend(agent.Args{"topic": unique("CutOff"), "text": "never"})[0].Error)
}

// requireReached asks for the brokers with a client that gets an answer, or whose connection is closed.
func requireReached(t *testing.T, addr string, config remoting.ClientConfig, reached bool) {
	t.Helper()
	client := remoting.NewClient(config)
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_, err := client.Invoke(ctx, addr, &codec.Command{Code: codec.GetBrokerClusterInfo})
	if reached {
		require.NoError(t, err, "%s, %s", addr, config.Name)
		return
	}
	require.Error(t, err, "%s, %s", addr, config.Name)
	t.Logf("%s, %s: %v", addr, config.Name, err)
	require.NoError(t, ctx.Err(), "%s should close the connection, not just be silent", addr)
}

// sendAndConsume sends messages in every size class of a TLS record and consumes them.
func sendAndConsume(t *testing.T, a *agent.Agent, namesrv string, args agent.Args) {
	t.Helper()
	p := startProducerOf(t, a, namesrv, agent.Args{"vip": false}.With(args))
	topic := unique("TLS")
	sent := p.send(agent.Args{"topic": topic, "text": "Hello TLS %d", "count": 20})
	sent = append(sent, p.send(agent.Args{"topic": topic, "size": 300_000, "fill": "random", "seed": 1, "count": 3})...)
	c := startConsumerOf(t, a, namesrv, agent.Args{"topic": topic, "vip": false}.With(args))
	got := map[string]string{}
	for _, m := range c.awaitAndStop(len(sent)) {
		got[m.MsgID] = m.SHA1
	}
	require.Len(t, got, len(sent))
	for _, r := range sent {
		require.Equal(t, r.SHA1, got[r.MsgID])
	}
}

// tlsCerts is a folder with two authorities, ca and ca2, and certificates of theirs for the server and one for clients.
type tlsCerts struct {
	t   *testing.T
	dir string
}

const tlsPassword = "s3cret"

func newTLSCerts(t *testing.T) *tlsCerts {
	t.Helper()
	c := &tlsCerts{t, t.TempDir()}
	for _, ca := range []string{"ca", "ca2"} {
		c.openssl("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=" + ca + " -keyout " + ca + ".key -out " + ca + ".pem")
	}
	var both []byte
	for _, ca := range []string{"ca.pem", "ca2.pem"} {
		text, err := os.ReadFile(filepath.Join(c.dir, ca))
		require.NoError(t, err)
		both = append(both, text...)
	}
	require.NoError(t, os.WriteFile(filepath.Join(c.dir, "both.pem"), both, 0o600))
	c.issue("server", "ca")
	c.issue("client", "ca")
	c.issue("server2", "ca2")
	return c
}

// issue makes a certificate and its key, which netty reads in this form of encryption only.
func (c *tlsCerts) issue(name, ca string) {
	c.t.Helper()
	c.openssl("req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=" + name + " -keyout " + name + ".raw -out " + name + ".csr")
	c.openssl("x509 -req -days 1 -in " + name + ".csr -CA " + ca + ".pem -CAkey " + ca + ".key -CAcreateserial -out " + name + ".pem")
	c.openssl("pkcs8 -topk8 -v1 PBE-SHA1-3DES -passout pass:" + tlsPassword + " -in " + name + ".raw -out " + name + ".key")
}

func (c *tlsCerts) openssl(line string) {
	c.t.Helper()
	program, err := exec.LookPath("openssl")
	if err != nil && os.Getenv("CI") != "true" {
		c.t.Skip(err)
	}
	require.NoError(c.t, err)
	cmd := exec.CommandContext(c.t.Context(), program, strings.Fields(line)...)
	cmd.Dir = c.dir
	text, err := cmd.CombinedOutput()
	require.NoError(c.t, err, "openssl %s\n%s", line, text)
}

// replaceServer gives the servers the certificate of the other authority.
func (c *tlsCerts) replaceServer() {
	c.t.Helper()
	for _, ext := range []string{".key", ".pem"} {
		require.NoError(c.t, os.Rename(filepath.Join(c.dir, "server2"+ext), filepath.Join(c.dir, "server"+ext)))
	}
}

// properties writes a tls.properties for servers and clients who trust these roots, and returns its path.
func (c *tlsCerts) properties(name, roots string) string {
	c.t.Helper()
	text := strings.NewReplacer("DIR", c.dir, "ROOTS", roots, "PASSWORD", tlsPassword).Replace(`tls.test.mode.enable=false
tls.server.need.client.auth=require
tls.server.authClient=true
tls.server.trustCertPath=DIR/ca.pem
tls.server.certPath=DIR/server.pem
tls.server.keyPath=DIR/server.key
tls.server.keyPassword=PASSWORD
tls.client.authServer=true
tls.client.trustCertPath=DIR/ROOTS
tls.client.certPath=DIR/client.pem
tls.client.keyPath=DIR/client.key
tls.client.keyPassword=PASSWORD
`)
	path := filepath.Join(c.dir, name)
	require.NoError(c.t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// probe is a client which trusts these roots. The certificates name no host, so it does not ask who answers: that the
// clients under test do.
func (c *tlsCerts) probe(roots string) *tls.Config {
	c.t.Helper()
	pair, err := tls.LoadX509KeyPair(filepath.Join(c.dir, "client.pem"), filepath.Join(c.dir, "client.raw"))
	require.NoError(c.t, err)
	text, err := os.ReadFile(filepath.Join(c.dir, roots))
	require.NoError(c.t, err)
	pool := x509.NewCertPool()
	require.True(c.t, pool.AppendCertsFromPEM(text))
	return &tls.Config{InsecureSkipVerify: true, Certificates: []tls.Certificate{pair}, VerifyConnection: func(s tls.ConnectionState) error {
		_, err := s.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: pool})
		return err
	}}
}
