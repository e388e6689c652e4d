package topic

import (
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/vfs"
)

// Options is what a Manager needs. The funcs are asked on each use because the
// settings behind them may change while the broker runs; nil means true.
type Options struct {
	FS   vfs.FS
	Path string // of topics.json

	ClusterName, BrokerName string
	DefaultTopicQueueNums   int32 // queues of TBW102
	ClusterTopicEnable      bool
	BrokerTopicEnable       bool
	TraceTopicEnable        bool
	MsgTraceTopicName       string

	AutoCreateTopicEnable func() bool

	// OnChange hears of topics that came or changed with a message, for
	// registration with name servers. It is called without locks by the goroutine that made
	// the change and must not wait. What a tool asks for is not reported: who
	// updates a topic tells the name servers and waits, and mqadmin removes the
	// route of a deleted one itself (216). May be nil.
	OnChange func(changed ...*codec.TopicConfig)

	Log *slog.Logger // nil = slog.Default()
}

// Manager is the table of topics (Java: TopicConfigManager).
type Manager struct {
	o     Options
	state atomic.Pointer[state]
	mu    sync.Mutex // held to replace state

	persistMu sync.Mutex
	persisted uint64 // state.changes in the file; guarded by persistMu

	system map[string]struct{} // fixed after New
}

// state is one snapshot. Nothing in it is modified after it was stored.
type state struct {
	table   map[string]*codec.TopicConfig
	version codec.DataVersion
	changes uint64 // grows with every change the file has to know
}

// New returns a manager that knows the system topics; Load adds the file's.
func New(o Options) *Manager {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.AutoCreateTopicEnable == nil {
		o.AutoCreateTopicEnable = func() bool { return true }
	}
	m := &Manager{o: o}
	table := m.systemTopics()
	m.state.Store(&state{table: table, version: codec.DataVersion{Timestamp: nowMs()}})
	return m
}

// Select returns the config of topic, nil when there is none
// (Java: selectTopicConfig). The config is shared: do not modify it.
func (m *Manager) Select(topic string) *codec.TopicConfig {
	return m.state.Load().table[topic]
}

// Snapshot returns the whole table. It is shared: do not modify it.
func (m *Manager) Snapshot() map[string]*codec.TopicConfig { return m.state.Load().table }

// DataVersion returns the version name servers and slaves compare.
func (m *Manager) DataVersion() codec.DataVersion { return m.state.Load().version }

// Wrapper returns table and version that belong together, the content of codes
// 21 and 103 (Java: buildTopicConfigSerializeWrapper). The table is shared.
func (m *Manager) Wrapper() *codec.TopicConfigSerializeWrapper {
	s := m.state.Load()
	return &codec.TopicConfigSerializeWrapper{DataVersion: s.version, TopicConfigTable: s.table}
}

// NextDataVersion raises the version without a change of the table, for a
// change of the broker's permission (code 25), and writes the file.
func (m *Manager) NextDataVersion() error {
	m.change(func(map[string]*codec.TopicConfig) bool { return true })
	return m.Persist()
}

// Update puts cfg in place of the topic's config and writes the file
// (Java: updateTopicConfig). cfg must not be modified afterwards. A name that
// is no topic name is refused.
func (m *Manager) Update(cfg *codec.TopicConfig) error {
	if err := checkName(cfg.TopicName); err != nil {
		return err
	}
	m.change(func(table map[string]*codec.TopicConfig) bool {
		table[cfg.TopicName] = cfg
		return true
	})
	return m.Persist()
}

// Delete removes topic and writes the file; it tells whether the topic was
// there (Java: deleteTopicConfig). Who may delete what is the caller's affair.
func (m *Manager) Delete(topic string) bool {
	deleted := m.change(func(table map[string]*codec.TopicConfig) bool {
		_, ok := table[topic]
		delete(table, topic)
		return ok
	})
	if deleted {
		m.persistOrLog(topic)
	}
	return deleted
}

// UpdateOrder sets the order flag of the topics that are keys of order, the
// table ORDER_TOPIC_CONFIG a name server answers a registration with, and
// clears it for all others (Java: updateOrderTopicConfig). nil = no answer:
// nothing changes. It tells whether a flag changed.
func (m *Manager) UpdateOrder(order map[string]string) bool {
	if order == nil || !m.orderDiffers(order) {
		return false
	}
	changed := m.change(func(table map[string]*codec.TopicConfig) bool {
		changed := false
		for name, cfg := range table {
			if _, want := order[name]; want != cfg.Order {
				next := *cfg
				next.Order = want
				table[name] = &next
				changed = true
			}
		}
		return changed
	})
	if changed {
		m.persistOrLog("order flags")
	}
	return changed
}

// orderDiffers spares the copy of the table on the usual answer that changes nothing.
func (m *Manager) orderDiffers(order map[string]string) bool {
	for name, cfg := range m.Snapshot() {
		if _, want := order[name]; want != cfg.Order {
			return true
		}
	}
	return false
}

// IsOrderTopic tells whether topic is known and ordered (Java: isOrderTopic).
func (m *Manager) IsOrderTopic(topic string) bool {
	cfg := m.Select(topic)
	return cfg != nil && cfg.Order
}

// Replace takes over a master's whole table when its version differs
// (slave synchronisation, code 21) and writes the file. It tells whether
// anything was taken.
func (m *Manager) Replace(w *codec.TopicConfigSerializeWrapper) (bool, error) {
	if w.DataVersion == m.DataVersion() {
		return false, nil
	}
	table := m.validOnly(w.TopicConfigTable)
	m.mu.Lock()
	old := m.state.Load()
	m.state.Store(&state{table: table, version: w.DataVersion, changes: old.changes + 1})
	m.mu.Unlock()
	return true, m.Persist()
}

// change builds the next snapshot: edit gets a copy of the table and tells
// whether it changed it. The version rises with each change.
func (m *Manager) change(edit func(table map[string]*codec.TopicConfig) bool) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	old := m.state.Load()
	table := maps.Clone(old.table)
	if !edit(table) {
		return false
	}
	m.state.Store(&state{table: table, version: old.version.Next(nowMs()), changes: old.changes + 1})
	return true
}

func (m *Manager) notify(changed ...*codec.TopicConfig) {
	if m.o.OnChange != nil {
		m.o.OnChange(changed...)
	}
}

// validOnly copies what has a topic's name and a config; a store of a broker
// that was attacked may hold others.
func (m *Manager) validOnly(table map[string]*codec.TopicConfig) map[string]*codec.TopicConfig {
	valid := make(map[string]*codec.TopicConfig, len(table))
	for name, cfg := range table {
		if cfg == nil {
			continue
		}
		if cfg.TopicName == "" {
			named := *cfg
			named.TopicName = name
			cfg = &named
		}
		if err := checkName(name); err != nil || cfg.TopicName != name {
			m.o.Log.Warn("topic left out: its name is not valid", "topic", name, "topicName", cfg.TopicName)
			continue
		}
		valid[name] = cfg
	}
	return valid
}

func nowMs() int64 { return time.Now().UnixMilli() }
