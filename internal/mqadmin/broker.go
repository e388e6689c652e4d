package mqadmin

import (
	"context"
	"fmt"
	"time"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/properties"
)

// UpdateTopic sends 17 UPDATE_AND_CREATE_TOPIC.
func (a *Admin) UpdateTopic(ctx context.Context, addr string, c codec.TopicConfig) error {
	_, err := a.invoke(ctx, addr, codec.UpdateAndCreateTopic, &codec.CreateTopicRequestHeader{
		Topic: c.TopicName, DefaultTopic: codec.AutoCreateTopicKeyTopic,
		ReadQueueNums: c.ReadQueueNums, WriteQueueNums: c.WriteQueueNums, Perm: c.Perm,
		TopicFilterType: c.TopicFilterType, TopicSysFlag: c.TopicSysFlag, Order: c.Order,
	}, nil)
	return err
}

// DeleteTopicInBroker sends 215 DELETE_TOPIC_IN_BROKER.
func (a *Admin) DeleteTopicInBroker(ctx context.Context, addr, topic string) error {
	_, err := a.invoke(ctx, addr, codec.DeleteTopicInBroker, &codec.DeleteTopicRequestHeader{Topic: topic}, nil)
	return err
}

// TopicConfigs asks for 21 GET_ALL_TOPIC_CONFIG.
func (a *Admin) TopicConfigs(ctx context.Context, addr string) (codec.TopicConfigSerializeWrapper, error) {
	return get[codec.TopicConfigSerializeWrapper](ctx, a, addr, codec.GetAllTopicConfig, nil)
}

// TopicStats asks every broker of the topic for 202 GET_TOPIC_STATS_INFO and
// merges the answers.
func (a *Admin) TopicStats(ctx context.Context, topic string) (codec.TopicStatsTable, error) {
	all := codec.TopicStatsTable{OffsetTable: map[codec.MessageQueue]codec.TopicOffset{}}
	err := a.eachBroker(ctx, topic, func(addr string) error {
		stats, err := get[codec.TopicStatsTable](ctx, a, addr, codec.GetTopicStatsInfo, &codec.GetTopicStatsInfoRequestHeader{Topic: topic})
		for mq, offset := range stats.OffsetTable {
			all.OffsetTable[mq] = offset
		}
		return err
	})
	if err == nil && len(all.OffsetTable) == 0 {
		err = fmt.Errorf("no broker has statistics of topic %s", topic)
	}
	return all, err
}

// TopicConsumers asks for 300 QUERY_TOPIC_CONSUME_BY_WHO: the groups that have
// offsets of the topic.
func (a *Admin) TopicConsumers(ctx context.Context, topic string) ([]string, error) {
	route, err := a.TopicRoute(ctx, topic)
	if err != nil {
		return nil, err
	}
	for _, b := range SortedBrokers(route) {
		if addr := BrokerAddr(b); addr != "" { // any one of them, as in Java
			list, err := get[codec.GroupList](ctx, a, addr, codec.QueryTopicConsumeByWho, &codec.QueryTopicConsumeByWhoRequestHeader{Topic: topic})
			return list.GroupList, err
		}
	}
	return nil, nil
}

// ConsumeStats asks every broker that has the group's retry topic for 208
// GET_CONSUME_STATS and merges the answers. An empty topic asks for all.
func (a *Admin) ConsumeStats(ctx context.Context, group, topic string) (codec.ConsumeStats, error) {
	all := codec.ConsumeStats{OffsetTable: map[codec.MessageQueue]codec.OffsetWrapper{}}
	header := &codec.GetConsumeStatsRequestHeader{ConsumerGroup: group, Topic: topic}
	err := a.eachBroker(ctx, codec.RetryGroupTopicPrefix+group, func(addr string) error {
		resp, err := a.invokeWithin(ctx, 3*a.config.Timeout, addr, &codec.Command{Code: codec.GetConsumeStats, Header: header})
		if err != nil {
			return err
		}
		stats, err := decode[codec.ConsumeStats](resp, addr)
		for mq, offset := range stats.OffsetTable {
			all.OffsetTable[mq] = offset
		}
		all.ConsumeTPS += stats.ConsumeTPS
		return err
	})
	if err == nil && len(all.OffsetTable) == 0 {
		err = &ResponseError{Code: codec.ConsumerNotOnline, Remark: fmt.Sprintf("group %s has consumed nothing", group)}
	}
	return all, err
}

// StatsData asks for 315 VIEW_BROKER_STATS_DATA.
func (a *Admin) StatsData(ctx context.Context, addr, name, key string) (codec.BrokerStatsData, error) {
	return get[codec.BrokerStatsData](ctx, a, addr, codec.ViewBrokerStatsData, &codec.ViewBrokerStatsDataRequestHeader{StatsName: name, StatsKey: key})
}

// ConsumeStatsInBroker asks for 317 GET_BROKER_CONSUME_STATS.
func (a *Admin) ConsumeStatsInBroker(ctx context.Context, addr string, order bool, timeout time.Duration) (codec.ConsumeStatsList, error) {
	cmd := &codec.Command{Code: codec.GetBrokerConsumeStats, Header: &codec.GetConsumeStatsInBrokerHeader{IsOrder: order}}
	resp, err := a.invokeWithin(ctx, timeout, addr, cmd)
	if err != nil {
		return codec.ConsumeStatsList{}, err
	}
	return decode[codec.ConsumeStatsList](resp, addr)
}

// RuntimeInfo asks for 28 GET_BROKER_RUNTIME_INFO.
func (a *Admin) RuntimeInfo(ctx context.Context, addr string) (map[string]string, error) {
	kv, err := get[codec.KVTable](ctx, a, addr, codec.GetBrokerRuntimeInfo, nil)
	return kv.Table, err
}

// BrokerConfig asks for 26 GET_BROKER_CONFIG.
func (a *Admin) BrokerConfig(ctx context.Context, addr string) ([]properties.Pair, error) {
	resp, err := a.invoke(ctx, addr, codec.GetBrokerConfig, nil, nil)
	if err != nil {
		return nil, err
	}
	return properties.Parse(resp.Body)
}

// UpdateBrokerConfig sends 25 UPDATE_BROKER_CONFIG.
func (a *Admin) UpdateBrokerConfig(ctx context.Context, addr, key, value string) error {
	_, err := a.invoke(ctx, addr, codec.UpdateBrokerConfig, nil, propertiesBody(key, value))
	return err
}

// CleanExpiredConsumeQueue sends 306 CLEAN_EXPIRED_CONSUMEQUEUE.
func (a *Admin) CleanExpiredConsumeQueue(ctx context.Context, addr string) error {
	return a.clean(ctx, addr, codec.CleanExpiredConsumeQueue)
}

// CleanUnusedTopic sends 316 CLEAN_UNUSED_TOPIC.
func (a *Admin) CleanUnusedTopic(ctx context.Context, addr string) error {
	return a.clean(ctx, addr, codec.CleanUnusedTopic)
}

// DeleteExpiredCommitLog sends 329 DELETE_EXPIRED_COMMITLOG.
func (a *Admin) DeleteExpiredCommitLog(ctx context.Context, addr string) error {
	return a.clean(ctx, addr, codec.DeleteExpiredCommitLog)
}

func (a *Admin) clean(ctx context.Context, addr string, code int32) error {
	_, err := a.invoke(ctx, addr, code, nil, nil)
	return err
}

// propertiesBody is the body of 25 and 318.
func propertiesBody(key, value string) []byte {
	return properties.Rewrite(nil, []properties.Pair{{Key: key, Value: value}})
}
