package broker

import (
	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/remoting"
)

// routes is the one table of what this broker answers: request code →
// processor → pool. A pool of nil means inline on the event loop: the processor
// must not wait. A code without a row is answered with 3.
func (b *Controller) routes() []remoting.Route {
	p, e := &b.processors, &b.executors
	return []remoting.Route{
		{Code: codec.SendMessage, Process: p.send.sendMessage},                                   // 10 SEND_MESSAGE
		{Code: codec.SendMessageV2, Process: p.send.sendMessage},                                 // 310 SEND_MESSAGE_V2
		{Code: codec.SendBatchMessage, Process: p.send.sendMessage},                              // 320 SEND_BATCH_MESSAGE
		{Code: codec.ConsumerSendMsgBack, Process: p.sendBack.consumerSendMsgBack, Pool: e.send}, // 36 CONSUMER_SEND_MSG_BACK
		{Code: codec.PullMessage, Process: p.pull.pullMessage},                                   // 11 PULL_MESSAGE, main port only
		{Code: codec.LitePullMessage, Process: p.pull.pullMessage},                               // 361 LITE_PULL_MESSAGE of 5.x, main port only

		{Code: codec.SendReplyMessage, Process: p.reply.sendReplyMessage, Pool: e.reply},                   // 324 SEND_REPLY_MESSAGE
		{Code: codec.SendReplyMessageV2, Process: p.reply.sendReplyMessage, Pool: e.reply},                 // 325 SEND_REPLY_MESSAGE_V2
		{Code: codec.EndTransaction, Process: p.transaction.endTransaction, Pool: e.endTransaction},        // 37 END_TRANSACTION
		{Code: codec.ResumeCheckHalfMessage, Process: p.transaction.resumeCheckHalfMessage, Pool: e.admin}, // 323 RESUME_CHECK_HALF_MESSAGE

		{Code: codec.QueryMessage, Process: p.query.queryMessage, Pool: e.query},       // 12 QUERY_MESSAGE
		{Code: codec.ViewMessageByID, Process: p.query.viewMessageByID, Pool: e.query}, // 33 VIEW_MESSAGE_BY_ID

		{Code: codec.HeartBeat, Process: p.client.heartBeat, Pool: e.heartbeat},                                // 34 HEART_BEAT
		{Code: codec.UnregisterClient, Process: p.client.unregisterClient, Pool: e.clientManage},               // 35 UNREGISTER_CLIENT
		{Code: codec.CheckClientConfig, Process: p.client.checkClientConfig, Pool: e.clientManage},             // 46 CHECK_CLIENT_CONFIG
		{Code: codec.GetConsumerListByGroup, Process: p.client.getConsumerListByGroup, Pool: e.consumerManage}, // 38 GET_CONSUMER_LIST_BY_GROUP
		{Code: codec.QueryConsumerOffset, Process: p.offset.queryConsumerOffset, Pool: e.consumerManage},       // 14 QUERY_CONSUMER_OFFSET
		{Code: codec.UpdateConsumerOffset, Process: p.offset.updateConsumerOffset},                             // 15 UPDATE_CONSUMER_OFFSET
		{Code: codec.SearchOffsetByTimestamp, Process: p.offset.searchOffsetByTimestamp, Pool: e.admin},        // 29 SEARCH_OFFSET_BY_TIMESTAMP
		{Code: codec.GetMaxOffset, Process: p.offset.getMaxOffset, Pool: e.admin},                              // 30 GET_MAX_OFFSET
		{Code: codec.GetMinOffset, Process: p.offset.getMinOffset, Pool: e.admin},                              // 31 GET_MIN_OFFSET
		{Code: codec.GetEarliestMsgStoreTime, Process: p.offset.getEarliestMsgStoreTime, Pool: e.admin},        // 32 GET_EARLIEST_MSG_STORETIME
		{Code: codec.GetAllConsumerOffset, Process: p.offset.getAllConsumerOffset, Pool: e.admin},              // 43 GET_ALL_CONSUMER_OFFSET
		{Code: codec.GetAllDelayOffset, Process: p.offset.getAllDelayOffset, Pool: e.admin},                    // 45 GET_ALL_DELAY_OFFSET
		{Code: codec.LockBatchMQ, Process: p.lock.lockBatchMQ, Pool: e.admin},                                  // 41 LOCK_BATCH_MQ
		{Code: codec.UnlockBatchMQ, Process: p.lock.unlockBatchMQ, Pool: e.admin},                              // 42 UNLOCK_BATCH_MQ
		{Code: codec.UpdateAndCreateTopic, Process: p.topic.updateAndCreateTopic, Pool: e.admin},               // 17 UPDATE_AND_CREATE_TOPIC
		{Code: codec.DeleteTopicInBroker, Process: p.topic.deleteTopic, Pool: e.admin},                         // 215 DELETE_TOPIC_IN_BROKER
		{Code: codec.GetAllTopicConfig, Process: p.topic.getAllTopicConfig, Pool: e.admin},                     // 21 GET_ALL_TOPIC_CONFIG
		{Code: codec.UpdateAndCreateSubscriptionGroup, Process: p.group.updateAndCreateGroup, Pool: e.admin},   // 200 UPDATE_AND_CREATE_SUBSCRIPTIONGROUP
		{Code: codec.GetAllSubscriptionGroupConfig, Process: p.group.getAllGroupConfig, Pool: e.admin},         // 201 GET_ALL_SUBSCRIPTIONGROUP_CONFIG
		{Code: codec.DeleteSubscriptionGroup, Process: p.group.deleteGroup, Pool: e.admin},                     // 207 DELETE_SUBSCRIPTIONGROUP
		{Code: codec.UpdateAndCreateACLConfig, Process: b.acl.UpdateAndCreateACLConfig, Pool: e.admin},         // 50 UPDATE_AND_CREATE_ACL_CONFIG
		{Code: codec.DeleteACLConfig, Process: b.acl.DeleteACLConfig, Pool: e.admin},                           // 51 DELETE_ACL_CONFIG
		{Code: codec.GetBrokerClusterACLInfo, Process: b.acl.GetBrokerClusterACLInfo, Pool: e.admin},           // 52 GET_BROKER_CLUSTER_ACL_INFO
		{Code: codec.UpdateGlobalWhiteAddrsConfig, Process: b.acl.UpdateGlobalWhiteAddrsConfig, Pool: e.admin}, // 53 UPDATE_GLOBAL_WHITE_ADDRS_CONFIG
		{Code: codec.UpdateBrokerConfig, Process: p.admin.updateBrokerConfig, Pool: e.admin},                   // 25 UPDATE_BROKER_CONFIG
		{Code: codec.GetBrokerConfig, Process: p.admin.getBrokerConfig, Pool: e.admin},                         // 26 GET_BROKER_CONFIG
		{Code: codec.GetBrokerRuntimeInfo, Process: p.admin.getBrokerRuntimeInfo, Pool: e.admin},               // 28 GET_BROKER_RUNTIME_INFO

		{Code: codec.GetTopicStatsInfo, Process: p.admin.getTopicStatsInfo, Pool: e.admin},                       // 202 GET_TOPIC_STATS_INFO
		{Code: codec.GetConsumerConnectionList, Process: p.admin.getConsumerConnectionList, Pool: e.admin},       // 203 GET_CONSUMER_CONNECTION_LIST
		{Code: codec.GetProducerConnectionList, Process: p.admin.getProducerConnectionList, Pool: e.admin},       // 204 GET_PRODUCER_CONNECTION_LIST
		{Code: codec.GetConsumeStats, Process: p.admin.getConsumeStats, Pool: e.admin},                           // 208 GET_CONSUME_STATS
		{Code: codec.InvokeBrokerToResetOffset, Process: p.admin.resetOffset, Pool: e.admin},                     // 222 INVOKE_BROKER_TO_RESET_OFFSET
		{Code: codec.InvokeBrokerToGetConsumerStatus, Process: p.admin.getConsumerStatus, Pool: e.admin},         // 223 INVOKE_BROKER_TO_GET_CONSUMER_STATUS
		{Code: codec.QueryTopicConsumeByWho, Process: p.admin.queryTopicConsumeByWho, Pool: e.admin},             // 300 QUERY_TOPIC_CONSUME_BY_WHO
		{Code: codec.QueryConsumeTimeSpan, Process: p.admin.queryConsumeTimeSpan, Pool: e.admin},                 // 303 QUERY_CONSUME_TIME_SPAN
		{Code: codec.GetSystemTopicListFromBroker, Process: p.admin.getSystemTopicListFromBroker, Pool: e.admin}, // 305 GET_SYSTEM_TOPIC_LIST_FROM_BROKER
		{Code: codec.CleanExpiredConsumeQueue, Process: p.admin.cleanExpiredConsumeQueue, Pool: e.admin},         // 306 CLEAN_EXPIRED_CONSUMEQUEUE
		{Code: codec.GetConsumerRunningInfo, Process: p.admin.getConsumerRunningInfo, Pool: e.admin},             // 307 GET_CONSUMER_RUNNING_INFO
		{Code: codec.QueryCorrectionOffset, Process: p.admin.queryCorrectionOffset, Pool: e.admin},               // 308 QUERY_CORRECTION_OFFSET
		{Code: codec.ConsumeMessageDirectly, Process: p.admin.consumeMessageDirectly, Pool: e.admin},             // 309 CONSUME_MESSAGE_DIRECTLY
		{Code: codec.CloneGroupOffset, Process: p.admin.cloneGroupOffset, Pool: e.admin},                         // 314 CLONE_GROUP_OFFSET
		{Code: codec.ViewBrokerStatsData, Process: p.admin.viewBrokerStatsData, Pool: e.admin},                   // 315 VIEW_BROKER_STATS_DATA
		{Code: codec.CleanUnusedTopic, Process: p.admin.cleanUnusedTopic, Pool: e.admin},                         // 316 CLEAN_UNUSED_TOPIC
		{Code: codec.GetBrokerConsumeStats, Process: p.admin.fetchAllConsumeStatsInBroker, Pool: e.admin},        // 317 GET_BROKER_CONSUME_STATS
		{Code: codec.QueryConsumeQueue, Process: p.admin.queryConsumeQueue, Pool: e.admin},                       // 321 QUERY_CONSUME_QUEUE
		{Code: codec.GetAllProducerInfo, Process: p.admin.getAllProducerInfo, Pool: e.admin},                     // 328 GET_ALL_PRODUCER_INFO
		{Code: codec.DeleteExpiredCommitLog, Process: p.admin.deleteExpiredCommitLog, Pool: e.admin},             // 329 DELETE_EXPIRED_COMMITLOG
	}
}

// mainPortOnly lists the codes the fast port (listenPort − 2) does not answer.
var mainPortOnly = []int32{codec.PullMessage, codec.LitePullMessage}

// RouteTables are the tables of a broker that does not run: docs/codes.md is
// made from them.
func RouteTables() (main, fast *remoting.RouteTable) { return new(Controller).routeTables() }

// routeTables builds the tables of the main and of the fast port.
func (b *Controller) routeTables() (main, fast *remoting.RouteTable) {
	main = remoting.NewRouteTable()
	for _, r := range b.routes() {
		main.Register(r)
	}
	return main, main.Without(mainPortOnly...)
}
