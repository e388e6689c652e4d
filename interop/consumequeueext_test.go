package interop

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/interop/internal/agent"
	"github.com/boostermq/booster/interop/internal/cluster"
)

// extFileBytes is small enough that some hundred units of 34 bytes need several files.
const extFileBytes = 2000

// extConf switches consumequeue_ext and its bit maps on.
func extConf() map[string]string {
	return smallFiles(map[string]string{
		"enableConsumeQueueExt":         "true",
		"enableCalcFilterBitMap":        "true",
		"enablePropertyFilter":          "true",
		"mappedFileSizeConsumeQueueExt": fmt.Sprint(extFileBytes),
	})
}

// extTag is the tag of the messages of the ext scenarios.
const extTag = "TagOfExt"

// extMessages are count messages with the property a = 0, 1, 2 …, for queue 0.
func extMessages(topic string, count int) agent.Args {
	return agent.Args{"topic": topic, "queueId": 0, "text": "%d", "tags": extTag, "count": count, "properties": agent.Args{"a": "%d", "b": "x"}}
}

// TestConsumeQueueExtLikeJava: the same consumers and messages leave the same consumequeue_ext behind as on the Java broker,
// byte for byte but for the store times, and the same tag slots in the consume queue.
func TestConsumeQueueExtLikeJava(t *testing.T) {
	t.Parallel()
	kinds := []cluster.Kind{suite.kind, cluster.Java}
	stores, shown := make([]string, len(kinds)), make([][]string, len(kinds))
	t.Run("brokers", func(t *testing.T) {
		for i, kind := range kinds {
			t.Run(fmt.Sprint(i, kind), func(t *testing.T) {
				t.Parallel()
				stores[i], shown[i] = fillExtStore(t, kind)
			})
		}
	})
	require.Len(t, shown[1], 40)
	require.Equal(t, shown[1], shown[0], "what 321 tells of the units")
	ours, theirs := extFiles(t, stores[0]), extFiles(t, stores[1])
	require.Greater(t, len(theirs), 3, "more than one file")
	for name, want := range theirs {
		require.Contains(t, ours, name)
		requireSameExt(t, name, want, ours[name])
	}
	require.Len(t, ours, len(theirs))
	require.Equal(t, tagSlots(t, stores[1], extTopic), tagSlots(t, stores[0], extTopic))
}

const extTopic = "ExtLikeJava"

// fillExtStore starts a broker of that kind, lets groups filter and messages come and stops it. It returns its store and what
// it told of some units.
func fillExtStore(t *testing.T, kind cluster.Kind) (store string, shown []string) {
	namesrv := ownNamesrv(t, "namesrv").Addr
	broker := ownBroker(t, cluster.BrokerOptions{Kind: kind, Namesrv: namesrv, Conf: extConf()})
	p := startProducer(t, agent.Java497, namesrv, nil)
	p.createTopic(extTopic, 1)
	p.send(extMessages(extTopic, 5)) // nobody filters: no bit maps
	filterBy := func(group, expression string) *consumer {
		c := startConsumer(t, agent.Java497, namesrv, agent.Args{"topic": extTopic, "group": group, "filter": "SQL92", "expression": expression})
		c.awaitQueues(extTopic, 1)
		return c
	}
	some := filterBy("ExtGroupSome", "a >= 10 AND b = 'x'")
	few := filterBy("ExtGroupFew", "a BETWEEN 20 AND 24 OR a IS NULL")
	wrong := filterBy("ExtGroupWrong", "b > 5 OR a = '7'")
	sent := p.send(extMessages(extTopic, 200))
	requireDelivered(t, sent[10:], some.await(190))
	requireDelivered(t, sent[20:25], few.await(5))
	some.stop() // from here on a filter without members: the bits are set all the same
	missed := p.send(extMessages(extTopic, 30))
	requireDelivered(t, append(sent[20:25:25], missed[20:25]...), few.await(10))
	again := filterBy("ExtGroupSome", "a >= 10 AND b = 'x'")
	requireDelivered(t, missed[10:], again.await(20))
	again.stop()
	few.stop()
	wrong.stop()
	shown = showExt(t, namesrv, broker)
	require.NoError(t, broker.Err())
	require.NoError(t, broker.Stop())
	return broker.StoreDir, shown
}

