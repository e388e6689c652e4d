package codec

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/boostermq/booster/codec/fastjson"
	"github.com/stretchr/testify/require"
)

func allBodies() []any {
	return []any{
		&TopicConfig{}, &DataVersion{}, &TopicConfigSerializeWrapper{}, &TopicList{}, &QueueData{}, &BrokerData{}, &TopicRouteData{}, &ClusterInfo{},
		&KVTable{}, &KVConfigSerializeWrapper{}, &SubscriptionData{}, &ConsumerData{}, &ProducerData{}, &HeartbeatData{}, &CheckClientRequestBody{},
		&GetConsumerListByGroupResponseBody{}, &MessageQueue{}, &LockBatchRequestBody{}, &LockBatchResponseBody{}, &UnlockBatchRequestBody{},
		&SubscriptionGroupConfig{}, &SubscriptionGroupWrapper{}, &GroupList{}, &ConsumerOffsetSerializeWrapper{}, &DelayOffsetSerializeWrapper{},
		&QueryCorrectionOffsetBody{}, &ResetOffsetBody{}, &ResetOffsetBodyForC{}, &GetConsumerStatusBody{}, &OffsetMovedEvent{}, &RegisterBrokerBody{},
		&Connection{}, &ConsumerConnection{}, &ProducerConnection{}, &ProducerInfo{}, &ProducerTableInfo{}, &ConsumeStats{}, &ConsumeStatsList{},
		&TopicStatsTable{}, &QueryConsumeTimeSpanBody{}, &BrokerStatsData{}, &QueryConsumeQueueResponseBody{}, &ConsumerRunningInfo{},
		&ConsumeMessageDirectlyResult{}, &ConsumerFilterSerializeWrapper{},
	}
}

