package compat

import (
	"bytes"
	"cmp"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
	"github.com/stretchr/testify/require"
)

// bodyTypes are the types that recorded bodies are read into, by the name in
// the file name: code-direction-type.jsonl, one body a line.
func bodyTypes() map[string]reflect.Type {
	types := map[string]reflect.Type{}
	for _, v := range []any{
		codec.BrokerStatsData{}, codec.CheckClientRequestBody{}, codec.ClusterInfo{}, codec.ConsumeMessageDirectlyResult{},
		codec.ConsumeStats{}, codec.ConsumeStatsList{}, codec.ConsumerConnection{}, codec.ConsumerOffsetSerializeWrapper{},
		codec.ConsumerRunningInfo{}, codec.DataVersion{}, codec.DelayOffsetSerializeWrapper{}, codec.GetConsumerListByGroupResponseBody{},
		codec.GetConsumerStatusBody{}, codec.GroupList{}, codec.HeartbeatData{}, codec.KVTable{}, codec.LockBatchRequestBody{},
		codec.LockBatchResponseBody{}, codec.ProducerConnection{}, codec.ProducerTableInfo{}, codec.QueryConsumeQueueResponseBody{},
		codec.QueryConsumeTimeSpanBody{}, codec.RegisterBrokerBody{}, codec.ResetOffsetBody{}, codec.SubscriptionGroupConfig{},
		codec.SubscriptionGroupWrapper{}, codec.TopicConfigSerializeWrapper{}, codec.TopicList{}, codec.TopicRouteData{},
		codec.TopicStatsTable{}, codec.UnlockBatchRequestBody{},
	} {
		types[reflect.TypeOf(v).Name()] = reflect.TypeOf(v)
	}
	return types
}

// TestRecordedBodies: what clients, brokers and name servers sent is read and
// written back as the same text but for the order of map entries.
func TestRecordedBodies(t *testing.T) {
	files, err := filepath.Glob("bodies/*.jsonl")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	types := bodyTypes()
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".jsonl")
		bodyType, known := types[name[strings.LastIndex(name, "-")+1:]]
		require.Truef(t, known, "no type for %s", file)
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for line := range bytes.Lines(text) {
			replayBody(t, name, bytes.TrimSuffix(line, []byte("\n")), reflect.New(bodyType).Interface())
		}
	}
}

func replayBody(t *testing.T, name string, body []byte, v any) {
	require.NoError(t, fastjson.Unmarshal(body, v), "%s: %.200s", name, body)
	// The Go client sends the numbers of codeSet as strings.
	body = regexp.MustCompile(`"codeSet":\[("-?\d+",?)+\]`).ReplaceAllFunc(body, func(codes []byte) []byte {
		return append([]byte(`"codeSet":`), bytes.ReplaceAll(codes[len(`"codeSet":`):], []byte(`"`), nil)...)
	})
	marshal := fastjson.Marshal
	if name == "105-response-TopicRouteData" && bytes.Contains(body, []byte(`{"0":`)) {
		marshal = fastjson.MarshalStandard
	}
	out, err := marshal(v)
	require.NoError(t, err)
	require.Equal(t, sorted(t, body), sorted(t, out), name)
	if strings.Contains(name, "-response-") && !hasMap(reflect.TypeOf(v)) {
		require.Equal(t, string(body), string(out), name)
	}
}

// hasMap tells whether a value of type t may hold a map.
func hasMap(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Map:
		return true
	case reflect.Pointer, reflect.Slice:
		return hasMap(t.Elem())
	case reflect.Struct:
		return slices.ContainsFunc(reflect.VisibleFields(t), func(f reflect.StructField) bool { return hasMap(f.Type) })
	}
	return false
}

// sorted is a text with the members of its objects in order.
func sorted(t *testing.T, text []byte) string {
	v, err := fastjson.Parse(text)
	require.NoError(t, err)
	return sortedValue(t, v)
}

func sortedValue(t *testing.T, v fastjson.Value) string {
	var parts []string
	switch v.Kind {
	case fastjson.Array:
		for i := range v.Len() {
			parts = append(parts, sortedValue(t, v.Elem(i)))
		}
		return "[" + strings.Join(parts, ",") + "]"
	case fastjson.Object:
		for i := range v.Len() {
			key, value := v.Member(i)
			parts = append(parts, sortedValue(t, key)+":"+sortedValue(t, value))
		}
		slices.SortFunc(parts, compareMembers)
		return "{" + strings.Join(parts, ",") + "}"
	}
	text, err := fastjson.Marshal(v)
	require.NoError(t, err)
	return string(text)
}

// compareMembers orders `key:value` texts, integer keys by value.
func compareMembers(a, b string) int {
	x, errX := strconv.Atoi(a[:strings.Index(a, ":")])
	y, errY := strconv.Atoi(b[:strings.Index(b, ":")])
	if errX == nil && errY == nil {
		return cmp.Compare(x, y)
	}
	return strings.Compare(a, b)
}