var (
	shownUnit = regexp.MustCompile(`tagsCode=[^']*'[^']*', bitMap='[^']*'`)
	shownTime = regexp.MustCompile(`"msgStoreTime":\d{13},`)
)

// showExt is what the official mqadmin is told of the units of the first 40 entries, without the times.
func showExt(t *testing.T, namesrv string, broker *cluster.Broker) []string {
	t.Helper()
	var answer struct{ Output string }
	require.NoError(t, client(t, agent.MQAdmin).Call("mqadmin", agent.Args{
		"args": []string{"queryCq", "-t", extTopic, "-q", "0", "-i", "0", "-c", "40", "-b", broker.Addr, "-n", namesrv}}, &answer))
	return shownUnit.FindAllString(shownTime.ReplaceAllString(answer.Output, ""), -1)
}

// extFiles reads the ext files of the topic, by their names.
func extFiles(t *testing.T, store string) map[string][]byte {
	t.Helper()
	files := make(map[string][]byte)
	names, err := filepath.Glob(filepath.Join(store, "consumequeue_ext", extTopic, "*", "*"))
	require.NoError(t, err)
	for _, name := range names {
		b, err := os.ReadFile(name)
		require.NoError(t, err)
		files[strings.TrimPrefix(name, store)] = b
	}
	return files
}

// requireSameExt compares two ext files with the store times of their units taken out.
func requireSameExt(t *testing.T, name string, want, got []byte) {
	t.Helper()
	require.Len(t, got, len(want), name)
	want, got = bytes.Clone(want), bytes.Clone(got)
	units := 0
	for at := 0; ; units++ {
		size := int(int16(binary.BigEndian.Uint16(want[at:])))
		require.Equal(t, size, int(int16(binary.BigEndian.Uint16(got[at:]))), "%s: size at %d", name, at)
		if size <= 0 {
			break
		}
		clear(want[at+10 : at+18])
		clear(got[at+10 : at+18])
		at += size
	}
	require.Positive(t, units, name)
	require.Equal(t, want, got, "%s with %d units", name, units)
}

// tagSlots are the tag slots of queue 0 of a topic.
func tagSlots(t *testing.T, store, topic string) (slots []int64) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(store, "consumequeue", topic, "0", "*"))
	require.NoError(t, err)
	for _, name := range names {
		b, err := os.ReadFile(name)
		require.NoError(t, err)
		for ; len(b) >= 20 && binary.BigEndian.Uint32(b[8:]) != 0; b = b[20:] {
			slots = append(slots, int64(binary.BigEndian.Uint64(b[12:])))
		}
	}
	return slots
}

// TestConsumeQueueExtHandOver: a store with units goes from the Java broker to Booster and back, with the settings off in
// between. Nobody misses a message, and no two entries of the queue have the same unit.
func TestConsumeQueueExtHandOver(t *testing.T) {
	t.Parallel()
	for _, stop := range []string{"clean", "kill -9"} {
		t.Run(stop, func(t *testing.T) {
			t.Parallel()
			x := &extHandOver{t: t, clean: stop == "clean", namesrv: ownNamesrv(t, "namesrv").Addr, group: unique("ExtHandOver-group")}
			broker := ownBroker(t, cluster.BrokerOptions{Kind: cluster.Java, Namesrv: x.namesrv, Conf: extConf()})
			x.topic = newTopic(t, x.namesrv, "ExtHandOver", 1)
			x.stage()
			for _, next := range []struct {
				kind cluster.Kind
				ext  bool
			}{{suite.kind, true}, {cluster.Java, true}, {suite.kind, false}, {suite.kind, true}, {cluster.Java, true}} {
				if x.clean {
					require.NoError(t, broker.Err())
					require.NoError(t, broker.Stop())
				} else {
					broker.Kill()
				}
				x.checkFiles(broker.StoreDir)
				conf := maps.Clone(broker.Options.Conf)
				conf["enableConsumeQueueExt"] = fmt.Sprint(next.ext)
				broker.Options.Conf = conf
				broker = again(t, broker, next.kind)
				x.stage()
			}
			require.NoError(t, broker.Stop())
			require.NotZero(t, x.checkFiles(broker.StoreDir))
		})
	}
}

