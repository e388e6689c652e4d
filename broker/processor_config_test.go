package broker

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
	"github.com/boostermq/booster/internal/configmanager"
	"github.com/boostermq/booster/internal/properties"
	"github.com/boostermq/booster/internal/vfs"
	"github.com/boostermq/booster/store"
)

// configuredBroker is a broker with a -c file of text.
type configuredBroker struct {
	*Controller
	*peer
	path string
}

func startConfigured(t *testing.T, text string, change func(c *Config)) configuredBroker {
	t.Helper()
	path := filepath.Join(t.TempDir(), "broker.conf")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	b := startBrokerWith(t, Options{Log: testLog(t), ConfigPath: path}, func(c *Config) {
		_, err := c.Apply([]byte(text))
		require.NoError(t, err)
		if change != nil {
			change(c)
		}
	})
	return configuredBroker{b, dial(t, b), path}
}

func (b configuredBroker) update(text string) *codec.Command {
	b.t.Helper()
	return b.do(codec.UpdateBrokerConfig, nil, []byte(text))
}

func (b configuredBroker) file() string {
	b.t.Helper()
	text, err := os.ReadFile(b.path)
	require.NoError(b.t, err)
	return string(text)
}

// shown is what 26 answers: settings and version.
func (b configuredBroker) shown() (map[string]string, codec.DataVersion) {
	b.t.Helper()
	resp := b.call(&codec.Command{Code: codec.GetBrokerConfig})
	requireAnswer(b.t, resp, codec.Success, "")
	pairs, err := properties.Parse(resp.Body)
	require.NoError(b.t, err)
	values := map[string]string{}
	for _, p := range pairs {
		values[p.Key] = p.Value
	}
	var version codec.DataVersion
	require.NoError(b.t, fastjson.Unmarshal([]byte(resp.Ext.Get("version")), &version))
	return values, version
}

const operatorsFile = "# our broker\nfileReservedTime = 48\n\n! do not touch\nunknownHere=7\nlongPollingEnable=true\n"

// TestUpdateBrokerConfig: 25 changes what is in use, what 26 shows and the
// operator's file, which stays the operator's, and the next start reads it back.
func TestUpdateBrokerConfig(t *testing.T) {
	b := startConfigured(t, operatorsFile, nil)
	before, v0 := b.shown()
	require.Equal(t, "48", before["fileReservedTime"])

	resp := b.update("fileReservedTime=24\ndeleteWhen=04;16\nnoSuchKeyAtAll=1\n")
	requireAnswer(t, resp, codec.Success, "")
	require.Nil(t, resp.Ext)
	after, v1 := b.shown()
	want := maps.Clone(before)
	want["fileReservedTime"], want["deleteWhen"] = "24", "04;16"
	require.Equal(t, want, after)
	require.EqualValues(t, v0.Counter+1, v1.Counter)
	require.GreaterOrEqual(t, v1.Timestamp, v0.Timestamp)
	require.Equal(t, 24, b.store.Config().FileReservedTime, "the store reads its own snapshot")
	require.Equal(t, "# our broker\nfileReservedTime = 24\n\n! do not touch\nunknownHere=7\nlongPollingEnable=true\ndeleteWhen=04;16\n", b.file())

	again, unknown, err := LoadConfig(vfs.OS(), b.path, SystemEnvironment())
	require.NoError(t, err)
	require.Equal(t, []properties.Pair{{Key: "unknownHere", Value: "7", Line: 5}}, unknown)
	require.Equal(t, 24, again.Store.FileReservedTime)
	require.Equal(t, "04;16", again.Store.DeleteWhen)

	resp = b.update("checkCRCOnRecover=false\nregionId=R2\nmessageDelayLevel=1s 2s")
	requireAnswer(t, resp, codec.Success, "takes effect at the next start: checkCRCOnRecover, messageDelayLevel")
	require.Contains(t, b.file(), "checkCRCOnRecover=false\n")
	requireAnswer(t, b.update(""), codec.Success, "")
	_, v2 := b.shown()
	require.EqualValues(t, v1.Counter+1, v2.Counter, "no body changes nothing")
}

// TestUpdateBrokerConfigWithoutFile: the file of a start without -c gets all
// settings, as Java's does.
func TestUpdateBrokerConfigWithoutFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store", "config", "broker.properties")
	b := startBrokerWith(t, Options{Log: testLog(t), ConfigPath: path}, nil)
	requireAnswer(t, dial(t, b).do(codec.UpdateBrokerConfig, nil, []byte("traceOn=false")), codec.Success, "")
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(b.Config().Text()), string(text))
	require.Contains(t, string(text), "traceOn=false\n")

	c := DefaultConfig()
	home, err := os.UserHomeDir()
	require.NoError(t, err)
	require.Equal(t, filepath.Join(home, "store", "config", "broker.properties"), newConfiguration(vfs.OS(), testLog(t), "", &c).path)
}

