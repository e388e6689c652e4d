package acl

import (
	"slices"

	"github.com/boostermq/booster/codec"
)

// rule is what a request code needs beyond a valid signature.
type rule struct {
	admin bool              // the account is an administrator
	check func(check) error // permissions for topics and groups; nil = none
}

// decision is one row of the table: what is asked for, and what 4.9.8 asks for
// (aclLaxAs498=true).
type decision struct {
	code       int32
	now, as498 rule
}

// decisions is the one table of what each request code needs. Where the two
// columns differ 4.9.8 has a gap: there almost everything, the administration
// of accounts included, is open to whoever has some account.
//
// Two laws make the rows: what reads or moves messages and offsets needs
// permissions for topic and group; what changes the broker, or others' offsets,
// needs an administrator. Statistics and listings need a signature only, as in
// 4.9.8: clients and consoles ask for them with any account.
func decisions() []decision {
	signed, admin := rule{}, rule{admin: true}
	return slices.Concat(dataDecisions(signed), changeDecisions(signed, admin), listingDecisions(signed),
		nameServerDecisions(signed, admin), otherDecisions(signed, admin))
}

// dataDecisions: messages, offsets and the clients that move them.
func dataDecisions(signed rule) []decision {
	return []decision{
		{codec.SendMessage, rule{check: send}, rule{check: sendAs498}},
		{codec.SendMessageV2, rule{check: sendV2}, rule{check: sendV2As498}},
		{codec.SendBatchMessage, rule{check: sendV2}, signed},
		{codec.SendReplyMessage, signed, signed}, // goes to the one who asked; all share one topic
		{codec.SendReplyMessageV2, signed, signed},
		{codec.EndTransaction, rule{check: endTransaction}, signed},

		{codec.PullMessage, rule{check: topicSubGroupSub}, rule{check: topicSubGroupSub}},
		{codec.LitePullMessage, rule{check: topicSubGroupSub}, rule{check: topicSubGroupSub}},
		{codec.ConsumerSendMsgBack, rule{check: sendBack}, rule{check: sendBackAs498}},
		{codec.QueryMessage, rule{check: topicSub}, rule{check: topicSub}},
		{codec.ViewMessageByID, rule{check: viewMessage}, signed},
		{codec.QueryConsumeQueue, rule{check: topicSub}, signed},
		{codec.ConsumeMessageDirectly, rule{check: consumeDirectly}, signed},

		{codec.QueryConsumerOffset, rule{check: topicSubGroupSub}, signed},
		{codec.UpdateConsumerOffset, rule{check: topicSubGroupSub}, rule{check: topicSubGroupSub}},
		{codec.SearchOffsetByTimestamp, rule{check: topicAny}, signed},
		{codec.GetMaxOffset, rule{check: topicAny}, signed},
		{codec.GetMinOffset, rule{check: topicAny}, signed},
		{codec.GetEarliestMsgStoreTime, rule{check: topicAny}, signed},

		{codec.HeartBeat, rule{check: heartBeat}, rule{check: heartBeat}},
		{codec.UnregisterClient, rule{check: consumerGroupSub}, rule{check: consumerGroupSub}},
		{codec.GetConsumerListByGroup, rule{check: consumerGroupSub}, rule{check: consumerGroupSub}},
		{codec.CheckClientConfig, signed, signed},
		{codec.LockBatchMQ, rule{check: lockQueues}, signed},
		{codec.UnlockBatchMQ, rule{check: lockQueues}, signed},
		{codec.GetConsumerRunningInfo, rule{check: consumerGroupSub}, signed},
		{codec.InvokeBrokerToGetConsumerStatus, rule{check: topicSubNamedGroupSub}, signed},
	}
}

// changeDecisions: what changes the broker, or the offsets of others.
func changeDecisions(signed, admin rule) []decision {
	return []decision{
		{codec.UpdateAndCreateTopic, admin, admin},
		{codec.DeleteTopicInBroker, admin, admin},
		{codec.UpdateAndCreateSubscriptionGroup, admin, admin},
		{codec.DeleteSubscriptionGroup, admin, admin},
		{codec.UpdateBrokerConfig, admin, admin},
		{codec.UpdateAndCreateACLConfig, admin, signed},
		{codec.DeleteACLConfig, admin, signed},
		{codec.UpdateGlobalWhiteAddrsConfig, admin, signed},
		{codec.InvokeBrokerToResetOffset, admin, signed},
		{codec.CloneGroupOffset, admin, signed},
		{codec.QueryCorrectionOffset, admin, signed}, // its filterGroups deletes offsets in Java
		{codec.CleanExpiredConsumeQueue, admin, signed},
		{codec.CleanUnusedTopic, admin, signed},
		{codec.DeleteExpiredCommitLog, admin, signed},
		{codec.ResumeCheckHalfMessage, admin, signed},
	}
}

