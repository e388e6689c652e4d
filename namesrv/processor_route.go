package namesrv

import (
	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
	"github.com/boostermq/booster/remoting"
)

// standardJSONVersion is 4.9.4, the first version that is answered with strict JSON unasked.
const standardJSONVersion int32 = 401

// faqSuffix ends remarks that tell the user what is missing (Java: FAQUrl.suggestTodo).
const faqSuffix = "\nSee http://rocketmq.apache.org/docs/faq/ for further details."

// getRouteInfoByTopic serves 105 GET_ROUTEINFO_BY_TOPIC.
//
// Behavior: the brokers and queues of topic as TopicRouteData, in the dialect
// the caller understands: strict JSON from 4.9.4 on or with
// acceptStandardJsonOnly=true, else fastjson's with integer keys. Code 17 for a
// topic that no broker has, and for a missing topic ("null"). orderTopicConf is
// told with orderMessageEnable=true only.
//
// Differences from Java: brokers are sorted by name.
func (p *processor) getRouteInfoByTopic(r *remoting.Request) {
	topic := r.Ext.Get("topic")
	body, ok, err := p.routes.Route(topic, routeDialect(r))
	if err != nil || ok {
		replyBody(r, body, err)
		return
	}
	replyNoRoute(r)
}

// getRouteInfoClusterTest serves 105 GET_ROUTEINFO_BY_TOPIC when the name
// server started with clusterTest=true (Java: ClusterTestRequestProcessor).
//
// Behavior: a topic unknown here is asked for at the name servers of the
// product environment. The answer is always in the old dialect.
//
// Differences from Java: orderTopicConf still asks for orderMessageEnable=true.
func (p *processor) getRouteInfoClusterTest(r *remoting.Request) {
	topic := r.Ext.Get("topic")
	body, ok, err := p.routes.Route(topic, dialectFastjson)
	if err == nil && !ok && topic != "" {
		body, ok, err = p.product.route(topic)
	}
	if err != nil {
		p.log.Warn("the product environment does not answer", "topic", topic, "error", err)
	}
	if ok {
		replyBody(r, body, nil)
		return
	}
	replyNoRoute(r)
}

func routeDialect(r *remoting.Request) dialect {
	var h codec.GetRouteInfoRequestHeader
	// A missing topic is no error here: it is looked up and not found.
	if err := h.DecodeFields(r.Ext); err == nil && h.AcceptStandardJSONOnly || r.Version >= standardJSONVersion {
		return dialectStandard
	}
	return dialectFastjson
}

func replyNoRoute(r *remoting.Request) {
	r.ReplyCode(codec.TopicNotExist, "No topic route info in name server for the topic: "+orNull(r, "topic")+faqSuffix)
}

// orNull is a field as Java prints it when it is absent.
func orNull(r *remoting.Request, key string) string {
	if v, ok := r.Ext.Lookup(key); ok {
		return v
	}
	return "null"
}

// getBrokerClusterInfo serves 106 GET_BROKER_CLUSTER_INFO.
//
// Behavior: all brokers by name and all broker names by cluster, always in the
// old dialect: only Java tools ask.
//
// Differences from Java: none.
func (p *processor) getBrokerClusterInfo(r *remoting.Request) {
	body, err := p.routes.ClusterInfo()
	replyBody(r, body, err)
}

// getAllTopicListFromNameserver serves 206 GET_ALL_TOPIC_LIST_FROM_NAMESERVER.
//
// Behavior: all topics as TopicList.
//
// Differences from Java: sorted.
func (p *processor) getAllTopicListFromNameserver(r *remoting.Request) {
	replyTopics(r, codec.TopicList{TopicList: p.routes.AllTopics()})
}

// getTopicsByCluster serves 224 GET_TOPICS_BY_CLUSTER.
//
// Behavior: the topics that brokers of cluster have; none for an unknown cluster.
//
// Differences from Java: sorted.
func (p *processor) getTopicsByCluster(r *remoting.Request) {
	replyTopics(r, codec.TopicList{TopicList: p.routes.TopicsByCluster(r.Ext.Get("cluster"))})
}

// getSystemTopicListFromNs serves 304 GET_SYSTEM_TOPIC_LIST_FROM_NS.
//
// Behavior: the names of all clusters and brokers, which are topics too, and
// the address of one broker, where the caller asks for the other system topics.
//
// Differences from Java: sorted.
func (p *processor) getSystemTopicListFromNs(r *remoting.Request) {
	names, addr := p.routes.SystemTopics()
	replyTopics(r, codec.TopicList{TopicList: names, BrokerAddr: addr})
}

// getUnitTopicList serves 311 GET_UNIT_TOPIC_LIST.
//
// Behavior: the topics with the unit flag on the first of their brokers.
//
// Differences from Java: sorted; first by name instead of any.
func (p *processor) getUnitTopicList(r *remoting.Request) {
	replyTopics(r, codec.TopicList{TopicList: p.routes.UnitTopics()})
}

// getHasUnitSubTopicList serves 312 GET_HAS_UNIT_SUB_TOPIC_LIST.
//
// Behavior: the topics with the unit-sub flag on the first of their brokers.
//
// Differences from Java: as 311.
func (p *processor) getHasUnitSubTopicList(r *remoting.Request) {
	replyTopics(r, codec.TopicList{TopicList: p.routes.UnitSubTopics()})
}

// getHasUnitSubUnUnitTopicList serves 313 GET_HAS_UNIT_SUB_UNUNIT_TOPIC_LIST.
//
// Behavior: the topics with the unit-sub and without the unit flag.
//
// Differences from Java: as 311.
func (p *processor) getHasUnitSubUnUnitTopicList(r *remoting.Request) {
	replyTopics(r, codec.TopicList{TopicList: p.routes.UnitSubUnUnitTopics()})
}

func replyTopics(r *remoting.Request, list codec.TopicList) {
	body, err := fastjson.Marshal(list)
	replyBody(r, body, err)
}

// deleteTopicInNamesrv serves 216 DELETE_TOPIC_IN_NAMESRV.
//
// Behavior: forgets topic on all brokers, or with clusterName on those of that
// cluster. Always code 0. A broker that still has the topic brings it back with
// its next changed registration.
//
// Differences from Java: none.
func (p *processor) deleteTopicInNamesrv(r *remoting.Request) {
	if topic, cluster := r.Ext.Get("topic"), r.Ext.Get("clusterName"); cluster != "" {
		p.routes.DeleteTopicInCluster(topic, cluster)
	} else {
		p.routes.DeleteTopic(topic)
	}
	replyOK(r)
}
