package broker

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
	"github.com/boostermq/booster/store"
)

// countingFilter counts the records its filter has to look at.
type countingFilter struct {
	*pullFilter
	records int
}

func (f *countingFilter) MatchRecord(properties string) bool {
	f.records++
	return f.pullFilter.MatchRecord(properties)
}

// bitMapConfig has everything on that bit maps need.
func bitMapConfig(t *testing.T) Config {
	c := testConfig(t)
	c.Broker.EnablePropertyFilter, c.Broker.EnableCalcFilterBitMap, c.Store.EnableConsumeQueueExt = true, true, true
	return c
}

func startController(t *testing.T, c Config) *Controller {
	t.Helper()
	b, err := New(c, Options{Log: testLog(t)})
	require.NoError(t, err)
	require.NoError(t, b.Start(t.Context()))
	return b
}

// TestBitMapsSpareRecords: enableCalcFilterBitMap with enableConsumeQueueExt: pulls look only
// at records whose bit map has the group's bits, at all of them where the bit map
// knows nothing of the filter; 321 tells of it; a crash makes bit maps count for nothing.
func TestBitMapsSpareRecords(t *testing.T) {
	c := bitMapConfig(t)
	b := startController(t, c)
	p := dial(t, b)
	send := func(properties ...string) {
		t.Helper()
		for _, one := range properties {
			sendProperties(t, b, p, "T1", one)
		}
	}
	pull := func(wantRecords int, want ...string) {
		t.Helper()
		data := b.filters.Get("T1", "cg")
		require.NotNil(t, data)
		f := &countingFilter{pullFilter: &pullFilter{}}
		f.byData(data, b.filters)
		var res store.GetResult
		b.store.GetMessage("T1", 0, 0, 32, f, &res)
		var got []string
		for body := res.Buf; len(body) > 0; {
			var m codec.Message
			n, err := codec.DecodeRecord(body, &m, codec.DecodeOptions{})
			require.NoError(t, err)
			got, body = append(got, string(m.Body)), body[n:]
		}
		require.Equal(t, want, got)
		require.Equal(t, wantRecords, f.records, "records looked at")
	}
	evals := func() (evals []bool, bitMaps []string) {
		t.Helper()
		resp := p.do(codec.QueryConsumeQueue, &codec.QueryConsumeQueueRequestHeader{Topic: "T1", Count: 100, ConsumerGroup: "cg"}, nil)
		require.Equal(t, codec.Success, resp.Code)
		var body codec.QueryConsumeQueueResponseBody
		require.NoError(t, fastjson.Unmarshal(resp.Body, &body))
		for _, e := range body.QueueData {
			require.NotEmpty(t, e.ExtendDataJSON)
			evals, bitMaps = append(evals, e.Eval), append(bitMaps, e.BitMap)
		}
		return evals, bitMaps
	}

	send("a\x011", "a\x013") // nobody filters
	p.subscribe("cg", 5, map[string]string{"T1": "a > 2"})
	p.push() // 40
	born := b.filters.Get("T1", "cg").BornTimeMs
	require.Eventually(t, func() bool { return time.Now().UnixMilli() > born }, answerTimeout, time.Millisecond)
	send("a\x011", "a\x013", "b\x011", "a\x014")
	pull(4, "a\x013", "a\x013", "a\x014")
	got, bitMaps := evals()
	require.Equal(t, []bool{true, true, false, true, false, true}, got, "by the bit map, if there is one")
	require.Empty(t, bitMaps[1])
	require.NotContains(t, bitMaps[2], "1")
	require.Contains(t, bitMaps[3], "1")

	requireAnswer(t, p.do(codec.UnregisterClient, &codec.UnregisterClientRequestHeader{ClientID: "c1", ConsumerGroup: "cg"}, nil), codec.Success, "")
	send("a\x015", "a\x010")
	pull(5, "a\x013", "a\x013", "a\x014", "a\x015") // what came while the group was away
	stopBroker(t, b)

	b = startController(t, c)
	require.Equal(t, born, b.filters.Get("T1", "cg").BornTimeMs)
	pull(5, "a\x013", "a\x013", "a\x014", "a\x015")
	stopBroker(t, b)

	require.NoError(t, os.WriteFile(filepath.Join(c.Store.StorePathRootDir, "abort"), nil, 0o644))
	b = startController(t, c)
	pull(8, "a\x013", "a\x013", "a\x014", "a\x015") // the file may be older than the bit maps
	stopBroker(t, b)

	c.Broker.ExpectConsumerNumUseFilter = 64
	b = startController(t, c)
	defer stopBroker(t, b)
	pull(8, "a\x013", "a\x013", "a\x014", "a\x015") // of other settings
}

// TestBitMapLength: bitMapLengthConsumeQueueExt follows the bloom filter, whatever the file says.
func TestBitMapLength(t *testing.T) {
	c := DefaultConfig()
	c.Store.BitMapLengthConsumeQueueExt = 5
	require.NoError(t, c.Complete(testEnvironment(nil)))
	require.Equal(t, 112, c.Store.BitMapLengthConsumeQueueExt)
	c.Broker.MaxErrorRateOfBloomFilter = 0
	require.ErrorContains(t, c.Complete(testEnvironment(nil)), "maxErrorRateOfBloomFilter")
}
