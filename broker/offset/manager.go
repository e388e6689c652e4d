package offset

import (
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/vfs"
)

// Options is what a Manager needs.
type Options struct {
	FS   vfs.FS
	Path string       // of consumerOffset.json
	Log  *slog.Logger // nil = slog.Default()
}

// Manager is the table of consumer offsets (Java: ConsumerOffsetManager). An
// offset is the position in the queue the group reads next.
type Manager struct {
	o     Options
	table *table

	backward atomic.Int64
	lastWarn atomic.Int64 // ms, when a backward commit was logged last

	persistMu sync.Mutex
}

// New returns an empty manager.
func New(o Options) *Manager {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &Manager{o: o, table: newTable()}
}

// Commit stores that group reads queueID of topic from offset next. Like Java
// it takes any value, also a lower one than before: a reset may come this way.
// Going back is counted, and logged at most once a second. clientHost is for
// the log. Names that are none are not stored; queue ids are the caller's to check.
func (m *Manager) Commit(clientHost, group, topic string, queueID int32, offset int64) {
	if before := m.table.put(topic, group, queueID, offset); before > offset {
		m.noteBackward(clientHost, group, topic, queueID, before, offset)
	}
}

// BackwardCommits counts commits below the stored offset.
func (m *Manager) BackwardCommits() int64 { return m.backward.Load() }

func (m *Manager) noteBackward(clientHost, group, topic string, queueID int32, before, offset int64) {
	m.backward.Add(1)
	const quietMs = 1000
	now, last := nowMs(), m.lastWarn.Load()
	if now-last < quietMs || !m.lastWarn.CompareAndSwap(last, now) {
		return
	}
	m.o.Log.Warn("consumer offset goes back", "group", group, "topic", topic, "queueId", queueID,
		"before", before, "offset", offset, "client", clientHost)
}

// Query returns the stored offset of group in queueID of topic, -1 when there is none.
func (m *Manager) Query(group, topic string, queueID int32) int64 {
	return m.table.get(topic, group, queueID)
}

// QueryAll returns a copy of the offsets of group in topic by queue id, nil
// when there are none.
func (m *Manager) QueryAll(group, topic string) map[int32]int64 {
	return m.table.getAll(topic, group)
}

// CloneOffset makes the offsets of destGroup in topic those of srcGroup
// (code 314). Without offsets of srcGroup nothing changes.
func (m *Manager) CloneOffset(srcGroup, destGroup, topic string) {
	if queues := m.table.getAll(topic, srcGroup); queues != nil {
		m.table.putAll(topic, destGroup, queues)
	}
}

// RemoveGroup forgets all offsets of group (Java: removeOffset) and returns in
// how many topics it had some.
func (m *Manager) RemoveGroup(group string) int {
	return m.table.removeIf(func(k key, _ map[int32]int64) bool { return k.group == group })
}

// RemoveTopic forgets the offsets all groups have in topic and returns how many
// groups had some. Java keeps them when a topic is deleted.
func (m *Manager) RemoveTopic(topic string) int {
	return m.table.removeIf(func(k key, _ map[int32]int64) bool { return k.topic == topic })
}

// ScanUnsubscribed forgets the offsets nobody can need again: the group does
// not subscribe the topic now, and in every queue its offset is at or below
// what the store still has (Java: scanUnsubscribedTopic). It returns how many
// (topic, group) it forgot.
func (m *Manager) ScanUnsubscribed(subscribed func(group, topic string) bool, minOffset func(topic string, queueID int32) int64) int {
	var candidates []key
	m.table.each(func(k key, _ map[int32]int64) { candidates = append(candidates, k) })
	removed := 0
	for _, k := range candidates { // the callbacks may wait: no lock is held here
		if subscribed(k.group, k.topic) || !m.behindStore(k, minOffset) {
			continue
		}
		removed += m.table.remove(k)
		m.o.Log.Info("consumer offsets of a topic no longer subscribed removed", "group", k.group, "topic", k.topic)
	}
	return removed
}

func (m *Manager) behindStore(k key, minOffset func(topic string, queueID int32) int64) bool {
	for queueID, offset := range m.table.getAll(k.topic, k.group) {
		if offset > minOffset(k.topic, queueID) {
			return false
		}
	}
	return true
}

// Merge takes over a master's offsets: entries the master has replace ours,
// others stay (slave synchronisation, code 43). It owns w from now on.
func (m *Manager) Merge(w *codec.ConsumerOffsetSerializeWrapper) {
	for name, queues := range w.OffsetTable {
		if k, ok := m.splitKey(name); ok && queues != nil {
			m.table.putAll(k.topic, k.group, queues)
		}
	}
}

// splitKey takes "topic@group" apart. Keys without exactly one separator
// between two legal names are left out: nothing could ever ask for them.
func (m *Manager) splitKey(name string) (key, bool) {
	topic, group, ok := strings.Cut(name, separator)
	if !ok || !legalKey(topic, group) {
		m.o.Log.Warn("consumer offset left out: its key is not topic@group", "key", name)
		return key{}, false
	}
	return key{topic, group}, true
}
