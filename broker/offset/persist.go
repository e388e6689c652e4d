package offset

import (
	"fmt"
	"time"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
	"github.com/boostermq/booster/internal/configmanager"
)

// Load takes over consumerOffset.json, or its .bak when the file is damaged.
// No file at all is fine.
func (m *Manager) Load() error {
	var w codec.ConsumerOffsetSerializeWrapper
	source, err := configmanager.LoadFrom(m.o.FS, m.o.Path, func(data []byte) error {
		w = codec.ConsumerOffsetSerializeWrapper{}
		return fastjson.Unmarshal(data, &w)
	})
	if err != nil {
		return fmt.Errorf("consumer offsets: %w", err)
	}
	if source.Damaged != nil {
		m.o.Log.Warn("consumer offsets taken from the backup", "file", source.Path, "damage", source.Damaged)
	}
	if source.Path != "" {
		m.Merge(&w)
		m.table.takeChanged() // the file has it all
	}
	return nil
}

// Persist writes consumerOffset.json if anything changed since it was written
// last. Called every flushConsumerOffsetInterval and at stop.
func (m *Manager) Persist() error {
	m.persistMu.Lock()
	defer m.persistMu.Unlock()
	if !m.table.takeChanged() {
		return nil
	}
	if err := configmanager.Persist(m.o.FS, m.o.Path, appendOffsets(nil, m.table.copy(), pretty)); err != nil {
		m.table.markChanged()
		return fmt.Errorf("consumer offsets: %w", err)
	}
	return nil
}

// Encode returns the table as compact JSON, the answer to 43
// GET_ALL_CONSUMER_OFFSET.
func (m *Manager) Encode() []byte { return appendOffsets(nil, m.table.copy(), compact) }

func nowMs() int64 { return time.Now().UnixMilli() }
