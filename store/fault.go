package store

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
)

// errFault is returned when the bytes behind a mapping could not be read.
var errFault = errors.New("memory fault in a mapped file")

// guardFault runs read, which touches mapped files, and turns the fault that
// an unreadable or vanished page raises into errFault. Without it a bad disk
// sector would kill the process. read must hold no lock.
func guardFault(read func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer recoverFault(&err)
	return read()
}

// recoverFault is deferred by whoever set SetPanicOnFault himself.
func recoverFault(err *error) {
	r := recover()
	if r == nil {
		return
	}
	// A fault is the only run-time error that knows an address; all else is a bug and goes on.
	if f, ok := r.(interface {
		runtime.Error
		Addr() uintptr
	}); ok {
		*err = fmt.Errorf("%w: %s", errFault, f.Error())
		return
	}
	panic(r)
}
