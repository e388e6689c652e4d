package store

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
)

// TestEverySituationMeetsOneCase holds the law of the table.
func TestEverySituationMeetsOneCase(t *testing.T) {
	n := 0
	used := map[string]bool{}
	for stop := stopClean; stop&stopAny != 0; stop <<= 1 {
		for log := logEmpty; log <= logFilled; log <<= 1 {
			for queues := queuesTail; queues&queuesAny != 0; queues <<= 1 {
				for mark := markGood; mark&markAny != 0; mark <<= 1 {
					for times := timesGood; times&timesAny != 0; times <<= 1 {
						st := situation{stop, log, queues, mark, times}
						var met []string
						for _, c := range recoveryCases() {
							if c.meets(st) {
								met = append(met, c.letter)
								used[c.letter] = true
							}
						}
						require.Len(t, met, 1, "%+v meets %v", st, met)
						n++
					}
				}
			}
		}
	}
	require.Equal(t, 2*2*4*2*2, n)
	require.Len(t, used, len(recoveryCases()), "a case that no situation meets")
}

// recoveryStore writes 60 messages into three queues and leaves the store
// killed: the last of them were not flushed into the queues.
func recoveryStore(t *testing.T, dir string) (s *MessageStore, want map[string][]string) {
	t.Helper()
	cfg := testConfig(dir)
	cfg.MappedFileSizeCommitLog = 8192
	cfg.FlushIntervalConsumeQueue = 1 << 30
	s = openStore(t, testOptions(cfg))
	want = map[string][]string{}
	for i := range 60 {
		topic := fmt.Sprintf("T%d", i%3)
		body := fmt.Sprintf("%d%s", i, strings.Repeat("x", 300))
		r := put(t, s, topic, 0, body)
		want[topic] = append(want[topic], fmt.Sprintf("%d:%s", r.QueueOffset, body))
		waitDispatched(t, s)
		if i == 40 {
			s.queues.flush()
			s.commitLog.flush()
			s.makeCheckpoint()
		}
		if i == 50 {
			s.queues.flush()
		}
	}
	return s, want
}

func requireQueues(t *testing.T, s *MessageStore, want map[string][]string) {
	t.Helper()
	for topic, list := range want {
		require.Equal(t, list, bodies(t, s, topic, 0, 0), topic)
	}
}

// reopen opens the folder again, looks at it and stops it cleanly.
func reopen(t *testing.T, s *MessageStore, look func(s *MessageStore)) {
	t.Helper()
	s = openStore(t, testOptions(*s.Config()))
	look(s)
	require.NoError(t, s.Shutdown())
}

func TestRecoveryAfterKill(t *testing.T) {
	damage := map[string]func(t *testing.T, dir string){
		"E as it is":      func(*testing.T, string) {},
		"G no checkpoint": func(t *testing.T, dir string) { require.NoError(t, os.Remove(filepath.Join(dir, "checkpoint"))) },
		"G checkpoint of zeros": func(t *testing.T, dir string) {
			require.NoError(t, os.WriteFile(filepath.Join(dir, "checkpoint"), make([]byte, 4096), 0o644))
		},
		"G short checkpoint": func(t *testing.T, dir string) {
			require.NoError(t, os.WriteFile(filepath.Join(dir, "checkpoint"), []byte("?"), 0o644))
		},
		"G no queues": func(t *testing.T, dir string) {
			require.NoError(t, os.RemoveAll(filepath.Join(dir, "consumequeue")))
			require.NoError(t, os.Remove(filepath.Join(dir, "checkpoint")))
		},
		"a queue file cut short": func(t *testing.T, dir string) {
			require.NoError(t, os.Truncate(filepath.Join(dir, "consumequeue/T1/0/00000000000000000000"), 20*13))
		},
		"H a gap in a queue": func(t *testing.T, dir string) {
			name := filepath.Join(dir, "consumequeue/T1/0/00000000000000000000")
			b, err := os.ReadFile(name)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join(dir, "consumequeue/T1/0/00000000000000002000"), b, 0o644))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "consumequeue/T1/0/00000000000000006000"), b, 0o644))
		},
		"an empty last queue file": func(t *testing.T, dir string) {
			require.NoError(t, os.WriteFile(filepath.Join(dir, "consumequeue/T1/0/00000000000000002000"), make([]byte, 2000), 0o644))
		},
		"a queue file without length": func(t *testing.T, dir string) {
			require.NoError(t, os.WriteFile(filepath.Join(dir, "consumequeue/T1/0/00000000000000002000"), nil, 0o644))
		},
		"foreign folders": func(t *testing.T, dir string) {
			require.NoError(t, os.MkdirAll(filepath.Join(dir, "consumequeue/T1/lost+found"), 0o755))
			require.NoError(t, os.MkdirAll(filepath.Join(dir, "consumequeue/not a topic/0"), 0o755))
			require.NoError(t, os.MkdirAll(filepath.Join(dir, "consumequeue/T1/deleted-0-17"), 0o755))
		},
	}
	for name, do := range damage {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s, want := recoveryStore(t, dir)
			end := s.MaxPhyOffset()
			require.NoError(t, kill(s))
			do(t, dir)
			for range 2 { // the second time after a clean stop
				reopen(t, s, func(s *MessageStore) {
					require.Equal(t, end, s.MaxPhyOffset())
					requireQueues(t, s, want)
				})
			}
		})
	}
}

