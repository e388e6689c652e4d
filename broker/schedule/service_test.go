package schedule

import (
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/vfs"
	"github.com/boostermq/booster/store"
)

const offsetPath = "/store/config/delayOffset.json"

// world is a service over a fake store, in a bubble of synctest.
type world struct {
	*Service
	store *fakeStore
	fs    *vfs.MemFS
	begun time.Time
}

func newWorld(t *testing.T, levels string, change func(f *fakeStore)) *world {
	w := &world{store: newFakeStore(parseLevels(t, levels)), fs: vfs.NewMemFS(), begun: time.Now()}
	if change != nil {
		change(w.store)
	}
	w.start(t)
	t.Cleanup(func() { w.stop(t) })
	return w
}

func (w *world) start(t *testing.T) {
	w.Service = New(Options{FS: w.fs, Path: offsetPath, Levels: w.store.levels, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, w.Load())
	w.store.set(func() { w.store.arriving = w.Arriving })
	w.Start(w.store)
	synctest.Wait()
}

func (w *world) stop(t *testing.T) {
	w.Shutdown()
	require.NoError(t, w.Persist())
}

// after lets time pass until d after the start.
func (w *world) after(d time.Duration) {
	time.Sleep(d - time.Since(w.begun))
	synctest.Wait()
}

// delivered tells body@time of delivery since the start, of queue 0 of topic T.
func (w *world) delivered(t *testing.T) (got []string) {
	for _, text := range w.store.delivered(t, "T", 0) {
		var body string
		var ms int64
		_, err := fmt.Sscanf(text, "%1s@%d", &body, &ms)
		require.NoError(t, err)
		got = append(got, body+"@"+time.UnixMilli(ms).Sub(w.begun).String())
	}
	return got
}

// TestStoredDuringTheLook: a message that is stored after the level was found due, and before its queue is read, waits for its time.
func TestStoredDuringTheLook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "1s", func(f *fakeStore) {
			begun, done := time.Now(), false
			f.reading = func() {
				if time.Since(begun) >= 1100*time.Millisecond && !done {
					done = true
					time.Sleep(5 * time.Millisecond) // moves the bubble's clock, and waits for nothing
					f.send(t, message("T", 0, "b", 1))
				}
			}
		})
		w.after(100 * time.Millisecond)
		w.store.send(t, message("T", 0, "a", 1))
		w.after(time.Minute)
		require.Equal(t, []string{"a@1.105s", "b@2.105s"}, w.delivered(t))
	})
}

func TestDeliversInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "1s 3s 1h", nil)
		w.after(100 * time.Millisecond)
		w.store.send(t, message("T", 0, "a", 1))
		w.store.send(t, message("T", 0, "b", 2))
		w.store.send(t, message("T", 0, "c", 3))
		w.after(250 * time.Millisecond)
		w.store.send(t, message("T", 0, "d", 1))
		w.store.send(t, message("T", 0, "e", 9)) // above the highest: 1h
		w.after(2 * time.Hour)
		require.Equal(t, []string{"a@1.1s", "d@1.25s", "b@3.1s", "c@1h0m0.1s", "e@1h0m0.25s"}, w.delivered(t))
		w.EachLevel(func(level int, offset, maxOffset int64) {
			require.Equal(t, []int64{2, 1, 2}[level-1], offset)
			require.Equal(t, maxOffset, offset)
		})
	})
}

// TestSleeps: an idle service does nothing, and what it waits for costs no reads.
func TestSleeps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, defaultLevels, nil)
		reads := w.store.reads
		w.after(time.Hour)
		require.Equal(t, reads, w.store.reads)
		w.store.send(t, message("T", 0, "a", 18))
		w.after(3*time.Hour - time.Second)
		require.LessOrEqual(t, w.store.reads, reads+2)
		require.Empty(t, w.delivered(t))
		w.after(3 * time.Hour)
		require.Equal(t, []string{"a@3h0m0s"}, w.delivered(t))
		require.LessOrEqual(t, w.store.reads, reads+4)
	})
}

// TestMissedArrival: nobody tells that a message came; it is late, not lost.
func TestMissedArrival(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "1s", nil)
		w.store.set(func() { w.store.arriving = nil })
		w.store.send(t, message("T", 0, "a", 1))
		w.after(11 * time.Second)
		require.Equal(t, []string{"a"}, w.store.bodies(t, "T", 0))
	})
}

