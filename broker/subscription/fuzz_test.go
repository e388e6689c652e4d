package subscription

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
)

// FuzzFile: whatever the file holds, what was taken from it is written so that
// it is read back the same.
func FuzzFile(f *testing.F) {
	files, err := filepath.Glob("testdata/subscriptionGroup-*.json")
	require.NoError(f, err)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(data)
	}
	f.Add([]byte(`{"dataVersion":{},"subscriptionGroupTable":{"A":{},"B":null,"../x":{},C:{"perm":"7"}}}`))
	m := New(options(f))
	f.Fuzz(func(t *testing.T, data []byte) {
		var w codec.SubscriptionGroupWrapper
		if fastjson.Unmarshal(data, &w) != nil {
			return
		}
		taken := &state{table: m.validOnly(w.SubscriptionGroupTable), version: w.DataVersion}
		written, err := encodePretty(taken)
		require.NoError(t, err)
		var again codec.SubscriptionGroupWrapper
		require.NoError(t, fastjson.Unmarshal(written, &again), "%s", written)
		require.Equal(t, taken.version, again.DataVersion)
		require.Equal(t, taken.table, again.SubscriptionGroupTable)
	})
}
