package mqadmin

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/boostermq/booster/codec"
)

// Credentials sign requests as an account (Java: AclClientRPCHook).
type Credentials struct {
	AccessKey string `yaml:"accessKey"`
	SecretKey string `yaml:"secretKey"`
}

// LoadCredentials reads a tools.yml. No file, or one without both keys, means
// that requests are not signed, as in Java: nil.
func LoadCredentials(path string) (*Credentials, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var c Credentials
	if err := yaml.Unmarshal(text, &c); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if c.AccessKey == "" || c.SecretKey == "" {
		return nil, nil
	}
	return &c, nil
}

// sign turns cmd's header into ext fields and adds the account and the
// signature: HMAC-SHA1 over the values in the order of their keys, then the body.
func (c *Credentials) sign(cmd *codec.Command) {
	fields := cmd.Ext
	if cmd.Header != nil {
		fields = append(codec.HeaderFields(cmd.Header), fields...)
		cmd.Header = nil
	}
	fields = append(fields, codec.Field{Key: codec.ACLAccessKey, Value: c.AccessKey})
	sorted := slices.Clone(fields)
	slices.SortFunc(sorted, func(x, y codec.Field) int { return strings.Compare(x.Key, y.Key) })
	mac := hmac.New(sha1.New, []byte(c.SecretKey))
	for _, f := range sorted {
		if f.Key != codec.UniqueMsgQueryFlag { // servers leave it out
			mac.Write([]byte(f.Value))
		}
	}
	mac.Write(cmd.Body)
	cmd.Ext = append(fields, codec.Field{Key: codec.ACLSignature, Value: base64.StdEncoding.EncodeToString(mac.Sum(nil))})
}
