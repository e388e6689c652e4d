package namesrv

import (
	"fmt"
	"hash/crc32"
	"os"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
)

const notFound = "No topic route info in name server for the topic: %s\nSee http://rocketmq.apache.org/docs/faq/ for further details."

func TestRouteDialects(t *testing.T) {
	s := newMemServer(t, nil)
	p := s.connect()
	fields := brokerFields("b-ü", "10.0.0.1:10911", "0")
	p.ok(codec.RegisterBroker, registerJSON(t, 1, topicConfig("T", 6, 4)), fields...)
	const tail = `"cluster":"C"}],"filterServerTable":{},"queueDatas":[{"brokerName":"%s","perm":6,"readQueueNums":4,"topicSysFlag":0,"writeQueueNums":4}]}`
	legacy := `{"brokerDatas":[{"brokerAddrs":{0:"10.0.0.1:10911"},"brokerName":"b-ü",` + fmt.Sprintf(tail, "b-ü")
	standard := `{"brokerDatas":[{"brokerAddrs":{"0":"10.0.0.1:10911"},"brokerName":"b-\u00FC",` + fmt.Sprintf(tail, `b-\u00FC`)
	for _, tc := range []struct {
		version int32
		accept  string
		want    string
	}{
		{0, "", legacy}, {293, "", legacy}, {400, "", legacy}, {400, "false", legacy}, {400, "true", standard}, {293, "TRUE", standard},
		{401, "", standard}, {401, "false", standard}, {409, "", standard}, {612, "", standard},
	} {
		fields := []string{"topic", "T"}
		if tc.accept != "" {
			fields = append(fields, "acceptStandardJsonOnly", tc.accept)
		}
		resp := p.callAs(tc.version, codec.GetRouteInfoByTopic, "", fields...)
		require.Equal(t, codec.Success, resp.Code)
		require.Nil(t, resp.Ext)
		require.Equal(t, tc.want, string(resp.Body), tc)
	}
	require.Equal(t, `{"brokerAddrTable":{"b-ü":{"brokerAddrs":{0:"10.0.0.1:10911"},"brokerName":"b-ü","cluster":"C"}},"clusterAddrTable":{"C":["b-ü"]}}`,
		p.ok(codec.GetBrokerClusterInfo, ""))
	p.fails(codec.GetRouteInfoByTopic, "", codec.TopicNotExist, fmt.Sprintf(notFound, "nope"), "topic", "nope")
	p.fails(codec.GetRouteInfoByTopic, "", codec.TopicNotExist, fmt.Sprintf(notFound, "null"))
}

func TestUnknownCodes(t *testing.T) {
	p := newMemServer(t, nil).connect()
	for _, code := range []int32{10, 34, 107, 999, -1} {
		p.fails(code, "", codec.RequestCodeNotSupported, fmt.Sprintf(" request type %d not supported", code))
	}
}

func TestRegisterBrokerAnswers(t *testing.T) {
	s := newMemServer(t, nil)
	p := s.connect()
	body := registerJSON(t, 1, topicConfig("T", 6, 4))
	resp := p.call(codec.RegisterBroker, body, brokerFields("b", "h:1", "0")...)
	require.Equal(t, codec.Success, resp.Code)
	require.Equal(t, codec.Fields{}, resp.Ext, `"extFields":{}`)
	require.Nil(t, resp.Body)

	resp = p.call(codec.RegisterBroker, body, brokerFields("b", "h:2", "1")...)
	require.Equal(t, "h:9", resp.Ext.Get("haServerAddr"))
	require.Equal(t, "h:1", resp.Ext.Get("masterAddr"))
	again := p.call(codec.RegisterBroker, body, brokerFields("b", "h:2", "1")...)
	require.Equal(t, resp.Ext, again.Ext, "the short way answers the same")

	p.ok(codec.PutKVConfig, "", "namespace", orderTopicNamespace, "key", "T", "value", "b:4")
	require.Equal(t, `{"table":{"T":"b:4"}}`, p.ok(codec.RegisterBroker, body, brokerFields("b", "h:1", "0")...))
	p.ok(codec.DeleteKVConfig, "", "namespace", orderTopicNamespace, "key", "T")
	require.Equal(t, `{"table":{}}`, p.ok(codec.RegisterBroker, body, brokerFields("b", "h:1", "0")...))
}

