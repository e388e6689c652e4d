package command

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
)

// demoStats is how far DemoCG was in the recordings.
func demoStats(t *testing.T) codec.ConsumeStats {
	stats := codec.ConsumeStats{ConsumeTPS: 1.9667, OffsetTable: map[codec.MessageQueue]codec.OffsetWrapper{
		{Topic: "%RETRY%DemoCG", BrokerName: "broker-a"}: {},
	}}
	for id, at := range []string{"37", "35", "38", "36"} {
		stats.OffsetTable[demoQueue(id)] = codec.OffsetWrapper{BrokerOffset: 53, ConsumerOffset: 52, LastTimestamp: recordedTime(t, "2026-11-22 12:25:"+at+",100")}
	}
	stats.OffsetTable[demoQueue(0)] = codec.OffsetWrapper{BrokerOffset: 54, ConsumerOffset: 53, LastTimestamp: stats.OffsetTable[demoQueue(0)].LastTimestamp}
	stats.OffsetTable[demoQueue(2)] = codec.OffsetWrapper{BrokerOffset: 53, ConsumerOffset: 53, LastTimestamp: stats.OffsetTable[demoQueue(2)].LastTimestamp}
	return stats
}

// demoRunningInfo is what the consumer of the recordings said of itself; the
// properties are read from the recorded file.
func demoRunningInfo(t *testing.T) codec.ConsumerRunningInfo {
	info := codec.ConsumerRunningInfo{
		Properties:      map[string]string{},
		SubscriptionSet: []codec.SubscriptionData{{Topic: "DemoTopic", SubString: "*"}, {Topic: "%RETRY%DemoCG", SubString: "*"}},
		MQTable:         map[codec.MessageQueue]codec.ProcessQueueInfo{},
		StatusTable:     map[string]codec.ConsumeStatus{"DemoTopic": {PullRT: 2033.69, PullTPS: 1.97, ConsumeRT: 0.05, ConsumeOKTPS: 1.97}, "%RETRY%DemoCG": {}},
	}
	properties, _, _ := strings.Cut(recordedFile(t, "consumerStatus-file.txt"), "\n\n")
	for _, line := range strings.Split(properties, "\n")[1:] {
		key, value, ok := strings.Cut(line, ": ")
		require.True(t, ok, line)
		info.Properties[strings.TrimSpace(key)] = value
	}
	queue := func(mq codec.MessageQueue, offset int64, lock, pull, consume string) {
		info.MQTable[mq] = codec.ProcessQueueInfo{
			CommitOffset: offset, Locked: true, LastLockTimestamp: recordedTime(t, lock), LastPullTimestamp: recordedTime(t, pull), LastConsumeTimestamp: recordedTime(t, consume),
		}
	}
	const day = "2026-11-22 12:2"
	queue(codec.MessageQueue{Topic: "%RETRY%DemoCG", BrokerName: "broker-a"}, 0, day+"4:12,357", day+"5:22,995", day+"4:12,357")
	queue(demoQueue(0), 54, day+"4:11,712", day+"5:39,456", day+"5:39,456")
	queue(demoQueue(1), 54, day+"4:11,569", day+"5:39,963", day+"5:39,963")
	queue(demoQueue(2), 53, day+"4:11,684", day+"5:38,447", day+"5:38,447")
	queue(demoQueue(3), 53, day+"4:11,696", day+"5:38,949", day+"5:38,949")
	return info
}

func recordedFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "output", name))
	require.NoError(t, err)
	return string(text)
}

// demoBroker answers as the broker of the recordings; only DemoCG is online.
func demoBroker(t *testing.T, f *fake, info codec.ConsumerRunningInfo) *fake {
	online := func(found answer) answer {
		return func(req *codec.Command) *codec.Command {
			if group := req.Ext.Get("consumerGroup"); group != "DemoCG" {
				return refuse(codec.ConsumerNotOnline, "the consumer group["+group+"] not online")(req)
			}
			return found(req)
		}
	}
	return f.serve(brokerAddr, map[int32]answer{
		codec.GetConsumeStats:           online(body(demoStats(t))),
		codec.GetConsumerConnectionList: online(body(demoConsumer)),
		codec.GetConsumerRunningInfo:    online(body(info)),
	})
}

