package filter

import (
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/vfs"
)

// Options is what a Manager needs.
type Options struct {
	FS   vfs.FS
	Path string // of consumerFilter.json

	MaxErrorRateOfBloomFilter  int // percent
	ExpectConsumerNumUseFilter int

	// CleanTimeSpanMs is filterDataCleanTimeSpan: how long the filter of a group
	// that is gone is kept. It is asked at each Persist; nil = a day.
	CleanTimeSpanMs func() int64

	Log *slog.Logger // nil = slog.Default()
}

// Manager is the table of filters by topic and group (Java: ConsumerFilterManager).
type Manager struct {
	o     Options
	bloom *BloomFilter
	cache cache

	mu      sync.RWMutex
	byKey   map[key]*ConsumerFilterData
	byTopic map[string][]*ConsumerFilterData // the slices are never modified
	byGroup map[string][]*ConsumerFilterData // likewise
	changes uint64                           // grows with every change the file has to know
	// mappedMs is the newest store time of the messages that got a bit map; it
	// moves under the read lock.
	mappedMs atomic.Int64

	persistMu sync.Mutex
	persisted uint64 // changes in the file; guarded by persistMu
}

type key struct{ topic, group string }

const dayMs = 24 * 3600 * 1000

// New returns an empty manager. The error says which setting is wrong.
func New(o Options) (*Manager, error) {
	bloom, err := NewBloomFilter(o.MaxErrorRateOfBloomFilter, o.ExpectConsumerNumUseFilter)
	if err != nil {
		return nil, err
	}
	if o.CleanTimeSpanMs == nil {
		o.CleanTimeSpanMs = func() int64 { return dayMs }
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &Manager{
		o: o, bloom: bloom, byKey: make(map[key]*ConsumerFilterData),
		byTopic: make(map[string][]*ConsumerFilterData), byGroup: make(map[string][]*ConsumerFilterData),
	}, nil
}

// Get returns the filter of group on topic, dead or alive, nil when there is
// none. It allocates nothing.
func (m *Manager) Get(topic, group string) *ConsumerFilterData {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.byKey[key{topic, group}]
}

// Compile is the function of that name with a memory: for pulls that bring
// their expression along.
func (m *Manager) Compile(expressionType, expression string) (*Expression, error) {
	if x := m.cache.get(expression); x != nil && expressionType == codec.ExpressionTypeSQL92 {
		return x, nil
	}
	x, err := Compile(expressionType, expression)
	if err == nil {
		m.cache.put(x)
	}
	return x, err
}

// Register takes over what a heart-beat says of a group, all of its
// subscriptions (Java: register). Of those which are no tag expressions the
// newest version counts; an expression that does not compile ends the filter
// there was. A topic the group no longer filters by expression becomes dead.
//
// Differences from Java: a dead filter gives way to any version, and a topic
// that is subscribed by tags now becomes dead too.
func (m *Manager) Register(group string, subs []codec.SubscriptionData) {
	if m.isKnown(group, subs) {
		return
	}
	for i := range subs {
		if s := &subs[i]; isExpression(s) {
			m.register(group, s)
		}
	}
	now := nowMs()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, d := range m.byGroup[group] {
		if d.Alive() && !filtersTopic(subs, d.Topic) {
			m.putLocked(d.killed(now))
			m.o.Log.Info("consumer filter ends: the topic is no longer subscribed by expression", "group", d.ConsumerGroup, "topic", d.Topic)
		}
	}
}

// Unregister marks the filters of a group without members as dead.
func (m *Manager) Unregister(group string) {
	now := nowMs()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, d := range m.byGroup[group] {
		if d.Alive() {
			m.putLocked(d.killed(now))
			m.o.Log.Info("consumer filter ends: the group is gone", "group", d.ConsumerGroup, "topic", d.Topic)
		}
	}
}

// isKnown tells that a heart-beat brings nothing new: the usual case.
func (m *Manager) isKnown(group string, subs []codec.SubscriptionData) bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	for i := range subs {
		s := &subs[i]
		if !isExpression(s) {
			continue
		}
		if d := m.byKey[key{s.Topic, group}]; d == nil || !d.Alive() || s.SubVersion > d.ClientVersion {
			return false
		}
	}
	for _, d := range m.byGroup[group] {
		if d.Alive() && !filtersTopic(subs, d.Topic) {
			return false
		}
	}
	return true
}

