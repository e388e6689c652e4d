package broker

import (
	"context"
	"errors"

	"github.com/boostermq/booster/broker/client"
	"github.com/boostermq/booster/broker/metrics"
	"github.com/boostermq/booster/codec"
)

// pollTargets are the consumers that can be asked how they do.
func (b *Controller) pollTargets() []metrics.PollTarget {
	var targets []metrics.PollTarget
	for _, group := range b.consumers.Groups() {
		info := b.consumers.Group(group)
		if info == nil {
			continue
		}
		for _, c := range info.Clients {
			if c.Version < codec.VersionV3_1_8 {
				continue
			}
			targets = append(targets, metrics.PollTarget{Group: group, ClientID: c.ClientID, Addr: c.Channel.RemoteAddr(),
				Ask: func(ctx context.Context) ([]byte, error) { return askRunningInfo(ctx, c.Channel, group, c.ClientID) }})
		}
	}
	return targets
}

// askRunningInfo sends 307 to a consumer, without the stacks of its threads.
func askRunningInfo(ctx context.Context, ch client.Channel, group, clientID string) ([]byte, error) {
	resp, err := ch.Invoke(ctx, &codec.Command{Code: codec.GetConsumerRunningInfo,
		Header: &codec.GetConsumerRunningInfoRequestHeader{ConsumerGroup: group, ClientID: clientID}})
	if err != nil {
		return nil, err
	}
	if resp.Code != codec.Success {
		return nil, errors.New(codec.ResponseCodeName(resp.Code) + " " + resp.Remark)
	}
	return resp.Body, nil
}
