package filter

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/vfs"
)

// props encodes name, value, name, value, …
func props(pairs ...string) string {
	var b []byte
	for i := 0; i < len(pairs); i += 2 {
		b = codec.AppendProperty(b, pairs[i], pairs[i+1])
	}
	return string(b)
}

func compile(t testing.TB, text string) *Expression {
	t.Helper()
	x, err := Compile(codec.ExpressionTypeSQL92, text)
	require.NoError(t, err, text)
	return x
}

func options(fsys vfs.FS) Options {
	return Options{FS: fsys, Path: "config/consumerFilter.json", MaxErrorRateOfBloomFilter: 20, ExpectConsumerNumUseFilter: 32}
}

func newManager(t testing.TB, o Options) *Manager {
	t.Helper()
	m, err := New(o)
	require.NoError(t, err)
	return m
}

func subscription(topic, expression string, version int64) codec.SubscriptionData {
	return codec.SubscriptionData{Topic: topic, SubString: expression, ExpressionType: codec.ExpressionTypeSQL92, SubVersion: version}
}