// TestUpdateBrokerConfigRefuses: one key that is not for a peer refuses the
// whole with Java's code and text; a wrong value is told; nothing changes.
func TestUpdateBrokerConfigRefuses(t *testing.T) {
	b := startConfigured(t, operatorsFile+"configBlackList=brokerConfigPath;traceOn\n", nil)
	before, version := b.shown()
	inUse, inStore := *b.Config(), *b.store.Config()
	unchanged := func(what string) {
		t.Helper()
		after, v := b.shown()
		require.Equal(t, before, after, what)
		require.Equal(t, version, v, what)
		require.Equal(t, inUse, *b.Config(), what)
		require.Equal(t, inStore, *b.store.Config(), what)
		require.Equal(t, operatorsFile+"configBlackList=brokerConfigPath;traceOn\n", b.file(), what)
	}
	refused := []string{"traceOn", "mapedFileSizeCommitLog", "mapedFileSizeConsumeQueue"} // by the setting, and former names
	for _, rule := range updateRules {
		if rule.effect == isRefused {
			refused = append(refused, strings.Fields(rule.keys)...)
		}
	}
	for _, key := range refused {
		requireAnswer(t, b.update("fileReservedTime=1\n"+key+"=-c $@|sh . echo\nlongPollingEnable=false"), codec.NoPermission,
			"Can not update config in black list.")
		unchanged(key)
	}
	for text, remark := range map[string]string{
		`a=\u12`: "string2Properties error",
		"longPollingEnable=false\nfileReservedTime=soon": "line 2: fileReservedTime=soon: want an integer from -2147483648 to 2147483647",
		"longPollingEnable=perhaps":                      "line 1: longPollingEnable=perhaps: want true or false",
		"flushDiskType=NO_FLUSH":                         `line 1: flushDiskType=NO_FLUSH: flushDiskType "NO_FLUSH" is none of ASYNC_FLUSH, SYNC_FLUSH`,
		"brokerPermission=9":                             "brokerPermission: 9 is out of 0..7",
		"traceTopicEnable=true\nfileReservedTime=-1":     "fileReservedTime: -1 is out of 0..2147483647",
		"regionId=" + strings.Repeat("R", 256):           "regionId: 256 is out of 0..255",
		"maxMessageSize=0":                               "maxMessageSize=0 is not positive",
		"flushIntervalCommitLog=0":                       "flushIntervalCommitLog: 0 is out of 1..2147483647",
		"deleteWhen=4;soon":                              `deleteWhen: "4;soon" is not a list of hours 0..23, divided by ;`,
		"msgTraceTopicName=../x":                         "msgTraceTopicName: The specified topic contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$",
	} {
		requireAnswer(t, b.update(text), codec.SystemError, remark)
		unchanged(text)
	}
	resp := b.update("messageDelayLevel=1s 2w")
	require.Equal(t, codec.SystemError, resp.Code)
	require.Contains(t, resp.Remark, "messageDelayLevel: ")
	unchanged("messageDelayLevel")
}

// TestUpdateRulesAreComplete: 25 has a rule for every setting, one, and for
// nothing else; a setting added later is refused until it has one.
func TestUpdateRulesAreComplete(t *testing.T) {
	c := DefaultConfig()
	var settings, ruled []string
	for _, p := range properties.Pairs(c.parts()...) {
		settings = append(settings, p.Key)
	}
	for _, rule := range updateRules {
		require.NotEmpty(t, rule.reason)
		ruled = append(ruled, strings.Fields(rule.keys)...)
	}
	require.ElementsMatch(t, append(settings, "brokerConfigPath"), ruled)
	require.Equal(t, isUnknown, effectOf("noSuchKey"))

	defer func(effects map[string]updateEffect) { updateEffects = effects }(maps.Clone(updateEffects))
	delete(updateEffects, "traceOn")
	h := newConfiguration(vfs.NewMemFS(), testLog(t), "/broker.conf", &c)
	_, err := h.update([]byte("traceOn=false"), func(*configUpdate) error { return nil })
	require.ErrorIs(t, err, errBlackList)
	for key := range updateChecks {
		require.Contains(t, []updateEffect{atOnce, atNextStart}, effectOf(key), key)
	}
}

