package namesrv

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/boostermq/booster/internal/configmanager"
	"github.com/boostermq/booster/internal/properties"
	"github.com/boostermq/booster/internal/vfs"
)

// Errors of configHolder.update.
var (
	errNotProperties = errors.New("string2Properties error")
	errBlackList     = errors.New("Can not update config in black list.")
	errNotPersisted  = errors.New("config is updated but could not be persisted")
)

// fixedBlackList is refused whatever the settings say. The first four are
// Java's; the others decide where the server listens, which is not for a peer
// to change.
var fixedBlackList = []string{"configBlackList", "configStorePath", "kvConfigPath", "rocketmqHome", "listenPort", "bindAddress", "metricsAddr", "logDir"}

// configHolder is the settings in use (Java: Configuration).
type configHolder struct {
	fsys      vfs.FS
	log       *slog.Logger
	blackList map[string]bool // fixed when the server starts
	current   atomic.Pointer[Config]
	write     sync.Mutex // serialises update
}

func newConfigHolder(fsys vfs.FS, log *slog.Logger, c Config) *configHolder {
	h := &configHolder{fsys: fsys, log: log, blackList: map[string]bool{}}
	for _, key := range fixedBlackList {
		h.blackList[key] = true
	}
	for key := range strings.SplitSeq(c.Namesrv.ConfigBlackList, ";") {
		h.blackList[strings.TrimSpace(key)] = true
	}
	h.current.Store(&c)
	return h
}

// get returns the snapshot in use; it must not be modified.
func (h *configHolder) get() *Config { return h.current.Load() }

// update applies a properties text. On errNotProperties, errBlackList and on
// wrong values nothing has changed. errNotPersisted means that the new settings
// are in use but the file could not be written. Unknown keys are ignored.
func (h *configHolder) update(text []byte) error {
	pairs, err := properties.Parse(text)
	if err != nil {
		return errNotProperties
	}
	for _, p := range pairs {
		if h.blackList[p.Key] {
			return errBlackList
		}
	}
	h.write.Lock()
	defer h.write.Unlock()
	next := *h.get()
	if _, err := properties.Apply(pairs, next.parts()...); err != nil {
		return err
	}
	if err := next.Validate(); err != nil {
		return err
	}
	h.current.Store(&next)
	known := properties.Known(pairs, next.parts()...)
	if err := configmanager.PersistProperties(h.fsys, next.Namesrv.ConfigStorePath, known, next.Text()); err != nil {
		h.log.Error("config is updated but not persisted", "error", err)
		return fmt.Errorf("%w: %w", errNotPersisted, err)
	}
	return nil
}
