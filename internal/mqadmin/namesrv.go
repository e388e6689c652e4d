package mqadmin

import (
	"context"
	"errors"
	"fmt"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/properties"
)

// ask makes a call to the first name server that answers, in the order they
// were given: all of them know the same.
func (a *Admin) ask(ctx context.Context, code int32, header codec.CustomHeader) (*codec.Command, string, error) {
	if len(a.config.NameServers) == 0 {
		return nil, "", ErrNoNameServer
	}
	var failed error
	for _, addr := range a.config.NameServers {
		resp, err := a.invoke(ctx, addr, code, header, nil)
		var answered *ResponseError
		if err == nil || errors.As(err, &answered) {
			return resp, addr, err
		}
		failed = errors.Join(failed, fmt.Errorf("name server %s: %w", addr, err))
	}
	return nil, "", failed
}

// askFor is ask with a body of type T as answer.
func askFor[T any](ctx context.Context, a *Admin, code int32, header codec.CustomHeader) (T, error) {
	resp, addr, err := a.ask(ctx, code, header)
	if err != nil {
		var none T
		return none, err
	}
	return decode[T](resp, addr)
}

// EachNameServer runs call for every name server, also after one failed: each
// keeps its own state. The errors are joined.
func (a *Admin) EachNameServer(call func(addr string) error) error {
	if len(a.config.NameServers) == 0 {
		return ErrNoNameServer
	}
	var failed error
	for _, addr := range a.config.NameServers {
		if err := call(addr); err != nil {
			failed = errors.Join(failed, fmt.Errorf("name server %s: %w", addr, err))
		}
	}
	return failed
}

// TopicRoute asks for 105 GET_ROUTEINFO_BY_TOPIC.
func (a *Admin) TopicRoute(ctx context.Context, topic string) (codec.TopicRouteData, error) {
	return askFor[codec.TopicRouteData](ctx, a, codec.GetRouteInfoByTopic, &codec.GetRouteInfoRequestHeader{Topic: topic})
}

// ClusterInfo asks for 106 GET_BROKER_CLUSTER_INFO.
func (a *Admin) ClusterInfo(ctx context.Context) (codec.ClusterInfo, error) {
	return askFor[codec.ClusterInfo](ctx, a, codec.GetBrokerClusterInfo, nil)
}

// TopicList asks for 206 GET_ALL_TOPIC_LIST_FROM_NAMESERVER.
func (a *Admin) TopicList(ctx context.Context) ([]string, error) {
	list, err := askFor[codec.TopicList](ctx, a, codec.GetAllTopicListFromNameServer, nil)
	return list.TopicList, err
}

// KVConfig asks for 101 GET_KV_CONFIG.
func (a *Admin) KVConfig(ctx context.Context, namespace, key string) (string, error) {
	resp, _, err := a.ask(ctx, codec.GetKVConfig, &codec.GetKVConfigRequestHeader{Namespace: namespace, Key: key})
	if err != nil {
		return "", err
	}
	return resp.Ext.Get("value"), nil
}

// PutKVConfig sends 100 PUT_KV_CONFIG to all name servers.
func (a *Admin) PutKVConfig(ctx context.Context, namespace, key, value string) error {
	header := &codec.PutKVConfigRequestHeader{Namespace: namespace, Key: key, Value: value}
	return a.tellNameServers(ctx, codec.PutKVConfig, header, nil)
}

// DeleteKVConfig sends 102 DELETE_KV_CONFIG to all name servers.
func (a *Admin) DeleteKVConfig(ctx context.Context, namespace, key string) error {
	return a.tellNameServers(ctx, codec.DeleteKVConfig, &codec.DeleteKVConfigRequestHeader{Namespace: namespace, Key: key}, nil)
}

// DeleteTopicInNameServers sends 216 DELETE_TOPIC_IN_NAMESRV to all name servers.
func (a *Admin) DeleteTopicInNameServers(ctx context.Context, topic, cluster string) error {
	header := &codec.DeleteTopicFromNamesrvRequestHeader{Topic: topic, ClusterName: cluster}
	return a.tellNameServers(ctx, codec.DeleteTopicInNamesrv, header, nil)
}

// UpdateNameServerConfig sends 318 UPDATE_NAMESRV_CONFIG to all name servers.
func (a *Admin) UpdateNameServerConfig(ctx context.Context, key, value string) error {
	return a.tellNameServers(ctx, codec.UpdateNamesrvConfig, nil, propertiesBody(key, value))
}

func (a *Admin) tellNameServers(ctx context.Context, code int32, header codec.CustomHeader, body []byte) error {
	return a.EachNameServer(func(addr string) error {
		_, err := a.invoke(ctx, addr, code, header, body)
		return err
	})
}

// NameServerConfig asks one name server for 319 GET_NAMESRV_CONFIG.
func (a *Admin) NameServerConfig(ctx context.Context, addr string) ([]properties.Pair, error) {
	resp, err := a.invoke(ctx, addr, codec.GetNamesrvConfig, nil, nil)
	if err != nil {
		return nil, err
	}
	return properties.Parse(resp.Body)
}

// WipeWritePerm sends 205 WIPE_WRITE_PERM_OF_BROKER to one name server and
// returns how many topics lost their write permission.
func (a *Admin) WipeWritePerm(ctx context.Context, addr, brokerName string) (int32, error) {
	resp, err := a.invoke(ctx, addr, codec.WipeWritePermOfBroker, &codec.WipeWritePermOfBrokerRequestHeader{BrokerName: brokerName}, nil)
	if err != nil {
		return 0, err
	}
	var h codec.WipeWritePermOfBrokerResponseHeader
	err = h.DecodeFields(resp.Ext)
	return h.WipeTopicCount, err
}

// AddWritePerm sends 327 ADD_WRITE_PERM_OF_BROKER to one name server and
// returns how many topics got their write permission back.
func (a *Admin) AddWritePerm(ctx context.Context, addr, brokerName string) (int32, error) {
	resp, err := a.invoke(ctx, addr, codec.AddWritePermOfBroker, &codec.AddWritePermOfBrokerRequestHeader{BrokerName: brokerName}, nil)
	if err != nil {
		return 0, err
	}
	var h codec.AddWritePermOfBrokerResponseHeader
	err = h.DecodeFields(resp.Ext)
	return h.AddTopicCount, err
}
