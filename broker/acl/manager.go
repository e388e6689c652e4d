package acl

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/vfs"
)

const (
	defaultPlainFile      = "conf/plain_acl.yml"
	aclDir                = "conf/acl"
	toolsFile             = "tools.yml" // credentials of mqadmin, no accounts
	defaultReloadInterval = 5 * time.Second
	maxSettle             = 500 * time.Millisecond
)

// ErrNoHome is returned by Load without a home folder.
var ErrNoHome = errors.New("aclEnable=true needs rocketmqHome (or the environment variable ROCKETMQ_HOME)")

// Options is what a Manager takes from the broker.
type Options struct {
	FS  vfs.FS
	Log *slog.Logger
	// Home is rocketmqHome. The files are conf/plain_acl.yml and conf/acl below it.
	Home string
	// PlainFile is the path of the default file below Home (Java: system property
	// rocketmq.acl.plain.file); "" = conf/plain_acl.yml.
	PlainFile string
	// ReloadInterval is the time between two looks at the files; 0 = 5 s.
	ReloadInterval time.Duration
	// LaxAs498 asks for no more than 4.9.8 does (aclLaxAs498=true), see decisions.go.
	LaxAs498 bool
	// IgnoreWhiteAddresses lets nobody in without a signature.
	IgnoreWhiteAddresses bool
	// MessageTopic tells the topic of the message at a physical offset, see
	// TopicOfRecord; ok is false when there is none. It may read from disk. Needed
	// for 33, 36, 37 and 309; nil = what hangs on a message is for administrators.
	MessageTopic func(commitLogOffset int64) (topic string, ok bool)
	// BrokerName, ClusterName and BrokerAddr are told by 52.
	BrokerName, ClusterName, BrokerAddr string
}

// Manager judges requests by the accounts of the ACL files and keeps the files
// (Java: PlainAccessValidator, PlainPermissionManager). It is a remoting.RPCHook.
// A nil *Manager answers 50 to 53 as a broker without ACL and judges nothing.
type Manager struct {
	opts      Options
	log       *slog.Logger
	home      string // absolute
	plainPath string // absolute
	interval  time.Duration
	rules     map[int32]rule

	state atomic.Pointer[snapshot] // never nil

	mu struct {
		sync.Mutex
		judged     digest // of the files' content the last time it was taken or refused
		pending    digest // seen once, not judged yet: perhaps half written
		unreadable bool   // said already that the files cannot be read
	}
}

// snapshot is what is in force. It does not change.
type snapshot struct {
	accounts map[string]*account // by access key
	white    addressList         // of all files
	versions map[string]fileVersion
}

// fileVersion is what 52 tells of one file.
type fileVersion struct {
	codec.DataVersion
	content digest
}

type digest [sha256.Size]byte

// New returns a Manager that lets nobody in until Load. It reads nothing.
func New(o Options) *Manager {
	if o.FS == nil {
		o.FS = vfs.OS()
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	m := &Manager{opts: o, log: o.Log.With("service", "acl"), interval: o.ReloadInterval, rules: rules(o.LaxAs498)}
	if m.interval <= 0 {
		m.interval = defaultReloadInterval
	}
	m.state.Store(&snapshot{})
	return m
}

// Load reads the files for the first time; the default file is created empty
// when it is missing. An error names file and line and means: do not start.
func (m *Manager) Load() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.findHome(); err != nil {
		return err
	}
	if err := m.createPlainFile(); err != nil {
		m.log.Warn("the ACL file is missing and cannot be created", "file", m.plainPath, "error", err)
	}
	files, err := m.readFiles()
	if err != nil {
		return err
	}
	next, warnings, err := m.build(files)
	if err != nil {
		return err
	}
	m.mu.judged = digestOf(files)
	m.put(next, warnings)
	if m.opts.LaxAs498 {
		m.log.Warn("aclLaxAs498=true: batch sends, offsets, locks and most administration need no more than some account's signature")
	}
	return nil
}

