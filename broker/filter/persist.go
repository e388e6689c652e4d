package filter

import (
	"fmt"
	"sync/atomic"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
	"github.com/boostermq/booster/internal/configmanager"
)

// loadedDeadMs is how long ago a filter that was alive when the file was written
// is said to have died: its consumers are not back yet.
const loadedDeadMs = 30 * 1000

// Load takes over the filters of consumerFilter.json, or of its .bak when the
// file is damaged, all of them as dead. No file at all is fine. Entries with
// names that are none, or an expression that does not compile, are left out.
//
// Differences from Java, which forgets the whole file when the bloom filter's
// settings have changed: its filters stay and are born anew, so that bit maps
// made with the old settings are not asked.
func (m *Manager) Load() error {
	var w codec.ConsumerFilterSerializeWrapper
	source, err := configmanager.LoadFrom(m.o.FS, m.o.Path, func(data []byte) error {
		w = codec.ConsumerFilterSerializeWrapper{}
		return fastjson.Unmarshal(data, &w)
	})
	if err != nil {
		return fmt.Errorf("consumer filters: %w", err)
	}
	if source.Damaged != nil {
		m.o.Log.Warn("consumer filters taken from the backup", "file", source.Path, "damage", source.Damaged)
	}
	now := nowMs()
	m.mu.Lock()
	defer m.mu.Unlock()
	for topic, groups := range w.FilterDataByTopic {
		if groups == nil {
			continue
		}
		for group, body := range groups.GroupFilterData {
			d, err := m.loaded(topic, group, body, now)
			if err != nil {
				m.o.Log.Warn("consumer filter left out", "topic", topic, "group", group, "err", err)
				continue
			}
			m.putLocked(d)
		}
	}
	return nil
}

// loaded makes the filter of an entry of the file.
func (m *Manager) loaded(topic, group string, body *codec.ConsumerFilterData, nowMs int64) (*ConsumerFilterData, error) {
	if remark := codec.ValidateTopic(topic); remark != "" {
		return nil, fmt.Errorf("topic %.300q: %s", topic, remark)
	}
	if remark := codec.ValidateGroup(group); remark != "" {
		return nil, fmt.Errorf("group %.300q: %s", group, remark)
	}
	if body == nil {
		return nil, fmt.Errorf("there is no filter")
	}
	x, err := Compile(body.ExpressionType, body.Expression)
	if err != nil {
		return nil, err
	}
	d := &ConsumerFilterData{
		ConsumerGroup: group, Topic: topic, Expression: x,
		BornTimeMs: body.BornTime, DeadTimeMs: body.DeadTime, ClientVersion: body.ClientVersion, bloom: m.bloom.Generate(group, topic), replaced: new(atomic.Bool),
	}
	if !m.bloom.IsValid(body.BloomFilterData) {
		d.BornTimeMs = nowMs
	}
	if d.Alive() || d.DeadTimeMs == 0 {
		d = d.killed(nowMs - loadedDeadMs)
	}
	return d, nil
}

// Persist forgets the filters that are dead too long and returns once every
// change made before the call is in consumerFilter.json. An unchanged table is
// not written again.
func (m *Manager) Persist() error {
	m.clean()
	m.persistMu.Lock()
	defer m.persistMu.Unlock()
	w, changes := m.wrapper()
	if m.persisted == changes {
		return nil
	}
	data, err := fastjson.MarshalPretty(w)
	if err == nil {
		err = configmanager.Persist(m.o.FS, m.o.Path, data)
	}
	if err != nil {
		return fmt.Errorf("consumer filters: %w", err)
	}
	m.persisted = changes
	return nil
}

// wrapper is the table as the file has it, and how many changes are in it.
func (m *Manager) wrapper() (*codec.ConsumerFilterSerializeWrapper, uint64) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	w := &codec.ConsumerFilterSerializeWrapper{FilterDataByTopic: make(map[string]*codec.FilterDataMapByTopic, len(m.byTopic))}
	for topic, list := range m.byTopic {
		groups := make(map[string]*codec.ConsumerFilterData, len(list))
		for _, d := range list {
			groups[d.ConsumerGroup] = d.body()
		}
		w.FilterDataByTopic[topic] = &codec.FilterDataMapByTopic{Topic: topic, GroupFilterData: groups}
	}
	return w, m.changes
}
