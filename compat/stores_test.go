package compat

import (
	"archive/tar"
	"compress/gzip"
	"compress/zlib"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
	"github.com/boostermq/booster/store"
)

// storeManifest is what the real DefaultMessageStore read from a sample.
type storeManifest struct {
	AbortFilePresent   bool  `json:"abort_file_present"`
	CommitLogMinOffset int64 `json:"commitlog_min_offset"`
	CommitLogMaxOffset int64 `json:"commitlog_max_offset"`
	Config             struct {
		MappedFileSizeConsumeQueue, MappedFileSizeCommitLog, MaxHashSlotNum, MaxIndexNum int
	}
	Queues []struct {
		Topic                string
		QueueID              int32
		MinOffset, MaxOffset int64
	}
	KeyQueries []struct {
		Topic, Key      string
		PhysicalOffsets []int64
	} `json:"key_queries"`
	OffsetByTime []struct {
		Topic             string
		QueueID           int32
		Timestamp, Offset int64
	} `json:"offset_by_time"`
	ConfigFiles map[string]json.RawMessage `json:"config_files"`
	Messages    []manifestMessage
}

type manifestMessage struct {
	Topic                       string
	QueueID                     int32
	QueueOffset, PhysicalOffset int64
	Size                        int32
	TagsCode                    int64
	MsgTopic                    string
	MsgQueueID                  int32
	MsgQueueOffset              int64
	OffsetMsgID                 string
	UniqKey, Keys, Tags         string
	Flag, SysFlag               int32
	BornTimestamp               int64
	StoreTimestamp              int64
	ReconsumeTimes              int32
	PreparedTransactionOffset   int64
	BodyCRC                     int32
	StoredBodyLen, BodyLen      int
	StoredBodySha1, BodySha1    string
	Properties                  map[string]string
}

// TestStores opens stores that Java brokers wrote, compares everything with what
// Java reads from them, and goes on writing: cleanly, and with a kill.
func TestStores(t *testing.T) {
	samples, err := filepath.Glob(filepath.Join("stores", "*.tar.gz"))
	require.NoError(t, err)
	require.Len(t, samples, 3)
	for _, sample := range samples {
		t.Run(strings.TrimSuffix(filepath.Base(sample), ".tar.gz"), func(t *testing.T) {
			dir := t.TempDir()
			unpackStore(t, sample, dir)
			m := readManifest(t, dir)
			root := filepath.Join(dir, "store")

			s := openSample(t, m, root)
			m.verify(t, s, nil)
			require.Equal(t, m.CommitLogMaxOffset, s.MaxPhyOffset())
			m.verifyTimes(t, s)
			m.verifyConfigFiles(t, root)
			m.verifyMissing(t, s)
			require.NoError(t, s.Start())
			require.FileExists(t, filepath.Join(root, "abort"))
			added := appendMessages(t, s, 0, 300)
			m.verify(t, s, added)
			require.NoError(t, s.Shutdown())
			require.NoFileExists(t, filepath.Join(root, "abort"))

			s = openSample(t, m, root)
			m.verify(t, s, added)
			m.verifyTimes(t, s)
			require.NoError(t, s.Start())
			added = append(added, appendMessages(t, s, 300, 500)...)
			killed := filepath.Join(dir, "killed")
			require.NoError(t, os.CopyFS(killed, os.DirFS(root)), "what a kill leaves")
			require.NoError(t, s.Shutdown())

			s = openSample(t, m, killed)
			m.verify(t, s, added)
			m.verifyTimes(t, s)
			require.NoError(t, s.Start())
			added = append(added, appendMessages(t, s, 500, 600)...)
			m.verify(t, s, added)
			require.NoError(t, s.Shutdown())
			require.NoFileExists(t, filepath.Join(killed, "abort"))
		})
	}
}

// TestStoresRebuild deletes everything that is derived: it comes back from the log.
func TestStoresRebuild(t *testing.T) {
	dir := t.TempDir()
	unpackStore(t, filepath.Join("stores", "4.9.8-clean.tar.gz"), dir)
	m := readManifest(t, dir)
	root := filepath.Join(dir, "store")
	for _, name := range []string{"consumequeue", "index", "checkpoint"} {
		require.NoError(t, os.RemoveAll(filepath.Join(root, name)))
	}
	s := openSample(t, m, root)
	m.verify(t, s, nil)
	m.verifyTimes(t, s)
	require.NoError(t, s.Shutdown())
}

