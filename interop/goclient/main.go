// Command goclient is the official Go client driven from outside: commands as JSON lines on stdin, answers and events as
// JSON lines on stdout, the protocol of interop/internal/agent, the same as the Java agent's. It ends when stdin ends.
//
// It is a module of its own, so that the client's dependencies never reach the server's go.mod.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"sync"
)

// fields is the content of one answer or event.
type fields map[string]any

// op is one command: its arguments in, the fields of the answer out.
type op func(c *command) (fields, error)

type agent struct {
	ops map[string]op

	mu  sync.Mutex
	out io.Writer
}

func main() {
	// Whatever a library prints must not mix with the protocol.
	protocol := os.Stdout
	os.Stdout = os.Stderr
	a := &agent{ops: make(map[string]op), out: protocol}
	producers := newProducers(a)
	newFloods(a, producers)
	newBatches(a, producers)
	newRequests(a, producers)
	newPushConsumers(a)
	newPullConsumers(a)
	a.print(fields{"event": "ready", "version": "go-2.1.2"})
	if err := a.serve(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func (a *agent) serve(in io.Reader) error {
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read command: %w", err)
		}
		c := new(command)
		if err := json.Unmarshal(line, c); err != nil {
			return fmt.Errorf("command %q: %w", line, err)
		}
		go a.answer(c)
	}
}

func (a *agent) answer(c *command) {
	run, found := a.ops[c.Op]
	if !found {
		a.print(fields{"id": c.ID, "ok": false, "error": "no such op: " + c.Op})
		return
	}
	f, err := run(c)
	if err != nil {
		f = failure(err)
	}
	if f == nil {
		f = fields{}
	}
	f["id"], f["ok"] = c.ID, err == nil
	a.print(f)
}

func (a *agent) emit(event string, f fields) {
	f["event"] = event
	a.print(f)
}

func (a *agent) print(f fields) {
	line, err := json.Marshal(f)
	if err != nil {
		line = fmt.Appendf(nil, `{"event":"fault","error":%q}`, err.Error())
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, err := a.out.Write(append(line, '\n')); err != nil {
		fmt.Fprintln(os.Stderr, "the driver is gone:", err)
		os.Exit(1)
	}
}

// failure describes an error. Code is the broker's, which the Go client tells in the text only.
func failure(err error) fields {
	f := fields{"error": err.Error(), "errorType": fmt.Sprintf("%T", err)}
	if found := regexp.MustCompile(`(?i)\bcode: (\d+)`).FindStringSubmatch(err.Error()); found != nil {
		if code, err := strconv.Atoi(found[1]); err == nil {
			f["code"] = code
		}
	}
	return f
}