// readFields finds the settings source text reads from a snapshot.
var readFields = regexp.MustCompile(`\b(?:conf|cfg|c|Config\(\)|Load\(\))\.(?:Broker|Store|Server|Client|Booster)?\.?([A-Z]\w+)`)

// TestSettingsWithoutUse: what updateRules calls without use is read nowhere.
func TestSettingsWithoutUse(t *testing.T) {
	read := map[string]string{}
	for _, dir := range []string{".", "../store"} {
		files, err := filepath.Glob(dir + "/*.go")
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, path := range files {
			if strings.HasSuffix(path, "_test.go") || strings.Contains(filepath.Base(path), "config") {
				continue
			}
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			for _, m := range readFields.FindAllSubmatch(text, -1) {
				read[strings.ToLower(string(m[1]))] = path
			}
		}
	}
	require.Contains(t, read, "filereservedtime")
	for key, effect := range updateEffects {
		if effect == withoutUse {
			require.NotContains(t, read, strings.ToLower(strings.TrimPrefix(key, "is")), "a setting with a reader has an effect")
		}
	}
}

// TestUpdateTakesEffect: the readers of settings see a change without a restart.
func TestUpdateTakesEffect(t *testing.T) {
	b := startConfigured(t, "autoCreateTopicEnable=false\nflushIntervalCommitLog=5\n", nil)
	update := func(text string) {
		t.Helper()
		requireAnswer(t, b.update(text), codec.Success, "")
	}
	t.Run("autoCreateTopicEnable", func(t *testing.T) {
		send := func(topic string) int32 { return b.sendV2(sendHeader(topic), "x").Code }
		require.Equal(t, codec.TopicNotExist, send("Live1"))
		update("autoCreateTopicEnable=true")
		require.EqualValues(t, 7, b.topics.Select("TBW102").Perm, "the template clients ask the name server for")
		require.Equal(t, codec.Success, send("Live1"))
		update("autoCreateTopicEnable=false")
		require.EqualValues(t, 6, b.topics.Select("TBW102").Perm)
		require.Equal(t, codec.TopicNotExist, send("Live2"))
		update("autoCreateTopicEnable=true")
		require.Equal(t, codec.Success, send("Live2"))
	})
	t.Run("maxMessageSize", func(t *testing.T) {
		require.Equal(t, codec.Success, b.sendV2(sendHeader("Live1"), strings.Repeat("x", 200)).Code)
		update("maxMessageSize=100")
		resp := b.sendV2(sendHeader("Live1"), strings.Repeat("x", 200))
		require.Equal(t, codec.MessageIllegal, resp.Code)
		require.Contains(t, resp.Remark, "msg body length limit 100B")
		update("maxMessageSize=4194304")
	})
	t.Run("regionId and traceOn", func(t *testing.T) {
		update("regionId=R2\ntraceOn=false")
		require.Equal(t, []string{"R2", "false"}, []string{
			b.sendV2(sendHeader("Live1"), "x").Ext.Get("MSG_REGION"), b.sendV2(sendHeader("Live1"), "x").Ext.Get("TRACE_ON")})
	})
	t.Run("longPollingEnable", func(t *testing.T) {
		update("longPollingEnable=false\nshortPollingTimeMills=1")
		h := pullHeader("cg", "Live1", b.store.MaxOffsetInQueue("Live1", 0))
		h.SysFlag |= codec.PullFlagSuspend
		opaque := b.send(&codec.Command{Code: codec.PullMessage, Header: h})
		require.Eventually(t, func() bool { return b.hold.Held() == 1 }, answerTimeout, time.Millisecond)
		require.Eventually(t, func() bool {
			b.hold.CheckHoldRequest() // instead of waiting for its next round
			return b.hold.Held() == 0
		}, answerTimeout, time.Millisecond, "held for shortPollingTimeMills, not for the 15 s asked for")
		require.Equal(t, codec.PullNotFound, b.answer(opaque).Code)
	})
	t.Run("sizes of pools", func(t *testing.T) {
		free := make(chan struct{})
		for range 3 {
			require.True(t, b.executors.query.Execute(func() { <-free }))
		}
		running := func(want int) func() bool { return func() bool { return b.executors.query.Running() == want } }
		update("queryMessageThreadPoolNums=1\nqueryThreadPoolQueueCapacity=7")
		free <- struct{}{}
		free <- struct{}{}
		require.Eventually(t, running(1), answerTimeout, time.Millisecond)
		require.True(t, b.executors.query.Execute(func() { <-free }))
		require.Equal(t, 1, b.executors.query.Len(), "it waits for the only worker")
		require.Equal(t, "7", b.peer.runtimeInfo()["queryThreadPoolQueueCapacity"])
		update("queryMessageThreadPoolNums=2")
		require.Eventually(t, running(2), answerTimeout, time.Millisecond)
		close(free)
	})
	t.Run("traceTopicEnable", func(t *testing.T) {
		require.Nil(t, b.topics.Select(codec.TraceTopic))
		update("traceTopicEnable=true")
		require.EqualValues(t, 6, b.topics.Select(codec.TraceTopic).Perm)
	})
	t.Run("waitTimeMillsInPullQueue", func(t *testing.T) {
		var free []chan struct{}
		for range b.Config().Broker.PullMessageThreadPoolNums { // no worker is left
			done := make(chan struct{})
			require.True(t, b.executors.pull.Execute(func() { <-done }))
			free = append(free, done)
		}
		// Of a group that is to be created: other pulls of what is in memory wait for no worker.
		opaque := b.send(&codec.Command{Code: codec.PullMessage, Header: pullHeader("new", "Live1", 0)})
		require.Eventually(t, func() bool { return b.executors.pull.HeadWaitMs() > 1 }, answerTimeout, time.Millisecond)
		other := configuredBroker{b.Controller, dial(t, b.Controller), b.path}
		requireAnswer(t, other.update("waitTimeMillsInPullQueue=1"), codec.Success, "")
		for _, done := range free {
			close(done)
		}
		resp := b.answer(opaque)
		require.Equal(t, codec.SystemBusy, resp.Code)
		require.Contains(t, resp.Remark, "[TIMEOUT_CLEAN_QUEUE]")
		update("waitTimeMillsInPullQueue=5000")
	})
	t.Run("enablePropertyFilter", func(t *testing.T) {
		body := []byte(`{"clientId":"c","group":"g","subscriptionData":{"topic":"Live1","subString":"a > 1","expressionType":"SQL92"}}`)
		requireAnswer(t, b.do(codec.CheckClientConfig, nil, body), codec.SystemError, "The broker does not support consumer to filter message by SQL92")
		update("enablePropertyFilter=true")
		requireAnswer(t, b.do(codec.CheckClientConfig, nil, body), codec.Success, "")
	})
	t.Run("flushDiskType", func(t *testing.T) {
		for range 20 {
			for _, flushType := range []store.FlushDiskType{store.SyncFlush, store.AsyncFlush} {
				update("flushDiskType=" + string(flushType))
				requireAnswer(t, b.sendV2(sendHeader("Live1"), "x"), codec.Success, "")
				if flushType == store.SyncFlush {
					require.Equal(t, b.store.MaxPhyOffset(), b.store.FlushedWhere(), "acknowledged after the flush")
				}
			}
		}
	})
}

