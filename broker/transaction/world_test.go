package transaction

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/store"
)

// world is a service over a fake store, in a bubble of synctest.
type world struct {
	*Service
	store   *fakeStore
	offsets *fakeOffsets
	begun   time.Time

	mu      sync.Mutex
	config  Config
	online  map[string]bool
	failing int // so many sends to producers fail
	asked   []ask
	topics  map[string]bool
}

// ask is a check that reached a producer.
type ask struct {
	header codec.CheckTransactionStateRequestHeader
	body   codec.Message
	at     time.Duration
}

func (a ask) String() string { return fmt.Sprintf("%s@%s", a.body.Body, a.at) }

func testConfig() Config {
	return Config{TimeOut: 6 * time.Second, CheckInterval: time.Minute, CheckMax: 3, FileReserved: 72 * time.Hour, MaxMessageBytes: 4 << 20}
}

func newWorld(t *testing.T) *world {
	w := &world{
		store: newFakeStore(), offsets: &fakeOffsets{table: map[string]int64{}}, begun: time.Now(), config: testConfig(),
		online: map[string]bool{"PG": true}, topics: map[string]bool{},
	}
	w.start()
	t.Cleanup(func() { w.stop() })
	return w
}

func (w *world) start() {
	w.Service = New(Options{
		Config:    func() Config { w.mu.Lock(); defer w.mu.Unlock(); return w.config },
		StoreHost: func() netip.AddrPort { return brokerHost }, Offsets: w.offsets,
		AvailableChannel: func(group string) Channel {
			w.mu.Lock()
			defer w.mu.Unlock()
			if w.online[group] {
				return w
			}
			return nil
		},
		EnsureTopic: func(topic string) { w.mu.Lock(); defer w.mu.Unlock(); w.topics[topic] = true },
		Log:         slog.New(slog.DiscardHandler),
	})
	w.UseStore(w.store)
	w.Start()
	synctest.Wait()
}

func (w *world) stop() {
	w.Shutdown()
	w.CommitOffsets()
}

// restart stops politely and starts again.
func (w *world) restart() {
	w.stop()
	w.start()
}

// set changes the world while the service runs.
func (w *world) set(change func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change()
}

// after lets time pass until d after the start.
func (w *world) after(d time.Duration) {
	time.Sleep(d - time.Since(w.begun))
	synctest.Wait()
}

// RemoteAddr and InvokeOneway make the world a producer's connection.
func (w *world) RemoteAddr() string { return "10.0.0.1:4711" }

func (w *world) InvokeOneway(cmd *codec.Command) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failing > 0 {
		w.failing--
		return errors.New("connection reset")
	}
	a := ask{at: time.Since(w.begun)}
	if cmd.Code != codec.CheckTransactionState {
		return fmt.Errorf("code %d", cmd.Code)
	}
	if err := a.header.DecodeFields(codec.HeaderFields(cmd.Header)); err != nil {
		return err
	}
	if _, err := codec.DecodeRecord(append([]byte(nil), cmd.Body...), &a.body, codec.DecodeOptions{CheckCRC: true}); err != nil {
		return err
	}
	w.asked = append(w.asked, a)
	return nil
}

// asks lists and forgets what producers were asked, body@time since the start.
func (w *world) asks() (got []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, a := range w.asked {
		got = append(got, a.String())
	}
	w.asked = nil
	return got
}

// lastAsk is the last one of asks.
func (w *world) lastAsk(t *testing.T) ask {
	w.mu.Lock()
	defer w.mu.Unlock()
	require.NotEmpty(t, w.asked)
	return w.asked[len(w.asked)-1]
}

// sent is what a producer knows of a half message.
type sent struct{ queueOffset, phyOffset int64 }

// send does what the broker does with a message.
func (w *world) send(t *testing.T, m *codec.Message) sent {
	t.Helper()
	var scratch []byte
	require.True(t, Substitute(m, &scratch))
	p := syncPut{done: make(chan struct{})}
	w.store.PutMessage(m, &p)
	require.Equal(t, store.PutOK, p.result.Status)
	return sent{p.result.QueueOffset, p.result.PhysicalOffset}
}

func (w *world) end(m sent, decision int32) *Answer {
	return w.End(&codec.EndTransactionRequestHeader{
		ProducerGroup: "PG", TranStateTableOffset: m.queueOffset, CommitLogOffset: m.phyOffset, CommitOrRollback: decision, MsgID: "x",
	})
}

const (
	commit   = codec.TransactionCommitType
	rollback = codec.TransactionRollbackType
	unknown  = codec.TransactionNotType
)

func (w *world) finals(t *testing.T) []string { return w.store.bodies(t, "T", 1) }

func (w *world) halves(t *testing.T) []string { return w.store.bodies(t, codec.TransHalfTopic, 0) }

func (w *world) opsWritten(t *testing.T) []string {
	return w.store.bodies(t, codec.TransOpHalfTopic, 0)
}

func (w *world) givenUp(t *testing.T) []string {
	return w.store.bodies(t, codec.TransCheckMaxTimeTopic, 0)
}

// doneOffsets are the committed offsets of the half and the op queue.
func (w *world) doneOffsets() [2]int64 {
	return [2]int64{
		w.offsets.Query(codec.TransConsumerGroup, codec.TransHalfTopic, 0),
		w.offsets.Query(codec.TransConsumerGroup, codec.TransOpHalfTopic, 0),
	}
}
