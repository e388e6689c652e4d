package store

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/internal/vfs"
)

// rewriteScripts writes what the scripts' commands say now into the scripts.
var rewriteScripts = flag.Bool("rewrite", false, "rewrite testdata/*.txt from what comes out")

// TestScripts runs testdata/*.txt: blocks of commands, "----", their output and
// a blank line. '#' begins a comment. Each file has its own file system and a
// clock that goes one second a put. Nothing flushes by itself.
//
//	open [key=value …]              open and start; the settings stay for later opens
//	put TOPIC QUEUE BODY [xCOUNT]   append and commit; BODY may hold %d for the number
//	pend TOPIC QUEUE BODY           append only
//	commit | flush | queueflush | checkpoint
//	get TOPIC QUEUE [OFFSET]        read to the end, "offset:body" each
//	state                           log and queue ends
//	stop                            clean stop
//	kill                            the process dies, the page cache lives
//	crash [unsynced=PERCENT] [torn] [seed=N]   the power goes
//	ls FOLDER | rm PATH | truncate PATH SIZE | patch PATH OFFSET TEXT
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			text, err := os.ReadFile(name)
			require.NoError(t, err)
			got := newScript(t).run(string(text))
			if *rewriteScripts {
				require.NoError(t, os.WriteFile(name, []byte(got), 0o644))
				return
			}
			require.Equal(t, string(text), got)
		})
	}
}

type script struct {
	t     *testing.T
	fs    *vfs.MemFS
	cfg   Config
	clock stepClock
	store *MessageStore
	out   bytes.Buffer
}

func newScript(t *testing.T) *script {
	s := &script{t: t, fs: vfs.NewMemFS(), cfg: testConfig("/store")}
	s.cfg.MappedFileSizeCommitLog, s.cfg.MappedFileSizeConsumeQueue = 1024, 4*cqEntryBytes
	s.cfg.FlushIntervalCommitLog, s.cfg.FlushIntervalConsumeQueue = 1<<30, 1<<30
	s.clock.ms.Store(1_700_000_000_000)
	t.Cleanup(func() {
		if s.store != nil {
			require.NoError(t, kill(s.store))
		}
	})
	return s
}

// run returns the script with the output there is.
func (s *script) run(text string) string {
	var result strings.Builder
	inOutput := false
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case line == "----":
			inOutput = true
			result.WriteString(line + "\n" + s.out.String())
			s.out.Reset()
		case line == "":
			inOutput = false
			result.WriteString("\n")
		case inOutput:
		default:
			result.WriteString(line + "\n")
			if !strings.HasPrefix(line, "#") {
				s.command(strings.Fields(line))
			}
		}
	}
	return result.String()
}

func (s *script) command(words []string) {
	commands := map[string]func(args []string){
		"open": s.open, "put": s.put, "pend": s.pend, "get": s.get, "crash": s.crash, "ls": s.ls, "rm": s.rm, "truncate": s.truncate, "patch": s.patch,
		"commit":     func([]string) { s.commit() },
		"flush":      func([]string) { s.store.commitLog.flush() },
		"queueflush": func([]string) { s.store.queues.flush() },
		"checkpoint": func([]string) { s.store.makeCheckpoint() },
		"state":      func([]string) { s.state() },
		"stop":       func([]string) { require.NoError(s.t, s.store.Shutdown()); s.store = nil },
		"kill":       func([]string) { require.NoError(s.t, kill(s.store)); s.store = nil },
	}
	do := commands[words[0]]
	require.NotNil(s.t, do, words[0])
	do(words[1:])
}

func (s *script) open(args []string) {
	for _, a := range args {
		key, value, _ := strings.Cut(a, "=")
		switch key {
		case "flushDiskType":
			s.cfg.FlushDiskType = FlushDiskType(value)
		case "mappedFileSizeCommitLog":
			s.cfg.MappedFileSizeCommitLog = s.number(value)
		default:
			s.t.Fatalf("open: %s", a)
		}
	}
	o := Options{Config: s.cfg, FS: s.fs, Log: slog.New(scriptLog{&s.out}), Now: s.clock.now}
	store, err := Open(o)
	if err != nil {
		fmt.Fprintf(&s.out, "error: %v\n", err)
		return
	}
	require.NoError(s.t, store.Start())
	s.store = store
}

// scriptLog prints what recovery found, and all that is worse than information.
type scriptLog struct{ out *bytes.Buffer }

func (scriptLog) Enabled(context.Context, slog.Level) bool { return true }
func (l scriptLog) WithAttrs([]slog.Attr) slog.Handler     { return l }
func (l scriptLog) WithGroup(string) slog.Handler          { return l }

func (l scriptLog) Handle(_ context.Context, r slog.Record) error {
	if r.Level < slog.LevelWarn && r.Message != "store recovered" {
		return nil
	}
	fmt.Fprint(l.out, r.Message)
	r.Attrs(func(a slog.Attr) bool {
		if a.Key != "ms" {
			fmt.Fprintf(l.out, " %s", a)
		}
		return true
	})
	fmt.Fprintln(l.out)
	return nil
}

