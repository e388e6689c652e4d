package metrics

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
)

// ClientStatus is how one consumer does on one topic, as it says itself.
type ClientStatus struct {
	Group, ClientID, Addr, Topic string
	codec.ConsumeStatus
}

// PollTarget is a consumer that can be asked.
type PollTarget struct {
	Group, ClientID, Addr string
	// Ask sends 307 GET_CONSUMER_RUNNING_INFO and returns the body of the answer.
	Ask func(ctx context.Context) ([]byte, error)
}

// ClientPoll asks the consumers that are online how they do, one round after
// the other, and remembers the answers of the last round.
type ClientPoll struct {
	Targets  func() []PollTarget
	Interval time.Duration // between the ends of rounds
	Log      *slog.Logger

	last atomic.Pointer[[]ClientStatus]
	next int // the target the next round begins with
}

// Bounds of a round: what it asks is little beside the work of a broker, and what
// it keeps is little beside its memory, whatever the clients do.
const (
	pollTargets     = 1000 // further ones have their turn in the next round
	pollWorkers     = 8
	pollTimeout     = 3 * time.Second
	pollTopics      = 100 // of one client
	pollAnswerBytes = 1 << 20
)

// Run asks until ctx is done; the first round is one Interval from now.
func (p *ClientPoll) Run(ctx context.Context) {
	timer := time.NewTimer(p.Interval)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			p.round(ctx)
			timer.Reset(p.Interval)
		}
	}
}

// Last returns the answers of the last round. They are shared: do not modify them.
func (p *ClientPoll) Last() []ClientStatus {
	if last := p.last.Load(); last != nil {
		return *last
	}
	return nil
}

func (p *ClientPoll) round(ctx context.Context) {
	targets := p.window(p.Targets())
	work := make(chan PollTarget)
	var mu sync.Mutex
	var all []ClientStatus
	var workers sync.WaitGroup
	for range min(pollWorkers, len(targets)) {
		workers.Go(func() {
			for t := range work {
				answers := p.ask(ctx, t)
				mu.Lock()
				all = append(all, answers...)
				mu.Unlock()
			}
		})
	}
	for _, t := range targets {
		work <- t
	}
	close(work)
	workers.Wait()
	p.last.Store(&all)
}

// window returns the targets whose turn it is.
func (p *ClientPoll) window(all []PollTarget) []PollTarget {
	if len(all) <= pollTargets {
		p.next = 0
		return all
	}
	from := p.next % len(all)
	p.next = from + pollTargets
	return append(append([]PollTarget{}, all[from:min(from+pollTargets, len(all))]...), all[:max(0, from+pollTargets-len(all))]...)
}

// ask returns what t says; nothing when it does not answer, or not in the form it should.
func (p *ClientPoll) ask(ctx context.Context, t PollTarget) []ClientStatus {
	ctx, cancel := context.WithTimeout(ctx, pollTimeout)
	defer cancel()
	body, err := t.Ask(ctx)
	var info codec.ConsumerRunningInfo
	if err == nil && len(body) <= pollAnswerBytes {
		err = fastjson.Unmarshal(body, &info)
	}
	if err != nil {
		p.Log.Debug("a consumer did not tell how it does", "group", t.Group, "clientId", t.ClientID, "err", err)
		return nil
	}
	var all []ClientStatus
	for topic, status := range info.StatusTable {
		if len(all) == pollTopics {
			break
		}
		if codec.ValidateTopic(topic) != "" {
			continue
		}
		all = append(all, ClientStatus{Group: t.Group, ClientID: t.ClientID, Addr: t.Addr, Topic: topic, ConsumeStatus: status})
	}
	return all
}