// TestRecordedRegisterBodies: compressed bodies of a 4.9.8 broker hold what
// its plain ones hold.
func TestRecordedRegisterBodies(t *testing.T) {
	files, err := filepath.Glob("bodies/103-*.bin")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		body, err := os.ReadFile(file)
		require.NoError(t, err)
		b, err := codec.DecodeRegisterBrokerBody(body, true)
		require.NoError(t, err, file)
		wrapper := b.TopicConfigSerializeWrapper
		require.NotZero(t, wrapper.DataVersion.Timestamp)
		if len(wrapper.TopicConfigTable) == 1 { // the registration of one new topic
			require.Equal(t, map[string]*codec.TopicConfig{"ExtNewTopic": {
				TopicName: "ExtNewTopic", ReadQueueNums: 3, WriteQueueNums: 3, Perm: 6, TopicFilterType: codec.SingleTag}}, wrapper.TopicConfigTable)
		} else {
			require.GreaterOrEqual(t, len(wrapper.TopicConfigTable), 8)
			require.Equal(t, &codec.TopicConfig{TopicName: "SELF_TEST_TOPIC", ReadQueueNums: 1, WriteQueueNums: 1, Perm: 6, TopicFilterType: codec.SingleTag},
				wrapper.TopicConfigTable["SELF_TEST_TOPIC"])
		}
		require.Equal(t, []string{}, b.FilterServerList)

		for _, compressed := range []bool{true, false} {
			again, err := codec.EncodeRegisterBrokerBody(b, compressed)
			require.NoError(t, err)
			back, err := codec.DecodeRegisterBrokerBody(again, compressed)
			require.NoError(t, err)
			require.Equal(t, b, back)
		}
	}
}

// TestConfigFiles: the files of a 4.9.8 broker and name server, read and
// written again.
func TestConfigFiles(t *testing.T) {
	for name, v := range map[string]any{
		"topics.json": &codec.TopicConfigSerializeWrapper{}, "subscriptionGroup.json": &codec.SubscriptionGroupWrapper{},
		"consumerOffset.json": &codec.ConsumerOffsetSerializeWrapper{}, "delayOffset.json": &codec.DelayOffsetSerializeWrapper{},
		"consumerFilter.json": &codec.ConsumerFilterSerializeWrapper{}, "kvConfig.json": &codec.KVConfigSerializeWrapper{},
	} {
		marshal := fastjson.MarshalPretty
		if name == "kvConfig.json" {
			marshal = fastjson.Marshal
		}
		text, err := os.ReadFile(filepath.Join("bodies/config", name))
		require.NoError(t, err)
		require.NoError(t, fastjson.Unmarshal(text, v), name)
		out, err := marshal(v)
		require.NoError(t, err)
		require.Equal(t, sorted(t, text), sorted(t, out), name)

		tree, err := fastjson.Parse(text)
		require.NoError(t, err)
		inOrder, err := marshal(tree)
		require.NoError(t, err)
		switch name {
		case "consumerFilter.json", "delayOffset.json", "kvConfig.json": // one entry a map: no order to differ in
			require.Equal(t, string(text), string(out), name)
		default: // the layout is the same in the order of the file, and so are the lines in any order
			require.Equal(t, string(text), string(inOrder), name)
			require.ElementsMatch(t, layout(text), layout(out), name)
		}
	}
}

// layout is the lines of a pretty text without the commas that depend on order.
func layout(text []byte) []string {
	lines := strings.Split(string(text), "\n")
	for i := range lines {
		lines[i] = strings.TrimSuffix(lines[i], ",")
	}
	return lines
}

// TestJSONShapes: bodies as the classes of 4.9.8 write them.
func TestJSONShapes(t *testing.T) {
	shapes, err := os.ReadFile("bodies/JsonShapes.4.9.8.out")
	require.NoError(t, err)
	for _, s := range newShapes() {
		got, err := s.marshal(s.v)
		require.NoError(t, err)
		want := s.name + ": " + string(got) + "\n"
		require.Truef(t, bytes.HasPrefix(shapes, []byte(want)) || bytes.Contains(shapes, []byte("\n"+want)), "not among the shapes:\n%s", want)
	}
}

type shape struct {
	name    string
	marshal func(any) ([]byte, error)
	v       any
}

