package main

import (
	"os"
	"strings"

	"github.com/boostermq/booster/internal/properties"
)

// javaProperties are the -Dkey=value of JAVA_OPT and JAVA_OPT_EXT, in this
// order: where Java's scripts get system properties.
func javaProperties() []properties.Pair {
	var pairs []properties.Pair
	for _, option := range strings.Fields(os.Getenv("JAVA_OPT") + " " + os.Getenv("JAVA_OPT_EXT")) {
		if key, value, ok := strings.Cut(strings.TrimPrefix(option, "-D"), "="); ok && strings.HasPrefix(option, "-D") {
			pairs = append(pairs, properties.Pair{Key: key, Value: value})
		}
	}
	return pairs
}

// javaProperty returns the value of a system property; the last one counts.
func javaProperty(key string) string {
	value := ""
	for _, p := range javaProperties() {
		if p.Key == key {
			value = p.Value
		}
	}
	return value
}
