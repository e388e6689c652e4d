package logging

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// clock is a time that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func open(t *testing.T, c Config, console io.Writer, now func() time.Time) *Logs {
	t.Helper()
	l, err := Open(Options{Config: c, Console: console, ConsoleLevel: slog.LevelWarn, Now: now})
	require.NoError(t, err)
	return l
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}

// TestFiles: each logger has its file, from the level on; warnings are on the console too.
func TestFiles(t *testing.T) {
	c := DefaultConfig()
	c.Dir = filepath.Join(t.TempDir(), "logs", "rocketmqlogs")
	var console bytes.Buffer
	l := open(t, c, &console, time.Now)
	broker := l.Logger("broker")
	broker.Info("started", "name", "broker-a")
	broker.Debug("too small")
	store := broker.With("id", 7).With(FileKey, "store").WithGroup("g")
	store.Warn("disk", "used", 91)
	require.NoError(t, l.Close())
	broker.Info("after the end") // lost, and harmless
	require.NoError(t, l.Close())

	text := read(t, filepath.Join(c.Dir, "broker.log"))
	require.Regexp(t, `^time=\S+ level=INFO msg=started name=broker-a\n$`, text)
	require.Regexp(t, `^time=\S+ level=WARN msg=disk id=7 g.used=91\n$`, read(t, filepath.Join(c.Dir, "store.log")))
	require.Regexp(t, `^time=\S+ level=WARN msg=disk id=7 g.used=91\n$`, console.String())
}

func TestJSON(t *testing.T) {
	c := DefaultConfig()
	c.Dir, c.Format = t.TempDir(), formatJSON
	l := open(t, c, io.Discard, time.Now)
	l.Logger("namesrv").Error("name\n\"x\"", "broker", "b\x1b[31m")
	require.NoError(t, l.Close())
	var line map[string]any
	require.NoError(t, json.Unmarshal([]byte(read(t, filepath.Join(c.Dir, "namesrv.log"))), &line))
	require.Equal(t, "name\n\"x\"", line["msg"])
	require.Equal(t, "b\x1b[31m", line["broker"])
}

// TestHostileText: what clients say cannot make lines of its own or reach a terminal.
func TestHostileText(t *testing.T) {
	c := DefaultConfig()
	c.Dir = NoFiles
	var console bytes.Buffer
	l := open(t, c, &console, time.Now)
	l.Logger("broker").Warn("refused", "topic", "x\ntime=2026 level=ERROR msg=\x1b[2J")
	require.NoError(t, l.Close())
	require.Equal(t, 1, strings.Count(console.String(), "\n"))
	require.NotContains(t, console.String(), "\x1b")
}

// TestFlood: of one message only so many lines are written, whoever causes them; others are not held up, and how many
// were left out is said.
func TestFlood(t *testing.T) {
	c := DefaultConfig()
	c.Dir = t.TempDir()
	now := &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.Local)}
	l := open(t, c, io.Discard, now.Now)
	log := l.Logger("broker")
	for i := range 1000 {
		log.Warn("topic not created", "client", i)
	}
	log.Info("another")
	now.advance(windowTime)
	log.Warn("topic not created", "client", "later")
	require.NoError(t, l.Close())
	text := read(t, filepath.Join(c.Dir, "broker.log"))
	require.Equal(t, burst+1, strings.Count(text, "topic not created"))
	require.Contains(t, text, "another")
	require.Contains(t, text, fmt.Sprintf("client=later leftOutBefore=%d", 1000-burst))
}

// TestManyMessages: texts that are made up from outside share one window.
func TestManyMessages(t *testing.T) {
	now := &clock{now: time.Now()}
	l := newLimiter(now.Now)
	written := 0
	for i := range 10 * maxMessages {
		if _, ok := l.allow(slog.LevelInfo, fmt.Sprint("text ", i)); ok {
			written++
		}
	}
	require.Equal(t, maxMessages+burst, written)
	require.Len(t, l.mu.messages, maxMessages+1)
}

// TestDays: the first line of a day begins a new file.
func TestDays(t *testing.T) {
	c := DefaultConfig()
	c.Dir = t.TempDir()
	now := &clock{now: time.Now()}
	l := open(t, c, io.Discard, now.Now)
	l.Logger("broker").Info("today")
	l.Logger("broker").Info("today too")
	waitFor(t, l)
	now.advance(24 * time.Hour)
	l.Logger("broker").Info("tomorrow")
	require.NoError(t, l.Close())
	require.NotContains(t, read(t, filepath.Join(c.Dir, "broker.log")), "today")
	requireBackups(t, c.Dir, 1)
}

