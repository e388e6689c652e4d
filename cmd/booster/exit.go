package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"syscall"

	"github.com/boostermq/booster/broker"
	"github.com/boostermq/booster/broker/acl"
	"github.com/boostermq/booster/store"
)

// The exit statuses of RocketMQ's programs; scripts and orchestrators know them.
const (
	exitUsage      = 1   // wrong options
	exitInitialize = 253 // −3: wrong name server address, role or store
	exitNoHome     = 254 // −2: ROCKETMQ_HOME is needed and not set
	exitFailure    = 255 // −1: anything else, such as a file that cannot be read or a port in use
)

// exitError carries the exit status of an error.
type exitError struct {
	status int
	err    error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return "" // said already
	}
	return e.err.Error()
}
func (e *exitError) Unwrap() error { return e.err }

// exitStatus is the status that RocketMQ's programs end with after err.
func exitStatus(err error) int {
	var e *exitError
	switch {
	case errors.As(err, &e):
		return e.status
	case errors.Is(err, acl.ErrNoHome):
		return exitNoHome
	case errors.Is(err, broker.ErrSlaveID), errors.Is(err, broker.ErrNamesrvAddr):
		return exitInitialize
	}
	return exitFailure
}

// startError gives the error of a start its status: what Java finds while it
// initializes is −3; what it finds while it starts, a lock or a port, is −1.
func startError(err error) error {
	var network *net.OpError
	var e *exitError
	if err == nil || errors.As(err, &e) || errors.Is(err, store.ErrLocked) || errors.As(err, &network) || errors.Is(err, acl.ErrNoHome) {
		return err
	}
	return &exitError{exitInitialize, withAdvice(err)}
}

// withAdvice says what to do about files that this process may not touch: the
// commonest error of a start in a container.
func withAdvice(err error) error {
	var file *fs.PathError
	switch {
	case !errors.As(err, &file):
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w; user %d, who runs this, must be able to read and write there", err, os.Getuid())
	case errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%w; the volume must be mounted to be written", err)
	}
	return err
}