func TestConsumerProgress(t *testing.T) {
	f := demoBroker(t, consumerNameServer(t), demoRunningInfo(t))
	requireGolden(t, f, "consumerProgress-g")
	requireGolden(t, f, "consumerProgress-g-s")
	requireGoldenError(t, f, "consumerProgress-g-missing", "")

	got := run(t, f.net.Dial, load(t, "consumerProgress").words...)
	want := strings.Replace(load(t, "consumerProgress").output, "1        2\n", "1        3\n", 1) // three messages wait now
	for _, group := range []string{"NoSuchCG", "Offline"} {
		want += fmt.Sprintf("%-64s  0       OFFLINE                                         0        0\n", group)
	}
	require.Equal(t, result{out: want}, got)
}

// TestConsumerProgressPartly: what could be asked is printed, what could not is said.
func TestConsumerProgressPartly(t *testing.T) {
	f := consumerNameServer(t).serve(brokerAddr, map[int32]answer{
		codec.GetConsumeStats:           body(demoStats(t)),
		codec.GetConsumerConnectionList: body(demoConsumer),
		codec.GetConsumerRunningInfo:    refuse(codec.ConsumeMsgTimeout, "consumer DemoCG Timeout"),
	})
	got := run(t, f.net.Dial, load(t, "consumerProgress-g-s").words...)
	require.Equal(t, strings.ReplaceAll(load(t, "consumerProgress-g-s").output, "192.0.2.2 ", "NA        "), got.out)
	require.Contains(t, got.err, "CODE: 207  DESC: consumer DemoCG Timeout")
	require.Equal(t, 1, got.status)
}

// TestConsumerStatus: the table, the verdict and the file of each client.
func TestConsumerStatus(t *testing.T) {
	r, info := load(t, "consumerStatus"), demoRunningInfo(t)
	f := demoBroker(t, consumerNameServer(t), info)
	t.Chdir(t.TempDir())
	got := run(t, f.net.Dial, r.words...)
	require.Empty(t, got.err)
	dir := regexp.MustCompile(`(\d{13})/192\.0\.2\.2@25339#1527889346654\n`)
	require.Equal(t, dir.ReplaceAllString(r.output, "FILE\n"), dir.ReplaceAllString(got.out, "FILE\n"))
	match := dir.FindStringSubmatch(got.out)
	require.NotNil(t, match)
	text, err := os.ReadFile(filepath.Join(match[1], "192.0.2.2@25339#1527889346654"))
	require.NoError(t, err)
	require.Equal(t, runningInfoText(info), string(text))
	require.Contains(t, run(t, f.net.Dial, "consumerStatus", "-g", "Offline", "-n", nsAddr).err, "CODE: 206")
}

// TestRunningInfo: what a consumer says of itself has the recorded form, with the properties in order.
func TestRunningInfo(t *testing.T) {
	info := demoRunningInfo(t)
	f := demoBroker(t, consumerNameServer(t), info)
	got := run(t, f.net.Dial, "consumerStatus", "-g", "DemoCG", "-i", "192.0.2.2@25339#1527889346654", "-s", "-n", nsAddr)
	require.Zero(t, got.status, got.err)
	require.Equal(t, sortedLines(recordedFile(t, "consumerStatus-file.txt")), sortedLines(got.out))
	_, rest, _ := strings.Cut(got.out, "\n\n\n")
	_, want, _ := strings.Cut(recordedFile(t, "consumerStatus-file.txt"), "\n\n\n")
	require.Equal(t, want, rest)
	last := f.last(codec.GetConsumerRunningInfo)
	require.Equal(t, []string{"192.0.2.2@25339#1527889346654", "true"}, []string{last.Ext.Get("clientId"), last.Ext.Get("jstackEnable")})
	info.Jstack = "main RUNNABLE"
	require.True(t, strings.HasSuffix(runningInfoText(info), "\n\n#Consumer jstack#\nmain RUNNABLE"))
}