// TestUpdateBrokerPermission: the name servers learn of a new permission before
// the answer, and the version of the topics grows even when nothing else changed.
func TestUpdateBrokerPermission(t *testing.T) {
	n := startNameServer(t)
	b := startConfigured(t, "", func(c *Config) { c.Broker.NamesrvAddr, c.Broker.ForceRegister = n.addr(), false })
	putMessages(t, b.Controller, b.peer, "T1", 1)
	perms := func() map[int32]int {
		registered := n.of(codec.RegisterBroker)
		var body codec.RegisterBrokerBody
		require.NoError(t, fastjson.Unmarshal(registered[len(registered)-1].body, &body))
		found := map[int32]int{}
		for _, topic := range body.TopicConfigSerializeWrapper.TopicConfigTable {
			found[topic.Perm]++
		}
		return found
	}
	version, registrations := b.topics.DataVersion(), len(n.of(codec.RegisterBroker))
	requireAnswer(t, b.update("brokerPermission=4"), codec.Success, "")
	require.Greater(t, len(n.of(codec.RegisterBroker)), registrations)
	require.EqualValues(t, version.Counter+1, b.topics.DataVersion().Counter)
	require.Len(t, perms(), 1)
	require.Contains(t, perms(), int32(4))
	h := topicHeader("Ordered")
	require.NoError(t, b.topics.Update(&codec.TopicConfig{TopicName: "Ordered", ReadQueueNums: 1, WriteQueueNums: 1, Perm: 6, TopicFilterType: h.TopicFilterType, Order: true}))
	requireAnswer(t, b.sendV2(sendHeader("Ordered"), "x"), codec.NoPermission, "the broker[127.0.0.1] sending message is forbidden")

	requireAnswer(t, b.update("brokerPermission=6"), codec.Success, "")
	require.Greater(t, perms()[6], 1)
	require.Equal(t, codec.Success, b.sendV2(sendHeader("Ordered"), "x").Code)
}

