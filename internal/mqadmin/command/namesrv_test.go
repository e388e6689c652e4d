package command

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
)

func TestKVConfig(t *testing.T) {
	f := newFake(t).serve(nsAddr, map[int32]answer{codec.PutKVConfig: success, codec.DeleteKVConfig: success})
	requireGolden(t, f, "updateKvConfig")
	put := f.last(codec.PutKVConfig).Ext
	require.Equal(t, []string{"ns1", "k1", "v1"}, []string{put.Get("namespace"), put.Get("key"), put.Get("value")})
	requireGolden(t, f, "deleteKvConfig")
}

func TestOrderConf(t *testing.T) {
	f := newFake(t).serve(nsAddr, map[int32]answer{
		codec.PutKVConfig: success, codec.DeleteKVConfig: success, codec.GetKVConfig: header(&codec.GetKVConfigResponseHeader{Value: "broker-a:2"}),
	})
	requireGolden(t, f, "updateOrderConf-put")
	require.Equal(t, "ORDER_TOPIC_CONFIG", f.last(codec.PutKVConfig).Ext.Get("namespace"))
	requireGolden(t, f, "updateOrderConf-get")
	requireGolden(t, f, "updateOrderConf-delete")
	for _, c := range []struct {
		words []string
		want  string
	}{
		{[]string{"-m", "put"}, "please set orderConf with option -v"},
		{[]string{"-m", "put", "-v", "broker-a"}, "want broker:queues;broker:queues"},
		{[]string{"-m", "put", "-v", "broker-a:x"}, "want broker:queues;broker:queues"},
		{[]string{"-m", "drop"}, "option -m takes put, get or delete"},
	} {
		got := run(t, f.net.Dial, append([]string{"updateOrderConf", "-t", "T", "-n", nsAddr}, c.words...)...)
		require.Contains(t, got.err, c.want)
		require.Equal(t, 1, got.status)
	}
}

func TestWritePerm(t *testing.T) {
	f := newFake(t).serve(nsAddr, map[int32]answer{
		codec.WipeWritePermOfBroker: header(&codec.WipeWritePermOfBrokerResponseHeader{WipeTopicCount: 16}),
		codec.AddWritePermOfBroker:  header(&codec.AddWritePermOfBrokerResponseHeader{AddTopicCount: 16}),
	})
	requireGolden(t, f, "wipeWritePerm")
	requireGolden(t, f, "addWritePerm")
	got := run(t, f.net.Dial, "wipeWritePerm", "-b", "broker-a", "-n", "127.0.0.1:1;"+nsAddr)
	require.Equal(t, "wipe write perm of broker[broker-a] in name server[127.0.0.1:1] Failed\n"+load(t, "wipeWritePerm").output, got.out)
	require.Contains(t, got.err, "name server 127.0.0.1:1: connect to 127.0.0.1:1")
	require.Equal(t, 1, got.status)
}

func TestNamesrvConfig(t *testing.T) {
	var config strings.Builder
	for _, line := range strings.Split(load(t, "getNamesrvConfig").output, "\n") {
		if key, value, ok := strings.Cut(line, "=  "); ok {
			config.WriteString(strings.TrimSpace(key) + "=" + value + "\n")
		}
	}
	f := newFake(t).serve(nsAddr, map[int32]answer{codec.GetNamesrvConfig: text(config.String()), codec.UpdateNamesrvConfig: success})
	requireGolden(t, f, "getNamesrvConfig")
	requireGolden(t, f, "updateNamesrvConfig")
	require.Equal(t, "clusterTest=false\n", string(f.last(codec.UpdateNamesrvConfig).Body))
	refusing := newFake(t).serve(nsAddr, map[int32]answer{codec.UpdateNamesrvConfig: refuse(codec.NoPermission, "Can not update config in black list.")})
	requireGoldenError(t, refusing, "updateNamesrvConfig-blacklisted", "")
}

// TestNameServerFailOver: what all name servers know is asked of the first that answers.
func TestNameServerFailOver(t *testing.T) {
	f := newFake(t).serve(nsAddr, map[int32]answer{codec.GetAllTopicListFromNameServer: body(codec.TopicList{TopicList: []string{"T"}})})
	require.Equal(t, result{out: "T\n"}, run(t, f.net.Dial, "topicList", "-n", "127.0.0.1:1;127.0.0.1:2;"+nsAddr))
	got := run(t, f.net.Dial, "topicList", "-n", "127.0.0.1:1;127.0.0.1:2")
	require.Equal(t, 1, got.status)
	require.Equal(t, 2, strings.Count(got.err, "\n"), "a line for each name server:\n%s", got.err)
}
