package broker

import (
	"context"
	"time"

	"github.com/boostermq/booster/codec"
)

// Registration (spec broker.md §15): forced and awaited at the start, then
// every registerNameServerPeriod clamped to [10 s, 60 s], the first time after
// 10 s; one-way when a topic appeared; unregistered at the stop.
const (
	registerFirstDelay = 10 * time.Second
	registerRetryDelay = 2 * time.Second // while no name server was reached
	registerMinPeriod  = 10 * time.Second
	registerMaxPeriod  = 60 * time.Second
)

func (b *Controller) registerPeriod() time.Duration {
	period := time.Duration(b.Config().Broker.RegisterNameServerPeriod) * time.Millisecond
	return min(max(period, registerMinPeriod), registerMaxPeriod)
}

// registerBrokerAll tells every name server of this broker and all its topics
// (Java: BrokerController.registerBrokerAll) and takes over the order flags.
// It returns whether any of them knows the broker now.
//
// A registration always has all topics of its version: name servers pass over
// one whose version they know, and what was missing would stay missing. One
// comes after the other: the last one they get is the newest.
//
// Differences from Java: a topic made by request is not registered alone. There
// the second of two that are made at once has no route until the next change.
func (b *Controller) registerBrokerAll(ctx context.Context, force bool) (reached bool) {
	b.registering.Lock()
	defer b.registering.Unlock()
	conf := b.Config()
	wrapper := b.maskTopics(conf, b.topics.Wrapper())
	ctx, cancel := context.WithTimeout(ctx, time.Duration(conf.Broker.RegisterBrokerTimeoutMills)*time.Millisecond)
	defer cancel()
	if !force && !b.outer.NeedRegister(ctx, b.identity(conf), wrapper.DataVersion) {
		return true
	}
	body := codec.RegisterBrokerBody{TopicConfigSerializeWrapper: wrapper, FilterServerList: []string{}}
	results, err := b.outer.RegisterBroker(ctx, b.identity(conf), body, conf.Broker.CompressedRegister, false)
	if err != nil {
		b.log.Debug("registration incomplete", "reached", len(results), "err", err) // the outer API has said who fails
	}
	for _, r := range results {
		b.topics.UpdateOrder(r.OrderTable)
	}
	return len(results) > 0
}

// registerOneway announces all topics without waiting for answers: a topic was
// created while a message came in.
func (b *Controller) registerOneway(ctx context.Context) {
	b.registering.Lock()
	defer b.registering.Unlock()
	conf := b.Config()
	ctx, cancel := context.WithTimeout(ctx, nameServerTimeout)
	defer cancel()
	body := codec.RegisterBrokerBody{TopicConfigSerializeWrapper: b.maskTopics(conf, b.topics.Wrapper()), FilterServerList: []string{}}
	if _, err := b.outer.RegisterBroker(ctx, b.identity(conf), body, conf.Broker.CompressedRegister, true); err != nil {
		b.log.Debug("announcing a new topic failed", "err", err)
	}
}

// maskTopics is what name servers get of topics: a broker that is not readable
// and writeable hands its own permission to every topic.
func (b *Controller) maskTopics(conf *Config, w *codec.TopicConfigSerializeWrapper) codec.TopicConfigSerializeWrapper {
	perm := conf.Broker.BrokerPermission
	if codec.IsReadable(perm) && codec.IsWriteable(perm) {
		return *w
	}
	masked := make(map[string]*codec.TopicConfig, len(w.TopicConfigTable))
	for name, cfg := range w.TopicConfigTable {
		c := *cfg
		c.Perm = perm
		masked[name] = &c
	}
	return codec.TopicConfigSerializeWrapper{DataVersion: w.DataVersion, TopicConfigTable: masked}
}

func (b *Controller) identity(conf *Config) BrokerIdentity {
	return BrokerIdentity{
		ClusterName: conf.Broker.BrokerClusterName, BrokerName: conf.Broker.BrokerName, BrokerAddr: conf.BrokerAddr(),
		HAServerAddr: conf.HAServerAddr(), BrokerID: conf.Broker.BrokerID,
	}
}

// registrationLoop keeps the registration alive until ctx ends. A message on
// topicChanged announces at once; several of them collapse into one.
//
// Differences from Java: a broker that reached no name server tries again after
// 2 s, not after a whole period.
func (b *Controller) registrationLoop(ctx context.Context, reached bool) {
	timer := time.NewTimer(b.nextRegistration(reached, registerFirstDelay))
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-b.topicChanged:
			b.registerOneway(ctx)
		case <-timer.C:
			reached = b.registerBrokerAll(ctx, !reached || b.Config().Broker.ForceRegister)
			timer.Reset(b.nextRegistration(reached, b.registerPeriod()))
		}
	}
}

func (b *Controller) nextRegistration(reached bool, period time.Duration) time.Duration {
	if reached || !b.outer.HasNameServers() {
		return period
	}
	return registerRetryDelay
}

// onTopicChange hears of new and changed topics: it leaves a mark for the
// registration loop.
func (b *Controller) onTopicChange(...*codec.TopicConfig) {
	select {
	case b.topicChanged <- struct{}{}:
	default: // one is pending; it will carry this change too
	}
}