// TestConcurrentUpdates: none of many updates is lost, in memory, in the file
// and in the version.
func TestConcurrentUpdates(t *testing.T) {
	b := startConfigured(t, "# kept\n", nil)
	keys := []string{"fileReservedTime", "diskMaxUsedSpaceRatio", "maxTransferCountOnMessageInMemory", "transactionCheckMax",
		"slaveTimeout", "syncFlushTimeout", "defaultQueryMaxNum", "maxMsgsNumBatch"}
	var all sync.WaitGroup
	for i, key := range keys {
		p := dial(t, b.Controller)
		all.Go(func() {
			for round := range 5 {
				if resp := p.do(codec.UpdateBrokerConfig, nil, fmt.Appendf(nil, "%s=%d", key, 11+i+round)); resp.Code != codec.Success {
					t.Errorf("%s: %d %s", key, resp.Code, resp.Remark)
				}
			}
		})
	}
	all.Wait()
	shown, version := b.shown()
	require.EqualValues(t, 5*len(keys), version.Counter)
	lines := strings.Split(strings.TrimSpace(b.file()), "\n")
	require.Len(t, lines, 1+len(keys))
	for i, key := range keys {
		want := fmt.Sprint(15 + i)
		require.Equal(t, want, shown[key])
		require.True(t, slices.Contains(lines, key+"="+want), key)
	}
}

// FuzzUpdateBrokerConfig: whatever comes, an update that is refused changes
// nothing, and one that is taken is what the file says afterwards.
func FuzzUpdateBrokerConfig(f *testing.F) {
	for _, text := range []string{"fileReservedTime=24", "a=b\nfileReservedTime = 1\\\n2", "listenPort=1", "deleteWhen", `regionId=\u00e4\ud83d\ude00`,
		"traceOn:FALSE\r\ntraceOn true", "mapedFileSizeCommitLog=1", "enableBatchPush=true", "\\u12", "#x\n!y\n= =", "brokerPermission=6\nbrokerPermission=9"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		const file = "# kept\nfileReservedTime=48\nunknown=1\n"
		fsys, c := vfs.NewMemFS(), DefaultConfig()
		_, err := c.Apply([]byte(file))
		require.NoError(t, err)
		require.NoError(t, configmanager.Persist(fsys, "/conf/broker.conf", []byte(file)))
		h := newConfiguration(fsys, slog.New(slog.DiscardHandler), "/conf/broker.conf", &c)
		u, err := h.update([]byte(text), func(*configUpdate) error { return nil })
		kept, errRead := vfs.ReadFile(fsys, "/conf/broker.conf")
		require.NoError(t, errRead)
		if err != nil {
			require.Same(t, &c, h.current.Load())
			require.Equal(t, file, string(kept))
			return
		}
		require.NoError(t, u.notPersisted)
		require.Contains(t, string(kept), "# kept\n")
		again := DefaultConfig()
		unknown, err := again.Apply(kept)
		require.NoError(t, err)
		require.Len(t, unknown, 1)
		require.Equal(t, string(h.current.Load().Text()), string(again.Text()))
		for _, key := range u.keys {
			require.Contains(t, []updateEffect{atOnce, atNextStart, withoutUse}, effectOf(key))
		}
	})
}

// readOnlyFS refuses to make files whose name contains part.
type readOnlyFS struct {
	vfs.FS
	part string
}

func (f readOnlyFS) OpenFile(name string, flag int, perm os.FileMode) (vfs.File, error) {
	if flag&os.O_CREATE != 0 && strings.Contains(name, f.part) {
		return nil, errors.New("read-only file system")
	}
	return f.FS.OpenFile(name, flag, perm)
}

// TestUpdateOfReadOnlyFile: with a file that cannot be written the settings are
// in use all the same, and the answer says so.
func TestUpdateOfReadOnlyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mounted.conf")
	require.NoError(t, os.WriteFile(path, []byte("traceOn=true\n"), 0o444))
	b := startBrokerWith(t, Options{Log: testLog(t), FS: readOnlyFS{vfs.OS(), "mounted.conf"}, ConfigPath: path}, nil)
	resp := dial(t, b).do(codec.UpdateBrokerConfig, nil, []byte("traceOn=false"))
	require.Equal(t, codec.Success, resp.Code)
	require.Regexp(t, `^config is updated but could not be persisted: .*read-only file system$`, resp.Remark)
	require.False(t, b.Config().Broker.TraceOn)
}
