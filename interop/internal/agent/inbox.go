package agent

import (
	"encoding/json"
	"fmt"
	"sync"
	"time"
)

// Inbox holds the events of one producer or consumer in the order they came.
type Inbox struct {
	mu      sync.Mutex
	msgs    []Message
	acks    []Ack
	faults  []error
	changed chan struct{} // closed and replaced at every event
}

func newInbox() *Inbox { return &Inbox{changed: make(chan struct{})} }

func (in *Inbox) add(event string, line []byte) {
	in.mu.Lock()
	defer in.mu.Unlock()
	var err error
	switch event {
	case "msg", "check":
		m := Message{Event: event, ReceivedAt: time.Now()}
		err = json.Unmarshal(line, &m)
		in.msgs = append(in.msgs, m)
	case "acked":
		var k Ack
		err = json.Unmarshal(line, &k)
		in.acks = append(in.acks, k)
	default:
		err = fmt.Errorf("event %s", line)
	}
	if err != nil {
		in.faults = append(in.faults, err)
	}
	close(in.changed)
	in.changed = make(chan struct{})
}

// Messages returns the deliveries so far.
func (in *Inbox) Messages() []Message {
	in.mu.Lock()
	defer in.mu.Unlock()
	return append([]Message(nil), in.msgs...)
}

// Acks returns the acknowledgements of a flood so far.
func (in *Inbox) Acks() []Ack {
	in.mu.Lock()
	defer in.mu.Unlock()
	return append([]Ack(nil), in.acks...)
}

// Counts returns how many deliveries and acknowledgements there are.
func (in *Inbox) Counts() (msgs, acks int) {
	in.mu.Lock()
	defer in.mu.Unlock()
	return len(in.msgs), len(in.acks)
}

// Await waits until enough holds of the events; enough is asked at every new event.
func (in *Inbox) Await(timeout time.Duration, enough func() bool) error {
	deadline := time.NewTimer(timeout)
	defer deadline.Stop()
	for {
		in.mu.Lock()
		changed, faults := in.changed, in.faults
		in.mu.Unlock()
		if len(faults) > 0 {
			return fmt.Errorf("%d unreadable events, first: %w", len(faults), faults[0])
		}
		if enough() {
			return nil
		}
		select {
		case <-changed:
		case <-deadline.C:
			msgs, acks := in.Counts()
			return fmt.Errorf("after %s: %d deliveries and %d acknowledgements are not what was waited for", timeout, msgs, acks)
		}
	}
}

// AwaitMessages waits for at least n deliveries and returns all.
func (in *Inbox) AwaitMessages(n int, timeout time.Duration) ([]Message, error) {
	err := in.Await(timeout, func() bool { msgs, _ := in.Counts(); return msgs >= n })
	return in.Messages(), err
}
