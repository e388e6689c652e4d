package broker

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
)

// startACLBroker is a broker with the accounts of the recordings: rocketmq2 is
// an administrator, RocketMQ is not; the secret of both is 12345678.
func startACLBroker(t *testing.T) (b *Controller, configPath string) {
	t.Helper()
	home := t.TempDir()
	accounts, err := os.ReadFile("acl/testdata/plain_acl.before.yml")
	require.NoError(t, err)
	require.NoError(t, os.Mkdir(filepath.Join(home, "conf"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(home, "conf", "plain_acl.yml"), accounts, 0o644))
	configPath = filepath.Join(home, "conf", "broker.conf")
	require.NoError(t, os.WriteFile(configPath, []byte("aclEnable=true\n"), 0o644))
	return startBrokerWith(t, Options{Log: testLog(t), ConfigPath: configPath}, func(c *Config) {
		c.Broker.ACLEnable, c.Broker.RocketmqHome = true, home
	}), configPath
}

// signed returns cmd with the fields of its header flattened and signed.
func signed(t *testing.T, cmd *codec.Command, accessKey, secretKey string) *codec.Command {
	t.Helper()
	frame, err := codec.AppendFrame(nil, cmd)
	require.NoError(t, err)
	flat := decodeFrame(t, frame)
	flat.Ext = append(flat.Ext, codec.Field{Key: "AccessKey", Value: accessKey})
	sorted := slices.Clone(flat.Ext)
	slices.SortFunc(sorted, func(x, y codec.Field) int { return strings.Compare(x.Key, y.Key) })
	mac := hmac.New(sha1.New, []byte(secretKey))
	for _, f := range sorted {
		mac.Write([]byte(f.Value))
	}
	mac.Write(flat.Body)
	flat.Ext = append(flat.Ext, codec.Field{Key: "Signature", Value: base64.StdEncoding.EncodeToString(mac.Sum(nil))})
	return flat
}

// TestReplayACLAdmin: what mqadmin asked a Java 4.9.8 broker with ACL, with and
// without an account, is answered alike; behind an AclException Java puts a line
// of its own source.
func TestReplayACLAdmin(t *testing.T) {
	withoutAnswer := map[int32]string{
		codec.GetBrokerClusterACLInfo: "the answer was not recorded: it held paths",
		codec.GetBrokerConfig:         "the answer was not recorded: it held paths",
	}
	for name, exchanges := range map[string]int{"java-4.9.8-acl-mqadmin": 14, "java-4.9.8-acl-mqadmin-nocred": 3} {
		t.Run(name, func(t *testing.T) {
			b, _ := startACLBroker(t)
			p := dial(t, b)
			compared := 0
			for _, r := range readRecording(t, "../compat/frames/"+name+".jsonl.gz") {
				if r.Dir != "c2s" {
					continue
				}
				p.write(r.Frame)
				got := p.answer(r.cmd.Opaque)
				if withoutAnswer[r.cmd.Code] != "" {
					require.Equal(t, codec.Success, got.Code)
					continue
				}
				want := *r.answer.cmd
				want.Remark, _, _ = strings.Cut(want.Remark, ", org.apache.rocketmq.acl.plain.")
				compareAnswer(t, &recordedFrame{cmd: r.cmd, answer: &recordedFrame{cmd: &want}}, got)
				compared++
			}
			require.Equal(t, exchanges, compared)
		})
	}
}

// TestAdminWithoutRights: with ACL on, each request that changes the broker is
// refused with code 1 and Java's text when it is not signed, wrongly signed or
// by an account that is no administrator's; nothing changes.
func TestAdminWithoutRights(t *testing.T) {
	b, configPath := startACLBroker(t)
	require.NoError(t, b.topics.Update(&codec.TopicConfig{TopicName: "T1", ReadQueueNums: 1, WriteQueueNums: 1, Perm: 6, TopicFilterType: codec.SingleTag}))
	require.NoError(t, b.groups.Update(&codec.SubscriptionGroupConfig{GroupName: "g1"}))
	b.offsets.Commit("test", "g1", "T1", 0, 5)
	state := func() []string {
		topics, err := b.topics.Encode()
		require.NoError(t, err)
		groups, err := b.groups.Encode()
		require.NoError(t, err)
		file, err := os.ReadFile(configPath)
		require.NoError(t, err)
		accounts, err := os.ReadFile(filepath.Join(filepath.Dir(configPath), "plain_acl.yml"))
		require.NoError(t, err)
		return []string{string(topics), string(groups), string(b.offsets.Encode()), string(b.Config().Text()), string(file), string(accounts)}
	}
	before := state()
	p := dial(t, b)
	const exception = "org.apache.rocketmq.acl.common.AclException: "
	for _, request := range changingRequests() {
		name := codec.RequestCodeName(request.Code)
		resp := p.call(request)
		requireAnswer(t, resp, codec.SystemError, exception+"No accessKey is configured")
		requireAnswer(t, p.call(signed(t, request, "RocketMQ", "wrong-secret")), codec.SystemError, exception+"Check signature failed for accessKey=RocketMQ")
		requireAnswer(t, p.call(signed(t, request, "nobody-here", "12345678")), codec.SystemError, exception+"No acl config for nobody-here")
		requireAnswer(t, p.call(signed(t, request, "RocketMQ", "12345678")), codec.SystemError,
			exception+"Need admin permission for request code="+strconv.Itoa(int(request.Code))+", but accessKey=RocketMQ is not")
		require.Equal(t, before, state(), name)
	}
	requireAnswer(t, p.call(signed(t, &codec.Command{Code: codec.UpdateBrokerConfig, Body: []byte("traceOn=false")}, "rocketmq2", "12345678")), codec.Success, "")
	require.False(t, b.Config().Broker.TraceOn, "an administrator may")
}

// changingRequests are one request of each kind that changes the broker.
func changingRequests() []*codec.Command {
	return []*codec.Command{
		{Code: codec.UpdateAndCreateTopic, Header: topicHeader("T9")},
		{Code: codec.UpdateBrokerConfig, Body: []byte("fileReservedTime=0\n")},
		{Code: codec.UpdateAndCreateSubscriptionGroup, Body: []byte(`{"groupName":"g9"}`)},
		{Code: codec.DeleteSubscriptionGroup, Header: &codec.DeleteSubscriptionGroupRequestHeader{GroupName: "g1", RemoveOffset: true}},
		{Code: codec.DeleteTopicInBroker, Header: &codec.DeleteTopicRequestHeader{Topic: "T1"}},
		{Code: codec.InvokeBrokerToResetOffset, Header: &codec.ResetOffsetRequestHeader{Topic: "T1", Group: "g1", TimestampMs: -1, IsForce: true}},
		{Code: codec.CloneGroupOffset, Header: &codec.CloneGroupOffsetRequestHeader{SrcGroup: "g1", DestGroup: "g2", Topic: "T1", Offline: true}},
		{Code: codec.QueryCorrectionOffset, Header: &codec.QueryCorrectionOffsetHeader{Topic: "T1", CompareGroup: "g1", FilterGroups: "g1"}},
		{Code: codec.CleanExpiredConsumeQueue},
		{Code: codec.CleanUnusedTopic},
		{Code: codec.DeleteExpiredCommitLog},
		{Code: codec.ResumeCheckHalfMessage, Ext: codec.Fields{{Key: "msgId", Value: "7F000001000054ED0000000000000000"}}},
		{Code: codec.UpdateAndCreateACLConfig, Ext: codec.Fields{{Key: "accessKey", Value: "newUser01"}, {Key: "secretKey", Value: "newSecret01"}}},
		{Code: codec.DeleteACLConfig, Ext: codec.Fields{{Key: "accessKey", Value: "RocketMQ"}}},
		{Code: codec.UpdateGlobalWhiteAddrsConfig, Ext: codec.Fields{{Key: "globalWhiteAddrs", Value: "*"}}},
	}
}
