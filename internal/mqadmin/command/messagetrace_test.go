package command

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
)

// TestQueryMsgTraceByID: the output is that of 4.9.7 for the same records.
func TestQueryMsgTraceByID(t *testing.T) {
	r := load(t, "queryMsgTraceById")
	id := r.words[2]
	route := map[int32]answer{codec.GetRouteInfoByTopic: body(recordedRoute(codec.PermRead | codec.PermWrite))}
	host := netip.MustParseAddrPort("127.0.0.1:4711")
	traces := "Pub\x011795350337093\x01R\x01PG\x01T\x01" + id + "\x01TagA\x01k0\x01h\x016\x0123\x010\x01o\x01true\x02" +
		"SubAfter\x01R1\x01" + id + "\x0112\x01false\x01k0\x011\x011795350337400\x01CG2\x02" +
		"SubAfter\x01R2\x01" + id + "\x0115\x01true\x01k0\x010\x011795350337400\x01CG\x02" +
		"SubAfter\x01R3\x01" + id + "\x013\x01true\x01k0\x010\x011795350338400\x01CG2\x02"
	record, err := codec.AppendRecord(nil, &codec.Message{Topic: codec.TraceTopic, Body: []byte(traces), Properties: codec.EncodeProperties(map[string]string{codec.PropertyKeys: id + " k0"}), BornHost: host, StoreHost: host})
	require.NoError(t, err)
	f := newFake(t)
	f.serve(nsAddr, route)
	f.serve(brokerAddr, map[int32]answer{codec.QueryMessage: text(string(record))})

	got := run(t, f.net.Dial, r.words...)
	require.Empty(t, got.err)
	require.Equal(t, "#Type      #ProducerGroup       #ClientHost          #SendTime            #CostTimes #Status   \n"+
		"Pub        PG                   127.0.0.1            "+timeText(1795350337093)+"  23ms       success   \n\n"+
		"#Type      #ConsumerGroup       #ClientHost          #ConsumerTime        #CostTimes #Status   \n"+
		"Sub        CG                   127.0.0.1            "+timeText(1795350337400)+"  15ms       success   \n\n"+
		"#Type      #ConsumerGroup       #ClientHost          #ConsumerTime        #CostTimes #Status   \n"+
		"Sub        CG2                  127.0.0.1            "+timeText(1795350337400)+"  12ms       failed    \n"+
		"Sub        CG2                  127.0.0.1            "+timeText(1795350338400)+"  3ms        success   \n\n", got.out)
	require.Equal(t, codec.TraceTopic, f.last(codec.QueryMessage).Ext.Get("topic"))

	f = newFake(t)
	f.serve(nsAddr, route)
	f.serve(brokerAddr, map[int32]answer{codec.QueryMessage: refuse(codec.QueryNotFound, "")})
	requireGoldenError(t, f, "queryMsgTraceById", "")
}
