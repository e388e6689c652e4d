// Package agent drives the official clients: long-running processes, one per client version, each holding any number of
// producers and consumers.
//
// The protocol is one JSON object a line. Commands go to the agent's stdin, {"id":1,"op":"send","name":"p",…}, and each gets
// exactly one answer on its stdout, {"id":1,"ok":true,…} or {"id":1,"ok":false,"error":"…"}, in any order. Between them come
// events, {"event":"msg","name":"c",…}; name is that of the producer or consumer (default: its group). Commands:
//
//	producer.start group namesrv [instanceName vip timeoutMs retries compressOverBytes maxMessageSizeBytes transaction …]
//	producer.createTopic topic [key queueNums]     producer.queues topic     producer.stop
//	send topic [tags keys text|base64|size+fill+seed properties count mode=sync|async|oneway|batch queueId|orderBy delayLevel …]
//	sendInTransaction topic … local check (COMMIT_MESSAGE, ROLLBACK_MESSAGE, UNKNOW); event check
//	flood.start topic threads size pauseMs [mode=async count delayLevel] → events acked; flood.stop
//	consumer.start group namesrv topic [expression filter model fromWhere orderly failures …] → events msg
//	consumer.queues     consumer.stop     consumer.suspend, consumer.resume (Java)
//	pull.start group namesrv topic [emit → events msg (Java)]; pull.queues topic; pull topic brokerName queueId offset max; pull.stop;
//	pull.offsets, pull.commit, pull.committed, view, query (Java)
//	litepull.start [emit → events msg] .queues .poll .seek .commit .committed .offsetForTimestamp .stop (Java 4.9.7, 5.3.3)
//	sendBatch messages (an array of what send takes): one send of messages which differ
//	request topic text [mode timeoutMs] → message; replier.start, .stop, .reply (not in Java 4.4.0) → events msg
//	producer.view, .query, .offsets (Java): the look-ups a producer has
//	admin.start, .resetOffset, .resetOffline, .clients, .consumeStats, .consumeStatus, .runningInfo, .consumeDirectly, .cloneOffset, .updateGroup,
//	.query, .updateAccount, .deleteAccount, .globalWhiteAddrs, .aclVersions (DefaultMQAdminExt of the 4.9.7 tools)
//	console.start namesrv vip; .call method args (any of DefaultMQAdminExt); .ask code addr body (the class of the answer);
//	.trackDetail, .systemTopics, .send, .read topic beginMs endMs → result; .stop (the tools of the consoles)
//	mqadmin args (an array) [until] → output (the 4.9.7 and 4.4.0 tools)
//
// Every start takes accessKey and secretKey too, those of producers and push consumers namespace (not in Java 4.4.0), and those
// of Java set, an object {"Name": true} for a setter setName that not every version has.
//
// The agents are interop/java and interop/goclient.
package agent

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/boostermq/booster/interop/internal/process"
)

// CallTimeout bounds a command, StartTimeout the start of an agent on a busy machine.
const (
	CallTimeout  = 60 * time.Second
	StartTimeout = 60 * time.Second
)

// Args are the arguments of a command.
type Args map[string]any

// With returns a copy with more arguments; later ones win.
func (a Args) With(more Args) Args {
	c := make(Args, len(a)+len(more))
	for k, v := range a {
		c[k] = v
	}
	for k, v := range more {
		c[k] = v
	}
	return c
}

// Agent is one running agent process.
type Agent struct {
	// Kind names the client: java-4.4.0, java-4.9.7, java-5.3.3, go-2.1.2.
	Kind    string
	process *process.Process
	ready   chan struct{}

	mu struct {
		sync.Mutex
		lastID  int64
		waiting map[int64]chan []byte
		inboxes map[string]*Inbox
	}
}

func start(kind string, o process.Options) (*Agent, error) {
	a := &Agent{Kind: kind, ready: make(chan struct{})}
	a.mu.waiting = make(map[int64]chan []byte)
	a.mu.inboxes = make(map[string]*Inbox)
	o.Name, o.Lines = kind, a.line
	var err error
	if a.process, err = process.Start(o); err != nil {
		return nil, err
	}
	select {
	case <-a.ready:
		return a, nil
	case <-a.process.Done():
		return nil, fmt.Errorf("agent %s: %w", kind, a.process.Err())
	case <-time.After(StartTimeout):
		a.process.Kill()
		return nil, fmt.Errorf("agent %s was not ready within %s\n%s", kind, StartTimeout, a.process.Tail())
	}
}

// Process is the agent's process, for logs.
func (a *Agent) Process() *process.Process { return a.process }

// Close ends the agent.
func (a *Agent) Close() { a.process.Kill() }

// Error is what a client reported.
type Error struct {
	Op, Text, Type string
	Code           int // of the response or the client, 0 when it told none
}

// Error implements error.
func (e *Error) Error() string { return e.Op + ": " + e.Text }

// Call runs a command and decodes the answer into out, which may be nil. An error of the client is an *Error.
func (a *Agent) Call(op string, args Args, out any) error {
	answer, err := a.send(op, args)
	if err != nil {
		return err
	}
	timeout := time.NewTimer(CallTimeout)
	defer timeout.Stop()
	select {
	case line := <-answer:
		return decodeAnswer(op, line, out)
	case <-a.process.Done():
		return fmt.Errorf("agent %s, %s: %w", a.Kind, op, errors.Join(a.process.Err(), errors.New("the agent has ended")))
	case <-timeout.C:
		return fmt.Errorf("agent %s did not answer %s within %s\n%s", a.Kind, op, CallTimeout, a.process.Tail())
	}
}

func (a *Agent) send(op string, args Args) (<-chan []byte, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.mu.lastID++
	answer := make(chan []byte, 1)
	a.mu.waiting[a.mu.lastID] = answer
	line, err := json.Marshal(args.With(Args{"id": a.mu.lastID, "op": op}))
	if err != nil {
		return nil, err
	}
	if _, err := a.process.Stdin.Write(append(line, '\n')); err != nil {
		return nil, fmt.Errorf("agent %s, %s: %w", a.Kind, op, err)
	}
	return answer, nil
}

func decodeAnswer(op string, line []byte, out any) error {
	var head struct {
		OK        bool   `json:"ok"`
		Error     string `json:"error"`
		ErrorType string `json:"errorType"`
		Code      int    `json:"code"`
	}
	if err := json.Unmarshal(line, &head); err != nil {
		return fmt.Errorf("%s: answer %q: %w", op, line, err)
	}
	if !head.OK {
		return &Error{Op: op, Text: head.Error, Type: head.ErrorType, Code: head.Code}
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(line, out)
}

// line takes one line of the agent's stdout.
func (a *Agent) line(text []byte) {
	var head struct {
		ID    int64  `json:"id"`
		Event string `json:"event"`
		Name  string `json:"name"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return // a library's print that slipped through
	}
	line := append([]byte(nil), text...)
	if head.Event == "ready" {
		close(a.ready)
		return
	}
	if head.Event != "" {
		a.Inbox(head.Name).add(head.Event, line)
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if answer, waiting := a.mu.waiting[head.ID]; waiting {
		delete(a.mu.waiting, head.ID)
		answer <- line
	}
}

// Inbox collects the events of the producer or consumer of that name, from now on or since the first call.
func (a *Agent) Inbox(name string) *Inbox {
	a.mu.Lock()
	defer a.mu.Unlock()
	in, found := a.mu.inboxes[name]
	if !found {
		in = newInbox()
		a.mu.inboxes[name] = in
	}
	return in
}