// extHandOver is the folder's way.
type extHandOver struct {
	t                     *testing.T
	clean                 bool
	namesrv, topic, group string
	sent                  []agent.SendResult
}

// stage lets 150 messages come and a group take those it wants, of them and of all before; another reads them all.
func (x *extHandOver) stage() {
	x.t.Helper()
	wanted := func(sent []agent.SendResult) (some []agent.SendResult) {
		for i, r := range sent {
			if i%150 >= 100 {
				some = append(some, r)
			}
		}
		return some
	}
	p := startProducer(x.t, agent.Java497, x.namesrv, nil)
	p.awaitTopic(x.topic, 1)
	c := startConsumer(x.t, agent.Java497, x.namesrv, agent.Args{"topic": x.topic, "group": x.group, "filter": "SQL92", "expression": "a >= 100"})
	c.awaitQueues(x.topic, 1)
	sent := p.send(extMessages(x.topic, 150))
	x.sent = append(x.sent, sent...)
	eventually(x.t, "the stage consumed", func() bool { return isSubset(ids(wanted(sent)), delivered(c.inbox.Messages())) })
	c.stop()
	if x.clean {
		requireDelivered(x.t, wanted(sent), c.inbox.Messages())
	}
	all := startConsumer(x.t, agent.Java497, x.namesrv, agent.Args{"topic": x.topic, "filter": "SQL92", "expression": "a >= 100"})
	requireDelivered(x.t, wanted(x.sent), all.awaitAndStop(len(wanted(x.sent))))
	tagged := startConsumer(x.t, agent.Java497, x.namesrv, agent.Args{"topic": x.topic, "expression": extTag})
	requireDelivered(x.t, x.sent, tagged.awaitAndStop(len(x.sent)))
	requireDelivered(x.t, x.sent, startPuller(x.t, agent.Java497, x.namesrv, x.topic).readAll())
}

// checkFiles follows every address of the queue: it leads to a unit with the message's tag code, and to one of its own. It
// returns how many there are; who was killed at once has written no entries.
func (x *extHandOver) checkFiles(store string) (addresses int) {
	x.t.Helper()
	slots, seen := tagSlots(x.t, store, x.topic), make(map[int64]bool)
	if x.clean {
		require.Len(x.t, slots, len(x.sent))
	}
	var tagCode int64
	for _, c := range extTag {
		tagCode = int64(int32(tagCode)*31 + c)
	}
	for i, slot := range slots {
		if slot > -2147483649 {
			require.Equal(x.t, tagCode, slot, "entry %d", i)
			continue
		}
		require.False(x.t, seen[slot], "entry %d has the unit of another", i)
		seen[slot] = true
		offset := uint64(slot) + 1<<63
		file := filepath.Join(store, "consumequeue_ext", x.topic, "0", fmt.Sprintf("%020d", offset-offset%extFileBytes))
		b, err := os.ReadFile(file)
		require.NoError(x.t, err, "entry %d", i)
		require.Len(x.t, b, extFileBytes)
		unit := b[offset%extFileBytes:]
		require.Equal(x.t, tagCode, int64(binary.BigEndian.Uint64(unit[2:])), "entry %d", i)
	}
	return len(seen)
}
