// Package fastjson reads and writes JSON as the Java side does (fastjson 1.2):
// integer keys without quotes, objects as keys, members in alphabetical order,
// nulls left out.
//
// It knows nothing of RocketMQ. Values are plain structs with json tags; the
// fields of a type are looked up once by reflection and kept.
//
// What is read may come from anyone: nesting is bounded, no input makes it
// panic, and nothing is allocated that is not in proportion to the input.
//
// Reading order: marshal.go, text.go, unmarshal.go, lexer.go, tree.go.
package fastjson
