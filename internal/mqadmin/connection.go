package mqadmin

import (
	"context"

	"github.com/boostermq/booster/codec"
)

// ConsumerConnection asks for 203 GET_CONSUMER_CONNECTION_LIST: the clients of
// a group, as the first broker of its retry topic tells that has any.
func (a *Admin) ConsumerConnection(ctx context.Context, group string) (codec.ConsumerConnection, error) {
	var found codec.ConsumerConnection
	err := a.firstBroker(ctx, codec.RetryGroupTopicPrefix+group, func(addr string) (err error) {
		found, err = a.ConsumerConnectionAt(ctx, addr, group)
		return err
	})
	return found, err
}

// ConsumerConnectionAt is ConsumerConnection as the broker at addr sees the group.
func (a *Admin) ConsumerConnectionAt(ctx context.Context, addr, group string) (codec.ConsumerConnection, error) {
	header := &codec.GetConsumerConnectionListRequestHeader{ConsumerGroup: group}
	found, err := get[codec.ConsumerConnection](ctx, a, addr, codec.GetConsumerConnectionList, header)
	if err == nil && len(found.ConnectionSet) == 0 {
		err = &ResponseError{Code: codec.ConsumerNotOnline, Remark: "Not found the consumer group connection", Addr: addr}
	}
	return found, err
}

// ConsumerRunningInfo asks a consumer, through the first broker of the group's
// retry topic that it is connected to, for 307 GET_CONSUMER_RUNNING_INFO.
func (a *Admin) ConsumerRunningInfo(ctx context.Context, group, clientID string, jstack bool) (codec.ConsumerRunningInfo, error) {
	header := &codec.GetConsumerRunningInfoRequestHeader{ConsumerGroup: group, ClientID: clientID, JstackEnable: jstack}
	var info codec.ConsumerRunningInfo
	err := a.firstBroker(ctx, codec.RetryGroupTopicPrefix+group, func(addr string) error {
		resp, err := a.invokeWithin(ctx, 3*a.config.Timeout, addr, &codec.Command{Code: codec.GetConsumerRunningInfo, Header: header})
		if err == nil {
			info, err = decode[codec.ConsumerRunningInfo](resp, addr)
		}
		return err
	})
	return info, err
}

// ProducerConnection asks the first broker of the topic that has any for 204
// GET_PRODUCER_CONNECTION_LIST: the clients of a producer group.
func (a *Admin) ProducerConnection(ctx context.Context, group, topic string) (codec.ProducerConnection, error) {
	header := &codec.GetProducerConnectionListRequestHeader{ProducerGroup: group}
	var found codec.ProducerConnection
	err := a.firstBroker(ctx, topic, func(addr string) (err error) {
		found, err = get[codec.ProducerConnection](ctx, a, addr, codec.GetProducerConnectionList, header)
		return err
	})
	return found, err
}

// Producers asks for 328 GET_ALL_PRODUCER_INFO.
func (a *Admin) Producers(ctx context.Context, addr string) (codec.ProducerTableInfo, error) {
	return get[codec.ProducerTableInfo](ctx, a, addr, codec.GetAllProducerInfo, nil)
}