// TestVerdict: consumers that want different things, or do not go on, are told.
func TestVerdict(t *testing.T) {
	now := time.Now()
	since := func(d time.Duration) int64 { return now.Add(-d).UnixMilli() }
	consumer := func(topic, started string) codec.ConsumerRunningInfo {
		return codec.ConsumerRunningInfo{
			Properties:      map[string]string{"PROP_CONSUME_TYPE": codec.ConsumePassively, "PROP_CONSUMER_START_TIMESTAMP": started},
			SubscriptionSet: []codec.SubscriptionData{{Topic: topic, SubString: "*"}},
		}
	}
	group := func(infos ...codec.ConsumerRunningInfo) map[string]codec.ConsumerRunningInfo {
		clients := map[string]codec.ConsumerRunningInfo{}
		for i, info := range infos {
			clients[string(rune('a'+i))] = info
		}
		return clients
	}
	require.True(t, sameSubscriptions(group(consumer("A", "0"), consumer("A", "0")), now))
	require.False(t, sameSubscriptions(group(consumer("A", "0"), consumer("B", "0")), now))
	require.True(t, sameSubscriptions(group(consumer("A", strconv.FormatInt(now.UnixMilli(), 10)), consumer("B", "0")), now), "just started")
	puller := consumer("A", "0")
	puller.Properties["PROP_CONSUME_TYPE"] = codec.ConsumeActively
	require.True(t, sameSubscriptions(group(puller, consumer("B", "0")), now), "pull consumers may differ")
	nothing := consumer("A", "0")
	nothing.SubscriptionSet = nil
	require.False(t, sameSubscriptions(group(nothing), now))

	stuck := consumer("A", "0")
	stuck.MQTable = map[codec.MessageQueue]codec.ProcessQueueInfo{
		demoQueue(0): {CachedMsgCount: 1, LastConsumeTimestamp: since(61 * time.Second)},
		demoQueue(1): {CachedMsgCount: 1, LastConsumeTimestamp: since(59 * time.Second)},
		demoQueue(2): {LastConsumeTimestamp: since(time.Hour)},
	}
	at := time.UnixMilli(now.UnixMilli())
	require.Equal(t, "id MessageQueue [topic=DemoTopic, brokerName=broker-a, queueId=0] can't consume for a while, maybe blocked, 61000ms\n", stuckQueues("id", stuck, at))
	stuck.Properties["PROP_CONSUMEORDERLY"] = "true"
	stuck.MQTable = map[codec.MessageQueue]codec.ProcessQueueInfo{
		demoQueue(0): {LastLockTimestamp: since(time.Second)},
		demoQueue(1): {Locked: true, Dropped: true, TryUnlockTimes: 3},
		demoQueue(2): {Locked: true},
	}
	require.Equal(t, "id MessageQueue [topic=DemoTopic, brokerName=broker-a, queueId=0] can't lock for a while, 1000ms\n"+
		"id MessageQueue [topic=DemoTopic, brokerName=broker-a, queueId=1] unlock 3 times, still failed\n", stuckQueues("id", stuck, at))
}

// TestWriteStatus: a client's id names a file in the directory, whatever it is.
func TestWriteStatus(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "now")
	for id, want := range map[string]string{
		"192.0.2.2@25339#1": "192.0.2.2@25339#1", "../../etc/x": ".._.._etc_x", `..\x`: ".._x", "/etc/passwd": "_etc_passwd", "fe80::1@2": "fe80__1@2", "a\x00b\n": "a_b_",
	} {
		path, err := writeStatus(dir, id, "text of "+id)
		require.NoError(t, err, id)
		require.Equal(t, filepath.Join(dir, want), path)
		got, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, "text of "+id, string(got))
	}
	for _, id := range []string{"", ".", ".."} {
		_, err := writeStatus(dir, id, "")
		require.ErrorContains(t, err, "cannot name a file")
	}
	_, err := writeStatus(dir, "_etc/passwd", "another client")
	require.True(t, errors.Is(err, fs.ErrExist), "the file of another client stays")
}
