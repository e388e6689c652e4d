package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	rocketmq "github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
	"github.com/apache/rocketmq-client-go/v2/producer"
)

// requests is request–reply. A replier answers "re: " and the request's body at once; a request whose body begins with "hold"
// it keeps until replier.reply names its msgId.
type requests struct {
	agent     *agent
	producers *producers
	mu        sync.Mutex
	repliers  map[string]*replier
}

type replier struct {
	consumer rocketmq.PushConsumer
	producer rocketmq.Producer
	held     sync.Map // msgId → *primitive.MessageExt
}

func newRequests(a *agent, p *producers) {
	q := &requests{agent: a, producers: p, repliers: make(map[string]*replier)}
	a.ops["request"] = q.request
	a.ops["replier.start"] = q.start
	a.ops["replier.stop"] = q.stop
	a.ops["replier.reply"] = q.reply
}

// request waits for the reply; with mode async in the callback.
func (q *requests) request(c *command) (fields, error) {
	s, err := q.producers.find(c.name())
	if err != nil {
		return nil, err
	}
	m, err := c.message(0)
	if err != nil {
		return nil, err
	}
	timeout := time.Duration(c.TimeoutMs) * time.Millisecond
	var reply *primitive.Message
	if c.Mode == "async" {
		reply, err = requestAsync(s, m, timeout)
	} else {
		reply, err = s.plain.Request(context.Background(), timeout, m)
	}
	if err != nil {
		return nil, err
	}
	return fields{"message": fields{"topic": reply.Topic, "text": prefix(reply.Body), "sha1": sha1Hex(reply.Body),
		"length": len(reply.Body), "properties": reply.GetProperties()}}, nil
}

func requestAsync(s *sender, m *primitive.Message, timeout time.Duration) (*primitive.Message, error) {
	type outcome struct {
		reply *primitive.Message
		err   error
	}
	done := make(chan outcome, 4) // the client calls back when the reply comes and again when it forgets the request
	err := s.plain.RequestAsync(context.Background(), timeout, func(_ context.Context, reply *primitive.Message, err error) {
		done <- outcome{reply, err}
	}, m)
	if err != nil {
		return nil, err
	}
	select {
	case o := <-done:
		return o.reply, o.err
	case <-time.After(timeout): // the client itself looks for what timed out every 10 minutes only
		return nil, errors.New("no callback within the timeout")
	}
}

func (q *requests) start(c *command) (fields, error) {
	r := new(replier)
	var err error
	if r.producer, err = rocketmq.NewProducer(producer.WithGroupName(c.name()+"-replies"), producer.WithNameServer(c.namesrv()),
		producer.WithInstanceName(c.instance())); err != nil {
		return nil, err
	}
	if r.consumer, err = rocketmq.NewPushConsumer(consumerOptions(c)...); err != nil {
		return nil, err
	}
	if err := r.consumer.Subscribe(c.Topic, selectorOf(c), q.deliver(c, r)); err != nil {
		return nil, err
	}
	if err := errors.Join(r.producer.Start(), r.consumer.Start()); err != nil {
		return nil, err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.repliers[c.name()] = r
	return nil, nil
}

func (q *requests) deliver(c *command, r *replier) func(context.Context, ...*primitive.MessageExt) (consumer.ConsumeResult, error) {
	return func(_ context.Context, msgs ...*primitive.MessageExt) (consumer.ConsumeResult, error) {
		for _, m := range msgs {
			f := describe(m)
			f["name"] = c.name()
			if strings.HasPrefix(string(m.Body), "hold") {
				r.held.Store(m.MsgId, m)
			} else {
				f["reply"] = r.reply(m)
			}
			q.agent.emit("msg", f)
		}
		return consumer.ConsumeSuccess, nil
	}
}

func (q *requests) find(name string) (*replier, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	r, found := q.repliers[name]
	if !found {
		return nil, fmt.Errorf("no such replier: %s", name)
	}
	return r, nil
}

func (q *requests) stop(c *command) (fields, error) {
	r, err := q.find(c.name())
	if err != nil {
		return nil, err
	}
	return nil, errors.Join(r.consumer.Shutdown(), r.producer.Shutdown())
}

func (q *requests) reply(c *command) (fields, error) {
	r, err := q.find(c.name())
	if err != nil {
		return nil, err
	}
	m, found := r.held.LoadAndDelete(c.MsgID)
	if !found {
		return nil, fmt.Errorf("%s is not held", c.MsgID)
	}
	return fields{"result": r.reply(m.(*primitive.MessageExt))}, nil
}

// reply tells what the client says of sending the reply. CreateReplyMessage loses the body it is given.
func (r *replier) reply(request *primitive.MessageExt) fields {
	body := []byte("re: " + string(request.Body))
	m, err := consumer.CreateReplyMessage(request, body)
	if err != nil {
		return failure(err)
	}
	m.Body = body
	result, err := r.producer.SendSync(context.Background(), m)
	if err != nil {
		return failure(err)
	}
	return describeResult(result, body)
}
