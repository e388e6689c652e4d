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

// floods send without end until told to stop, and tell every acknowledgement: what crash loops need. Thread i sends messages
// with keys name-i-0, name-i-1, …, pauseMs between the sends; a failed send is not repeated, its fate is unknown. Plain and
// delayed messages of thread i go to queue i only; mode async is passed over, because an asynchronous send without an answer
// ends the client's process with a nil pointer. With count there are that many in one batch; batches and transactions choose
// their queue themselves. A transaction producer commits, leaves undecided until it is asked, and rolls back in turn.
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

// What becomes of the transactions, in turn.
var (
	localFates = []string{"COMMIT_MESSAGE", "COMMIT_MESSAGE", "UNKNOW", "ROLLBACK_MESSAGE", "UNKNOW"}
	checkFates = []string{"COMMIT_MESSAGE", "COMMIT_MESSAGE", "COMMIT_MESSAGE", "ROLLBACK_MESSAGE", "ROLLBACK_MESSAGE"}
)

func (f *flood) run(thread int) {
	count := or(f.command.Count, 1)
	for seq := 0; ; seq += count {
		msgs := make([]*primitive.Message, count)
		for i := range msgs {
			msgs[i] = f.message(thread, seq+i)
		}
		pause := time.Duration(f.command.PauseMs) * time.Millisecond
		if err := f.send(msgs, thread); err != nil {
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

func (f *flood) message(thread, seq int) *primitive.Message {
	m := primitive.NewMessage(f.command.Topic, []byte(strings.Repeat("x", or(f.command.Size, 100))))
	m.WithKeys([]string{fmt.Sprintf("%s-%d-%d", f.command.name(), thread, seq)})
	m.WithProperty("seq", strconv.Itoa(seq))
	if f.command.DelayLevel > 0 {
		m.WithDelayTimeLevel(f.command.DelayLevel)
	}
	if f.sender.transaction != nil {
		m.WithProperty("local", localFates[seq%len(localFates)])
		m.WithProperty("check", checkFates[seq%len(checkFates)])
	}
	return m
}

func (f *flood) send(msgs []*primitive.Message, thread int) error {
	r, err := f.sendAs(msgs, thread)
	if err != nil {
		return err
	}
	if r.Status == primitive.SendFlushDiskTimeout || r.Status == primitive.SendUnknownError {
		return fmt.Errorf("%s", r)
	}
	f.acked.Add(int64(len(msgs)))
	for i, m := range msgs {
		f.agent.emit("acked", fields{"name": f.command.name(), "key": m.GetKeys(), "queueId": r.MessageQueue.QueueId,
			"queueOffset": r.QueueOffset + int64(i), "msgId": r.MsgID, "status": sendStatus[r.Status]})
	}
	return nil
}

func (f *flood) sendAs(msgs []*primitive.Message, thread int) (*primitive.SendResult, error) {
	if f.sender.transaction == nil {
		defer f.sender.choose(&command{QueueID: &thread}, msgs[0])()
		return f.sender.plain.SendSync(context.Background(), msgs...)
	}
	r, err := f.sender.transaction.SendMessageInTransaction(context.Background(), msgs[0])
	if err != nil {
		return nil, err
	}
	return r.SendResult, nil
}
