package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/apache/rocketmq-client-go/v2/primitive"
)

const pauseAfterError = 20 * time.Millisecond

// floods send without end until told to stop, and tell every acknowledgement: what crash loops need. Thread i sends to queue
// i only, one message after the other with keys name-i-0, name-i-1, …, pauseMs between them; a failed send is not repeated,
// its fate is unknown.
type floods struct {
	agent     *agent
	producers *producers
	mu        sync.Mutex
	byName    map[string]*flood
}

type flood struct {
	*floods
	sender        *sender
	command       *command
	stopped       chan struct{}
	running       sync.WaitGroup
	acked, failed atomic.Int64
	lastError     atomic.Value
}

func newFloods(a *agent, p *producers) {
	f := &floods{agent: a, producers: p, byName: make(map[string]*flood)}
	a.ops["flood.start"] = f.start
	a.ops["flood.stop"] = f.stop
}

func (fs *floods) start(c *command) (fields, error) {
	s, err := fs.producers.find(c.name())
	if err != nil {
		return nil, err
	}
	f := &flood{floods: fs, sender: s, command: c, stopped: make(chan struct{})}
	fs.mu.Lock()
	fs.byName[c.name()] = f
	fs.mu.Unlock()
	for i := range or(c.Threads, 4) {
		f.running.Go(func() { f.run(i) })
	}
	return nil, nil
}

func (fs *floods) stop(c *command) (fields, error) {
	fs.mu.Lock()
	f := fs.byName[c.name()]
	delete(fs.byName, c.name())
	fs.mu.Unlock()
	if f == nil {
		return nil, fmt.Errorf("no such flood: %s", c.name())
	}
	close(f.stopped)
	f.running.Wait()
	return fields{"acked": f.acked.Load(), "failed": f.failed.Load(), "lastError": f.lastError.Load()}, nil
}

func (f *flood) run(queueID int) {
	body := []byte(strings.Repeat("x", or(f.command.Size, 100)))
	to := &command{QueueID: &queueID}
	for seq := 0; ; seq++ {
		m := primitive.NewMessage(f.command.Topic, body)
		m.WithKeys([]string{fmt.Sprintf("%s-%d-%d", f.command.name(), queueID, seq)})
		m.WithProperty("seq", strconv.Itoa(seq))
		pause := time.Duration(f.command.PauseMs) * time.Millisecond
		if err := f.send(to, m, queueID); err != nil {
			f.failed.Add(1)
			f.lastError.Store(err.Error())
			pause = pauseAfterError
		}
		select {
		case <-f.stopped:
			return
		case <-time.After(pause):
		}
	}
}

func (f *flood) send(to *command, m *primitive.Message, queueID int) error {
	defer f.sender.choose(to, m)()
	r, err := f.sender.plain.SendSync(context.Background(), m)
	if err != nil {
		return err
	}
	if r.Status == primitive.SendFlushDiskTimeout || r.Status == primitive.SendUnknownError {
		return fmt.Errorf("%s", r)
	}
	f.acked.Add(1)
	f.agent.emit("acked", fields{"name": f.command.name(), "key": m.GetKeys(), "queueId": queueID,
		"queueOffset": r.QueueOffset, "msgId": r.MsgID, "status": sendStatus[r.Status]})
	return nil
}
