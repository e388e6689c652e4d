package schedule

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
)

const defaultLevels = "1s 5s 10s 30s 1m 2m 3m 4m 5m 6m 7m 8m 9m 10m 20m 30m 1h 2h"

func parseLevels(t testing.TB, text string) Levels {
	t.Helper()
	levels, err := ParseLevels(text)
	require.NoError(t, err)
	return levels
}

func TestSubstitute(t *testing.T) {
	levels := parseLevels(t, defaultLevels)
	require.Equal(t, 18, levels.Max())
	f := func(props string, sysFlag int32, wantQueue int32, wantProps string) {
		t.Helper()
		m := codec.Message{Topic: "T", QueueID: 123, Properties: visible(props), SysFlag: sysFlag}
		scratch := []byte("rubbish of before")
		got := levels.Substitute(&m, &scratch)
		require.Equal(t, wantQueue >= 0, got)
		if !got {
			require.Equal(t, codec.Message{Topic: "T", QueueID: 123, Properties: visible(props), SysFlag: sysFlag}, m)
			return
		}
		require.Equal(t, codec.ScheduleTopic, m.Topic)
		require.Equal(t, wantQueue, m.QueueID)
		require.Equal(t, visible(wantProps), m.Properties)
	}
	const no = -1
	f("", 0, no, "")
	f("TAGS=a", 0, no, "")
	f("TAGS=a;DELAY=0", 0, no, "")
	f("TAGS=a;DELAY=-1", 0, no, "")
	f("TAGS=a;DELAY=x", 0, no, "")
	f("TAGS=a;DELAY=99999999999999999999", 0, no, "")
	f("MYDELAY=1", 0, no, "")
	f("KEYS=DELAY", 0, no, "")
	f("DELAY=1", 0, 0, "DELAY=1;REAL_TOPIC=T;REAL_QID=123")
	f("DELAY=1;TAGS=a;", 0, 0, "DELAY=1;TAGS=a;REAL_TOPIC=T;REAL_QID=123")
	f("TAGS=a;DELAY=18;KEYS=k", 0, 17, "TAGS=a;DELAY=18;KEYS=k;REAL_TOPIC=T;REAL_QID=123")
	f("TAGS=a;DELAY=19;KEYS=k", 0, 17, "TAGS=a;KEYS=k;DELAY=18;REAL_TOPIC=T;REAL_QID=123")
	f("DELAY=2147483647", 0, 17, "DELAY=18;REAL_TOPIC=T;REAL_QID=123")
	// A message that was delayed before, as a consumer sends it back.
	f("REAL_TOPIC=old;DELAY=3;REAL_QID=7;TAGS=a", 0, 2, "DELAY=3;TAGS=a;REAL_TOPIC=T;REAL_QID=123")
	// Transaction types.
	f("DELAY=1", codec.TransactionPreparedType, no, "")
	f("DELAY=1", codec.TransactionRollbackType, no, "")
	f("DELAY=1", codec.TransactionCommitType, 0, "DELAY=1;REAL_TOPIC=T;REAL_QID=123")
}

// visible turns "a=b;c=d" into properties text.
func visible(props string) string {
	return strings.NewReplacer("=", "\x01", ";", "\x02").Replace(props)
}

func TestSubstituteWithoutLevels(t *testing.T) {
	m := codec.Message{Topic: "T", Properties: visible("DELAY=1")}
	var scratch []byte
	require.False(t, Levels{}.Substitute(&m, &scratch))
	_, err := ParseLevels("1s five")
	require.Error(t, err)
}

// TestSubstituteLikeJava: what a Java broker stored of a message is what we
// make of it, but for the order of the properties.
func TestSubstituteLikeJava(t *testing.T) {
	levels := parseLevels(t, defaultLevels)
	records := javaRecords(t, "testdata/java-4.9.8-delayed.hex")
	require.NotEmpty(t, records)
	for i := 0; i < len(records); i += 2 {
		waiting, delivered := decode(t, records[i]), decode(t, records[i+1])
		m := delivered
		var scratch []byte
		require.True(t, levels.Substitute(&m, &scratch))
		require.Equal(t, waiting.Topic, m.Topic)
		require.Equal(t, waiting.QueueID, m.QueueID)
		require.Equal(t, codec.ParseProperties(waiting.Properties), codec.ParseProperties(m.Properties))
	}
}

func TestSubstituteAllocatesNothing(t *testing.T) {
	levels := parseLevels(t, defaultLevels)
	plain := codec.Message{Topic: "T", QueueID: 1234, Properties: visible("TAGS=a;UNIQ_KEY=x")}
	delayed := codec.Message{Topic: "T", QueueID: 1234, Properties: visible("TAGS=a;DELAY=3;UNIQ_KEY=x")}
	scratch := make([]byte, 0, 256)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		m := plain
		levels.Substitute(&m, &scratch)
		m = delayed
		levels.Substitute(&m, &scratch)
	}))
}

func BenchmarkSubstitute(b *testing.B) {
	levels := parseLevels(b, defaultLevels)
	scratch := make([]byte, 0, 256)
	for name, props := range map[string]string{"plain": "TAGS=a;UNIQ_KEY=7F000001000078BF0000000000000669", "delayed": "TAGS=a;DELAY=3;UNIQ_KEY=7F000001000078BF0000000000000669"} {
		b.Run(name, func(b *testing.B) {
			m := codec.Message{Topic: "T", QueueID: 3, Properties: visible(props)}
			b.ReportAllocs()
			for b.Loop() {
				c := m
				levels.Substitute(&c, &scratch)
			}
		})
	}
}
