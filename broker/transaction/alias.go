package transaction

import "unsafe"

// aliasString is b as a string that shares its bytes: it lives as long as b
// keeps its content.
func aliasString(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
