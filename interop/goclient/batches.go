package main

import (
	"context"
	"errors"

	"github.com/apache/rocketmq-client-go/v2/primitive"
)

// newBatches registers sendBatch: one send of messages which differ, each with the arguments of a send.
func newBatches(a *agent, p *producers) {
	a.ops["sendBatch"] = func(c *command) (fields, error) {
		s, err := p.find(c.name())
		if err != nil {
			return nil, err
		}
		if len(c.Messages) == 0 {
			return nil, errors.New("no messages")
		}
		msgs := make([]*primitive.Message, len(c.Messages))
		for i := range c.Messages {
			if msgs[i], err = c.Messages[i].message(i); err != nil {
				return nil, err
			}
		}
		r, err := s.plain.SendSync(context.Background(), msgs...)
		if err != nil {
			return nil, err
		}
		return fields{"result": describeResult(r, msgs[0].Body)}, nil
	}
}
