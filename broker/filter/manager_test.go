package filter

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
	"github.com/boostermq/booster/internal/configmanager"
	"github.com/boostermq/booster/internal/vfs"
)

// describe renders a filter: expression, version, dead or alive, and times as
// seconds since start.
func describe(d *ConsumerFilterData, start time.Time) string {
	if d == nil {
		return "none"
	}
	text := fmt.Sprintf("%s v%d born %d", d.Expression.Text(), d.ClientVersion, (d.BornTimeMs-start.UnixMilli())/1000)
	if !d.Alive() {
		text += fmt.Sprint(" dead ", (d.DeadTimeMs-start.UnixMilli())/1000)
	}
	return text
}

// TestRegister: one group's heart-beats, a second apart. The states are those
// of the Java manager but where the comment says.
func TestRegister(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, start := newManager(t, options(vfs.NewMemFS())), time.Now()
		const topic, group = "T", "G"
		for i, step := range []struct {
			version    int64
			expression string // "" = the group unregisters
			want       string
		}{
			{10, "a > 1", "a > 1 v10 born 0"},
			{10, "a > 2", "a > 1 v10 born 0"},
			{9, "a > 3", "a > 1 v10 born 0"},
			{11, "a > 1", "a > 1 v11 born 0"},
			{12, "a > 4", "a > 4 v12 born 4"},
			{0, "", "a > 4 v12 born 4 dead 5"},
			{0, "", "a > 4 v12 born 4 dead 5"},
			{12, "a > 4", "a > 4 v12 born 4"},
			{0, "", "a > 4 v12 born 4 dead 8"},
			{11, "a > 4", "a > 4 v12 born 4"}, // Java leaves it dead
			{0, "", "a > 4 v12 born 4 dead 10"},
			{13, "a > 4", "a > 4 v13 born 4"},
			{0, "", "a > 4 v13 born 4 dead 12"},
			{3, "a > 5", "a > 5 v3 born 13"}, // Java keeps the dead one until it is purged
			{4, "a >> 5", "none"},
			{5, "a >> 5", "none"},
			{1, "a > 6", "a > 6 v1 born 16"},
			{1, "a >> 6", "a > 6 v1 born 16"}, // not newer
		} {
			if step.expression == "" {
				m.Unregister(group)
			} else {
				m.Register(group, []codec.SubscriptionData{subscription(topic, step.expression, step.version)})
			}
			require.Equal(t, step.want, describe(m.Get(topic, group), start), "step %d", i)
			time.Sleep(time.Second)
		}
	})
}

// TestRegisterTopics: a group's topics come and go with its heart-beats.
func TestRegisterTopics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, start := newManager(t, options(vfs.NewMemFS())), time.Now()
		tags := codec.SubscriptionData{Topic: "V", SubString: "*", ExpressionType: "TAG", SubVersion: 1}
		alive := func(want ...string) {
			t.Helper()
			var got []string
			for _, topic := range []string{"T", "U", "V", "W"} {
				if d := m.Get(topic, "G"); d != nil && d.Alive() {
					got = append(got, topic)
				}
			}
			require.Equal(t, want, got)
		}
		m.Register("Other", []codec.SubscriptionData{subscription("T", "b = 'x'", 1)})
		m.Register("G", []codec.SubscriptionData{subscription("T", "a > 1", 20), tags, subscription("U", "b > 1", 21), subscription("W", "", 22)})
		alive("T", "U")
		m.Register("G", []codec.SubscriptionData{subscription("T", "a > 1", 20), tags})
		alive("T")
		require.Equal(t, "b > 1 v21 born 0 dead 0", describe(m.Get("U", "G"), start))
		tags.Topic = "T"
		m.Register("G", []codec.SubscriptionData{tags, {Topic: "U", SubString: "b > 1", ExpressionType: "FOO", SubVersion: 30}})
		alive()
		require.Nil(t, m.Get("U", "G"), "of an unknown type: as an expression that does not compile")
		m.Register("G", []codec.SubscriptionData{subscription("T", "a > 1", 20)})
		alive("T")
		m.Register("G", nil)
		alive()
		require.Equal(t, "b = 'x' v1 born 0", describe(m.Get("T", "Other"), start))
		require.Nil(t, m.Get("T", "zz"))
		require.Nil(t, m.Get("zz", "G"))
	})
}

