package mqadmin

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
)

// UpdateGroup sends 200 UPDATE_AND_CREATE_SUBSCRIPTIONGROUP.
func (a *Admin) UpdateGroup(ctx context.Context, addr string, c codec.SubscriptionGroupConfig) error {
	body, err := fastjson.Marshal(&c)
	if err != nil {
		return err
	}
	_, err = a.invoke(ctx, addr, codec.UpdateAndCreateSubscriptionGroup, nil, body)
	return err
}

// DeleteGroup sends 207 DELETE_SUBSCRIPTIONGROUP.
func (a *Admin) DeleteGroup(ctx context.Context, addr, group string, removeOffset bool) error {
	header := &codec.DeleteSubscriptionGroupRequestHeader{GroupName: group, RemoveOffset: removeOffset}
	_, err := a.invoke(ctx, addr, codec.DeleteSubscriptionGroup, header, nil)
	return err
}

// GroupConfigs asks for 201 GET_ALL_SUBSCRIPTIONGROUP_CONFIG.
func (a *Admin) GroupConfigs(ctx context.Context, addr string) (codec.SubscriptionGroupWrapper, error) {
	return get[codec.SubscriptionGroupWrapper](ctx, a, addr, codec.GetAllSubscriptionGroupConfig, nil)
}

// systemGroups are of the brokers and the tools themselves (Java: DefaultMQAdminExtImpl.SYSTEM_GROUP_SET).
var systemGroups = []string{
	codec.DefaultConsumerGroup, codec.DefaultProducerGroup, codec.ToolsConsumerGroup, codec.ScheduleConsumerGroup,
	codec.FilterSrvConsumerGroup, codec.MonitorConsumerGroup, codec.ClientInnerProducerGroup, codec.SelfTestProducerGroup,
	codec.SelfTestConsumerGroup, codec.ONSHTTPProxyGroup, codec.ONSAPIPermissionGroup, codec.ONSAPIOwnerGroup, codec.ONSAPIPullGroup,
}

// UserGroups is GroupConfigs without the groups of the system (Java: getUserSubscriptionGroup).
func (a *Admin) UserGroups(ctx context.Context, addr string) (codec.SubscriptionGroupWrapper, error) {
	all, err := a.GroupConfigs(ctx, addr)
	maps.DeleteFunc(all.SubscriptionGroupTable, func(group string, _ *codec.SubscriptionGroupConfig) bool {
		return codec.IsSystemGroup(group) || slices.Contains(systemGroups, group)
	})
	return all, err
}

// SystemTopics asks for 305 GET_SYSTEM_TOPIC_LIST_FROM_BROKER.
func (a *Admin) SystemTopics(ctx context.Context, addr string) ([]string, error) {
	list, err := get[codec.TopicList](ctx, a, addr, codec.GetSystemTopicListFromBroker, nil)
	return list.TopicList, err
}

// UserTopics is TopicConfigs without the topics of the system and, unless
// special, without those of retries and dead letters (Java: getUserTopicConfig).
func (a *Admin) UserTopics(ctx context.Context, addr string, special bool) (codec.TopicConfigSerializeWrapper, error) {
	all, err := a.TopicConfigs(ctx, addr)
	if err != nil {
		return all, err
	}
	system, err := a.SystemTopics(ctx, addr)
	maps.DeleteFunc(all.TopicConfigTable, func(topic string, _ *codec.TopicConfig) bool {
		return slices.Contains(system, topic) || strings.HasPrefix(topic, codec.SystemTopicPrefix) ||
			!special && (codec.IsRetryTopic(topic) || codec.IsDLQTopic(topic))
	})
	return all, err
}
