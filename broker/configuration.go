package broker

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/configmanager"
	"github.com/boostermq/booster/internal/properties"
	"github.com/boostermq/booster/internal/vfs"
)

// Errors of configuration.update; the texts are Java's.
var (
	errNotProperties = errors.New("string2Properties error")
	errBlackList     = errors.New("Can not update config in black list.")
)

// configuration is the settings in use, their version and the file that keeps
// them (Java: Configuration). Readers take a snapshot and wait for nobody.
type configuration struct {
	fsys      vfs.FS
	log       *slog.Logger
	path      string          // of the file that update writes
	blackList map[string]bool // of configBlackList; fixed at the start, as in Java

	current atomic.Pointer[Config]
	version atomic.Pointer[codec.DataVersion]
	write   sync.Mutex // serialises update
}

// newConfiguration returns the configuration of a start with c. path is that of
// the -c file; without one it is Java's: store/config/broker.properties in the
// home directory, which no start reads by itself.
func newConfiguration(fsys vfs.FS, log *slog.Logger, path string, c *Config) *configuration {
	h := &configuration{fsys: fsys, log: log, path: path, blackList: map[string]bool{}}
	if path == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			home = "."
		}
		h.path = filepath.Join(home, "store", "config", "broker.properties")
	}
	for key := range strings.SplitSeq(c.Broker.ConfigBlackList, ";") {
		h.blackList[strings.TrimSpace(key)] = true
	}
	h.current.Store(c)
	h.version.Store(&codec.DataVersion{Timestamp: time.Now().UnixMilli()})
	return h
}

// configUpdate is what an update changed.
type configUpdate struct {
	next *Config
	keys []string // that a setting knows
	late []string // those that take effect at the next start
	// notPersisted says why the file does not know the settings, which are in
	// use all the same.
	notPersisted error
}

// has tells that the update was about key.
func (u *configUpdate) has(key string) bool { return slices.Contains(u.keys, key) }

// update applies a properties text. use puts the new snapshot into use; with
// its error, as with every other one, nothing has changed. Unknown keys are
// ignored, as in Java.
func (h *configuration) update(text []byte, use func(u *configUpdate) error) (*configUpdate, error) {
	pairs, err := properties.Parse(text)
	if err != nil {
		return nil, errNotProperties
	}
	h.write.Lock()
	defer h.write.Unlock()
	next := *h.current.Load()
	u := &configUpdate{next: &next}
	known := properties.Known(pairs, next.parts()...)
	for _, p := range known {
		u.keys = append(u.keys, p.Key)
		if effectOf(p.Key) == atNextStart {
			u.late = append(u.late, p.Key)
		}
	}
	if h.refuse(pairs) || h.refuse(known) || slices.ContainsFunc(known, func(p properties.Pair) bool { return effectOf(p.Key) == isUnknown }) {
		return nil, errBlackList // a setting without a rule is not on the allow-list
	}
	if _, err := properties.Apply(pairs, next.parts()...); err != nil {
		return nil, err
	}
	if err := next.checkUpdated(u.keys); err != nil {
		return nil, err
	}
	if err := use(u); err != nil {
		return nil, err
	}
	version := h.version.Load().Next(time.Now().UnixMilli())
	h.current.Store(&next)
	h.version.Store(&version)
	if err := configmanager.PersistProperties(h.fsys, h.path, known, next.Text()); err != nil {
		u.notPersisted = fmt.Errorf("config is updated but could not be persisted: %w", err)
		h.log.Error("settings are in use but not written", "err", err)
	}
	return u, nil
}

// refuse tells that one of pairs is not for a peer to change.
func (h *configuration) refuse(pairs []properties.Pair) bool {
	return slices.ContainsFunc(pairs, func(p properties.Pair) bool { return h.blackList[p.Key] || effectOf(p.Key) == isRefused })
}
