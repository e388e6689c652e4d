package broker

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
)

const aclFile = `accounts:
- accessKey: plain001
  secretKey: secret01
  defaultTopicPerm: DENY
  defaultGroupPerm: DENY
`

// signedBy is a request with the signature of an account, as AclClientRPCHook makes it: over the values in the order of
// their keys, and the body.
func signedBy(accessKey, secretKey string, code int32, body string, pairs ...string) *codec.Command {
	c := &codec.Command{Code: code, Body: []byte(body), Ext: codec.Fields{{Key: "AccessKey", Value: accessKey}}}
	for i := 0; i < len(pairs); i += 2 {
		c.Ext = append(c.Ext, codec.Field{Key: pairs[i], Value: pairs[i+1]})
	}
	slices.SortFunc(c.Ext, func(a, b codec.Field) int { return strings.Compare(a.Key, b.Key) })
	mac := hmac.New(sha1.New, []byte(secretKey))
	for _, f := range c.Ext {
		mac.Write([]byte(f.Value))
	}
	mac.Write(c.Body)
	c.Ext = append(c.Ext, codec.Field{Key: "Signature", Value: base64.StdEncoding.EncodeToString(mac.Sum(nil))})
	return c
}

// TestACLOfBroker: on both ports a request without the right is refused, changes nothing, and is said with Java's words;
// that holds for what 4.9.8 forgets to check too, batches, retry topics and the codes that change accounts or offsets, unless
// aclLaxAs498 gives its way back (spec: security.md).
func TestACLOfBroker(t *testing.T) {
	home := t.TempDir()
	file := filepath.Join(home, "conf", "plain_acl.yml")
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
	require.NoError(t, os.WriteFile(file, []byte(aclFile), 0o600))
	const exception = "org.apache.rocketmq.acl.common.AclException: "
	send := []string{"a", "pg", "b", "T1", "c", "TBW102", "d", "4", "e", "0", "f", "0", "g", "1700000000000", "h", "0", "j", "0", "k", "false", "m", "true"}
	retry := []string{"producerGroup", "pg", "topic", "%RETRY%H", "defaultTopic", "TBW102", "defaultTopicQueueNums", "4", "queueId", "0", "sysFlag", "0",
		"bornTimestamp", "1700000000000", "flag", "0", "reconsumeTimes", "0", "unitMode", "false", "batch", "false"}
	forgotten := []struct {
		code   int32
		pairs  []string
		remark string
	}{
		{codec.SendBatchMessage, send, "No default permission for topic:T1"},
		{codec.SendMessage, retry, "No default permission for group:H"},
		{codec.DeleteACLConfig, []string{"accessKey", "nobody01"}, "Need admin permission for request code=51, but accessKey=plain001 is not"},
		{codec.InvokeBrokerToResetOffset, []string{"topic", "T1", "group", "H", "timestamp", "0", "isForce", "true"},
			"Need admin permission for request code=222, but accessKey=plain001 is not"},
	}
	for _, lax := range []bool{false, true} {
		b := startBroker(t, func(c *Config) { c.Broker.RocketmqHome, c.Broker.ACLEnable, c.Booster.ACLLaxAs498 = home, true, lax })
		before := snapshotNames(b)
		for _, p := range []*peer{dial(t, b), dialPort(t, b.Config().Server.ListenPort-2)} {
			requireAnswer(t, p.sendV2(sendHeader("T1"), "x"), codec.SystemError, exception+"No accessKey is configured")
			requireAnswer(t, p.call(signedBy("plain001", "secret02", codec.SendMessageV2, "x", send...)), codec.SystemError,
				exception+"Check signature failed for accessKey=plain001")
			requireAnswer(t, p.call(signedBy("plain001", "secret01", codec.SendMessageV2, "x", send...)), codec.SystemError,
				exception+"No default permission for topic:T1")
			for _, c := range forgotten {
				resp := p.call(signedBy("plain001", "secret01", c.code, "x", c.pairs...))
				if !lax {
					requireAnswer(t, resp, codec.SystemError, exception+c.remark)
				}
				require.Equal(t, lax, !strings.HasPrefix(resp.Remark, exception), "%d: %s", c.code, resp.Remark)
			}
		}
		if !lax {
			require.Equal(t, before, snapshotNames(b))
			require.Zero(t, b.store.MaxPhyOffset())
		}
	}
}