func TestRecoveryAfterCleanStop(t *testing.T) {
	t.Run("D queues deleted", func(t *testing.T) {
		s, want := recoveryStore(t, t.TempDir())
		require.NoError(t, s.Shutdown())
		require.NoError(t, os.RemoveAll(s.queues.dir))
		reopen(t, s, func(s *MessageStore) { requireQueues(t, s, want) })
	})
	t.Run("C queues ahead of the log", func(t *testing.T) {
		s, want := recoveryStore(t, t.TempDir())
		require.NoError(t, s.Shutdown())
		// The last file of the log is lost.
		files, err := filepath.Glob(filepath.Join(s.Config().StorePathRootDir, "commitlog", "*"))
		require.NoError(t, err)
		last, _ := parseOffsetFileName(filepath.Base(files[len(files)-1]))
		require.NoError(t, os.Remove(files[len(files)-1]))
		reopen(t, s, func(s *MessageStore) {
			require.LessOrEqual(t, s.MaxPhyOffset(), last)
			for topic, list := range want {
				got := bodies(t, s, topic, 0, 0)
				require.NotEmpty(t, got)
				require.Equal(t, list[:len(got)], got)
			}
		})
	})
	t.Run("B queues behind the log", func(t *testing.T) {
		dir := t.TempDir()
		s, want := recoveryStore(t, dir)
		require.NoError(t, s.Shutdown())
		// Entries of the last records are missing, as after a restore of older queues.
		for topic := range want {
			f, err := os.OpenFile(filepath.Join(dir, "consumequeue", topic, "0", offsetFileName(0)), os.O_RDWR, 0)
			require.NoError(t, err)
			require.NoError(t, f.Truncate(15*cqEntryBytes))
			require.NoError(t, f.Truncate(100*cqEntryBytes))
			require.NoError(t, f.Close())
		}
		reopen(t, s, func(s *MessageStore) { requireQueues(t, s, want) })
	})
	t.Run("log empty, queues there", func(t *testing.T) {
		dir := t.TempDir()
		s, _ := recoveryStore(t, dir)
		require.NoError(t, s.Shutdown())
		require.NoError(t, os.RemoveAll(filepath.Join(dir, "commitlog")))
		reopen(t, s, func(s *MessageStore) {
			require.Zero(t, s.MaxPhyOffset())
			require.Empty(t, s.Topics())
			require.Zero(t, put(t, s, "T1", 0, "new").QueueOffset)
		})
	})
}

// logFileOf returns the path of the log file and the position in it.
func logFileOf(s *MessageStore, phy int64) (string, int64) {
	start := s.commitLog.files.fileStart(phy)
	return filepath.Join(s.Config().StorePathRootDir, "commitlog", offsetFileName(start)), phy - start
}

func patchFile(t *testing.T, name string, pos int64, p []byte) {
	t.Helper()
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	require.NoError(t, err)
	_, err = f.WriteAt(p, pos)
	require.NoError(t, err)
	require.NoError(t, f.Close())
}

