package offset

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
)

// FuzzFile: whatever the file holds, what was taken from it is written so that
// it is read back the same, in both forms.
func FuzzFile(f *testing.F) {
	files, err := filepath.Glob("testdata/consumerOffset-*.json")
	require.NoError(f, err)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(data)
	}
	f.Add([]byte(`{"offsetTable":{"T@g":{0:7,-1:9223372036854775807},"U@g":{},"T":{0:1},"a@b@c":{0:1}}}`))
	o := options(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		var w codec.ConsumerOffsetSerializeWrapper
		if fastjson.Unmarshal(data, &w) != nil {
			return
		}
		m := New(o)
		m.Merge(&w)
		for _, l := range []layout{pretty, compact} {
			written := appendOffsets(nil, m.table.copy(), l)
			var w codec.ConsumerOffsetSerializeWrapper
			require.NoError(t, fastjson.Unmarshal(written, &w), "%s", written)
			again := New(o)
			again.Merge(&w)
			require.Equal(t, string(m.Encode()), string(again.Encode()))
		}
	})
}
