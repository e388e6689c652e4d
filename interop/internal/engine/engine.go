// Package engine gives tests a Docker engine: the one that runs, or one of their own, installed from Debian's packages when
// that is allowed. Nothing is ever pulled.
package engine

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/boostermq/booster/interop/internal/process"
)

// ErrMissing is wrapped by the error of Start when no engine can be had here.
var ErrMissing = errors.New("no Docker engine runs here and none can be started")

const (
	startTimeout   = 30 * time.Second
	stopTimeout    = 30 * time.Second
	commandTimeout = 2 * time.Minute
)

// Engine is a running engine.
type Engine struct {
	host   string           // DOCKER_HOST; "" = the default
	daemon *process.Process // nil = it was there before
}

// Start finds an engine or starts one whose data is below dir.
func Start(dir string) (*Engine, error) {
	e := &Engine{}
	if _, err := exec.LookPath("docker"); err == nil {
		if _, err := e.Docker("info", "--format", "{{.ServerVersion}}"); err == nil {
			return e, nil
		}
	}
	if err := install("dockerd", "docker.io", "iptables"); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	e.host = "unix://" + filepath.Join(dir, "docker.sock")
	var err error
	e.daemon, err = process.Start(process.Options{
		Name: "dockerd", Dir: dir, Env: os.Environ(),
		Command: []string{"dockerd", "--host", e.host, "--data-root", filepath.Join(dir, "data"),
			"--exec-root", filepath.Join(dir, "exec"), "--pidfile", filepath.Join(dir, "docker.pid")},
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMissing, err)
	}
	return e, e.awaitReady()
}

func (e *Engine) awaitReady() error {
	poll := time.NewTicker(100 * time.Millisecond)
	defer poll.Stop()
	timeout := time.After(startTimeout)
	for {
		select {
		case <-poll.C:
			if _, err := e.Docker("info"); err == nil {
				return nil
			}
		case <-e.daemon.Done():
			return fmt.Errorf("%w: dockerd ended\n%s", ErrMissing, e.daemon.Tail())
		case <-timeout:
			return errors.Join(fmt.Errorf("%w: dockerd was not ready within %s\n%s", ErrMissing, startTimeout, e.daemon.Tail()), e.Stop())
		}
	}
}

// Stop ends the engine when Start started it.
func (e *Engine) Stop() error {
	if e.daemon == nil {
		return nil
	}
	return e.daemon.Stop(stopTimeout)
}

// Environ is the environment for programs that talk to the engine.
func (e *Engine) Environ(more ...string) []string {
	env := append(os.Environ(), "DOCKER_BUILDKIT=0", "COMPOSE_DOCKER_CLI_BUILD=0")
	if e.host != "" {
		env = append(env, "DOCKER_HOST="+e.host)
	}
	return append(env, more...)
}

// Docker runs a docker command and returns its standard output, without the last line end.
func (e *Engine) Docker(args ...string) (string, error) {
	return e.Run(exec.Command("docker", args...))
}

// Run runs a program that talks to the engine.
func (e *Engine) Run(cmd *exec.Cmd) (string, error) {
	cmd.Env = e.Environ(cmd.Env...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Start(); err != nil {
		return "", err
	}
	timer := time.AfterFunc(commandTimeout, func() { _ = cmd.Process.Kill() }) // Wait tells
	defer timer.Stop()
	if err := cmd.Wait(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s%s", strings.Join(cmd.Args, " "), err, out.String(), errs.String())
	}
	return strings.TrimSuffix(out.String(), "\n"), nil
}

// Compose is the command line of docker-compose, the program or the plugin.
func (e *Engine) Compose() ([]string, error) {
	if _, err := e.Docker("compose", "version"); err == nil {
		return []string{"docker", "compose"}, nil
	}
	return []string{"docker-compose"}, install("docker-compose", "docker-compose")
}

// install makes sure of a program, from Debian's packages when it is missing.
func install(program string, packages ...string) error {
	if _, err := exec.LookPath(program); err == nil {
		return nil
	}
	if _, err := exec.LookPath("apt-get"); err != nil || os.Getuid() != 0 {
		return fmt.Errorf("%w: %s is missing; install it with: apt-get install %s", ErrMissing, program, strings.Join(packages, " "))
	}
	for _, args := range [][]string{{"update"}, append([]string{"install", "-y", "--no-install-recommends"}, packages...)} {
		if out, err := exec.Command("apt-get", args...).CombinedOutput(); err != nil {
			return fmt.Errorf("%w: apt-get %s: %w\n%s", ErrMissing, strings.Join(args, " "), err, out)
		}
	}
	return nil
}