func TestDamageBeforeTheDurableEndLosesOneRecord(t *testing.T) {
	dir := t.TempDir()
	cfg := testConfig(dir)
	s := openStore(t, testOptions(cfg))
	var at []int64
	for i := range 20 {
		at = append(at, put(t, s, "T", 0, fmt.Sprintf("T%d", i)).PhysicalOffset)
	}
	waitDispatched(t, s)
	require.NoError(t, s.Shutdown())
	// A bit of a body flips, the queues are lost, so all is read again.
	name, pos := logFileOf(s, at[5])
	patchFile(t, name, pos+88, []byte("X"))
	require.NoError(t, os.RemoveAll(filepath.Join(dir, "consumequeue")))
	reopen(t, s, func(s *MessageStore) {
		require.EqualValues(t, 20, s.MaxOffsetInQueue("T", 0), "what lies behind the damage is not thrown away")
		require.Equal(t, numbered("T", 6, 20), bodies(t, s, "T", 0, 6))
		_, ok := s.LookMessageByOffset(at[5]) // its lengths agree: whoever reads it compares the CRC
		require.True(t, ok)
	})
}

func TestTornEndIsCutAndNeverComesBack(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, testOptions(testConfig(dir)))
	var r PutResult
	for i := range 10 {
		r = put(t, s, "T", 0, fmt.Sprintf("T%d", i))
	}
	waitDispatched(t, s)
	fifth := put(t, s, "T", 0, "T10")
	put(t, s, "T", 0, "T11")
	require.Equal(t, fifth.SizeBytes, r.SizeBytes+1)
	require.NoError(t, kill(s))
	// Record 10 is torn; record 11 behind it is whole, but was never durable.
	name, pos := logFileOf(s, fifth.PhysicalOffset)
	patchFile(t, name, pos+4, make([]byte, 40))
	s = openStore(t, testOptions(*s.Config()))
	require.Equal(t, fifth.PhysicalOffset, s.MaxPhyOffset())
	require.Equal(t, numbered("T", 0, 10), bodies(t, s, "T", 0, 0))
	// A record of the same length as the torn one ends where 11 began.
	require.EqualValues(t, 10, put(t, s, "T", 0, "N10").QueueOffset)
	waitDispatched(t, s)
	require.NoError(t, kill(s))
	reopen(t, s, func(s *MessageStore) {
		require.Equal(t, append(numbered("T", 0, 10), "10:N10"), bodies(t, s, "T", 0, 0))
	})
}

func TestRecordWithIllegalTopicIsSkipped(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, testOptions(testConfig(dir)))
	put(t, s, "T", 0, "T0")
	bad := put(t, s, "Etc_passwd", 0, "evil")
	put(t, s, "T", 0, "T1")
	waitDispatched(t, s)
	require.NoError(t, s.Shutdown())
	name, pos := logFileOf(s, bad.PhysicalOffset)
	b, err := os.ReadFile(name)
	require.NoError(t, err)
	i := bytes.Index(b[pos:], []byte("Etc_passwd"))
	patchFile(t, name, pos+int64(i), []byte("../passwd/"))
	require.NoError(t, os.RemoveAll(filepath.Join(dir, "consumequeue")))
	reopen(t, s, func(s *MessageStore) {
		require.Equal(t, []string{"T"}, s.Topics())
		require.Equal(t, numbered("T", 0, 2), bodies(t, s, "T", 0, 0))
		require.NoDirExists(t, filepath.Join(dir, "passwd"))
		_, ok := s.LookMessageByOffset(bad.PhysicalOffset)
		require.False(t, ok)
	})
}