func TestRegisterBodyForms(t *testing.T) {
	s := newMemServer(t, nil)
	p := s.connect()
	full := registerBodyOf(1, &codec.TopicConfig{TopicName: "T", ReadQueueNums: 3, WriteQueueNums: 5, Perm: 6, TopicSysFlag: 1, TopicFilterType: codec.SingleTag})
	compressed, err := codec.EncodeRegisterBrokerBody(full, true)
	require.NoError(t, err)
	wrapper, err := fastjson.Marshal(&full.TopicConfigSerializeWrapper)
	require.NoError(t, err)
	plain, err := fastjson.Marshal(full)
	require.NoError(t, err)
	const queue = `"queueDatas":[{"brokerName":"%s","perm":6,"readQueueNums":3,"topicSysFlag":%d,"writeQueueNums":5}]`
	for i, tc := range []struct {
		version    int32
		body       []byte
		compressed string
		sysFlag    int
	}{
		{409, plain, "false", 1}, {37, plain, "", 1}, {36, wrapper, "false", 1}, {0, wrapper, "", 1},
		{409, compressed, "true", 0}, // topicSysFlag does not travel
	} {
		name, addr := fmt.Sprint("b", i), fmt.Sprint("h:", i+1)
		crc := strconv.Itoa(int(crc32.ChecksumIEEE(tc.body) & 0x7FFFFFFF))
		fields := append(brokerFields(name, addr, "0"), "compressed", tc.compressed, "bodyCrc32", crc)
		resp := p.callAs(tc.version, codec.RegisterBroker, string(tc.body), fields...)
		require.Equal(t, codec.Success, resp.Code, resp.Remark)
		require.Contains(t, p.ok(codec.GetRouteInfoByTopic, "", "topic", "T"), fmt.Sprintf(queue, name, tc.sysFlag))
		require.Equal(t, `{"counter":1,"timestamp":1}`, p.ok(codec.QueryDataVersion, `{"counter":1,"timestamp":1}`, brokerFields(name, addr, "0")...))
		p.ok(codec.UnregisterBroker, "", brokerFields(name, addr, "0")...)
	}
	for _, version := range []int32{409, 36} { // no body: a broker without topics, version 0/0
		require.Equal(t, codec.Success, p.callAs(version, codec.RegisterBroker, "", brokerFields("b", "h:1", "0")...).Code)
		require.Equal(t, `{"counter":0,"timestamp":0}`, p.ok(codec.QueryDataVersion, `{"counter":1,"timestamp":1}`, brokerFields("b", "h:1", "0")...))
		p.ok(codec.UnregisterBroker, "", brokerFields("b", "h:1", "0")...)
	}
}

func TestRegisterRefuses(t *testing.T) {
	s := newMemServer(t, nil)
	p := s.connect()
	body := registerJSON(t, 1, topicConfig("T", 6, 4))
	good := func() []string { return append(brokerFields("b", "h:1", "0"), "bodyCrc32", "0", "compressed", "false") }
	change := func(key, value string) []string {
		fields := good()
		for i := 0; i < len(fields); i += 2 {
			if fields[i] == key {
				fields[i+1] = value
			}
		}
		return fields
	}
	for _, tc := range []struct {
		body   string
		fields []string
		remark string
	}{
		{body, change("bodyCrc32", "1"), "crc32 not match"},
		{body, change("brokerName", "../b"), "illegal characters"},
		{body, change("brokerName", "b:4;c"), "illegal characters"},
		{body, change("brokerName", " "), "brokerName is blank"},
		{body, change("clusterName", "a\nb"), "illegal characters"},
		{body, change("clusterName", strings.Repeat("c", maxNameChars+1)), "longer than"},
		{body, change("brokerAddr", "h"), "is not host:port"},
		{body, change("brokerAddr", "h:0"), "no valid port"},
		{body, change("brokerAddr", "h:65536"), "no valid port"},
		{body, change("brokerAddr", "a b:1"), "illegal characters"},
		{body, change("brokerAddr", strings.Repeat("h", maxAddrBytes)+":1"), "longer than"},
		{body, change("haServerAddr", "h"), "is not host:port"},
		{body, change("brokerId", "one"), "brokerId"},
		{body, good()[2:], "brokerName"},
		{body, good()[:len(good())-6], "brokerId"},
		{"{", good(), "register broker b at h:1"},
		{body, change("compressed", "true"), "register broker b at h:1"},
	} {
		resp := p.call(codec.RegisterBroker, tc.body, tc.fields...)
		require.Equal(t, codec.SystemError, resp.Code, tc)
		require.Contains(t, resp.Remark, tc.remark)
	}
	require.Equal(t, noClusters, p.ok(codec.GetBrokerClusterInfo, ""))
}

