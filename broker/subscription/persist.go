package subscription

import (
	"fmt"
	"maps"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
	"github.com/boostermq/booster/internal/configmanager"
)

// Load adds the groups of subscriptionGroup.json, or of its .bak when the file
// is damaged, to the built-in ones and takes over its version. Where both know
// a group the file wins. No file at all is fine.
func (m *Manager) Load() error {
	var w codec.SubscriptionGroupWrapper
	source, err := configmanager.LoadFrom(m.o.FS, m.o.Path, func(data []byte) error {
		w = codec.SubscriptionGroupWrapper{}
		return fastjson.Unmarshal(data, &w)
	})
	if err != nil {
		return fmt.Errorf("subscription groups: %w", err)
	}
	if source.Path == "" {
		return nil
	}
	if source.Damaged != nil {
		m.o.Log.Warn("subscription groups taken from the backup", "file", source.Path, "damage", source.Damaged)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	old := m.state.Load()
	table := maps.Clone(old.table)
	maps.Copy(table, m.validOnly(w.SubscriptionGroupTable))
	m.state.Store(&state{table: table, version: w.DataVersion, changes: old.changes})
	return nil
}

// Persist returns once every change made before the call is in
// subscriptionGroup.json. An unchanged table is not written again; concurrent
// callers share a write.
func (m *Manager) Persist() error {
	want := m.state.Load().changes
	m.persistMu.Lock()
	defer m.persistMu.Unlock()
	if m.persisted >= want {
		return nil
	}
	s := m.state.Load()
	data, err := encodePretty(s)
	if err == nil {
		err = configmanager.Persist(m.o.FS, m.o.Path, data)
	}
	if err != nil {
		return fmt.Errorf("subscription groups: %w", err)
	}
	m.persisted = s.changes
	return nil
}

// Encode returns the table as compact JSON, the answer to 201
// GET_ALL_SUBSCRIPTIONGROUP_CONFIG.
func (m *Manager) Encode() ([]byte, error) { return fastjson.Marshal(m.Wrapper()) }

func (m *Manager) persistOrLog(what string) {
	if err := m.Persist(); err != nil {
		m.o.Log.Error("subscriptionGroup.json not written; the next change tries again", "change", what, "err", err)
	}
}

// encodePretty renders s as the content of subscriptionGroup.json. Keys that 5.x
// adds (groupSysFlag, …) are ignored when read and not kept.
func encodePretty(s *state) ([]byte, error) {
	return codec.AppendConfigTable(nil, s.version, "subscriptionGroupTable", s.table)
}