func newShapes() []shape {
	plain, standard, pretty := fastjson.Marshal, fastjson.MarshalStandard, fastjson.MarshalPretty
	route, std := newRoute(), newRoute()
	std.OrderTopicConf = "中b-a:4"
	mq := codec.MessageQueue{Topic: "T", BrokerName: "b-a"}
	topics := codec.TopicConfigSerializeWrapper{DataVersion: codec.DataVersion{Timestamp: 1}, TopicConfigTable: map[string]*codec.TopicConfig{"T": {
		TopicName: "T", ReadQueueNums: 4, WriteQueueNums: 4, Perm: 6, TopicFilterType: codec.SingleTag}}}
	group := &codec.SubscriptionGroupConfig{}
	group.SetDefaults()
	group.GroupName = "g"
	offsets := codec.ConsumerOffsetSerializeWrapper{OffsetTable: map[string]map[int32]int64{"T@g": {0: 7, 1: 8}}}
	stats := codec.ConsumeStats{OffsetTable: map[codec.MessageQueue]codec.OffsetWrapper{mq: {BrokerOffset: 5}}}
	sub := codec.SubscriptionData{Topic: "T", SubString: "a || b", TagsSet: []string{"a", "b"}, CodeSet: []int32{97, 98}, SubVersion: 1795351133921, ExpressionType: codec.ExpressionTag}
	span := codec.QueueTimeSpan{MessageQueue: mq}
	span.FillText(time.UTC)
	return []shape{
		{"route", plain, route}, {"routeStd", standard, route}, {"routeStdOrder", standard, std},
		{"cluster", plain, codec.ClusterInfo{BrokerAddrTable: map[string]codec.BrokerData{"b-a": route.BrokerDatas[0]}, ClusterAddrTable: map[string][]string{"C": {"b-a"}}}},
		{"topiclist", plain, codec.TopicList{TopicList: []string{"T1"}}},
		{"consumestats", plain, stats},
		{"csl", plain, codec.ConsumeStatsList{BrokerAddr: "x", TotalDiff: 5, ConsumeStatsList: []map[string][]codec.ConsumeStats{{"g": {stats}}}}},
		{"topicstats", plain, codec.TopicStatsTable{OffsetTable: map[codec.MessageQueue]codec.TopicOffset{mq: {}}}},
		{"lock", plain, codec.LockBatchResponseBody{LockOKMQSet: []codec.MessageQueue{mq}}},
		{"reset", plain, codec.ResetOffsetBody{OffsetTable: map[codec.MessageQueue]int64{mq: 3}}},
		{"topics.json", pretty, topics},
		{"register", plain, codec.RegisterBrokerBody{TopicConfigSerializeWrapper: topics}},
		{"subgroup", pretty, codec.SubscriptionGroupWrapper{DataVersion: codec.DataVersion{Timestamp: 1795351133900}, SubscriptionGroupTable: map[string]*codec.SubscriptionGroupConfig{"g": group}}},
		{"coffset", pretty, offsets}, {"coffset", plain, offsets},
		{"hb", plain, codec.HeartbeatData{ClientID: "127.0.0.1@1", ProducerDataSet: []codec.ProducerData{{GroupName: "pg"}}, ConsumerDataSet: []codec.ConsumerData{{
			GroupName: "g", ConsumeType: codec.ConsumePassively, MessageModel: codec.Clustering, ConsumeFromWhere: codec.ConsumeFromLastOffset, SubscriptionDataSet: []codec.SubscriptionData{sub}}}}},
		{"cconn", plain, codec.ConsumerConnection{ConnectionSet: []codec.Connection{{ClientID: "id", ClientAddr: "1.1.1.1:1", Language: "JAVA", Version: 409}},
			ConsumeType: codec.ConsumePassively, MessageModel: codec.Clustering, ConsumeFromWhere: codec.ConsumeFromLastOffset, SubscriptionTable: map[string]codec.SubscriptionData{"T": sub}}},
		{"timespan", plain, codec.QueryConsumeTimeSpanBody{ConsumeTimeSpanSet: []codec.QueueTimeSpan{span}}},
		{"corr", plain, codec.QueryCorrectionOffsetBody{CorrectionOffsets: map[int32]int64{0: 9}}},
		{"cstatus", plain, codec.GetConsumerStatusBody{ConsumerTable: map[string]map[codec.MessageQueue]int64{"cid": {mq: 3}}}},
		{"pinfo", plain, codec.ProducerTableInfo{Data: map[string][]codec.ProducerInfo{"pg": {{ClientID: "cid", Language: "JAVA", LastUpdateTimestamp: 1, RemoteIP: "/127.0.0.1:1", Version: 409}}}}},
	}
}

func newRoute() codec.TopicRouteData {
	return codec.TopicRouteData{
		BrokerDatas: []codec.BrokerData{{Cluster: "C", BrokerName: "b-a", BrokerAddrs: map[int64]string{0: "127.0.0.1:10911", 1: "127.0.0.1:10921"}}},
		QueueDatas:  []codec.QueueData{{BrokerName: "b-a", ReadQueueNums: 4, WriteQueueNums: 4, Perm: 6}},
	}
}
