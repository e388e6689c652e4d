package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	rocketmq "github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
)

// receiver is one push consumer. assigned is what the allocation strategy gave it last, by topic: the client itself does not
// tell its queues.
type receiver struct {
	rocketmq.PushConsumer
	mu       sync.Mutex
	assigned map[string][]*primitive.MessageQueue
	inFlight atomic.Int32
}

// settle bounds the wait for deliveries under way when a consumer stops; breath is for what the client does after one.
const (
	settle = 2 * time.Second
	breath = 20 * time.Millisecond
)

type pushConsumers struct {
	agent  *agent
	mu     sync.Mutex
	byName map[string]*receiver
}

func newPushConsumers(a *agent) {
	p := &pushConsumers{agent: a, byName: make(map[string]*receiver)}
	a.ops["consumer.start"] = p.start
	a.ops["consumer.stop"] = p.stop
	a.ops["consumer.queues"] = p.queues
}

func (p *pushConsumers) find(name string) (*receiver, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r, found := p.byName[name]
	if !found {
		return nil, fmt.Errorf("no such consumer: %s", name)
	}
	return r, nil
}

func (p *pushConsumers) start(c *command) (fields, error) {
	r := &receiver{assigned: make(map[string][]*primitive.MessageQueue)}
	options := append(consumerOptions(c), consumer.WithStrategy(r.allocate))
	var err error
	if r.PushConsumer, err = rocketmq.NewPushConsumer(options...); err != nil {
		return nil, err
	}
	if err := r.Subscribe(c.Topic, selectorOf(c), p.deliver(c, r)); err != nil {
		return nil, err
	}
	if err := r.Start(); err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.byName[c.name()] = r
	return nil, nil
}

func consumerOptions(c *command) []consumer.Option {
	model, from := consumer.Clustering, consumer.ConsumeFromFirstOffset
	if c.Model == "BROADCASTING" {
		model = consumer.BroadCasting
	}
	switch c.FromWhere {
	case "CONSUME_FROM_LAST_OFFSET":
		from = consumer.ConsumeFromLastOffset
	case "CONSUME_FROM_TIMESTAMP":
		from = consumer.ConsumeFromTimestamp
	}
	options := []consumer.Option{consumer.WithGroupName(c.Group), consumer.WithNameServer(c.namesrv()),
		consumer.WithInstance(c.instance()), consumer.WithConsumerModel(model), consumer.WithConsumeFromWhere(from),
		consumer.WithConsumerOrder(c.Orderly), consumer.WithVIPChannel(c.VIP), consumer.WithCredentials(c.credentials()),
		consumer.WithConsumeMessageBatchMaxSize(or(c.ConsumeBatch, 1)), consumer.WithPullBatchSize(int32(or(c.PullBatch, 32)))}
	if c.MaxReconsumeTimes != nil {
		options = append(options, consumer.WithMaxReconsumeTimes(*c.MaxReconsumeTimes))
	}
	if c.ConsumeTimestamp != "" {
		options = append(options, consumer.WithConsumeTimestamp(c.ConsumeTimestamp))
	}
	if c.LockIntervalMs > 0 {
		options = append(options, consumer.WithRebalanceLockInterval(time.Duration(c.LockIntervalMs)*time.Millisecond))
	}
	if c.Namespace != "" {
		options = append(options, consumer.WithNamespace(c.Namespace))
	}
	if c.Trace {
		options = append(options, consumer.WithTrace(c.trace()))
	}
	return options
}

func selectorOf(c *command) consumer.MessageSelector {
	s := consumer.MessageSelector{Type: consumer.TAG, Expression: c.Expression}
	if c.Expression == "" {
		s.Expression = "*"
	}
	if c.Filter == "SQL92" {
		s.Type = consumer.SQL92
	}
	return s
}

// deliver tells the messages; it fails each as often as the driver wants.
func (p *pushConsumers) deliver(c *command, r *receiver) func(context.Context, ...*primitive.MessageExt) (consumer.ConsumeResult, error) {
	return func(ctx context.Context, msgs ...*primitive.MessageExt) (consumer.ConsumeResult, error) {
		r.inFlight.Add(1)
		defer r.inFlight.Add(-1)
		if concurrently, ok := primitive.GetConcurrentlyCtx(ctx); ok && c.NextDelayLevel != 0 {
			concurrently.DelayLevelWhenNextConsume = c.NextDelayLevel
		}
		result := consumer.ConsumeSuccess
		for _, m := range msgs {
			f := describe(m)
			f["name"] = c.name()
			p.agent.emit("msg", f)
			if m.ReconsumeTimes < c.Failures {
				result = consumer.ConsumeRetryLater
				if c.Orderly {
					result = consumer.SuspendCurrentQueueAMoment
				}
			}
		}
		return result, nil
	}
}

func (r *receiver) allocate(group, clientID string, all []*primitive.MessageQueue, clients []string) []*primitive.MessageQueue {
	mine := consumer.AllocateByAveragely(group, clientID, all, clients)
	if len(all) > 0 {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.assigned[all[0].Topic] = mine
	}
	return mine
}

// stop does not leave a delivery half done: its offset would not be committed, and the driver has seen it.
func (p *pushConsumers) stop(c *command) (fields, error) {
	r, err := p.find(c.name())
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	delete(p.byName, c.name())
	p.mu.Unlock()
	for deadline := time.Now().Add(settle); r.inFlight.Load() > 0 && time.Now().Before(deadline); {
		time.Sleep(breath)
	}
	time.Sleep(breath)
	return nil, r.Shutdown()
}

func (p *pushConsumers) queues(c *command) (fields, error) {
	r, err := p.find(c.name())
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	queues := []fields{}
	for _, mine := range r.assigned {
		queues = append(queues, describeQueues(mine)...)
	}
	return fields{"queues": queues}, nil
}
