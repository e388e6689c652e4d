package codec

import (
	"encoding/binary"
	"math"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func fullMessage() Message {
	return Message{
		Topic: "TopicT", QueueID: 3, Flag: 7, Body: []byte("hello"),
		Properties: "KEYS\x01k1 k2\x02up\x01v\x02TAGS\x01TagA",
		SysFlag:    TransactionCommitType | SysFlagCompressed, BornTimestampMs: 1700000000001,
		BornHost: netip.MustParseAddrPort("10.1.2.3:4567"), StoreTimestampMs: 1700000000002,
		StoreHost: netip.MustParseAddrPort("127.0.0.1:10911"), ReconsumeTimes: 2, PreparedTransactionOffset: 99,
		StoreSizeBytes: 127, BodyCRC: 0x3610a686, QueueOffset: 5, CommitLogOffset: 4096,
	}
}

// recordCases were encoded by Java 4.9.7.
func recordCases() map[string]struct {
	hex string
	m   Message
} {
	type record = struct {
		hex string
		m   Message
	}
	v4, v6, mixed := fullMessage(), fullMessage(), fullMessage()
	v6.BornHost, v6.StoreHost = netip.MustParseAddrPort("[fd00::1]:4567"), netip.MustParseAddrPort("[fd00::2]:10911")
	v6.SysFlag |= SysFlagBornHostV6 | SysFlagStoreHostV6
	v6.StoreSizeBytes = 151
	mixed.BornHost, mixed.StoreHost = v6.BornHost, netip.MustParseAddrPort("10.9.8.7:10911")
	mixed.SysFlag |= SysFlagBornHostV6
	mixed.StoreSizeBytes = 139
	return map[string]record{
		"v4":    {"0000007fdaa320a73610a686000000030000000700000000000000050000000000001000000000090000018bcfe568010a010203000011d70000018bcfe568027f00000100002a9f0000000200000000000000630000000568656c6c6f06546f7069635400194b455953016b31206b32027570017602544147530154616741", v4},
		"v6":    {"00000097daa320a73610a686000000030000000700000000000000050000000000001000000000390000018bcfe56801fd000000000000000000000000000001000011d70000018bcfe56802fd00000000000000000000000000000200002a9f0000000200000000000000630000000568656c6c6f06546f7069635400194b455953016b31206b32027570017602544147530154616741", v6},
		"mixed": {"0000008bdaa320a73610a686000000030000000700000000000000050000000000001000000000190000018bcfe56801fd000000000000000000000000000001000011d70000018bcfe568020a09080700002a9f0000000200000000000000630000000568656c6c6f06546f7069635400194b455953016b31206b32027570017602544147530154616741", mixed},
	}
}

func TestRecord(t *testing.T) {
	for name, tc := range recordCases() {
		t.Run(name, func(t *testing.T) {
			want := unhex(t, tc.hex)
			require.Equal(t, len(want), RecordSize(&tc.m))
			m := tc.m
			m.SysFlag ^= SysFlagBornHostV6 | SysFlagStoreHostV6 // what is computed is not believed
			m.BodyCRC, m.StoreSizeBytes = 1, 1
			got, err := AppendRecord([]byte("before"), &m)
			require.NoError(t, err)
			require.Equal(t, "before"+string(want), string(got))

			PatchRecord(got[6:], 77, 88, 99)
			require.EqualValues(t, 77, RecordQueueOffset(got[6:]))
			require.EqualValues(t, 88, RecordPhysicalOffset(got[6:]))
			require.EqualValues(t, 99, RecordStoreTimestampMs(got[6:]))
			PatchRecord(got[6:], m.QueueOffset, m.CommitLogOffset, m.StoreTimestampMs)
			require.Equal(t, "before"+string(want), string(got))

			var decoded Message
			n, err := DecodeRecord(append(want, "next"...), &decoded, DecodeOptions{CheckCRC: true})
			require.NoError(t, err)
			require.Equal(t, len(want), n)
			require.Equal(t, tc.m, decoded)
			_, err = DecodeRecord(want, &decoded, DecodeOptions{SkipBody: true})
			require.NoError(t, err)
			require.Nil(t, decoded.Body)
			props, ok := RecordProperties(want)
			require.True(t, ok)
			require.Equal(t, tc.m.Properties, props)
		})
	}
}

func TestParseDispatch(t *testing.T) {
	for name, tc := range recordCases() {
		var v DispatchView
		st, size := ParseDispatch(append(unhex(t, tc.hex), "next"...), &v)
		require.Equal(t, RecordOK, st, name)
		require.Equal(t, DispatchView{
			Topic: "TopicT", QueueID: 3, CommitLogOffset: 4096, SizeBytes: int32(size), TagsCode: 2598919, StoreTimestampMs: 1700000000002,
			QueueOffset: 5, Keys: "k1 k2", Tags: "TagA", SysFlag: tc.m.SysFlag, PreparedTransactionOffset: 99, Properties: tc.m.Properties,
		}, v, name)
	}
	rec, err := AppendRecord(nil, &Message{Topic: "T"})
	require.NoError(t, err)
	v := DispatchView{Keys: "old", UniqKey: "old", Tags: "old", TagsCode: 1}
	st, _ := ParseDispatch(rec, &v)
	require.Equal(t, RecordOK, st)
	require.Equal(t, DispatchView{Topic: "T", SizeBytes: recordFixedBytes + 1}, v)
}

func TestCheckRecord(t *testing.T) {
	m := fullMessage()
	good, err := AppendRecord(nil, &m)
	require.NoError(t, err)
	changed := func(at int, b ...byte) []byte {
		rec := append([]byte{}, good...)
		copy(rec[at:], b)
		return rec
	}
	const size, body = 127, 88
	cases := []struct {
		name  string
		b     []byte
		st    RecordStatus
		bytes int
	}{
		{"whole", good, RecordOK, size},
		{"and more", append(good[:size:size], 1, 2, 3), RecordOK, size},
		{"nothing", nil, RecordBad, 0},
		{"seven bytes", good[:7], RecordBad, 0},
		{"head only", good[:8], RecordBad, size},
		{"one byte short", good[:size-1], RecordBad, size},
		{"zeros", make([]byte, 4096), RecordBad, 0},
		{"magic of 5.x", changed(4, 0xDA, 0xA3, 0x20, 0xAB), RecordBad, 0},
		{"size 0", changed(0, 0, 0, 0, 0), RecordBad, 0},
		{"size negative", changed(0, 0xFF), RecordBad, 0},
		{"size below the least", changed(3, 90), RecordBad, 0},
		{"size huge", changed(0, 0x7F), RecordBad, 0x7F00007F},
		{"size less than the parts", changed(3, size-1), RecordBadSized, size - 1},
		{"size of an empty one, but it is not", changed(3, 91), RecordBadSized, 91},
		{"body longer", changed(body-1, 6), RecordBadSized, size},
		{"body negative", changed(body-4, 0xFF), RecordBadSized, size},
		{"body huge", changed(body-4, 0x7F), RecordBadSized, size},
		{"topic negative", changed(body+5, 0x80), RecordBadSized, size},
		{"topic to the end", changed(body+5, 127), RecordBadSized, size},
		{"properties negative", changed(body+12, 0xFF), RecordBadSized, size},
		{"properties shorter", changed(body+13, 24), RecordBadSized, size},
		{"wide hosts claimed", changed(39, 0x39), RecordBadSized, size},
		{"body changed", changed(body, 'H'), RecordBad, 0},
		{"CRC changed", changed(8, 0xFF), RecordBad, 0},
		{"blank", AppendBlankRecord(nil, 4096), RecordBlank, 4096},
		{"blank, the least", AppendBlankRecord(nil, 8), RecordBlank, 8},
		{"blank of nothing", AppendBlankRecord(nil, 0), RecordBad, 0},
	}
	for _, tc := range cases {
		st, n := CheckRecord(tc.b, true)
		require.Equal(t, tc.st, st, tc.name)
		require.Equal(t, tc.bytes, n, tc.name)
		before := fullMessage()
		after := fullMessage()
		_, err := DecodeRecord(tc.b, &after, DecodeOptions{CheckCRC: true})
		require.Equal(t, st == RecordOK, err == nil, tc.name)
		if err != nil {
			require.Equal(t, before, after, tc.name)
		}
	}
	st, n := CheckRecord(changed(body, 'H'), false)
	require.Equal(t, RecordOK, st)
	require.Equal(t, size, n)
	require.Equal(t, unhex(t, "00001000cbd43194"), AppendBlankRecord(nil, 4096))
}

func TestRecordLimits(t *testing.T) {
	m := fullMessage()
	m.Topic = strings.Repeat("t", MaxTopicBytes)
	m.Properties = "a\x01" + strings.Repeat("p", MaxPropertiesBytes-2)
	rec, err := AppendRecord(nil, &m)
	require.NoError(t, err)
	var again Message
	_, err = DecodeRecord(rec, &again, DecodeOptions{})
	require.NoError(t, err)
	require.Equal(t, m.Topic, again.Topic)
	require.Equal(t, m.Properties, again.Properties)

	long := m
	long.Topic += "t"
	rec, err = AppendRecord([]byte("x"), &long)
	require.ErrorIs(t, err, ErrTopicTooLong)
	require.Equal(t, "x", string(rec))
	long = m
	long.Properties += "p"
	_, err = AppendRecord(nil, &long)
	require.ErrorIs(t, err, ErrPropertiesTooLong)
}

// TestRecordHosts: v4-mapped addresses are narrow, a missing one is 0.0.0.0:0.
func TestRecordHosts(t *testing.T) {
	m := Message{Topic: "T", BornHost: netip.MustParseAddrPort("[::ffff:10.1.2.3]:65535")}
	rec, err := AppendRecord(nil, &m)
	require.NoError(t, err)
	var again Message
	_, err = DecodeRecord(rec, &again, DecodeOptions{})
	require.NoError(t, err)
	require.Equal(t, "10.1.2.3:65535", again.BornHost.String())
	require.Equal(t, "0.0.0.0:0", again.StoreHost.String())
	require.Zero(t, again.SysFlag)
}

func FuzzRecord(f *testing.F) {
	for _, tc := range recordCases() {
		f.Add(unhex(f, tc.hex))
	}
	f.Add(AppendBlankRecord(nil, 100))
	f.Fuzz(func(t *testing.T, b []byte) {
		st, size := CheckRecord(b, true)
		var v DispatchView
		view, viewSize := ParseDispatch(b, &v)
		var m Message
		n, err := DecodeRecord(b, &m, DecodeOptions{CheckCRC: true})
		require.Equal(t, st == RecordOK, err == nil)
		if st != RecordOK {
			return
		}
		require.Equal(t, RecordOK, view)
		require.Equal(t, size, viewSize)
		require.Equal(t, size, n)
		require.Equal(t, v.Topic, m.Topic)
		require.Equal(t, v.StoreTimestampMs, m.StoreTimestampMs)
		require.Equal(t, ParseProperties(m.Properties)[PropertyTags], v.Tags)
		again, err := AppendRecord(nil, &m)
		require.NoError(t, err)
		if m.SysFlag == recordSysFlag(&m) && portsFit(b) { // else it holds a v4-mapped address or a port no socket has
			if len(m.Body) == 0 {
				putInt32(again[posBodyCRC:], m.BodyCRC) // not looked at without a body
			}
			require.Equal(t, b[:n], again)
		}
	})
}

func portsFit(rec []byte) bool {
	at := posBornHost + 4
	if getInt32(rec[posSysFlag:])&SysFlagBornHostV6 != 0 {
		at += v6ExtraBytes
	}
	born := binary.BigEndian.Uint32(rec[at:])
	at += 4 + 8 + 4
	if getInt32(rec[posSysFlag:])&SysFlagStoreHostV6 != 0 {
		at += v6ExtraBytes
	}
	return born <= math.MaxUint16 && binary.BigEndian.Uint32(rec[at:]) <= math.MaxUint16
}

func benchMessage() Message {
	return Message{
		Topic: "TopicTest", QueueID: 3, Body: make([]byte, 128),
		Properties: "KEYS\x01key0\x02UNIQ_KEY\x01FD0000000000000000000000000000025A744E0E2F2A6ECE1C590000\x02CLUSTER\x01DefaultCluster\x02TAGS\x01TagA",
		BornHost:   netip.MustParseAddrPort("10.1.2.3:4567"), StoreHost: netip.MustParseAddrPort("127.0.0.1:10911"),
	}
}

func BenchmarkAppendRecord(b *testing.B) {
	m := benchMessage()
	dst := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if dst, err = AppendRecord(dst[:0], &m); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseDispatch(b *testing.B) {
	m := benchMessage()
	rec, err := AppendRecord(nil, &m)
	require.NoError(b, err)
	var v DispatchView
	b.ReportAllocs()
	for b.Loop() {
		if st, _ := ParseDispatch(rec, &v); st != RecordOK {
			b.Fatal(st)
		}
	}
}

func BenchmarkDecodeRecord(b *testing.B) {
	m := benchMessage()
	rec, err := AppendRecord(nil, &m)
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecodeRecord(rec, &m, DecodeOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}
