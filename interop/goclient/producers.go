package main

import (
	"context"
	"fmt"
	"hash/fnv"
	"strings"
	"sync"
	"time"

	rocketmq "github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/admin"
	"github.com/apache/rocketmq-client-go/v2/primitive"
	"github.com/apache/rocketmq-client-go/v2/producer"
)

// sender is one producer. The Go client's queue selector belongs to the producer, not to the send, so the choice for one
// message waits in chosen.
type sender struct {
	plain       rocketmq.Producer
	transaction rocketmq.TransactionProducer
	namesrv     []string
	roundRobin  producer.QueueSelector
	chosen      sync.Map // *primitive.Message → *command
}

type producers struct {
	agent  *agent
	mu     sync.Mutex
	byName map[string]*sender
}

func newProducers(a *agent) *producers {
	p := &producers{agent: a, byName: make(map[string]*sender)}
	a.ops["producer.start"] = p.start
	a.ops["producer.stop"] = p.stop
	a.ops["producer.queues"] = p.queues
	a.ops["send"] = p.send
	a.ops["sendInTransaction"] = p.sendInTransaction
	return p
}

func (p *producers) find(name string) (*sender, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s, found := p.byName[name]
	if !found {
		return nil, fmt.Errorf("no such producer: %s", name)
	}
	return s, nil
}

func (p *producers) start(c *command) (fields, error) {
	s := &sender{namesrv: c.namesrv(), roundRobin: producer.NewRoundRobinQueueSelector()}
	options := []producer.Option{producer.WithGroupName(c.Group), producer.WithNameServer(c.namesrv()),
		producer.WithInstanceName(c.instance()), producer.WithQueueSelector(s), producer.WithVIPChannel(c.VIP),
		producer.WithCredentials(c.credentials())}
	if c.TimeoutMs > 0 {
		options = append(options, producer.WithSendMsgTimeout(time.Duration(c.TimeoutMs)*time.Millisecond))
	}
	if c.Retries != nil {
		options = append(options, producer.WithRetry(*c.Retries))
	}
	if c.CompressOverBytes != nil {
		options = append(options, producer.WithCompressMsgBodyOverHowmuch(*c.CompressOverBytes))
	}
	if c.QueueNums != nil {
		options = append(options, producer.WithDefaultTopicQueueNums(*c.QueueNums))
	}
	if c.UnitName != "" {
		options = append(options, producer.WithUnitName(c.UnitName))
	}
	if c.Namespace != "" {
		options = append(options, producer.WithNamespace(c.Namespace))
	}
	if c.Trace {
		options = append(options, producer.WithTrace(c.trace()))
	}
	if err := s.start(p.agent, c, options); err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.byName[c.name()] = s
	return nil, nil
}

func (s *sender) start(a *agent, c *command, options []producer.Option) (err error) {
	if c.Transaction {
		if s.transaction, err = rocketmq.NewTransactionProducer(&decisions{a, c.name()}, options...); err != nil {
			return err
		}
		return s.transaction.Start()
	}
	if s.plain, err = rocketmq.NewProducer(options...); err != nil {
		return err
	}
	return s.plain.Start()
}

func (p *producers) stop(c *command) (fields, error) {
	s, err := p.find(c.name())
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	delete(p.byName, c.name())
	p.mu.Unlock()
	if s.transaction != nil {
		return nil, s.transaction.Shutdown()
	}
	return nil, s.plain.Shutdown()
}

func (p *producers) queues(c *command) (fields, error) {
	s, err := p.find(c.name())
	if err != nil {
		return nil, err
	}
	queues, err := fetchQueues(s.namesrv, c.Topic)
	return fields{"queues": describeQueues(queues)}, err
}

// fetchQueues asks the name server through the client's admin part, the only public way to a topic's queues.
func fetchQueues(namesrv []string, topic string) ([]*primitive.MessageQueue, error) {
	a, err := admin.NewAdmin(admin.WithResolver(primitive.NewPassthroughResolver(namesrv)))
	if err != nil {
		return nil, err
	}
	queues, err := a.FetchPublishMessageQueues(context.Background(), topic)
	if err != nil {
		return nil, err
	}
	return queues, a.Close()
}

// Select implements producer.QueueSelector: by queueId that queue, by orderBy the same queue for the same text.
func (s *sender) Select(m *primitive.Message, queues []*primitive.MessageQueue, lastBroker string) *primitive.MessageQueue {
	v, found := s.chosen.Load(m)
	if !found {
		return s.roundRobin.Select(m, queues, lastBroker)
	}
	c := v.(*command)
	if c.QueueID == nil {
		h := fnv.New32a()
		h.Write([]byte(c.OrderBy))
		return queues[int(h.Sum32())%len(queues)]
	}
	for _, q := range queues {
		if q.QueueId == *c.QueueID {
			return q
		}
	}
	return nil
}

