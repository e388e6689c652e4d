package codec

// Field is one ext field; on the wire all values are strings.
type Field struct{ Key, Value string }

// Fields is the ext map of a Command in wire order. Duplicate keys may occur
// in binary headers: the last one wins.
type Fields []Field

// maxExtFields bounds the ext map of one frame: a field takes more memory than
// the six bytes that can ask for it. Clients send about twenty.
const maxExtFields = 4096

// Lookup returns the value of key and whether it is present.
func (f Fields) Lookup(key string) (string, bool) {
	for i := len(f) - 1; i >= 0; i-- {
		if f[i].Key == key {
			return f[i].Value, true
		}
	}
	return "", false
}

// Get returns the value of key, "" when absent.
func (f Fields) Get(key string) string {
	v, _ := f.Lookup(key)
	return v
}