func unpackStore(t *testing.T, sample, dir string) {
	t.Helper()
	f, err := os.Open(sample)
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	z, err := gzip.NewReader(f)
	require.NoError(t, err)
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return
		}
		require.NoError(t, err)
		require.True(t, filepath.IsLocal(h.Name), h.Name)
		path := filepath.Join(dir, h.Name)
		if h.Typeflag == tar.TypeDir {
			require.NoError(t, os.MkdirAll(path, 0o755))
			continue
		}
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		b, err := io.ReadAll(r)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, b, 0o644))
	}
}

func readManifest(t *testing.T, dir string) *storeManifest {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "MANIFEST.json"))
	require.NoError(t, err)
	m := &storeManifest{}
	require.NoError(t, json.Unmarshal(b, m))
	require.Greater(t, len(m.Messages), 3000)
	require.NotEmpty(t, m.Queues)
	require.NotEmpty(t, m.KeyQueries)
	require.NotEmpty(t, m.OffsetByTime)
	return m
}

func openSample(t *testing.T, m *storeManifest, root string) *store.MessageStore {
	t.Helper()
	cfg := store.DefaultConfig()
	cfg.StorePathRootDir = root
	cfg.MappedFileSizeCommitLog = m.Config.MappedFileSizeCommitLog
	cfg.MappedFileSizeConsumeQueue = m.Config.MappedFileSizeConsumeQueue
	cfg.MaxHashSlotNum, cfg.MaxIndexNum = m.Config.MaxHashSlotNum, m.Config.MaxIndexNum
	cfg.FileReservedTime = 1 << 20 // the samples grow old
	cfg.DiskMaxUsedSpaceRatio = 95
	s, err := store.Open(store.Options{
		Config: cfg, BrokerIPPort: netip.MustParseAddrPort("127.0.0.1:10911"), Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	require.NoError(t, err)
	return s
}

// addedMessage is a message that was put after the sample was opened.
type addedMessage struct {
	result store.PutResult
	key    string
	body   string
}

const (
	addedTopic = "StorePlain" // exists in the samples; no time is looked up in it
	newTopic   = "Booster"
)

// appendMessages puts messages from..to-1 by turns into an old and a new topic
// and waits until they can be read.
func appendMessages(t *testing.T, s *store.MessageStore, from, to int) (added []addedMessage) {
	t.Helper()
	for i := from; i < to; i++ {
		a := addedMessage{key: fmt.Sprintf("added%d", i), body: strings.Repeat("b", i) + "ody"}
		m := &codec.Message{
			Topic: []string{addedTopic, newTopic}[i%2], QueueID: int32(i / 2 % 2), Body: []byte(a.body), BornTimestampMs: int64(i),
			BornHost: netip.MustParseAddrPort("10.0.0.1:4711"), Properties: "KEYS\x01" + a.key + "\x02UNIQ_KEY\x01U" + a.key + "\x02TAGS\x01a",
		}
		a.result = s.PutMessageSync(m)
		require.Equal(t, store.PutOK, a.result.Status)
		added = append(added, a)
	}
	require.Eventually(t, func() bool { return s.DispatchBehindBytes() == 0 }, 10*time.Second, time.Millisecond)
	return added
}

// verify compares queues, messages and keys.
func (m *storeManifest) verify(t *testing.T, s *store.MessageStore, added []addedMessage) {
	t.Helper()
	require.Equal(t, m.CommitLogMinOffset, s.MinPhyOffset())
	more := map[string]int64{}
	for i := range added {
		more[fmt.Sprintf("%s-%d", []string{addedTopic, newTopic}[i%2], i/2%2)]++
	}
	messages := map[string]*manifestMessage{}
	for i := range m.Messages {
		x := &m.Messages[i]
		messages[fmt.Sprintf("%s-%d-%d", x.Topic, x.QueueID, x.QueueOffset)] = x
	}
	seen := 0
	for _, q := range m.Queues {
		require.Equal(t, q.MinOffset, s.MinOffsetInQueue(q.Topic, q.QueueID), "%s-%d", q.Topic, q.QueueID)
		require.Equal(t, q.MaxOffset+more[fmt.Sprintf("%s-%d", q.Topic, q.QueueID)], s.MaxOffsetInQueue(q.Topic, q.QueueID), "%s-%d", q.Topic, q.QueueID)
		seen += verifyQueue(t, s, q.Topic, q.QueueID, q.MinOffset, q.MaxOffset, messages)
	}
	require.Equal(t, len(m.Messages), seen)
	for _, k := range m.KeyQueries {
		require.Equal(t, k.PhysicalOffsets, queryKey(t, s, k.Topic, k.Key), "%s#%s", k.Topic, k.Key)
	}
	for i, a := range added {
		topic := []string{addedTopic, newTopic}[i%2]
		require.Equal(t, []int64{a.result.PhysicalOffset}, queryKey(t, s, topic, a.key))
		require.Equal(t, []int64{a.result.PhysicalOffset}, queryKey(t, s, topic, "U"+a.key))
		var res store.GetResult
		s.GetMessage(topic, int32(i/2%2), a.result.QueueOffset, 1, nil, &res)
		require.Equal(t, store.Found, res.Status)
		got := decodeRecord(t, res.Buf)
		require.Equal(t, a.body, string(got.Body))
		require.Equal(t, a.result.PhysicalOffset, got.CommitLogOffset)
	}
}

// queryKey returns the physical offsets of the records found by a key.
func queryKey(t *testing.T, s *store.MessageStore, topic, key string) []int64 {
	t.Helper()
	offsets := []int64{}
	for _, rec := range s.QueryMessage(topic, key, 64, 0, math.MaxInt64).Records {
		offsets = append(offsets, decodeRecord(t, rec).CommitLogOffset)
	}
	return offsets
}

func decodeRecord(t *testing.T, b []byte) *codec.Message {
	t.Helper()
	got := &codec.Message{}
	n, err := codec.DecodeRecord(b, got, codec.DecodeOptions{CheckCRC: true})
	require.NoError(t, err)
	require.Len(t, b, n)
	return got
}

// tagsRecorder is a filter that lets everything through and keeps the tag slots.
type tagsRecorder struct{ codes []int64 }

func (r *tagsRecorder) MatchQueue(tagsCode, _ int64, _ []byte) bool {
	r.codes = append(r.codes, tagsCode)
	return true
}

func (r *tagsRecorder) MatchRecord(string) bool { return true }

// verifyQueue reads a whole queue and compares every message; it returns how many there were.
func verifyQueue(t *testing.T, s *store.MessageStore, topic string, queueID int32, from, to int64, messages map[string]*manifestMessage) (seen int) {
	t.Helper()
	var res store.GetResult
	for offset := from; offset < to; offset = res.NextBeginOffset {
		filter := &tagsRecorder{}
		s.GetMessage(topic, queueID, offset, int(min(32, to-offset)), filter, &res)
		require.Equal(t, store.Found, res.Status, "%s-%d at %d", topic, queueID, offset)
		require.Greater(t, res.NextBeginOffset, offset)
		at := offset
		for b := res.Buf; len(b) > 0; at++ {
			var got codec.Message
			n, err := codec.DecodeRecord(b, &got, codec.DecodeOptions{CheckCRC: true})
			require.NoError(t, err)
			want := messages[fmt.Sprintf("%s-%d-%d", topic, queueID, at)]
			require.NotNil(t, want, "%s-%d has %d", topic, queueID, at)
			require.Equal(t, want, manifestOf(t, want, &got, filter.codes[at-offset], int32(n)))
			looked, ok := s.LookMessageByOffset(want.PhysicalOffset)
			require.True(t, ok)
			require.Equal(t, string(b[:n]), string(looked))
			b = b[n:]
			seen++
		}
		require.Equal(t, res.NextBeginOffset, at)
	}
	return seen
}

// manifestOf describes a message as the manifest does. The place in the queue is want's.
func manifestOf(t *testing.T, want *manifestMessage, got *codec.Message, tagsCode int64, size int32) *manifestMessage {
	t.Helper()
	props := codec.ParseProperties(got.Properties)
	body := got.Body
	if got.SysFlag&codec.SysFlagCompressed != 0 {
		z, err := zlib.NewReader(strings.NewReader(string(body)))
		require.NoError(t, err)
		body, err = io.ReadAll(z)
		require.NoError(t, err)
	}
	stored, plain := sha1.Sum(got.Body), sha1.Sum(body)
	return &manifestMessage{
		Topic: want.Topic, QueueID: want.QueueID, QueueOffset: want.QueueOffset,
		PhysicalOffset: got.CommitLogOffset, Size: size, TagsCode: tagsCode,
		MsgTopic: got.Topic, MsgQueueID: got.QueueID, MsgQueueOffset: got.QueueOffset,
		OffsetMsgID: string(codec.AppendOffsetMsgID(nil, got.StoreHost, got.CommitLogOffset)),
		UniqKey:     props[codec.PropertyUniqKey], Keys: props[codec.PropertyKeys], Tags: props[codec.PropertyTags],
		Flag: got.Flag, SysFlag: got.SysFlag, BornTimestamp: got.BornTimestampMs, StoreTimestamp: got.StoreTimestampMs,
		ReconsumeTimes: got.ReconsumeTimes, PreparedTransactionOffset: got.PreparedTransactionOffset, BodyCRC: got.BodyCRC,
		StoredBodyLen: len(got.Body), BodyLen: len(body),
		StoredBodySha1: hex.EncodeToString(stored[:]), BodySha1: hex.EncodeToString(plain[:]), Properties: props,
	}
}

// verifyTimes looks up queue offsets by time. Java first chooses a file by its
// time of modification, which says little of a mapped file, and then misses the
// nearest message now and then; being nearer than Java is right.
func (m *storeManifest) verifyTimes(t *testing.T, s *store.MessageStore) {
	t.Helper()
	for _, x := range m.OffsetByTime {
		got := s.OffsetInQueueByTime(x.Topic, x.QueueID, x.Timestamp)
		if got == x.Offset {
			continue
		}
		storeMs := map[int64]int64{}
		for _, msg := range m.Messages {
			if msg.Topic == x.Topic && msg.QueueID == x.QueueID {
				storeMs[msg.QueueOffset] = msg.StoreTimestamp
			}
		}
		require.Contains(t, storeMs, got, "%+v", x)
		require.Less(t, math.Abs(float64(storeMs[got]-x.Timestamp)), math.Abs(float64(storeMs[x.Offset]-x.Timestamp)), "%+v, got %d", x, got)
	}
}

// verifyMissing: keys and queues that are not there.
func (m *storeManifest) verifyMissing(t *testing.T, s *store.MessageStore) {
	t.Helper()
	require.Empty(t, queryKey(t, s, "StoreA", "no such key"))
	require.Empty(t, queryKey(t, s, "NoTopic", m.KeyQueries[0].Key))
	require.Zero(t, s.MaxOffsetInQueue("NoTopic", 0))
	first := m.Messages[0]
	require.Empty(t, s.QueryMessage(first.Topic, first.UniqKey, 64, 0, 1).Records)
}

// verifyConfigFiles reads the config files that the broker left and compares
// them with the manifest, which has the same content as strict JSON.
func (m *storeManifest) verifyConfigFiles(t *testing.T, root string) {
	t.Helper()
	types := map[string]reflect.Type{
		"topics.json":            reflect.TypeFor[codec.TopicConfigSerializeWrapper](),
		"subscriptionGroup.json": reflect.TypeFor[codec.SubscriptionGroupWrapper](),
		"consumerOffset.json":    reflect.TypeFor[codec.ConsumerOffsetSerializeWrapper](),
		"delayOffset.json":       reflect.TypeFor[codec.DelayOffsetSerializeWrapper](),
		"consumerFilter.json":    reflect.TypeFor[codec.ConsumerFilterSerializeWrapper](),
	}
	require.Len(t, m.ConfigFiles, len(types))
	for name, text := range m.ConfigFiles {
		want, got := reflect.New(types[name]), reflect.New(types[name])
		require.NoError(t, fastjson.Unmarshal(text, want.Interface()), name)
		b, err := os.ReadFile(filepath.Join(root, "config", name))
		require.NoError(t, err)
		require.NoError(t, fastjson.Unmarshal(b, got.Interface()), name)
		require.Equal(t, want.Interface(), got.Interface(), name)
		require.False(t, got.Elem().IsZero(), name)
	}
}