// TestDeliveredRecord: everything but offsets, store time and destination is that of the sender.
func TestDeliveredRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var counted []string
		w := newWorld(t, "1s", nil)
		w.o.Delivered = func(topic string, queueID int32, sizeBytes int) {
			counted = append(counted, fmt.Sprintf("%s %d %d", topic, queueID, sizeBytes))
		}
		sent := message("%RETRY%G", 7, "body", 1)
		w.store.send(t, sent)
		w.after(time.Minute)
		got := decode(t, w.store.queues[queueKey("%RETRY%G", 7)][0].record)
		require.Equal(t, visible("KEYS=k;TAGS=a;DELAY=1;REAL_TOPIC=%RETRY%G;REAL_QID=7"), got.Properties)
		require.Equal(t, w.begun.Add(time.Second).UnixMilli(), got.StoreTimestampMs)
		require.Equal(t, []string{fmt.Sprintf("%%RETRY%%G 7 %d", got.StoreSizeBytes)}, counted)
		want := *sent
		want.Topic, want.QueueID, want.Properties = got.Topic, got.QueueID, got.Properties
		want.StoreSizeBytes, want.BodyCRC, want.CommitLogOffset, want.StoreTimestampMs = got.StoreSizeBytes, got.BodyCRC, got.CommitLogOffset, got.StoreTimestampMs
		require.Equal(t, want, got)
	})
}

// TestDeliveredLikeJava: from the record that waits in a Java store we make the
// very bytes that the Java broker made.
func TestDeliveredLikeJava(t *testing.T) {
	records := javaRecords(t, "testdata/java-4.9.8-delayed.hex")
	for i := 0; i < len(records); i += 2 {
		waiting, java := decode(t, records[i]), decode(t, records[i+1])
		require.NoError(t, toDestination(&waiting))
		rec, err := codec.AppendRecord(nil, &waiting)
		require.NoError(t, err)
		codec.PatchRecord(rec, java.QueueOffset, java.CommitLogOffset, java.StoreTimestampMs)
		require.Equal(t, records[i+1], rec)
	}
}

// TestPoison: a record that cannot be delivered costs itself only.
func TestPoison(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		raw := func(f *fakeStore, body, props string) {
			m := message("", 0, body, 1)
			m.Topic, m.Properties = codec.ScheduleTopic, visible(props)
			f.append(m)
		}
		w := newWorld(t, "1s", func(f *fakeStore) {
			f.send(t, message("T", 0, "a", 1))
			raw(f, "no topic", "DELAY=1;REAL_QID=0")
			raw(f, "no name", "DELAY=1;REAL_TOPIC=../../etc;REAL_QID=0")
			raw(f, "no queue", "DELAY=1;REAL_TOPIC=T")
			raw(f, "bad queue", "DELAY=1;REAL_TOPIC=T;REAL_QID=x")
			raw(f, "negative queue", "DELAY=1;REAL_TOPIC=T;REAL_QID=-1")
			raw(f, "itself", "DELAY=1;REAL_TOPIC=SCHEDULE_TOPIC_XXXX;REAL_QID=0")
			raw(f, "half", "DELAY=1;REAL_TOPIC=RMQ_SYS_TRANS_HALF_TOPIC;REAL_QID=0")
			raw(f, "rotten", "DELAY=1;REAL_TOPIC=T;REAL_QID=0")
			q := f.queues[queueKey(codec.ScheduleTopic, 0)]
			q[len(q)-1].record[88] ^= 1 // first byte of the body
			raw(f, "gone", "DELAY=1;REAL_TOPIC=T;REAL_QID=0")
			q = f.queues[queueKey(codec.ScheduleTopic, 0)]
			q[len(q)-1].record = nil
			f.send(t, message("T", 0, "illegal", 1))
			f.send(t, message("T", 0, "b", 1))
			f.refuse = func(m *codec.Message) store.PutStatus {
				if string(m.Body) == "illegal" && m.Topic == "T" {
					return store.MessageIllegal
				}
				return store.PutOK
			}
		})
		w.after(2 * time.Second)
		require.Equal(t, []string{"a@1s", "b@1s"}, w.delivered(t))
	})
}