func TestRegisterWithoutHAAddress(t *testing.T) {
	p := newMemServer(t, nil).connect()
	p.ok(codec.RegisterBroker, registerJSON(t, 1), "brokerName", "b", "brokerAddr", "[fe80::1]:10911", "clusterName", "C", "brokerId", "-1")
	require.Contains(t, p.ok(codec.GetBrokerClusterInfo, ""), `{-1:"[fe80::1]:10911"}`)
}

func TestRegisterPassesOverBadTopics(t *testing.T) {
	p := newMemServer(t, nil).connect()
	p.ok(codec.RegisterBroker, registerJSON(t, 1,
		topicConfig("good", 6, 4), topicConfig("../../etc", 6, 4), topicConfig("neg", 6, -1), topicConfig("many", 6, maxQueueNums+1), topicConfig("perm", 16, 4),
		topicConfig(codec.RetryTopic(strings.Repeat("g", 255)), 6, 1), topicConfig(strings.Repeat("t", maxNameChars+1), 6, 4), topicConfig("old.name", 6, 4),
	), brokerFields("b", "h:1", "0")...)
	require.Equal(t, []string{codec.RetryTopic(strings.Repeat("g", 255)), "good", "old.name"}, topicList(t, p.ok(codec.GetAllTopicListFromNameServer, "")))
}

func TestUnregisterAndLists(t *testing.T) {
	p := newMemServer(t, nil).connect()
	p.ok(codec.RegisterBroker, registerJSON(t, 1, topicConfig("T", 6, 4)), brokerFields("b", "h:1", "0")...)
	require.Equal(t, []string{"T"}, topicList(t, p.ok(codec.GetTopicsByCluster, "", "cluster", "C")))
	require.Equal(t, `{"topicList":[]}`, p.ok(codec.GetTopicsByCluster, "", "cluster", "D"))
	require.Equal(t, `{"brokerAddr":"h:1","topicList":["C","b"]}`, p.ok(codec.GetSystemTopicListFromNS, ""))
	for _, code := range []int32{codec.GetUnitTopicList, codec.GetHasUnitSubTopicList, codec.GetHasUnitSubUnUnitTopicList} {
		require.Equal(t, `{"topicList":[]}`, p.ok(code, ""))
	}
	resp := p.call(codec.WipeWritePermOfBroker, "", "brokerName", "b")
	require.Equal(t, codec.Fields{{Key: "wipeTopicCount", Value: "1"}}, resp.Ext)
	resp = p.call(codec.AddWritePermOfBroker, "", "brokerName", "b")
	require.Equal(t, codec.Fields{{Key: "addTopicCount", Value: "1"}}, resp.Ext)
	resp = p.call(codec.AddWritePermOfBroker, "", "brokerName", "nobody")
	require.Equal(t, codec.Fields{{Key: "addTopicCount", Value: "0"}}, resp.Ext)

	p.ok(codec.DeleteTopicInNamesrv, "", "topic", "T", "clusterName", "D")
	require.Equal(t, `{"topicList":["T"]}`, p.ok(codec.GetAllTopicListFromNameServer, ""))
	p.ok(codec.DeleteTopicInNamesrv, "", "topic", "T")
	require.Equal(t, `{"topicList":[]}`, p.ok(codec.GetAllTopicListFromNameServer, ""))

	resp = p.call(codec.QueryDataVersion, `{"counter":1,"timestamp":1}`, brokerFields("b", "h:1", "0")...)
	require.Equal(t, "false", resp.Ext.Get("changed"))
	resp = p.call(codec.QueryDataVersion, `{"counter":2,"timestamp":1}`, brokerFields("b", "h:1", "0")...)
	require.Equal(t, "true", resp.Ext.Get("changed"))
	require.Equal(t, `{"counter":1,"timestamp":1}`, string(resp.Body))
	p.ok(codec.UnregisterBroker, "", brokerFields("b", "h:1", "0")...)
	p.ok(codec.UnregisterBroker, "", brokerFields("b", "h:1", "0")...)
	resp = p.call(codec.QueryDataVersion, `{"counter":1,"timestamp":1}`, brokerFields("b", "h:1", "0")...)
	require.Equal(t, "true", resp.Ext.Get("changed"))
	require.Nil(t, resp.Body)
	require.Equal(t, codec.SystemError, p.call(codec.QueryDataVersion, "", brokerFields("b", "h:1", "0")...).Code)
	require.Equal(t, codec.SystemError, p.call(codec.UnregisterBroker, "", "brokerName", "b").Code)
}