func TestLogFilesThatDoNotFit(t *testing.T) {
	dir := t.TempDir()
	s, want := recoveryStore(t, dir)
	require.NoError(t, s.Shutdown())
	cfg := *s.Config()
	f := func(name string, do, undo func()) {
		t.Helper()
		do()
		_, err := Open(testOptions(cfg))
		require.ErrorContains(t, err, name)
		undo()
	}
	second, _ := logFileOf(s, 8192)
	b, err := os.ReadFile(second)
	require.NoError(t, err)
	restore := func() { require.NoError(t, os.WriteFile(second, b, 0o644)) }
	f("is missing", func() { require.NoError(t, os.Remove(second)) }, restore)
	f("has 100 bytes", func() { require.NoError(t, os.Truncate(second, 100)) }, restore)

	// Another size in the settings: the files win, for log and queues.
	cfg.MappedFileSizeCommitLog, cfg.MappedFileSizeConsumeQueue = 1<<20, 6000
	s = openStore(t, testOptions(cfg))
	requireQueues(t, s, want)
	for i := range 100 {
		put(t, s, "T0", 0, strings.Repeat("y", 500)+fmt.Sprint(i))
	}
	waitDispatched(t, s)
	require.Len(t, bodies(t, s, "T0", 0, 0), 120)
	require.NoError(t, s.Shutdown())
	third, _ := logFileOf(s, 2*8192)
	st, err := os.Stat(third)
	require.NoError(t, err)
	require.EqualValues(t, 8192, st.Size())
}

func TestDispatchPassesDamage(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, testOptions(testConfig(dir)))
	var at []PutResult
	for i := range 10 {
		at = append(at, put(t, s, "T", 0, fmt.Sprintf("T%d", i)))
	}
	waitDispatched(t, s)
	name, pos := logFileOf(s, at[3].PhysicalOffset)
	patchFile(t, name, pos, bytes.Repeat([]byte{0xFF}, int(at[3].SizeBytes))) // no record
	name, pos = logFileOf(s, at[6].PhysicalOffset)
	props := make([]byte, 2)
	binary.BigEndian.PutUint16(props, 5)
	patchFile(t, name, pos+int64(at[6].SizeBytes)-8, props) // lengths disagree
	for _, q := range s.queues.all() {
		require.NoError(t, q.discard())
	}
	var v codec.DispatchView
	_, ok := s.commitLog.copyRecord(at[6].PhysicalOffset, &v)
	require.False(t, ok)
	s.reput.from.Store(0)
	s.reput.dispatch(s.MaxPhyOffset())
	want := append(append(numbered("T", 0, 3), numbered("T", 4, 6)...), numbered("T", 7, 10)...)
	require.Equal(t, want, bodies(t, s, "T", 0, 0))
	require.EqualValues(t, 10, s.MaxOffsetInQueue("T", 0), "filler keeps the offsets of the others")
	require.EqualValues(t, -1, s.MessageStoreTimestamp("T", 0, 3))
}

// TestTornPropertiesAreCut: a kill in the middle of a write can leave a record whose body is whole and whose properties end
// in zeros, which no checksum tells. The Java broker serves it; Booster cuts it off. A message that has such properties of
// its own stays.
func TestTornPropertiesAreCut(t *testing.T) {
	s := openStore(t, testOptions(testConfig(t.TempDir())))
	put(t, s, "T", 0, "T0")
	m := testMessage("T", 0, "T1")
	m.Properties = "KEYS\x01ends in zeros\x00\x00"
	own := s.PutMessageSync(m)
	require.Equal(t, PutOK, own.Status)
	require.NoError(t, kill(s))
	s = openStore(t, testOptions(*s.Config()))
	require.Equal(t, numbered("T", 0, 2), bodies(t, s, "T", 0, 0))

	m = testMessage("T", 0, "T2")
	m.Properties = "KEYS\x01the end of this was not written"
	torn := s.PutMessageSync(m)
	require.Equal(t, PutOK, torn.Status)
	require.NoError(t, kill(s))
	name, pos := logFileOf(s, torn.PhysicalOffset)
	patchFile(t, name, pos+int64(torn.SizeBytes)-10, make([]byte, 10))
	s = openStore(t, testOptions(*s.Config()))
	require.Equal(t, torn.PhysicalOffset, s.MaxPhyOffset())
	require.Equal(t, numbered("T", 0, 2), bodies(t, s, "T", 0, 0))
	require.EqualValues(t, 2, put(t, s, "T", 0, "T2").QueueOffset)
	waitDispatched(t, s)
	require.NoError(t, s.Shutdown())
}
