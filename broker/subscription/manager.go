package subscription

import (
	"fmt"
	"log/slog"
	"maps"
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
	Path string // of subscriptionGroup.json

	// AutoCreate is autoCreateSubscriptionGroup, asked on each first touch of a
	// group because it may change while the broker runs. nil means true.
	AutoCreate func() bool

	Log *slog.Logger // nil = slog.Default()
}

// Manager is the table of consumer groups (Java: SubscriptionGroupManager).
type Manager struct {
	o     Options
	state atomic.Pointer[state]
	mu    sync.Mutex // held to replace state

	persistMu sync.Mutex
	persisted uint64 // state.changes in the file; guarded by persistMu
}

// state is one snapshot. Nothing in it is modified after it was stored.
type state struct {
	table   map[string]*codec.SubscriptionGroupConfig
	version codec.DataVersion
	changes uint64 // grows with every change the file has to know
}

// New returns a manager that knows the built-in groups; Load adds the file's.
func New(o Options) *Manager {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.AutoCreate == nil {
		o.AutoCreate = func() bool { return true }
	}
	m := &Manager{o: o}
	table := make(map[string]*codec.SubscriptionGroupConfig)
	for _, group := range []string{codec.ToolsConsumerGroup, codec.FilterSrvConsumerGroup, codec.SelfTestConsumerGroup,
		codec.ONSHTTPProxyGroup, codec.ONSAPIPullGroup, codec.ONSAPIPermissionGroup, codec.ONSAPIOwnerGroup} {
		table[group] = defaultConfig(group)
	}
	m.state.Store(&state{table: table, version: codec.DataVersion{Timestamp: nowMs()}})
	return m
}

// Find returns the config of group (Java: findSubscriptionGroupConfig). An
// unknown group is created with the defaults, and written to disk, when
// creation is automatic or the group is one of the broker's own
// (CID_RMQ_SYS_…); else, and for a name that is no group name, nil. The config
// is shared: do not modify it.
func (m *Manager) Find(group string) *codec.SubscriptionGroupConfig {
	if cfg := m.state.Load().table[group]; cfg != nil {
		return cfg
	}
	if !m.o.AutoCreate() && !codec.IsSystemGroup(group) {
		return nil
	}
	if err := checkName(group); err != nil {
		m.o.Log.Warn("subscription group not created", "err", err)
		return nil
	}
	return m.create(group)
}

// Peek returns the config of group when it is known. Unlike Find it never
// creates and so never waits for the disk: for event loops.
func (m *Manager) Peek(group string) *codec.SubscriptionGroupConfig {
	return m.state.Load().table[group]
}

func (m *Manager) create(group string) *codec.SubscriptionGroupConfig {
	group = strings.Clone(group)
	cfg := defaultConfig(group)
	created := m.change(func(table map[string]*codec.SubscriptionGroupConfig) bool {
		if faster := table[group]; faster != nil {
			cfg = faster
			return false
		}
		table[group] = cfg
		return true
	})
	if created {
		m.o.Log.Info("subscription group created", "group", group)
	}
	m.persistOrLog(group) // also waits for a faster one's write
	return cfg
}

// Update puts cfg in place of the group's config and writes the file (Java:
// updateSubscriptionGroupConfig). cfg must not be modified afterwards. A name
// that is no group name is refused.
func (m *Manager) Update(cfg *codec.SubscriptionGroupConfig) error {
	if err := checkName(cfg.GroupName); err != nil {
		return err
	}
	m.change(func(table map[string]*codec.SubscriptionGroupConfig) bool {
		table[cfg.GroupName] = cfg
		return true
	})
	return m.Persist()
}

// DisableConsume forbids a known group to consume and writes the file
// (Java: disableConsume).
func (m *Manager) DisableConsume(group string) {
	changed := m.change(func(table map[string]*codec.SubscriptionGroupConfig) bool {
		cfg := table[group]
		if cfg == nil || !cfg.ConsumeEnable {
			return false
		}
		next := *cfg
		next.ConsumeEnable = false
		table[group] = &next
		return true
	})
	if changed {
		m.persistOrLog(group)
	}
}

// Delete removes group and writes the file; it tells whether the group was
// there (Java: deleteSubscriptionGroupConfig).
func (m *Manager) Delete(group string) bool {
	deleted := m.change(func(table map[string]*codec.SubscriptionGroupConfig) bool {
		_, ok := table[group]
		delete(table, group)
		return ok
	})
	if deleted {
		m.persistOrLog(group)
	}
	return deleted
}

// Replace takes over a master's whole table when its version differs (slave
// synchronisation, code 201) and writes the file. It tells whether anything
// was taken.
func (m *Manager) Replace(w *codec.SubscriptionGroupWrapper) (bool, error) {
	if w.DataVersion == m.DataVersion() {
		return false, nil
	}
	table := m.validOnly(w.SubscriptionGroupTable)
	m.mu.Lock()
	old := m.state.Load()
	m.state.Store(&state{table: table, version: w.DataVersion, changes: old.changes + 1})
	m.mu.Unlock()
	return true, m.Persist()
}

// Snapshot returns the whole table. It is shared: do not modify it.
func (m *Manager) Snapshot() map[string]*codec.SubscriptionGroupConfig { return m.state.Load().table }

// DataVersion returns the version slaves compare.
func (m *Manager) DataVersion() codec.DataVersion { return m.state.Load().version }

// Wrapper returns table and version that belong together, the content of code
// 201. The table is shared.
func (m *Manager) Wrapper() *codec.SubscriptionGroupWrapper {
	s := m.state.Load()
	return &codec.SubscriptionGroupWrapper{DataVersion: s.version, SubscriptionGroupTable: s.table}
}

// change builds the next snapshot: edit gets a copy of the table and tells
// whether it changed it. The version rises with each change.
func (m *Manager) change(edit func(table map[string]*codec.SubscriptionGroupConfig) bool) bool {
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

// validOnly copies what has a group's name and a config; a store of a broker
// that was attacked may hold others.
func (m *Manager) validOnly(table map[string]*codec.SubscriptionGroupConfig) map[string]*codec.SubscriptionGroupConfig {
	valid := make(map[string]*codec.SubscriptionGroupConfig, len(table))
	for name, cfg := range table {
		if cfg == nil {
			continue
		}
		if cfg.GroupName == "" {
			named := *cfg
			named.GroupName = name
			cfg = &named
		}
		if err := checkName(name); err != nil || cfg.GroupName != name {
			m.o.Log.Warn("subscription group left out: its name is not valid", "group", name, "groupName", cfg.GroupName)
			continue
		}
		valid[name] = cfg
	}
	return valid
}

func defaultConfig(group string) *codec.SubscriptionGroupConfig {
	cfg := &codec.SubscriptionGroupConfig{GroupName: group}
	cfg.SetDefaults()
	return cfg
}

func checkName(group string) error {
	if remark := codec.ValidateGroup(group); remark != "" {
		return fmt.Errorf("group name %.300q: %s", group, remark)
	}
	return nil
}

func nowMs() int64 { return time.Now().UnixMilli() }