// choose remembers c's choice of queue for m until the returned func is called.
func (s *sender) choose(c *command, m *primitive.Message) (forget func()) {
	if c.QueueID == nil && c.OrderBy == "" {
		return func() {}
	}
	s.chosen.Store(m, c)
	return func() { s.chosen.Delete(m) }
}

// send sends count messages one after the other; mode sync, async (callbacks), oneway or batch (one request for all).
func (p *producers) send(c *command) (fields, error) {
	s, err := p.find(c.name())
	if err != nil {
		return nil, err
	}
	msgs := make([]*primitive.Message, or(c.Count, 1))
	for i := range msgs {
		if msgs[i], err = c.message(i); err != nil {
			return nil, err
		}
	}
	switch c.Mode {
	case "async":
		return s.sendAsync(c, msgs)
	case "oneway":
		return s.sendOneway(c, msgs)
	case "batch":
		return fields{"results": []fields{s.sendSync(c, msgs...)}}, nil
	}
	results := make([]fields, 0, len(msgs))
	for _, m := range msgs {
		results = append(results, s.sendSync(c, m))
	}
	return fields{"results": results}, nil
}

func (s *sender) sendSync(c *command, msgs ...*primitive.Message) fields {
	body := msgs[0].Body
	defer s.choose(c, msgs[0])()
	r, err := s.plain.SendSync(context.Background(), msgs...)
	if err != nil {
		return failure(err)
	}
	return describeResult(r, body)
}

func (s *sender) sendAsync(c *command, msgs []*primitive.Message) (fields, error) {
	type outcome struct {
		i int
		f fields
	}
	done := make(chan outcome, len(msgs))
	for i, m := range msgs {
		body := m.Body
		forget := s.choose(c, m)
		err := s.plain.SendAsync(context.Background(), func(_ context.Context, r *primitive.SendResult, err error) {
			forget()
			if err != nil {
				done <- outcome{i, failure(err)}
				return
			}
			done <- outcome{i, describeResult(r, body)}
		}, m)
		if err != nil {
			done <- outcome{i, failure(err)}
		}
	}
	results := make([]fields, len(msgs))
	timeout := time.After(c.wait())
	for n := range msgs {
		select {
		case o := <-done:
			results[o.i] = o.f
		case <-timeout:
			return nil, fmt.Errorf("%d of %d callbacks are missing", len(msgs)-n, len(msgs))
		}
	}
	return fields{"results": results}, nil
}

func (s *sender) sendOneway(c *command, msgs []*primitive.Message) (fields, error) {
	results := make([]fields, 0, len(msgs))
	for _, m := range msgs {
		forget := s.choose(c, m)
		err := s.plain.SendOneWay(context.Background(), m)
		forget()
		if err != nil {
			return nil, err
		}
		results = append(results, fields{"status": "ONEWAY"})
	}
	return fields{"results": results}, nil
}

func (p *producers) sendInTransaction(c *command) (fields, error) {
	s, err := p.find(c.name())
	if err != nil {
		return nil, err
	}
	results := make([]fields, 0, or(c.Count, 1))
	for i := range or(c.Count, 1) {
		m, err := c.message(i)
		if err != nil {
			return nil, err
		}
		// The listener decides by the message alone, also when the broker asks later.
		m.WithProperty("local", c.Local)
		m.WithProperty("check", c.Check)
		body := m.Body
		r, err := s.transaction.SendMessageInTransaction(context.Background(), m)
		if err != nil {
			return nil, err
		}
		results = append(results, describeResult(r.SendResult, body))
	}
	return fields{"results": results}, nil
}

// decisions is a transaction listener whose answers ride in the message's own properties.
type decisions struct {
	agent *agent
	name  string
}

func (d *decisions) ExecuteLocalTransaction(m *primitive.Message) primitive.LocalTransactionState {
	return decision(m.GetProperty("local"))
}

func (d *decisions) CheckLocalTransaction(m *primitive.MessageExt) primitive.LocalTransactionState {
	f := describe(m)
	f["name"] = d.name
	d.agent.emit("check", f)
	return decision(m.GetProperty("check"))
}

func decision(text string) primitive.LocalTransactionState {
	switch {
	case strings.HasPrefix(text, "COMMIT"), text == "":
		return primitive.CommitMessageState
	case strings.HasPrefix(text, "ROLLBACK"):
		return primitive.RollbackMessageState
	}
	return primitive.UnknowState
}
