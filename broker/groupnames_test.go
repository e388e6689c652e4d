package broker

import (
	"errors"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
)

// requestsOfGroup are all requests that name a group, in every place where they name one. Queue 0 of T1 has a message.
func requestsOfGroup(t *testing.T, group string) map[string]*codec.Command {
	t.Helper()
	marshal := func(v any) []byte {
		body, err := fastjson.Marshal(v)
		require.NoError(t, err)
		return body
	}
	queues := []codec.MessageQueue{{Topic: "T1", BrokerName: "spec-a"}}
	deadLetter := sendBackHeader(group, 0)
	deadLetter.DelayLevel = -1
	return map[string]*codec.Command{
		"11":             {Code: codec.PullMessage, Header: pullHeader(group, "T1", 0)},
		"14":             {Code: codec.QueryConsumerOffset, Header: &codec.QueryConsumerOffsetRequestHeader{ConsumerGroup: group, Topic: "T1"}},
		"15":             {Code: codec.UpdateConsumerOffset, Header: &codec.UpdateConsumerOffsetRequestHeader{ConsumerGroup: group, Topic: "T1"}},
		"34 consumer":    {Code: codec.HeartBeat, Body: heartbeatBody(t, "c", consumerOf(group, "T1"))},
		"34 producer":    {Code: codec.HeartBeat, Body: marshal(&codec.HeartbeatData{ClientID: "c", ProducerDataSet: []codec.ProducerData{{GroupName: group}}})},
		"35 consumer":    {Code: codec.UnregisterClient, Header: &codec.UnregisterClientRequestHeader{ClientID: "c", ConsumerGroup: group}},
		"35 producer":    {Code: codec.UnregisterClient, Header: &codec.UnregisterClientRequestHeader{ClientID: "c", ProducerGroup: group}},
		"36":             {Code: codec.ConsumerSendMsgBack, Header: sendBackHeader(group, 0)},
		"36 dead letter": {Code: codec.ConsumerSendMsgBack, Header: deadLetter},
		"38":             {Code: codec.GetConsumerListByGroup, Header: &codec.GetConsumerListByGroupRequestHeader{ConsumerGroup: group}},
		"41":             {Code: codec.LockBatchMQ, Body: marshal(&codec.LockBatchRequestBody{ConsumerGroup: group, ClientID: "c", MQSet: queues})},
		"42":             {Code: codec.UnlockBatchMQ, Body: marshal(&codec.UnlockBatchRequestBody{ConsumerGroup: group, ClientID: "c", MQSet: queues})},
		"200":            {Code: codec.UpdateAndCreateSubscriptionGroup, Body: marshal(&codec.SubscriptionGroupConfig{GroupName: group})},
		"207":            {Code: codec.DeleteSubscriptionGroup, Header: &codec.DeleteSubscriptionGroupRequestHeader{GroupName: group}},
		"222":            {Code: codec.InvokeBrokerToResetOffset, Header: &codec.ResetOffsetRequestHeader{Topic: "T1", Group: group}},
		"314 source":     {Code: codec.CloneGroupOffset, Header: &codec.CloneGroupOffsetRequestHeader{SrcGroup: group, DestGroup: "cg", Topic: "T1", Offline: true}},
		"314 target":     {Code: codec.CloneGroupOffset, Header: &codec.CloneGroupOffsetRequestHeader{SrcGroup: "cg", DestGroup: group, Topic: "T1", Offline: true}},
		"361":            {Code: codec.LitePullMessage, Header: pullHeader(group, "T1", 0)},
	}
}

// TestIllegalGroupLeavesNoTrace: a group name that could become a path, or the key of another entry, is refused with code 1
// wherever it comes in. Tables, log and files are as before (spec: security.md §5).
func TestIllegalGroupLeavesNoTrace(t *testing.T) {
	root := t.TempDir()
	b := startBroker(t, func(c *Config) { c.Store.StorePathRootDir = filepath.Join(root, "deep", "down", "store") })
	p := dial(t, b)
	putMessages(t, b, p, "T1", 1)
	requireAnswer(t, p.do(codec.UpdateConsumerOffset, &codec.UpdateConsumerOffsetRequestHeader{ConsumerGroup: "cg", Topic: "T1", CommitOffset: 1}, nil), codec.Success, "")
	state := func() []any {
		return []any{snapshotNames(b), string(b.offsets.Encode()), b.store.MaxPhyOffset(), b.hold.Held()}
	}
	before := state()
	const characters = "The specified group contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$"
	for group, remark := range map[string]string{
		"../../../escape": characters, "/etc/cron": characters, "a/b": characters, `a\b`: characters, "..": characters,
		"a@b": characters, "a\x00b": characters, "组": characters,
		strings.Repeat("g", 256): "The specified group is longer than group max length 255.",
	} {
		for name, cmd := range requestsOfGroup(t, group) {
			resp := p.call(cmd)
			require.Equal(t, remark, resp.Remark, "%s with %q", name, group)
			require.Equal(t, codec.SystemError, resp.Code, "%s with %q", name, group)
			require.Nil(t, b.consumers.Group(group), name)
			require.Empty(t, b.locks.Holder(group, codec.MessageQueue{Topic: "T1", BrokerName: "spec-a"}), name)
		}
	}
	require.Nil(t, b.producers.FindChannel("c"))
	require.Equal(t, before, state())
	requireOrdinaryFiles(t, root)

	// Others are served as before.
	requireAnswer(t, p.sendV2(sendHeader("T1"), "after"), codec.Success, "")
	require.Equal(t, "after", string(lastMessage(t, b, "T1", 1).Body))
	for name, cmd := range requestsOfGroup(t, "good") {
		require.NotContains(t, p.call(cmd).Remark, "The specified group", name)
	}
}

// ordinaryFile matches what a store in deep/down has by itself; when each of them appears is its own affair.
var ordinaryFile = regexp.MustCompile(`^(\.|deep|deep/down|deep/down/store(/(abort|lock|checkpoint|commitlog(/\d{20})?|index(/\d{17})?` +
	`|consumequeue(/T1(/\d+(/\d{20})?)?)?|config(/[A-Za-z]+\.json(\.bak|\.tmp)?)?))?)$`)

// requireOrdinaryFiles wants nothing but the store's own files below root.
func requireOrdinaryFiles(t *testing.T, root string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // a temporary file that got its name meanwhile
		}
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		require.Regexp(t, ordinaryFile, name)
		return err
	}))
}
