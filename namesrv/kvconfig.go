package namesrv

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
	"github.com/boostermq/booster/internal/configmanager"
	"github.com/boostermq/booster/internal/vfs"
)

// orderTopicNamespace holds topic → "brokerA:4;brokerB:4" (Java: NamesrvUtil.NAMESPACE_ORDER_TOPIC_CONFIG).
const orderTopicNamespace = "ORDER_TOPIC_CONFIG"

// Bounds of one KV config and of all together, in bytes. Anybody who can
// connect may put, and every put writes the whole file.
const (
	maxKVKeyBytes   = 1024
	maxKVValueBytes = 256 << 10
	maxKVFileBytes  = 16 << 20
)

// KVConfigManager keeps small texts by namespace and key, in memory and in the
// file kvConfigPath. A change is durable when it has returned; one that fails
// is not seen by anyone, though a restart may find it in the file.
type KVConfigManager struct {
	fsys     vfs.FS
	path     string
	log      *slog.Logger
	write    sync.Mutex // serialises changes
	snapshot atomic.Pointer[kvSnapshot]
}

// kvSnapshot is immutable.
type kvSnapshot struct {
	tables map[string]map[string]string
	// orderTable is the encoded KVTable of ORDER_TOPIC_CONFIG, nil without that
	// namespace: every registration is answered with it.
	orderTable []byte
}

// NewKVConfigManager returns a manager without configs; Load reads the file.
func NewKVConfigManager(fsys vfs.FS, path string, log *slog.Logger) *KVConfigManager {
	m := &KVConfigManager{fsys: fsys, path: path, log: log}
	m.snapshot.Store(&kvSnapshot{})
	return m
}

// Load reads the file, or its .bak when it is damaged. When neither can be read
// it says so and the manager stays empty, as Java's does.
func (m *KVConfigManager) Load() error {
	var wrapper codec.KVConfigSerializeWrapper
	source, err := configmanager.LoadFrom(m.fsys, m.path, func(data []byte) error {
		wrapper = codec.KVConfigSerializeWrapper{}
		return fastjson.Unmarshal(data, &wrapper)
	})
	if err != nil {
		return fmt.Errorf("load KV config: %w", err)
	}
	if source.Damaged != nil {
		m.log.Warn("KV config is damaged, its backup is used", "path", source.Path, "error", source.Damaged)
	}
	for namespace, table := range wrapper.ConfigTable {
		if table == nil {
			wrapper.ConfigTable[namespace] = map[string]string{}
		}
	}
	return m.publish(wrapper.ConfigTable)
}

// Get returns the value of key in namespace.
func (m *KVConfigManager) Get(namespace, key string) (value string, ok bool) {
	value, ok = m.snapshot.Load().tables[namespace][key]
	return value, ok
}

// Table returns the encoded KVTable of namespace; ok is false when there is no such namespace.
func (m *KVConfigManager) Table(namespace string) (encoded []byte, ok bool, err error) {
	s := m.snapshot.Load()
	table, ok := s.tables[namespace]
	if !ok {
		return nil, false, nil
	}
	if namespace == orderTopicNamespace {
		return s.orderTable, true, nil
	}
	encoded, err = fastjson.Marshal(codec.KVTable{Table: table})
	return encoded, true, err
}

// OrderTable is Table(ORDER_TOPIC_CONFIG), nil without that namespace. The bytes are shared: read only.
func (m *KVConfigManager) OrderTable() []byte { return m.snapshot.Load().orderTable }

// Count returns the number of namespaces and of all keys in them.
func (m *KVConfigManager) Count() (namespaces, keys int) {
	tables := m.snapshot.Load().tables
	for _, table := range tables {
		keys += len(table)
	}
	return len(tables), keys
}

// Put sets key in namespace and persists.
func (m *KVConfigManager) Put(namespace, key, value string) error {
	if err := checkKV(namespace, key, value); err != nil {
		return err
	}
	return m.change(namespace, func(table map[string]string) { table[key] = value })
}

// Delete removes key from namespace and persists. The namespace stays, empty if
// it was the last key. What is not there is no error.
func (m *KVConfigManager) Delete(namespace, key string) error {
	if _, ok := m.Get(namespace, key); !ok {
		return nil
	}
	return m.change(namespace, func(table map[string]string) { delete(table, key) })
}

// change applies edit to a copy of namespace's table, persists and publishes.
func (m *KVConfigManager) change(namespace string, edit func(table map[string]string)) error {
	m.write.Lock()
	defer m.write.Unlock()
	old := m.snapshot.Load().tables
	next := make(map[string]map[string]string, len(old)+1)
	maps.Copy(next, old)
	table := maps.Clone(old[namespace])
	if table == nil {
		table = map[string]string{}
	}
	edit(table)
	next[namespace] = table
	data, err := fastjson.Marshal(codec.KVConfigSerializeWrapper{ConfigTable: next})
	if err != nil {
		return err
	}
	if len(data) > maxKVFileBytes {
		return fmt.Errorf("all KV configs together would take %d bytes, more than %d", len(data), maxKVFileBytes)
	}
	if err := configmanager.Persist(m.fsys, m.path, data); err != nil {
		return err
	}
	return m.publish(next)
}

func (m *KVConfigManager) publish(tables map[string]map[string]string) error {
	s := &kvSnapshot{tables: tables}
	if table, ok := tables[orderTopicNamespace]; ok {
		encoded, err := fastjson.Marshal(codec.KVTable{Table: table})
		if err != nil {
			return err
		}
		s.orderTable = encoded
	}
	m.snapshot.Store(s)
	return nil
}

func checkKV(namespace, key, value string) error {
	switch {
	case len(namespace) > maxKVKeyBytes || len(key) > maxKVKeyBytes:
		return fmt.Errorf("namespace or key is longer than %d bytes", maxKVKeyBytes)
	case len(value) > maxKVValueBytes:
		return fmt.Errorf("value is longer than %d bytes", maxKVValueBytes)
	case !utf8.ValidString(namespace) || !utf8.ValidString(key) || !utf8.ValidString(value):
		return errors.New("namespace, key or value is not UTF-8")
	}
	return nil
}