// TestStoreRefuses: the level waits for the store and then delivers each message once.
func TestStoreRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "1s 2s", nil)
		for _, body := range []string{"a", "b", "c", "d", "e"} {
			w.store.send(t, message("T", 0, body, 1))
		}
		w.store.send(t, message("T", 0, "f", 2))
		refused := 0
		w.store.set(func() {
			w.store.refuse = func(m *codec.Message) store.PutStatus {
				if m.Topic != "T" || string(m.Body) == "a" || string(m.Body) == "d" {
					return store.PutOK
				}
				refused++
				return store.ServiceNotAvailable
			}
		})
		w.after(90 * time.Second)
		require.Equal(t, []string{"a@1s", "d@1s"}, w.delivered(t))
		require.Less(t, refused, 60)
		require.Equal(t, int64(1), w.offsets.get(1)) // b waits; d is not claimed
		w.store.set(func() { w.store.refuse = nil })
		w.after(100 * time.Second)
		require.Equal(t, []string{"a", "d", "b", "c", "e", "f"}, w.store.bodies(t, "T", 0))
		require.Equal(t, int64(5), w.offsets.get(1))
	})
}

// TestDiskCannotRead: a delayed message that cannot be read is waited for, on
// its first try and on a later one, and delivered once.
func TestDiskCannotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "1s", nil)
		for _, body := range []string{"a", "b", "c"} {
			w.store.send(t, message("T", 0, body, 1))
		}
		w.store.set(func() { w.store.bad = func(offset int64) bool { return offset == 1 } })
		w.after(time.Minute)
		require.Equal(t, []string{"a@1s"}, w.delivered(t))
		require.Equal(t, int64(1), w.offsets.get(1))
		require.Less(t, w.store.reads, 80)
		w.store.set(func() {
			w.store.bad = nil
			w.store.refuse = func(*codec.Message) store.PutStatus { return store.ServiceNotAvailable }
		})
		w.after(2 * time.Minute) // b and c were read, and are read again when the store takes them
		w.store.set(func() {
			w.store.bad = func(int64) bool { return true }
			w.store.refuse = nil
		})
		w.after(3 * time.Minute)
		require.Equal(t, []string{"a"}, w.store.bodies(t, "T", 0))
		w.store.set(func() { w.store.bad = nil })
		w.after(4 * time.Minute)
		require.Equal(t, []string{"a", "b", "c"}, w.store.bodies(t, "T", 0))
		require.Equal(t, int64(3), w.offsets.get(1))
	})
}

// TestBigBacklog: more than one batch, all levels get their turn.
func TestBigBacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "1s 2s", func(f *fakeStore) {
			for i := range 1000 {
				f.send(t, message("T", 1, fmt.Sprint(i), 1))
			}
			f.send(t, message("T", 0, "b", 2))
		})
		w.after(2 * time.Second)
		bodies := w.store.bodies(t, "T", 1)
		require.Len(t, bodies, 1000)
		for i, body := range bodies {
			require.Equal(t, fmt.Sprint(i), body)
		}
		require.Equal(t, []string{"b@2s"}, w.delivered(t))
	})
}

// TestClockWentBack: a time further away than the delay counts as now.
func TestClockWentBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "1s", func(f *fakeStore) {
			f.send(t, message("T", 0, "a", 1))
			f.queues[queueKey(codec.ScheduleTopic, 0)][0].tagsCode += 3600_000
		})
		w.after(2 * time.Second)
		require.Equal(t, []string{"a@0s"}, w.delivered(t))
	})
}

// TestExtAddress: the slot holds no time but a tag code: the store time decides.
func TestExtAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "1s", func(f *fakeStore) {
			f.send(t, message("T", 0, "a", 1))
			time.Sleep(600 * time.Millisecond)
			f.send(t, message("T", 0, "b", 1))
			f.send(t, message("T", 0, "c", 1))
			q := f.queues[queueKey(codec.ScheduleTopic, 0)]
			q[0].tagsCode, q[1].tagsCode, q[2].tagsCode = 97, -97, 97
		})
		w.after(3 * time.Second)
		require.Equal(t, []string{"a@1s", "b@1.6s", "c@1.6s"}, w.delivered(t))
	})
}