// fillBody sets every field that is reached from v to something that is not zero.
func fillBody(v reflect.Value, n *int) {
	*n++
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fillBody(v.Elem(), n)
	case reflect.Struct:
		for i := range v.NumField() {
			fillBody(v.Field(i), n)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fillBody(v.Index(0), n)
		fillBody(v.Index(1), n)
	case reflect.Map:
		key, elem := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fillBody(key, n)
		fillBody(elem, n)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, elem)
	case reflect.String:
		v.SetString(fmt.Sprintf(`%%"中/%d`, *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Float64:
		v.SetFloat(float64(*n) + 0.25)
	default:
		v.SetInt(int64(*n))
	}
}

// TestBodiesRoundTrip: every field of every body survives every form.
func TestBodiesRoundTrip(t *testing.T) {
	for _, body := range allBodies() {
		fillBody(reflect.ValueOf(body).Elem(), new(int))
		for _, marshal := range []func(any) ([]byte, error){fastjson.Marshal, fastjson.MarshalStandard, fastjson.MarshalPretty} {
			text, err := marshal(body)
			require.NoError(t, err)
			back := reflect.New(reflect.TypeOf(body).Elem()).Interface()
			require.NoError(t, fastjson.Unmarshal(text, back), string(text))
			require.Equal(t, body, back, string(text))
		}
	}
}

// TestBodiesEmpty is what the classes of 4.9.7 write when nothing was set,
// but that a table or set is written as empty even where Java has null, and a
// string as "".
func TestBodiesEmpty(t *testing.T) {
	for want, body := range map[string]any{
		`{"mqTable":{},"properties":{},"statusTable":{},"subscriptionSet":[]}`: ConsumerRunningInfo{},
		`{"autoCommit":false,"order":false,"spentTimeMills":0}`:                ConsumeMessageDirectlyResult{},
		`{"maxQueueIndex":0,"minQueueIndex":0}`:                                QueryConsumeQueueResponseBody{},
		`{"eval":false,"physicOffset":0,"physicSize":0,"tagsCode":0}`:          ConsumeQueueData{},
		`{"offsetTable":{}}`: ResetOffsetBody{},
		`{"offsetTable":[]}`: ResetOffsetBodyForC{},
		`{"brokerName":"","offset":0,"queueId":0,"topic":""}`:        MessageQueueForC{},
		`{"consumerTable":{},"messageQueueTable":{}}`:                GetConsumerStatusBody{},
		`{"consumeStatsList":[],"totalDiff":0}`:                      ConsumeStatsList{},
		`{"consumeTimeSpanSet":[]}`:                                  QueryConsumeTimeSpanBody{},
		`{"correctionOffsets":{}}`:                                   QueryCorrectionOffsetBody{},
		`{"data":{}}`:                                                ProducerTableInfo{},
		`{"connectionSet":[],"subscriptionTable":{}}`:                ConsumerConnection{},
		`{"connectionSet":[]}`:                                       ProducerConnection{},
		`{"topicList":[]}`:                                           TopicList{},
		`{"table":{}}`:                                               KVTable{},
		`{"groupList":[]}`:                                           GroupList{},
		`{"clientID":"","consumerDataSet":[],"producerDataSet":[]}`:  HeartbeatData{},
		`{"groupName":"","subscriptionDataSet":[],"unitMode":false}`: ConsumerData{},
		`{"lockOKMQSet":[]}`:                                         LockBatchResponseBody{},
		`{"clientId":"","consumerGroup":"","mqSet":[]}`:              UnlockBatchRequestBody{},
		`{"consumerIdList":[]}`:                                      GetConsumerListByGroupResponseBody{},
		`{"consumeTps":0.0,"offsetTable":{}}`:                        ConsumeStats{},
		`{"clientId":"","group":""}`:                                 CheckClientRequestBody{},
		`{"filterServerList":[],"topicConfigSerializeWrapper":{"dataVersion":{"counter":0,"timestamp":0},"topicConfigTable":{}}}`: RegisterBrokerBody{},
		`{"dataVersion":{"counter":0,"timestamp":0},"subscriptionGroupTable":{}}`:                                                 SubscriptionGroupWrapper{},
		`{"brokerDatas":[],"filterServerTable":{},"queueDatas":[]}`:                                                               TopicRouteData{},
		`{"brokerAddrTable":{},"clusterAddrTable":{}}`:                                                                            ClusterInfo{},
		`{"consumeFailedMsgs":0,"consumeFailedTPS":0.0,"consumeOKTPS":0.0,"consumeRT":0.0,"pullRT":0.0,"pullTPS":0.0}`:            ConsumeStatus{},
		`{"consumerGroup":"","messageQueue":{"brokerName":"","queueId":0,"topic":""},"offsetNew":0,"offsetRequest":0}`:            OffsetMovedEvent{},
	} {
		text, err := fastjson.Marshal(body)
		require.NoError(t, err)
		require.Equal(t, want, string(text))
	}
}

// TestBodyDefaults: what a text leaves out is as the Java class starts.
func TestBodyDefaults(t *testing.T) {
	topics := &TopicConfigSerializeWrapper{}
	require.NoError(t, fastjson.Unmarshal([]byte(`{"topicConfigTable":{"T":{"topicName":"T","perm":2}}}`), topics))
	require.Equal(t, &TopicConfig{TopicName: "T", ReadQueueNums: 16, WriteQueueNums: 16, Perm: 2, TopicFilterType: SingleTag}, topics.TopicConfigTable["T"])

	group := &SubscriptionGroupConfig{}
	require.NoError(t, fastjson.Unmarshal([]byte(`{"groupName":"g","attributes":{"+a":"b"},"groupSysFlag":0}`), group))
	text, err := fastjson.Marshal(group)
	require.NoError(t, err)
	require.Equal(t, `{"brokerId":0,"consumeBroadcastEnable":true,"consumeEnable":true,"consumeFromMinEnable":true,"groupName":"g",`+
		`"notifyConsumerIdsChangedEnable":true,"retryMaxTimes":16,"retryQueueNums":1,"whichBrokerWhenConsumeSlowly":1}`, string(text))

	heartbeat := &HeartbeatData{}
	require.NoError(t, fastjson.Unmarshal([]byte(`{"clientID":"c","withoutSub":true,"consumerDataSet":[{"subscriptionDataSet":[{"topic":"T"}]}]}`), heartbeat))
	require.True(t, heartbeat.WithoutSub)
	require.Equal(t, ExpressionTag, heartbeat.ConsumerDataSet[0].SubscriptionDataSet[0].ExpressionType)

	result := &ConsumeMessageDirectlyResult{}
	require.NoError(t, fastjson.Unmarshal([]byte(`{}`), result))
	require.True(t, result.AutoCommit)
}

func TestDataVersion(t *testing.T) {
	v := DataVersion{Counter: 1, Timestamp: 2}
	require.Equal(t, DataVersion{Counter: 2, Timestamp: 9}, v.Next(9))
	require.True(t, v == DataVersion{Counter: 1, Timestamp: 2})
	require.False(t, v == v.Next(2))
}

func TestQueueTimeSpanText(t *testing.T) {
	q := QueueTimeSpan{MinTimeStamp: 1795351246082, MaxTimeStamp: 1795351246141, ConsumeTimeStamp: 0}
	q.FillText(time.FixedZone("", 3600))
	require.Equal(t, "2026-11-22#13:40:46:082", q.MinTimeStampStr)
	require.Equal(t, "2026-11-22#13:40:46:141", q.MaxTimeStampStr)
	require.Equal(t, "1970-01-01#01:00:00:000", q.ConsumeTimeStampStr)
}

// FuzzBodies: no text panics, and what is read can be written and read again.
func FuzzBodies(f *testing.F) {
	for i, body := range allBodies() {
		fillBody(reflect.ValueOf(body).Elem(), new(int))
		text, err := fastjson.Marshal(body)
		require.NoError(f, err)
		f.Add(byte(i), text)
	}
	f.Fuzz(func(t *testing.T, i byte, text []byte) {
		bodies := allBodies()
		body := bodies[int(i)%len(bodies)]
		if fastjson.Unmarshal(text, body) != nil {
			return
		}
		out, err := fastjson.Marshal(body)
		require.NoError(t, err)
		require.NoError(t, fastjson.Unmarshal(out, body))
		again, err := fastjson.Marshal(body)
		require.NoError(t, err)
		require.Equal(t, string(out), string(again))
	})
}

func BenchmarkHeartbeatData(b *testing.B) {
	text := []byte(`{"clientID":"192.0.2.1@1","consumerDataSet":[{"consumeFromWhere":"CONSUME_FROM_LAST_OFFSET","consumeType":"CONSUME_PASSIVELY","groupName":"g","messageModel":"CLUSTERING","subscriptionDataSet":[{"classFilterMode":false,"codeSet":[97,98],"expressionType":"TAG","subString":"a || b","subVersion":1795351133921,"tagsSet":["a","b"],"topic":"T"}],"unitMode":false}],"producerDataSet":[{"groupName":"pg"}]}`)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		var h HeartbeatData
		if err := fastjson.Unmarshal(text, &h); err != nil {
			b.Fatal(err)
		}
	}
}
