package client

import "unsafe"

// aliases returns strings that share b's bytes, as decoded requests do.
func aliases(b []byte) func(from, to int) string {
	return func(from, to int) string { return unsafe.String(&b[from], to-from) }
}
