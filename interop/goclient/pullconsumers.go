package main

import (
	"context"
	"fmt"
	"sync"

	rocketmq "github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/primitive"
)

// puller is one pull consumer. The Go client wants the topic before the start, so that is when its queues are learned too.
type puller struct {
	rocketmq.PullConsumer
	namesrv []string
}

type pullConsumers struct {
	mu     sync.Mutex
	byName map[string]*puller
}

func newPullConsumers(a *agent) {
	p := &pullConsumers{byName: make(map[string]*puller)}
	a.ops["pull.start"] = p.start
	a.ops["pull.stop"] = p.stop
	a.ops["pull.queues"] = p.queues
	a.ops["pull"] = p.pull
}

func (p *pullConsumers) find(name string) (*puller, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c, found := p.byName[name]
	if !found {
		return nil, fmt.Errorf("no such pull consumer: %s", name)
	}
	return c, nil
}

func (p *pullConsumers) start(c *command) (fields, error) {
	inner, err := rocketmq.NewPullConsumer(consumerOptions(c)...)
	if err != nil {
		return nil, err
	}
	if err := inner.Subscribe(c.Topic, selectorOf(c)); err != nil {
		return nil, err
	}
	if err := inner.Start(); err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.byName[c.name()] = &puller{inner, c.namesrv()}
	return nil, nil
}

func (p *pullConsumers) stop(c *command) (fields, error) {
	consumer, err := p.find(c.name())
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	delete(p.byName, c.name())
	p.mu.Unlock()
	return nil, consumer.Shutdown()
}

func (p *pullConsumers) queues(c *command) (fields, error) {
	consumer, err := p.find(c.name())
	if err != nil {
		return nil, err
	}
	queues, err := fetchQueues(consumer.namesrv, c.Topic)
	return fields{"queues": describeQueues(queues)}, err
}

func (p *pullConsumers) pull(c *command) (fields, error) {
	consumer, err := p.find(c.name())
	if err != nil {
		return nil, err
	}
	q := &primitive.MessageQueue{Topic: c.Topic, BrokerName: c.BrokerName, QueueId: or(c.QueueID, 0)}
	r, err := consumer.PullFrom(context.Background(), q, c.Offset, or(c.Max, 32))
	if err != nil {
		return nil, err
	}
	return fields{"status": pullStatus[r.Status], "nextBeginOffset": r.NextBeginOffset, "minOffset": r.MinOffset,
		"maxOffset": r.MaxOffset, "messages": describeAll(r.GetMessageExts())}, nil
}
