package remoting

import (
	"errors"
	"fmt"
	"io/fs"
)

// defaultTLSConfigFile is where Java looks for further keys.
const defaultTLSConfigFile = "/etc/rocketmq/tls.properties"

// TLSMode says what a server does with the first byte of a connection (Java:
// TlsMode). As there, text that is none of the three means permissive; the
// server warns.
type TLSMode string

// The modes.
const (
	TLSDisabled   TLSMode = "disabled"   // connections with TLS are closed
	TLSPermissive TLSMode = "permissive" // with and without TLS on one port
	TLSEnforcing  TLSMode = "enforcing"  // connections without TLS are closed
)

// TLSConfig is the TLS settings of a process, server and client side (Java:
// TlsSystemConfig; spec/wire.md §6). The tags are Java's system properties.
type TLSConfig struct {
	Mode       TLSMode `prop:"tls.server.mode"`
	Enable     bool    `prop:"tls.enable"` // our own connections use TLS
	ConfigFile string  `prop:"tls.config.file"`
	TLSFileConfig
}

// TLSFileConfig is the settings that may stand in the file ConfigFile too.
// Paths are of PEM files. Keys may be PKCS#8, encrypted or not, PKCS#1 or EC.
type TLSFileConfig struct {
	// TestMode lets a server make itself a certificate that nobody vouches for,
	// and a client trust everybody: encryption without authentication.
	TestMode bool `prop:"tls.test.mode.enable"`

	ServerNeedClientAuth string `prop:"tls.server.need.client.auth"` // none, optional, require
	ServerKeyPath        string `prop:"tls.server.keyPath"`
	ServerKeyPassword    string `prop:"tls.server.keyPassword"`
	ServerCertPath       string `prop:"tls.server.certPath"`      // chain, the server's own certificate first
	ServerAuthClient     bool   `prop:"tls.server.authClient"`    // false: any client certificate will do
	ServerTrustCertPath  string `prop:"tls.server.trustCertPath"` // who signs clients' certificates; empty: the system's roots

	ClientKeyPath       string `prop:"tls.client.keyPath"`
	ClientKeyPassword   string `prop:"tls.client.keyPassword"`
	ClientCertPath      string `prop:"tls.client.certPath"`
	ClientAuthServer    bool   `prop:"tls.client.authServer"`    // false: any server certificate will do
	ClientTrustCertPath string `prop:"tls.client.trustCertPath"` // who signs servers' certificates; empty: the system's roots
}

// DefaultTLSConfig returns Java's defaults.
func DefaultTLSConfig() TLSConfig {
	return TLSConfig{
		Mode:          TLSPermissive,
		ConfigFile:    defaultTLSConfigFile,
		TLSFileConfig: TLSFileConfig{TestMode: true, ServerNeedClientAuth: "none"},
	}
}

// UseTLS tells whether connections of ours to other servers use TLS: when
// tls.enable says so, and always when our own clients have to.
func (c *TLSConfig) UseTLS() bool { return c.Enable || c.Mode == TLSEnforcing }

// LoadFile lets the keys in ConfigFile win over what c holds; that there is no
// such file is fine. apply sets the tagged fields of a struct from the text of
// a properties file. On error c is as it was. As in Java tls.server.mode and
// tls.enable do not count there: apply meets them as unknown keys.
func (c *TLSConfig) LoadFile(apply func(text []byte, config any) error) error {
	if c.ConfigFile == "" {
		return nil
	}
	text, err := readBounded(c.ConfigFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	changed := c.TLSFileConfig
	if err == nil {
		err = apply(text, &changed)
	}
	if err != nil {
		return fmt.Errorf("tls.config.file=%s: %w", c.ConfigFile, err)
	}
	c.TLSFileConfig = changed
	return nil
}

func (m TLSMode) known() bool { return m == TLSDisabled || m == TLSPermissive || m == TLSEnforcing }