// TestPersist: the file is Java's, byte for byte, and what is loaded from it is
// dead until the next heart-beat.
func TestPersist(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sample, err := os.ReadFile("testdata/consumerFilter.json") // written by 4.9.8
		require.NoError(t, err)
		fsys := vfs.NewMemFS()
		o := options(fsys)
		o.CleanTimeSpanMs = func() int64 { return 1 << 60 } // its times are not those of this test
		require.NoError(t, configmanager.Persist(fsys, o.Path, sample))
		m := newManager(t, o)
		require.NoError(t, m.Load())
		d := m.Get("StoreB", "FillCG_Sql")
		require.Equal(t, "TAGS = 'T1'", d.Expression.Text())
		require.Equal(t, []int64{1795350807207, 1795350829650, 1795350807584}, []int64{d.BornTimeMs, d.DeadTimeMs, d.ClientVersion})
		require.False(t, d.Alive())
		require.NoError(t, m.Persist())
		require.Equal(t, string(sample), persisted(t, o))

		m.Register("FillCG_Sql", []codec.SubscriptionData{subscription("StoreB", "TAGS = 'T1'", 1795350807585)})
		require.True(t, m.Get("StoreB", "FillCG_Sql").Alive())
		require.NoError(t, m.Persist())
		want := strings.NewReplacer(`"dead":true`, `"dead":false`, `"deadTime":1795350829650`, `"deadTime":0`, "1795350807584", "1795350807585").Replace(string(sample))
		require.Equal(t, want, persisted(t, o))

		loaded := newManager(t, o)
		require.NoError(t, loaded.Load())
		d = loaded.Get("StoreB", "FillCG_Sql")
		require.False(t, d.Alive(), "alive in the file, dead until its consumers are back")
		require.Equal(t, max(time.Now().UnixMilli()-loadedDeadMs, d.BornTimeMs), d.DeadTimeMs)
	})
}

func persisted(t *testing.T, o Options) string {
	t.Helper()
	data, ok, err := configmanager.Load(o.FS, o.Path)
	require.NoError(t, err)
	require.True(t, ok)
	return string(data)
}

// TestClean: what is dead for filterDataCleanTimeSpan is forgotten by Persist,
// in memory and in the file.
func TestClean(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := options(vfs.NewMemFS())
		span := int64(dayMs)
		o.CleanTimeSpanMs = func() int64 { return span }
		m := newManager(t, o)
		m.Register("G", []codec.SubscriptionData{subscription("T", "a > 1", 1)})
		m.Register("H", []codec.SubscriptionData{subscription("T", "a > 1", 1), subscription("U", "a > 1", 1)})
		m.Unregister("H")
		time.Sleep(24*time.Hour - time.Millisecond)
		require.NoError(t, m.Persist())
		require.Contains(t, persisted(t, o), `"H"`)
		time.Sleep(time.Millisecond)
		require.NoError(t, m.Persist())
		require.Nil(t, m.Get("T", "H"))
		require.NotNil(t, m.Get("T", "G"))
		var w codec.ConsumerFilterSerializeWrapper
		require.NoError(t, fastjson.Unmarshal([]byte(persisted(t, o)), &w))
		require.Len(t, w.FilterDataByTopic, 1)
		require.Len(t, w.FilterDataByTopic["T"].GroupFilterData, 1)
		m.Unregister("G")
		span = 0
		require.NoError(t, m.Persist())
		require.Equal(t, "{\n\t\"filterDataByTopic\":{}\n}", persisted(t, o))
		require.Empty(t, m.byKey)
		require.Empty(t, m.byTopic)
		require.Empty(t, m.byGroup)
	})
}

// TestPersistWritesChangesOnly: an unchanged table costs no write, a failed
// write is repeated.
func TestPersistWritesChangesOnly(t *testing.T) {
	o := options(vfs.NewMemFS())
	m := newManager(t, o)
	require.NoError(t, m.Persist())
	_, ok, err := configmanager.Load(o.FS, o.Path)
	require.NoError(t, err)
	require.False(t, ok, "nothing to write")
	heartbeat := []codec.SubscriptionData{subscription("T", "a > 1", 1)}
	m.Register("G", heartbeat)
	require.NoError(t, m.Persist())
	first := persisted(t, o)
	require.NoError(t, o.FS.Remove(o.Path))
	m.Register("G", heartbeat)
	require.NoError(t, m.Persist())
	_, ok, err = configmanager.Load(o.FS, o.Path)
	require.NoError(t, err)
	require.False(t, ok, "unchanged: not written again")
	m.Unregister("G")
	require.NoError(t, m.Persist())
	require.NotEqual(t, first, persisted(t, o))
}