// listingDecisions: configuration and statistics.
func listingDecisions(signed rule) []decision {
	return []decision{
		{codec.GetAllTopicConfig, signed, signed}, // this and the next three: slaves copy them
		{codec.GetAllSubscriptionGroupConfig, signed, signed},
		{codec.GetAllConsumerOffset, signed, signed},
		{codec.GetAllDelayOffset, signed, signed},
		{codec.GetTopicConfig, signed, signed},
		{codec.GetSubscriptionGroupConfig, signed, signed},
		{codec.GetBrokerConfig, signed, signed},
		{codec.GetBrokerRuntimeInfo, signed, signed},
		{codec.GetBrokerClusterACLInfo, signed, signed}, // versions only
		{codec.GetTopicStatsInfo, signed, signed},
		{codec.GetConsumerConnectionList, signed, signed},
		{codec.GetProducerConnectionList, signed, signed},
		{codec.GetAllProducerInfo, signed, signed},
		{codec.GetConsumeStats, signed, signed},
		{codec.GetBrokerConsumeStats, signed, signed},
		{codec.QueryTopicConsumeByWho, signed, signed},
		{codec.QueryConsumeTimeSpan, signed, signed},
		{codec.GetSystemTopicListFromBroker, signed, signed},
		{codec.ViewBrokerStatsData, signed, signed},
	}
}

// nameServerDecisions: codes of the name server.
func nameServerDecisions(signed, admin rule) []decision {
	return []decision{
		{codec.PutKVConfig, admin, signed},
		{codec.DeleteKVConfig, admin, signed},
		{codec.RegisterBroker, admin, signed},
		{codec.UnregisterBroker, admin, signed},
		{codec.WipeWritePermOfBroker, admin, signed},
		{codec.AddWritePermOfBroker, admin, signed},
		{codec.DeleteTopicInNamesrv, admin, signed},
		{codec.UpdateNamesrvConfig, admin, signed},
		{codec.GetKVConfig, signed, signed},
		{codec.GetKVListByNamespace, signed, signed},
		{codec.GetRouteInfoByTopic, signed, signed},
		{codec.GetBrokerClusterInfo, signed, signed},
		{codec.GetAllTopicListFromNameServer, signed, signed},
		{codec.GetTopicsByCluster, signed, signed},
		{codec.GetSystemTopicListFromNS, signed, signed},
		{codec.GetUnitTopicList, signed, signed},
		{codec.GetHasUnitSubTopicList, signed, signed},
		{codec.GetHasUnitSubUnUnitTopicList, signed, signed},
		{codec.GetNamesrvConfig, signed, signed},
		{codec.QueryDataVersion, signed, signed},
	}
}

// otherDecisions: codes that no broker answers.
func otherDecisions(signed, admin rule) []decision {
	return []decision{
		// Broker to client.
		{codec.CheckTransactionState, signed, signed},
		{codec.NotifyConsumerIDsChanged, signed, signed},
		{codec.ResetConsumerClientOffset, signed, signed},
		{codec.GetConsumerStatusFromClient, signed, signed},
		{codec.PushReplyMessageToClient, signed, signed},

		// Without a handler in 4.9.8. Those that would change something are kept
		// closed should one ever come.
		{codec.QueryBrokerOffset, signed, signed},
		{codec.GetTopicConfigList, signed, signed},
		{codec.GetTopicNameList, signed, signed},
		{codec.TriggerDeleteFiles, admin, signed},
		{codec.SuspendConsumer, admin, signed},
		{codec.ResumeConsumer, admin, signed},
		{codec.ResetConsumerOffsetInConsumer, admin, signed},
		{codec.ResetConsumerOffsetInBroker, admin, signed},
		{codec.AdjustConsumerThreadPool, admin, signed},
		{codec.WhoConsumeTheMessage, signed, signed},
		{codec.RegisterFilterServer, admin, signed},
		{codec.RegisterMessageFilterClass, admin, signed},
	}
}

// rules is the column in force.
func rules(laxAs498 bool) map[int32]rule {
	table := map[int32]rule{}
	for _, d := range decisions() {
		table[d.code] = d.now
		if laxAs498 {
			table[d.code] = d.as498
		}
	}
	return table
}