func TestKVConfig(t *testing.T) {
	p := newMemServer(t, nil).connect()
	p.fails(codec.GetKVConfig, "", codec.QueryNotFound, "No config item, Namespace: A Key: k", "namespace", "A", "key", "k")
	p.fails(codec.GetKVConfig, "", codec.QueryNotFound, "No config item, Namespace: null Key: null")
	p.fails(codec.GetKVListByNamespace, "", codec.QueryNotFound, "No config item, Namespace: A", "namespace", "A")
	p.fails(codec.PutKVConfig, "", codec.SystemError, "namespace or key is null", "namespace", "A", "value", "v")
	p.fails(codec.PutKVConfig, "", codec.SystemError, "namespace or key is null", "key", "A", "value", "v")
	p.fails(codec.PutKVConfig, "", codec.SystemError, "value is null", "namespace", "A", "key", "k")
	p.fails(codec.PutKVConfig, "", codec.SystemError, "namespace or key is longer than 1024 bytes", "namespace", strings.Repeat("n", 1025), "key", "k", "value", "v")
	p.ok(codec.PutKVConfig, "", "namespace", "A", "key", "k", "value", "v ü")
	resp := p.call(codec.GetKVConfig, "", "namespace", "A", "key", "k")
	require.Equal(t, codec.Fields{{Key: "value", Value: "v ü"}}, resp.Ext)
	require.Equal(t, `{"table":{"k":"v ü"}}`, p.ok(codec.GetKVListByNamespace, "", "namespace", "A"))
	p.ok(codec.DeleteKVConfig, "", "namespace", "A", "key", "k")
	p.ok(codec.DeleteKVConfig, "", "namespace", "none", "key", "k")
	require.Equal(t, `{"table":{}}`, p.ok(codec.GetKVListByNamespace, "", "namespace", "A"))
	p.fails(codec.GetKVListByNamespace, "", codec.QueryNotFound, "No config item, Namespace: none", "namespace", "none")
}

func TestOrderConfNeedsOrderMessageEnable(t *testing.T) {
	p := newMemServer(t, nil).connect()
	p.ok(codec.RegisterBroker, registerJSON(t, 1, topicConfig("T", 6, 4)), brokerFields("b", "h:1", "0")...)
	p.ok(codec.PutKVConfig, "", "namespace", orderTopicNamespace, "key", "T", "value", "b:4")
	ask := func() string { return p.ok(codec.GetRouteInfoByTopic, "", "topic", "T") }
	require.NotContains(t, ask(), "orderTopicConf")
	p.ok(codec.UpdateNamesrvConfig, "orderMessageEnable=true")
	require.Contains(t, ask(), `"orderTopicConf":"b:4"`)
	p.ok(codec.PutKVConfig, "", "namespace", orderTopicNamespace, "key", "T", "value", "b:8")
	require.Contains(t, ask(), `"orderTopicConf":"b:8"`)
	p.ok(codec.DeleteKVConfig, "", "namespace", orderTopicNamespace, "key", "T")
	require.NotContains(t, ask(), "orderTopicConf")
}