// TestLoadDamage: the backup stands in for a damaged file; entries that cannot
// be are left out; a filter made with other settings is born anew.
func TestLoadDamage(t *testing.T) {
	const bloom = `"bloomFilterData":{"bitNum":112,"bitPos":[1,2,3]},`
	entry := func(expression, more string) string {
		return `{` + more + `"bornTime":1000,"deadTime":2000,"clientVersion":7,"expression":"` + expression + `","expressionType":"SQL92"}`
	}
	text := `{"filterDataByTopic":{T:{"groupFilterData":{"G":` + entry("a > 1", bloom) + `,"Old":` + entry("a > 2", `"bloomFilterData":{"bitNum":7,"bitPos":[1]},`) +
		`,"Bad":` + entry("a >> 1", bloom) + `,"../G":` + entry("a > 1", bloom) + `,"Null":null}},"../T":{"groupFilterData":{"G":` + entry("a > 1", bloom) +
		`}},"Null":null,"Empty":{}},"unknown":1}`
	o := options(vfs.NewMemFS())
	require.NoError(t, configmanager.Persist(o.FS, o.Path, []byte(text)))
	require.NoError(t, configmanager.Persist(o.FS, o.Path, []byte(`{"filterData`)))
	m := newManager(t, o)
	before := nowMs()
	require.NoError(t, m.Load())
	require.Len(t, m.byKey, 2)
	d := m.Get("T", "G")
	require.Equal(t, []int64{1000, 2000, 7}, []int64{d.BornTimeMs, d.DeadTimeMs, d.ClientVersion})
	require.Equal(t, m.bloom.Generate("G", "T"), d.bloom)
	old := m.Get("T", "Old")
	require.GreaterOrEqual(t, old.BornTimeMs, before)
	require.False(t, old.Alive())

	require.NoError(t, configmanager.Persist(o.FS, o.Path, []byte("x")))
	require.NoError(t, configmanager.Persist(o.FS, o.Path, []byte("y")))
	require.Error(t, newManager(t, o).Load(), "file and backup damaged")
	o.Path = "config/none.json"
	require.NoError(t, newManager(t, o).Load())
	o.MaxErrorRateOfBloomFilter = 100
	_, err := New(o)
	require.ErrorContains(t, err, "maxErrorRateOfBloomFilter")
}

// TestNamesAreCloned: what is kept does not alias the heart-beat's frame.
func TestNamesAreCloned(t *testing.T) {
	frame := []byte("group topic a = 'x'")
	alias := func(from, to int) string { return aliasOf(frame[from:to]) }
	m := newManager(t, options(vfs.NewMemFS()))
	m.Register(alias(0, 5), []codec.SubscriptionData{subscription(alias(6, 11), alias(12, 19), 1)})
	copy(frame, strings.Repeat("-", len(frame)))
	d := m.Get("topic", "group")
	require.NotNil(t, d)
	require.Equal(t, "a = 'x'", d.Expression.Text())
	require.Equal(t, True, d.Expression.Evaluate(props("a", "x")))
	require.Equal(t, "group topic", d.ConsumerGroup+" "+d.Topic)
}

func TestCompileCache(t *testing.T) {
	m := newManager(t, options(vfs.NewMemFS()))
	first, err := m.Compile("SQL92", "a > 1")
	require.NoError(t, err)
	again, err := m.Compile("SQL92", "a > 1")
	require.NoError(t, err)
	require.Same(t, first, again)
	_, err = m.Compile("FOO", "a > 1")
	require.Error(t, err)
	_, err = m.Compile("SQL92", "a >> 1")
	require.Error(t, err)
	long := strings.Repeat("x", maxExpressionBytes-100)
	for i := range 2 * maxCached {
		text := fmt.Sprintf("a = '%d'", i)
		if i%7 == 0 {
			text = fmt.Sprintf("a = '%d%s'", i, long)
		}
		_, err = m.Compile("SQL92", text)
		require.NoError(t, err)
		require.LessOrEqual(t, len(m.cache.table), maxCached)
		require.LessOrEqual(t, m.cache.bytes, maxCachedBytes)
	}
	bytes := 0
	for text := range m.cache.table {
		bytes += len(text)
	}
	require.Equal(t, bytes, m.cache.bytes)
}

// TestConcurrent: heart-beats, pulls, dispatch and persists at the same time.
func TestConcurrent(t *testing.T) {
	m := newManager(t, options(vfs.NewMemFS()))
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			group := fmt.Sprint("G", i%2)
			var bits []byte
			for version := range int64(200) {
				m.Register(group, []codec.SubscriptionData{subscription("T", fmt.Sprintf("a > %d", version%3), version)})
				if d := m.Get("T", group); d != nil {
					m.MatchBitMap(d, version, bits)
				}
				bits = m.AppendBitMap(bits[:0], "T", props("a", "2"), version)
				if version%20 == 0 {
					m.Unregister(group)
					if err := m.Persist(); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	require.Len(t, m.byTopic["T"], 2)
	require.Len(t, m.byKey, 2)
}

func TestHotPathsAllocateNothing(t *testing.T) {
	m := newManager(t, options(vfs.NewMemFS()))
	heartbeat := []codec.SubscriptionData{subscription("T", "a > 1", 1), {Topic: "%RETRY%G", SubString: "*", ExpressionType: "TAG"}}
	m.Register("G", heartbeat)
	_, err := m.Compile("SQL92", "a > 1")
	require.NoError(t, err)
	message, bits := props("a", "5", "RETRY_TOPIC", "T"), make([]byte, 0, 100)
	retry := &RetryMessageFilter{Filters: m, Group: "G"}
	require.Zero(t, testing.AllocsPerRun(100, func() {
		d := m.Get("T", "G")
		x, _ := m.Compile("SQL92", "a > 1")
		if !d.Expression.MatchRecord(message) || !x.MatchRecord(message) || !retry.MatchRecord(message) ||
			!m.MatchBitMap(d, 1<<60, m.AppendBitMap(bits, "T", message, 1)) {
			panic("no match")
		}
		m.Register("G", heartbeat)
	}))
}