func (m *Manager) findHome() error {
	if m.opts.Home == "" {
		return ErrNoHome
	}
	home, err := filepath.Abs(m.opts.Home)
	if err != nil {
		return err
	}
	plain := m.opts.PlainFile
	if plain == "" {
		plain = defaultPlainFile
	}
	m.home, m.plainPath = home, filepath.Join(home, plain)
	return nil
}

// put makes next the state in force.
func (m *Manager) put(next *snapshot, warnings []string) {
	for _, w := range warnings {
		m.log.Warn("ACL file: " + w)
	}
	m.state.Store(next)
	m.log.Info("ACL files read", "files", len(next.versions), "accounts", len(next.accounts))
	if len(next.accounts) == 0 {
		m.log.Warn("no ACL file has an account: only white-listed addresses are let in")
	}
}

// Run looks at the files every ReloadInterval until ctx is done.
func (m *Manager) Run(ctx context.Context) {
	timer := time.NewTimer(m.interval)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			timer.Reset(m.poll())
		}
	}
}

// poll takes the files over when they have changed and returns when to look
// again. A change is taken when it was seen twice, so that a file that is being
// written is not believed halfway.
func (m *Manager) poll() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	files, err := m.readFiles()
	if err != nil {
		if !m.mu.unreadable {
			m.log.Error("the ACL files cannot be read; what was read before stays in force", "error", err)
		}
		m.mu.unreadable = true
		return m.interval
	}
	m.mu.unreadable = false
	content := digestOf(files)
	switch {
	case content == m.mu.judged:
		m.mu.pending = content
		return m.interval
	case content != m.mu.pending:
		m.mu.pending = content
		return min(m.interval, maxSettle)
	}
	m.mu.judged = content
	next, warnings, err := m.build(files)
	if err != nil {
		m.log.Error("the ACL files have changed and cannot be used; what was read before stays in force", "error", err)
		return m.interval
	}
	m.put(next, warnings)
	return m.interval
}

// build makes the state that files stand for. Of two accounts with one access
// key the first in the order of the files wins.
func (m *Manager) build(files []fileText) (next *snapshot, warnings []string, err error) {
	before, now := m.state.Load(), time.Now().UnixMilli()
	next = &snapshot{accounts: map[string]*account{}, versions: map[string]fileVersion{}}
	var problems []error
	for _, f := range files {
		cfg, warned, err := parseFile(f.path, f.text)
		warnings = append(warnings, warned...)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		for _, a := range cfg.accounts {
			if first, twice := next.accounts[a.accessKey]; twice {
				warnings = append(warnings, (&FileError{a.path, a.line, "account " + a.accessKey + " is ignored, it is in " + first.path + " too"}).Error())
				continue
			}
			next.accounts[a.accessKey] = a
		}
		next.white.join(&cfg.white)
		next.versions[f.path] = versionOf(before, f, cfg, now)
	}
	return next, warnings, errors.Join(problems...)
}

// versionOf is the version the file states, else one that counts its changes.
func versionOf(before *snapshot, f fileText, cfg *fileConfig, nowMs int64) fileVersion {
	v := fileVersion{content: sha256.Sum256(f.text)}
	last, known := before.versions[f.path]
	switch {
	case cfg.version != nil:
		v.DataVersion = *cfg.version
	case known && last.content == v.content:
		v.DataVersion = last.DataVersion
	case known:
		v.DataVersion = codec.DataVersion{Counter: last.Counter + 1, Timestamp: nowMs}
	default:
		v.DataVersion = codec.DataVersion{Timestamp: nowMs}
	}
	return v
}

// digestOf tells two contents of all files apart.
func digestOf(files []fileText) (d digest) {
	h := sha256.New()
	var size [8]byte
	for _, f := range files {
		for _, part := range [][]byte{[]byte(f.path), f.text} {
			binary.BigEndian.PutUint64(size[:], uint64(len(part)))
			h.Write(size[:])
			h.Write(part)
		}
	}
	h.Sum(d[:0])
	return d
}
