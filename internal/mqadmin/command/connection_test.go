package command

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
)

// demoConsumer is the consumer of the recordings.
var demoConsumer = codec.ConsumerConnection{
	ConnectionSet: []codec.Connection{{ClientID: "192.0.2.2@25339#1527889346654", ClientAddr: "127.0.0.1:41028", Language: "JAVA", Version: 409}},
	SubscriptionTable: map[string]codec.SubscriptionData{
		"DemoTopic":     {Topic: "DemoTopic", SubString: "*"},
		"%RETRY%DemoCG": {Topic: "%RETRY%DemoCG", SubString: "*"},
	},
	ConsumeType: codec.ConsumePassively, MessageModel: codec.Clustering, ConsumeFromWhere: codec.ConsumeFromFirstOffset,
}

const noSuchCG = "No topic route info in name server for the topic: %RETRY%NoSuchCG\nSee http://rocketmq.apache.org/docs/faq/ for further details."

// consumerNameServer answers as the name server of the recordings: NoSuchCG has no retry topic.
func consumerNameServer(t *testing.T) *fake {
	return newFake(t).serve(nsAddr, map[int32]answer{
		codec.GetRouteInfoByTopic: func(req *codec.Command) *codec.Command {
			if req.Ext.Get("topic") == "%RETRY%NoSuchCG" {
				return refuse(codec.TopicNotExist, noSuchCG)(req)
			}
			return body(recordedRoute(6))(req)
		},
		codec.GetBrokerClusterInfo: body(recordedCluster),
		codec.GetAllTopicListFromNameServer: body(codec.TopicList{
			TopicList: []string{"DemoTopic", "%RETRY%DemoCG", "%RETRY%Offline", "%DLQ%DemoCG", "%RETRY%NoSuchCG"},
		}),
	})
}

func TestConsumerConnection(t *testing.T) {
	f := consumerNameServer(t).serve(brokerAddr, map[int32]answer{codec.GetConsumerConnectionList: body(demoConsumer)})
	requireGolden(t, f, "consumerConnection")
	require.Equal(t, "DemoCG", f.last(codec.GetConsumerConnectionList).Ext.Get("consumerGroup"))
	requireGoldenError(t, f, "consumerConnection-missing", "")
	direct := run(t, f.net.Dial, "consumerConnection", "-g", "NoSuchCG", "-b", brokerAddr, "-n", nsAddr)
	require.Equal(t, load(t, "consumerConnection").output, direct.out, "-b needs no route")

	empty := consumerNameServer(t).serve(brokerAddr, map[int32]answer{codec.GetConsumerConnectionList: body(codec.ConsumerConnection{})})
	require.Contains(t, run(t, empty.net.Dial, "consumerConnection", "-g", "DemoCG", "-n", nsAddr).err, "CODE: 206  DESC: Not found the consumer group connection")
}

// TestFirstBroker: who is not connected to one broker is found at another.
func TestFirstBroker(t *testing.T) {
	route := recordedRoute(6)
	route.BrokerDatas = append(route.BrokerDatas, codec.BrokerData{BrokerName: "broker-b", BrokerAddrs: map[int64]string{1: "10.0.0.2:10911"}})
	f := newFake(t).serve(nsAddr, map[int32]answer{codec.GetRouteInfoByTopic: body(route)}).
		serve(brokerAddr, map[int32]answer{codec.GetConsumerConnectionList: refuse(codec.ConsumerNotOnline, "the consumer group[DemoCG] not online")}).
		serve("10.0.0.2:10911", map[int32]answer{codec.GetConsumerConnectionList: body(demoConsumer)})
	requireGolden(t, f, "consumerConnection")
}

func TestProducers(t *testing.T) {
	demo := codec.ProducerInfo{ClientID: "192.0.2.2@25339#1523713328148", RemoteIP: "/127.0.0.1:41012", Language: "JAVA", Version: 409, LastUpdateTimestamp: 1795350339119}
	inner := codec.ProducerInfo{ClientID: "192.0.2.2@25339#1527889346654", RemoteIP: "/127.0.0.1:41028", Language: "JAVA", Version: 409, LastUpdateTimestamp: 1795350312223}
	f := topicNameServer(t, 6).serve(brokerAddr, map[int32]answer{
		codec.GetProducerConnectionList: func(req *codec.Command) *codec.Command {
			if group := req.Ext.Get("producerGroup"); group != "DemoPG" {
				return refuse(codec.SystemError, "the producer group["+group+"] not exist")(req)
			}
			return body(codec.ProducerConnection{ConnectionSet: []codec.Connection{{ClientID: demo.ClientID, ClientAddr: "127.0.0.1:41012", Language: "JAVA", Version: 409}}})(req)
		},
		codec.GetAllProducerInfo: body(codec.ProducerTableInfo{Data: map[string][]codec.ProducerInfo{"DemoPG": {demo}, "CLIENT_INNER_PRODUCER": {demo, inner}}}),
	})
	requireGolden(t, f, "producerConnection")
	requireGoldenError(t, f, "producerConnection-missing", "")
	requireGoldenSet(t, f, "producer")
}
