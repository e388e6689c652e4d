package main

import (
	"fmt"
	"time"
)

// mode is one row of the table: a load with its setting.
type mode struct {
	name      string
	flushDisk string
	run       func(s *server, topic string, d time.Duration) (result, error)
}

// sends is a closed loop of sends: bodyBytes each, batch messages a request.
func sends(bodyBytes, batch, conns, inFlight int) func(*server, string, time.Duration) (result, error) {
	return func(s *server, topic string, d time.Duration) (result, error) {
		list, err := sendTemplates(topic, bodyBytes, batch)
		if err != nil {
			return result{}, err
		}
		return closedLoop(s.broker, list, conns, inFlight, batch, d)
	}
}

// sendAtRate is an open loop of sends.
func sendAtRate(s *server, topic string, d time.Duration) (result, error) {
	list, err := sendTemplates(topic, 128, 1)
	if err != nil {
		return result{}, err
	}
	return openLoop(s.broker, list, fixedRate, d, nil)
}

const (
	asyncFlush = "ASYNC_FLUSH"
	syncFlush  = "SYNC_FLUSH"
	fixedRate  = 5000

	sendsAtRate = "send 128 B, 5,000/s"
)

var modes = []mode{
	{"send 128 B, 4 × 64 in flight", asyncFlush, sends(128, 1, 4, 64)},
	{"send 128 B, 1 in flight", asyncFlush, sends(128, 1, 1, 1)},
	{"send 1 KiB, 4 × 64 in flight", asyncFlush, sends(1024, 1, 4, 64)},
	{sendsAtRate, asyncFlush, sendAtRate},
	{"end to end, 5,000/s", asyncFlush, func(s *server, topic string, d time.Duration) (result, error) {
		return endToEnd(s.broker, topic, fixedRate, d)
	}},
	{"batch of 32 × 128 B, 4 × 4 in flight", asyncFlush, sends(128, 32, 4, 4)},
	{"pull of a backlog, 32 a request", asyncFlush, pulls},
	{"sync flush 128 B, 1 in flight", syncFlush, sends(128, 1, 1, 1)},
	{"sync flush 128 B, 1 × 16 in flight", syncFlush, sends(128, 1, 1, 16)},
	{"sync flush 128 B, 4 × 64 in flight", syncFlush, sends(128, 1, 4, 64)},
}

// backlog is how many messages the pull mode reads in one pass.
const backlog = 200_000

// pulls reads a filled topic from start to end until d is over.
func pulls(s *server, topic string, d time.Duration) (result, error) {
	var sum result
	for began := time.Now(); time.Since(began) < d; {
		r, err := pullBacklog(s.broker, topic, 32)
		if err != nil {
			return result{}, err
		}
		sum.messages += r.messages
		sum.elapsed += r.elapsed
		sum.latencies = r.latencies
	}
	return sum, nil
}

func fill(s *server, topic string, n int64) error {
	list, err := sendTemplates(topic, 128, 32)
	if err != nil {
		return err
	}
	for sent := int64(0); sent < n; {
		r, err := closedLoop(s.broker, list, 1, 4, 32, 200*time.Millisecond)
		if err != nil {
			return err
		}
		sent += r.messages
	}
	return waitDispatched(s.broker, topic)
}

// waitDispatched waits until the queues of topic stand still: everything sent can be pulled.
func waitDispatched(broker, topic string) error {
	var last int64 = -1
	for range 600 {
		var sum int64
		for q := range queues {
			high, err := maxOffset(broker, topic, q)
			if err != nil {
				return err
			}
			sum += high
		}
		if sum == last {
			return nil
		}
		last = sum
		time.Sleep(100 * time.Millisecond)
	}
	return fmt.Errorf("the queues of %s still grow", topic)
}
