package command

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
)

// drainServers is a name server and a broker of which tps tells what it takes.
func drainServers(t *testing.T, tps func() string) *fake {
	return newFake(t).serve(nsAddr, map[int32]answer{
		codec.GetBrokerClusterInfo:  body(recordedCluster),
		codec.WipeWritePermOfBroker: header(&codec.WipeWritePermOfBrokerResponseHeader{WipeTopicCount: 7}),
	}).serve(brokerAddr, map[int32]answer{
		codec.GetBrokerRuntimeInfo: func(req *codec.Command) *codec.Command {
			return body(codec.KVTable{Table: map[string]string{"putTps": tps()}})(req)
		},
	})
}

// TestDrainBroker: the broker is drained when clients have had the time to ask
// for their routes and no message has come in for as long as its TPS is counted over.
func TestDrainBroker(t *testing.T) {
	const wiped = "wipe write perm of broker[broker-a] in name server[" + nsAddr + "] OK, 7\n"
	for _, c := range []struct {
		name    string
		words   []string
		drained time.Duration // when the last message is out of the TPS
		want    result
		took    time.Duration
	}{
		{"idle", nil, 0, result{out: wiped + "no message comes in to 127.0.0.1:21011 any more, after 30 s\n"}, routeRefresh},
		{"busy", nil, 45 * time.Second, result{out: wiped + "no message comes in to 127.0.0.1:21011 any more, after 45 s\n"}, 45 * time.Second},
		{"limit", []string{"-t", "10"}, time.Hour, result{out: wiped, status: 1, err: "mqadmin drainBroker: broker 127.0.0.1:21011 still takes 12.50 messages a second after 10 s: " +
			"producers that have not asked for their routes, messages sent back by consumers, or delayed ones that become due\n"}, 10 * time.Second},
		{"without waiting", []string{"-t", "0"}, time.Hour, result{out: wiped}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				f := drainServers(t, func() string {
					if time.Since(start) < c.drained {
						return "12.5 12.5 12.5"
					}
					return "0.0 12.5 12.5"
				})
				require.Equal(t, c.want, run(t, f.net.Dial, append([]string{"drainBroker", "-b", brokerAddr, "-n", nsAddr}, c.words...)...))
				require.Equal(t, c.took, time.Since(start))
				require.Equal(t, "broker-a", f.last(codec.WipeWritePermOfBroker).Ext.Get("brokerName"))
			})
		})
	}
}

// TestDrainBrokerFails: what is not there or does not answer is named, and the user can stop.
func TestDrainBrokerFails(t *testing.T) {
	f := drainServers(t, func() string { return "1.0 1.0 1.0" })
	unknown := run(t, f.net.Dial, "drainBroker", "-b", "10.0.0.1:10911", "-n", nsAddr)
	require.Equal(t, result{err: "mqadmin drainBroker: no broker at 10.0.0.1:10911 is registered\n", status: 1}, unknown)
	require.Contains(t, run(t, f.net.Dial, "drainBroker", "-b", brokerAddr, "-n", nsAddr+";10.0.0.2:9876").err, "10.0.0.2:9876")

	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		var asked atomic.Int32
		f := drainServers(t, func() string {
			if asked.Add(1) == 3 {
				stop()
			}
			return "1.0 1.0 1.0"
		})
		got := runUntil(ctx, f.net.Dial, "drainBroker", "-b", brokerAddr, "-n", nsAddr)
		require.Equal(t, 1, got.status)
		require.NotContains(t, got.out, "no message comes in")
		require.Contains(t, got.err, "mqadmin drainBroker: ")
	})
}

// TestDrainBooster: producers do not find a drained broker, and find it again.
func TestDrainBooster(t *testing.T) {
	b := startBooster(t, false)
	require.Zero(t, b.run("updateTopic", "-b", brokerAddr, "-t", "DemoTopic", "-r", "4", "-w", "4", "-n", nsAddr).status)
	drained := b.run("drainBroker", "-b", brokerAddr, "-t", "0", "-n", nsAddr)
	require.Regexp(t, `^wipe write perm of broker\[broker-a\] in name server\[127\.0\.0\.1:21001\] OK, \d+\n$`, drained.out, drained.err)
	b.golden("topicRoute-after-wipe")
	require.Contains(t, b.run("drainBroker", "-b", brokerAddr, "-t", "1", "-n", nsAddr).err, "no message came in to 127.0.0.1:21011 for 1 s, but clients ask for their routes only every 30 s")
	back := b.run("drainBroker", "-b", brokerAddr, "--undo", "-n", nsAddr)
	require.Regexp(t, `^add write perm of broker\[broker-a\] in name server\[127\.0\.0\.1:21001\] OK, \d+\n$`, back.out, back.err)
	b.golden("topicRoute")
}