// TestDaysBetweenRuns: a program that was not running at midnight begins a new file too, and one that was, goes on.
func TestDaysBetweenRuns(t *testing.T) {
	for age, old := range map[time.Duration]int{0: 0, 24 * time.Hour: 1} {
		c := DefaultConfig()
		c.Dir = t.TempDir()
		path := filepath.Join(c.Dir, "broker.log")
		require.NoError(t, os.WriteFile(path, []byte("last run\n"), 0o600))
		written := time.Now().Add(-age)
		require.NoError(t, os.Chtimes(path, written, written))
		l := open(t, c, io.Discard, func() time.Time { return written.Add(age) })
		l.Logger("broker").Info("next run")
		require.NoError(t, l.Close())
		require.Equal(t, old == 0, strings.Contains(read(t, path), "last run"))
		requireBackups(t, c.Dir, old)
	}
}

// waitFor waits until what was logged is written: the writer takes lines in order.
func waitFor(t *testing.T, l *Logs) {
	t.Helper()
	done := make(signal)
	_, err := l.writer.to(done).Write([]byte("x"))
	require.NoError(t, err)
	<-done
}

type signal chan struct{}

func (s signal) Write(p []byte) (int, error) {
	close(s)
	return len(p), nil
}

// requireBackups waits until n files were turned over and compressed, which goes on beside.
func requireBackups(t *testing.T, dir string, n int) {
	t.Helper()
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		entries, err := os.ReadDir(dir)
		require.NoError(c, err)
		require.Len(c, entries, n+1)
		compressed, err := filepath.Glob(filepath.Join(dir, "broker-*.log.gz"))
		require.NoError(c, err)
		require.Len(c, compressed, n)
	}, 10*time.Second, time.Millisecond)
}

// TestUnwritable: logs that cannot be written are said once and stop nothing.
func TestUnwritable(t *testing.T) {
	blocked := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(blocked, nil, 0o600))
	c := DefaultConfig()
	c.Dir = filepath.Join(blocked, "logs")
	var console bytes.Buffer
	l := open(t, c, &console, time.Now)
	l.Logger("broker").Info("one")
	l.Logger("broker").Info("two")
	require.NoError(t, l.Close())
	require.Equal(t, 1, strings.Count(console.String(), "a log file cannot be written"), console.String())
}

// TestNobodyWaits: a console that takes nothing holds up nobody; what did not fit is counted.
func TestNobodyWaits(t *testing.T) {
	c := DefaultConfig()
	c.Dir = NoFiles
	stuck := &stuckWriter{release: make(chan struct{})}
	l := open(t, c, stuck, time.Now)
	out := l.writer.to(stuck)
	for range 2 * queuedLines {
		_, err := out.Write([]byte("line\n"))
		require.NoError(t, err)
	}
	close(stuck.release)
	require.NoError(t, l.Close())
	lost := 2*queuedLines - strings.Count(stuck.text.String(), "line\n")
	require.Positive(t, lost)
	require.True(t, strings.Contains(stuck.text.String(), fmt.Sprint(lost, " log lines were lost")))
}

type stuckWriter struct {
	release chan struct{}
	text    bytes.Buffer
}

func (s *stuckWriter) Write(p []byte) (int, error) {
	<-s.release
	return s.text.Write(p)
}

func TestValidate(t *testing.T) {
	for _, c := range []struct {
		c    Config
		want string
	}{
		{Config{Level: "loud", Format: "text"}, "logLevel=loud: want debug, info, warn or error"},
		{Config{Level: "info", Format: "xml"}, "logFormat=xml: want text or json"},
	} {
		require.EqualError(t, c.c.Validate(), c.want)
		_, err := Open(Options{Config: c.c})
		require.Error(t, err)
	}
	require.NoError(t, (&Config{Level: "DEBUG", Format: "json"}).Validate())
}

func BenchmarkLog(b *testing.B) {
	c := DefaultConfig()
	c.Dir = b.TempDir()
	l, err := Open(Options{Config: c, Console: io.Discard, ConsoleLevel: slog.LevelWarn})
	require.NoError(b, err)
	log := l.Logger("broker")
	b.ReportAllocs()
	for b.Loop() {
		log.Warn("system busy", "stage", "x")
	}
	require.NoError(b, l.Close())
}
