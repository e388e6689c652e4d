// Package process runs other programs for tests: their output is kept, their lines can be waited for, and they die with us.
package process

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// Options say what to run. Command is the program with its arguments.
type Options struct {
	Name    string // for messages and the log file's name
	Command []string
	Dir     string // working directory, and where the log goes; made when missing
	Env     []string
	// Lines gets every line of stdout instead of the log, from one goroutine; the program then has a stdin, see Process.Stdin.
	Lines func(line []byte)
}

// Process is a running or finished program.
type Process struct {
	Name  string
	Stdin io.WriteCloser // only with Options.Lines

	cmd      *exec.Cmd
	log      *logFile
	done     chan struct{}
	stopping atomic.Bool // the end was asked for
}

// Start runs the program. It gets SIGKILL when this process dies, so that nothing is left behind by a test that crashes.
func Start(o Options) (*Process, error) {
	if err := os.MkdirAll(o.Dir, 0o755); err != nil {
		return nil, err
	}
	log, err := openLog(filepath.Join(o.Dir, o.Name+".out"))
	if err != nil {
		return nil, err
	}
	p := &Process{Name: o.Name, log: log, done: make(chan struct{})}
	p.cmd = exec.Command(o.Command[0], o.Command[1:]...)
	p.cmd.Dir, p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = o.Dir, o.Env, log, log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	p.cmd.WaitDelay = 2 * time.Second
	if o.Lines != nil {
		p.cmd.Stdout = &lineWriter{each: o.Lines}
		if p.Stdin, err = p.cmd.StdinPipe(); err != nil {
			return nil, errors.Join(err, log.Close())
		}
	}
	if err := p.cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", o.Name, err), log.Close())
	}
	go p.wait()
	return p, nil
}

func (p *Process) wait() {
	err := p.cmd.Wait()
	fmt.Fprintf(p.log, "[%s ended: %v]\n", p.Name, err)
	_ = p.log.Close()
	close(p.done)
}

// Pid is the process id.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Done is closed when the program has ended and its output is complete.
func (p *Process) Done() <-chan struct{} { return p.done }

// Running tells whether the program has not ended yet.
func (p *Process) Running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// Kill ends the program at once (SIGKILL) and waits for its end. Nothing happens when it has ended before.
func (p *Process) Kill() {
	p.stopping.Store(true)
	_ = p.cmd.Process.Kill() // fails only when it has ended
	<-p.done
}

// Stop asks the program to end (SIGTERM), as an operator would. After the timeout it is killed, which is an error.
func (p *Process) Stop(timeout time.Duration) error {
	p.stopping.Store(true)
	if !p.Running() {
		return nil
	}
	if err := p.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-p.done:
		return nil
	case <-time.After(timeout):
		p.Kill()
		return fmt.Errorf("%s did not end within %s of SIGTERM\n%s", p.Name, timeout, p.Tail())
	}
}

// Signal sends sig; a program that has ended is no error.
func (p *Process) Signal(sig os.Signal) error {
	err := p.cmd.Process.Signal(sig)
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}

// ExitCode is the program's, -1 when a signal ended it. Only after Done.
func (p *Process) ExitCode() int { return p.cmd.ProcessState.ExitCode() }

// Err is the end nobody asked for: nil while running and after Stop or Kill.
func (p *Process) Err() error {
	if p.Running() || p.stopping.Load() {
		return nil
	}
	return fmt.Errorf("%s ended by itself: %s\n%s", p.Name, p.cmd.ProcessState, p.Tail())
}

// WaitLine waits until the output has a line with text in it.
func (p *Process) WaitLine(text string, timeout time.Duration) error {
	return p.Await(timeout, "print "+text, func() bool { return strings.Contains(p.log.text(), text) })
}

// Await polls ready until it holds. It fails at once when the program ends, else after the timeout; what completes the
// sentence "did not …" of the error.
func (p *Process) Await(timeout time.Duration, what string, ready func() bool) error {
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	deadline := time.After(timeout)
	for !ready() {
		select {
		case <-poll.C:
		case <-p.done:
			return fmt.Errorf("%s ended (%s) before it could %s\n%s", p.Name, p.cmd.ProcessState, what, p.Tail())
		case <-deadline:
			return fmt.Errorf("%s did not %s within %s\n%s", p.Name, what, timeout, p.Tail())
		}
	}
	return nil
}

// Output is the program's output so far, without the stdout of Options.Lines.
func (p *Process) Output() string { return p.log.text() }

// Tail is the end of the output, for error messages.
func (p *Process) Tail() string { return p.log.tail() }
