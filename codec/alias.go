package codec

import "unsafe"

// aliasString returns b as a string without copying it.
//
// Law: the string is valid while nobody writes to b. Decoders hand such
// strings out under the package's law of aliasing: the buffer a value was
// decoded from is not written to, returned to a pool or read into again while
// the value lives; who keeps a string longer clones it (strings.Clone).
func aliasString(b []byte) string {
	return unsafe.String(unsafe.SliceData(b), len(b))
}

// aliasBytes returns s as bytes without copying it. Nobody writes to them.
func aliasBytes(s string) []byte {
	return unsafe.Slice(unsafe.StringData(s), len(s))
}
