package main

import (
	"os"
	"runtime/debug"
)

// gcPercent lets the heap grow to several times what is live before a
// collection: the live heap of a broker is a few MiB, so the default of 100
// would collect many times a second under load.
const gcPercent = 400

// tuneRuntime sets the garbage collector unless the environment does.
func tuneRuntime() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
}
