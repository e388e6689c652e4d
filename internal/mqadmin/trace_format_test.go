package mqadmin

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
)

// traceMessages returns messages with these bodies.
func traceMessages(bodies ...string) (messages []StoredMessage) {
	for _, body := range bodies {
		messages = append(messages, StoredMessage{Message: codec.Message{Body: []byte(body), StoreTimestampMs: 7, BornHost: netip.MustParseAddrPort("192.0.2.7:4711")}})
	}
	return messages
}

// TestDecodeTraces: the records are those that clients 4.4.0, 4.9.8 and Go 2.1.2 were recorded with.
func TestDecodeTraces(t *testing.T) {
	const (
		pub    = "Pub|1795350396606|DefaultRegion|PG|T|ID1|TagA|k0|127.0.0.1:21339|6|14|0|7F0000010000535D0000000000005C7B|true"
		before = "SubBefore|1795350694960|null|CG|REQ|ID1|0|k7"
		after  = "SubAfter|REQ|ID1|5|true|k7|0"
	)
	const host = "192.0.2.7"
	for _, c := range []struct {
		name, records string
		want          []Trace
	}{
		{"sent, 4.4.0", pub, []Trace{{true, "PG", host, 1795350396606, 14, true}}},
		{"sent, with the client's host", pub + "|192.0.2.2", []Trace{{true, "PG", host, 1795350396606, 14, true}}},
		{"failed", strings.Replace(pub, "|true", "|false", 1), []Trace{{true, "PG", host, 1795350396606, 14, false}}},
		{"about to be consumed", before, nil},
		{"consumed, 4.4.0", before + ";" + after, []Trace{{false, "CG", host, 1795350694960, 5, true}}},
		{"consumed, 4.9.8", after + "|1795350694965|CG2", []Trace{{false, "CG2", host, 1795350694965, 5, true}}},
		{"consumed, 4.4.0, its beginning is in a later message", after + "#" + before, []Trace{{false, "CG", host, 1795350694960, 5, true}}},
		{"consumed, 4.4.0, nobody told its beginning", after, []Trace{{false, "", host, 7, 5, true}}},
		{"of another message", strings.ReplaceAll(pub+";"+before+";"+after, "ID1", "ID2"), nil},
		{"two", pub + ";" + pub, []Trace{{true, "PG", host, 1795350396606, 14, true}, {true, "PG", host, 1795350396606, 14, true}}},
		{"no numbers", strings.Replace(pub, "|14|", "|x|", 1) + ";" + strings.Replace(after, "|5|", "||", 1), nil},
		{"too short", "Pub|1;SubBefore;SubAfter|REQ|ID1;;x", nil},
	} {
		bodies := strings.Split(strings.NewReplacer("|", traceFieldEnd, ";", traceRecordEnd, "#", traceRecordEnd+"#").Replace(c.records)+traceRecordEnd, "#")
		require.Equal(t, c.want, decodeTraces(traceMessages(bodies...), "ID1"), c.name)
	}
}

// FuzzDecodeTraces: whatever producers write into the topic, it is read to its end.
func FuzzDecodeTraces(f *testing.F) {
	f.Add("Pub\x011\x01r\x01PG\x01T\x01ID1\x01t\x01k\x01h\x016\x0114\x010\x01o\x01true\x02SubAfter\x01R\x01ID1\x015\x01true\x01k\x02")
	f.Add("\x01\x02\x02")
	f.Fuzz(func(t *testing.T, body string) {
		for _, trace := range decodeTraces(traceMessages(body), "ID1") {
			require.Contains(t, body, "ID1")
			require.Equal(t, "192.0.2.7", trace.ClientHost)
		}
	})
}