func TestUpdateConfig(t *testing.T) {
	s := newMemServer(t, func(c *Config, _ *Options) { c.Namesrv.ConfigBlackList += ";productEnvName" })
	p := s.connect()
	before := p.ok(codec.GetNamesrvConfig, "")
	require.Contains(t, before, "\nlistenPort=9876\n")
	p.ok(codec.UpdateNamesrvConfig, "")
	for _, key := range []string{"configBlackList", "configStorePath", "kvConfigPath", "rocketmqHome", "listenPort", "bindAddress", "metricsAddr", "logDir", "productEnvName"} {
		p.fails(codec.UpdateNamesrvConfig, "orderMessageEnable=true\n"+key+"=/x\n", codec.NoPermission, "Can not update config in black list.")
	}
	p.fails(codec.UpdateNamesrvConfig, `k=\u12`, codec.SystemError, "string2Properties error")
	p.fails(codec.UpdateNamesrvConfig, "clusterTest=true\norderMessageEnable=yes", codec.SystemError, "line 2: orderMessageEnable=yes: want true or false")
	p.fails(codec.UpdateNamesrvConfig, "serverWorkerThreads=0", codec.SystemError, "serverWorkerThreads=0: want 1 to 1024")
	require.Equal(t, before, p.ok(codec.GetNamesrvConfig, ""), "nothing has changed")
	require.NoFileExists(t, s.configPath())

	p.ok(codec.UpdateNamesrvConfig, "orderMessageEnable=TRUE\nunknown=1\n")
	after := p.ok(codec.GetNamesrvConfig, "")
	require.Equal(t, strings.Replace(before, "orderMessageEnable=false", "orderMessageEnable=true", 1), after)
	file, err := os.ReadFile(s.configPath())
	require.NoError(t, err)
	require.Equal(t, after, string(file), "a new file has all settings")

	require.NoError(t, os.WriteFile(s.configPath(), []byte("# mine\norderMessageEnable = true\nother=1"), 0o600))
	p.ok(codec.UpdateNamesrvConfig, "orderMessageEnable=false\nserverSelectorThreads=4\nunknown=1\n")
	file, err = os.ReadFile(s.configPath())
	require.NoError(t, err)
	require.Equal(t, "# mine\norderMessageEnable = false\nother=1\nserverSelectorThreads=4\n", string(file))
}

func TestUpdateConfigCannotPersist(t *testing.T) {
	s := newMemServer(t, nil)
	require.NoError(t, os.WriteFile(s.dir+"/namesrv", nil, 0o600)) // a file where the directory should be
	p := s.connect()
	resp := p.call(codec.UpdateNamesrvConfig, "orderMessageEnable=true")
	require.Equal(t, codec.Success, resp.Code)
	require.Contains(t, resp.Remark, "config is updated but could not be persisted")
	require.Contains(t, p.ok(codec.GetNamesrvConfig, ""), "orderMessageEnable=true")
	require.Equal(t, codec.SystemError, p.call(codec.PutKVConfig, "", "namespace", "A", "key", "k", "value", "v").Code)
	p.fails(codec.GetKVConfig, "", codec.QueryNotFound, "No config item, Namespace: A Key: k", "namespace", "A", "key", "k")
}

func TestConnectionLossAndExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemServer(t, nil)
		admin, a, b := s.connect(), s.connect(), s.connect()
		body := registerJSON(t, 1, topicConfig("T", 6, 4))
		a.ok(codec.RegisterBroker, body, brokerFields("b-a", "h:1", "0")...)
		b.ok(codec.RegisterBroker, body, brokerFields("b-b", "h:2", "0")...)

		require.NoError(t, a.conn.Close())
		synctest.Wait()
		ask := func() string { return string(admin.call(codec.GetRouteInfoByTopic, "", "topic", "T").Body) }
		require.NotContains(t, ask(), "b-a", "a lost connection shows at once")
		require.Contains(t, ask(), "b-b")

		for range 4 { // b lives by 322 only, and idles longer than the expiry in all
			time.Sleep(50 * time.Second)
			b.ok(codec.QueryDataVersion, `{"counter":1,"timestamp":1}`, brokerFields("b-b", "h:2", "0")...)
			require.Contains(t, ask(), "b-b")
		}
		// Other requests keep the connection from idling out, but are no sign of life.
		for range 13 {
			time.Sleep(9 * time.Second)
			b.ok(codec.GetNamesrvConfig, "")
			admin.ok(codec.GetNamesrvConfig, "")
		}
		time.Sleep(scanPeriod + 4*time.Second)
		synctest.Wait()
		require.Empty(t, ask())
		require.Equal(t, noClusters, admin.ok(codec.GetBrokerClusterInfo, ""))
		b.closed()
	})
}

func TestIdleConnectionIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemServer(t, nil)
		p := s.connect()
		p.ok(codec.RegisterBroker, registerJSON(t, 1), brokerFields("b-a", "h:1", "0")...)
		time.Sleep(125 * time.Second)
		p.closed()
		synctest.Wait()
		require.Equal(t, noClusters, s.connect().ok(codec.GetBrokerClusterInfo, ""))
	})
}