// register takes over one subscription. What it compiles it compiles without lock.
func (m *Manager) register(group string, s *codec.SubscriptionData) {
	var compiled *Expression
	if d := m.Get(s.Topic, group); d == nil || !d.is(s.ExpressionType, s.SubString) {
		var err error
		if compiled, err = Compile(s.ExpressionType, s.SubString); err != nil {
			m.refuse(group, s, err)
			return
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	d := m.byKey[key{s.Topic, group}]
	switch {
	case d != nil && d.Alive() && s.SubVersion <= d.ClientVersion:
	case d != nil && d.is(s.ExpressionType, s.SubString):
		m.putLocked(d.revived(max(s.SubVersion, d.ClientVersion)))
	case compiled != nil: // nil: another heart-beat was faster, the next one settles it
		d = &ConsumerFilterData{
			ConsumerGroup: strings.Clone(group), Topic: strings.Clone(s.Topic), Expression: compiled,
			BornTimeMs: m.bornLocked(), ClientVersion: s.SubVersion, bloom: m.bloom.Generate(group, s.Topic), replaced: new(atomic.Bool),
		}
		m.putLocked(d)
		m.o.Log.Info("consumer filter", "group", d.ConsumerGroup, "topic", d.Topic, "expression", d.Expression.text, "version", d.ClientVersion)
	}
}

// refuse ends the filter which an expression that does not compile was to
// replace, so that the group's pulls hear of it (code 27).
func (m *Manager) refuse(group string, s *codec.SubscriptionData, err error) {
	m.o.Log.Warn("consumer filter refused", "group", group, "topic", s.Topic, "type", s.ExpressionType, "expression", s.SubString, "err", err)
	m.mu.Lock()
	defer m.mu.Unlock()
	if d := m.byKey[key{s.Topic, group}]; d != nil && (!d.Alive() || s.SubVersion > d.ClientVersion) {
		m.removeLocked(d)
	}
}

// clean forgets the filters that are dead too long (Java: clean).
func (m *Manager) clean() {
	now, span := nowMs(), m.o.CleanTimeSpanMs()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, d := range m.byKey {
		if d.deadMs(now) >= span {
			m.removeLocked(d)
			m.o.Log.Info("consumer filter forgotten: dead too long", "group", d.ConsumerGroup, "topic", d.Topic)
		}
	}
}

// bornLocked is the birth of a filter that is put now: no message with a bit map
// made without it is newer, even when the clock went back.
func (m *Manager) bornLocked() int64 { return max(nowMs(), m.mappedMs.Load()) }

// Distrust makes all filters born anew, so that no bit map there is by now is
// asked. It is for the start after a crash: of a filter that came shortly before,
// bit maps may be there while the file has the one before it.
func (m *Manager) Distrust() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, d := range m.byKey {
		m.putLocked(d.reborn(m.bornLocked()))
	}
}

// putLocked puts d in place of the filter of its group and topic.
func (m *Manager) putLocked(d *ConsumerFilterData) {
	k := key{d.Topic, d.ConsumerGroup}
	old := m.byKey[k]
	if old != nil && old.replaced != d.replaced {
		old.replaced.Store(true)
	}
	m.byKey[k] = d
	m.byTopic[k.topic] = replaced(m.byTopic[k.topic], old, d)
	m.byGroup[k.group] = replaced(m.byGroup[k.group], old, d)
	m.changes++
}

func (m *Manager) removeLocked(d *ConsumerFilterData) {
	d.replaced.Store(true)
	delete(m.byKey, key{d.Topic, d.ConsumerGroup})
	removeFrom(m.byTopic, d.Topic, d)
	removeFrom(m.byGroup, d.ConsumerGroup, d)
	m.changes++
}

// replaced is a copy of list with d in place of old, or at its end.
func replaced(list []*ConsumerFilterData, old, d *ConsumerFilterData) []*ConsumerFilterData {
	next := slices.Clone(list)
	if i := slices.Index(next, old); old != nil && i >= 0 {
		next[i] = d
		return next
	}
	return append(next, d)
}

func removeFrom(table map[string][]*ConsumerFilterData, name string, d *ConsumerFilterData) {
	next := slices.DeleteFunc(slices.Clone(table[name]), func(other *ConsumerFilterData) bool { return other == d })
	if len(next) == 0 {
		delete(table, name)
		return
	}
	table[name] = next
}

// isExpression tells a subscription that filters by expression. Without text it
// does not count, as in Java.
func isExpression(s *codec.SubscriptionData) bool {
	return s.ExpressionType != "" && s.ExpressionType != codec.ExpressionTypeTag && s.SubString != ""
}

func filtersTopic(subs []codec.SubscriptionData, topic string) bool {
	return slices.ContainsFunc(subs, func(s codec.SubscriptionData) bool { return s.Topic == topic && isExpression(&s) })
}

func nowMs() int64 { return time.Now().UnixMilli() }
