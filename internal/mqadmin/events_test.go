package mqadmin

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
)

func eventRecord(t testing.TB, body string) []byte {
	host := netip.MustParseAddrPort("127.0.0.1:10911")
	record, err := codec.AppendRecord(nil, &codec.Message{Topic: codec.OffsetMovedEventTopic, Body: []byte(body), StoreTimestampMs: 7, BornHost: host, StoreHost: host})
	require.NoError(t, err)
	return record
}

func TestDecodeEvents(t *testing.T) {
	one := eventRecord(t, `{"consumerGroup":"G","messageQueue":{"brokerName":"b","queueId":1,"topic":"T"},"offsetNew":5,"offsetRequest":3}`)
	events, err := decodeEvents(append(one, one...))
	require.NoError(t, err)
	want := MovedEvent{TimestampMs: 7, OffsetMovedEvent: codec.OffsetMovedEvent{
		ConsumerGroup: "G", MessageQueue: codec.MessageQueue{Topic: "T", BrokerName: "b", QueueID: 1}, OffsetRequest: 3, OffsetNew: 5,
	}}
	require.Equal(t, []MovedEvent{want, want}, events)
	events, err = decodeEvents(append(one, eventRecord(t, "no JSON")...))
	require.Error(t, err)
	require.Len(t, events, 1, "what came before counts")
	_, err = decodeEvents(one[:len(one)-1])
	require.ErrorIs(t, err, codec.ErrRecordCorrupt)
}

// FuzzDecodeEvents: no bytes make it fail other than by an error, or never end.
func FuzzDecodeEvents(f *testing.F) {
	f.Add(eventRecord(f, `{"consumerGroup":"G"}`))
	f.Add([]byte{0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, records []byte) {
		events, err := decodeEvents(records)
		require.True(t, err != nil || len(events) > 0 || len(records) == 0)
	})
}