func (s *script) number(text string) int {
	n, err := strconv.Atoi(text)
	require.NoError(s.t, err)
	return n
}

func (s *script) put(args []string) {
	count := 1
	if len(args) > 3 {
		count = s.number(strings.TrimPrefix(args[3], "x"))
	}
	for i := range count {
		s.append(args, i)
		s.commit()
	}
}

func (s *script) pend(args []string) { s.append(args, 0) }

func (s *script) append(args []string, i int) {
	s.clock.ms.Add(1000)
	s.store.PutMessage(testMessage(args[0], int32(s.number(args[1])), strings.ReplaceAll(args[2], "%d", strconv.Itoa(i))), scriptDone{s})
}

type scriptDone struct{ s *script }

func (d scriptDone) PutDone(r *PutResult) {
	if r.Status != PutOK {
		fmt.Fprintln(&d.s.out, r.Status)
	}
}

// commit returns when everything that follows a commit by itself has happened.
func (s *script) commit() {
	s.store.CommitPending()
	l := s.store.commitLog
	if s.cfg.FlushDiskType == SyncFlush {
		require.Eventually(s.t, func() bool { return l.flushed.Load() == l.committed.Load() && l.waits.flush.len() == 0 }, eventually, tick)
	}
	waitDispatched(s.t, s.store)
	require.Eventually(s.t, func() bool {
		l.files.mu.Lock()
		defer l.files.mu.Unlock()
		return len(l.files.snapshot()) == 0 || l.files.mu.ahead != nil && l.files.mu.ahead.dirSynced.Load()
	}, eventually, tick)
}

func (s *script) get(args []string) {
	id := int32(s.number(args[1]))
	offset := s.store.MinOffsetInQueue(args[0], id)
	if len(args) > 2 {
		offset = int64(s.number(args[2]))
	}
	var res GetResult
	s.store.GetMessage(args[0], id, offset, 32, nil, &res)
	fmt.Fprintf(&s.out, "%v next=%d min=%d max=%d\n", res.Status, res.NextBeginOffset, res.MinOffset, res.MaxOffset)
	if list := bodies(s.t, s.store, args[0], id, offset); len(list) > 0 {
		fmt.Fprintln(&s.out, strings.Join(list, " "))
	}
}

func (s *script) state() {
	m := s.store
	fmt.Fprintf(&s.out, "log %d..%d flushed %d writeable %v\n", m.MinPhyOffset(), m.MaxPhyOffset(), m.FlushedWhere(), m.Writeable())
	for _, topic := range m.Topics() {
		for _, id := range m.QueueIDs(topic) {
			fmt.Fprintf(&s.out, "%s-%d %d..%d\n", topic, id, m.MinOffsetInQueue(topic, id), m.MaxOffsetInQueue(topic, id))
		}
	}
}

func (s *script) crash(args []string) {
	c, seed := vfs.Crash{}, 1
	for _, a := range args {
		key, value, _ := strings.Cut(a, "=")
		switch key {
		case "unsynced":
			c.UnsyncedPercent = s.number(value)
		case "torn":
			c.Torn = true
		case "seed":
			seed = s.number(value)
		default:
			s.t.Fatalf("crash: %s", a)
		}
	}
	m := s.store
	m.flags.set(flagShutdown)
	close(m.stop)
	m.running.Wait()
	s.fs = s.fs.CrashClone(rand.New(rand.NewPCG(uint64(seed), 0)), c)
	require.NoError(s.t, m.close())
	s.store = nil
}

func (s *script) ls(args []string) {
	s.list(path.Join("/store", args[0]), "")
}

func (s *script) list(dir, prefix string) {
	entries, err := s.fs.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintln(&s.out, "none")
		return
	}
	require.NoError(s.t, err)
	for _, e := range entries {
		if e.IsDir() {
			s.list(path.Join(dir, e.Name()), prefix+e.Name()+"/")
			continue
		}
		st, err := s.fs.Stat(path.Join(dir, e.Name()))
		require.NoError(s.t, err)
		fmt.Fprintf(&s.out, "%s%s %d\n", prefix, e.Name(), st.Size())
	}
}

func (s *script) rm(args []string) {
	require.NoError(s.t, s.fs.RemoveAll(path.Join("/store", args[0])))
}

func (s *script) file(name string, do func(f vfs.File) error) {
	f, err := s.fs.OpenFile(path.Join("/store", name), os.O_RDWR, 0)
	require.NoError(s.t, err)
	require.NoError(s.t, do(f))
	require.NoError(s.t, f.Sync())
	require.NoError(s.t, f.Close())
}

func (s *script) truncate(args []string) {
	s.file(args[0], func(f vfs.File) error { return f.Truncate(int64(s.number(args[1]))) })
}

func (s *script) patch(args []string) {
	s.file(args[0], func(f vfs.File) error {
		_, err := f.WriteAt([]byte(args[2]), int64(s.number(args[1])))
		return err
	})
}
