package broker

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/freeport"
)

const answerTimeout = 10 * time.Second

// testConfig is a small broker on loopback with free ports.
func testConfig(t testing.TB) Config {
	t.Helper()
	c := DefaultConfig()
	c.Store.StorePathRootDir = t.TempDir()
	c.Store.MappedFileSizeCommitLog = 1 << 20
	c.Store.MappedFileSizeConsumeQueue = 20 * 1000
	c.Store.MaxHashSlotNum, c.Store.MaxIndexNum = 1000, 4000
	port, err := freeport.Find() // no port that the kernel may give to a connection meanwhile
	require.NoError(t, err)
	c.Server.ListenPort = port
	c.Booster.BindAddress = "127.0.0.1"
	c.Booster.MetricsPromExporterPort = -1
	c.Broker.BrokerIP1, c.Broker.BrokerIP2 = "127.0.0.1", "127.0.0.1"
	c.Broker.BrokerName, c.Broker.BrokerClusterName = "spec-a", "SpecC"
	require.NoError(t, c.Complete(Environment{
		Getenv: func(string) string { return "" }, Hostname: func() (string, error) { return "h", nil },
		Addrs: func() ([]InterfaceAddr, error) { return nil, nil },
	}))
	return c
}

// startBroker starts a broker that ends with the test.
func startBroker(t testing.TB, change func(c *Config)) *Controller {
	t.Helper()
	return startBrokerWith(t, Options{Log: testLog(t)}, change)
}

func startBrokerWith(t testing.TB, opts Options, change func(c *Config)) *Controller {
	t.Helper()
	c := testConfig(t)
	if change != nil {
		change(&c)
	}
	b, err := New(c, opts)
	require.NoError(t, err)
	require.NoError(t, b.Start(t.Context()))
	t.Cleanup(func() { stopBroker(t, b) })
	return b
}

func stopBroker(t testing.TB, b *Controller) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), answerTimeout)
	defer cancel()
	require.NoError(t, b.Shutdown(ctx))
}

// testLog shows the broker's warnings with the test.
func testLog(t testing.TB) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
}

// peer is a client on a socket: it sends frames and reads what comes back.
type peer struct {
	t      testing.TB
	conn   net.Conn
	in     *bufio.Reader
	opaque int32
	pushed []*codec.Command // requests of the broker read while waiting for an answer
}

func dial(t testing.TB, b *Controller) *peer { return dialPort(t, b.Config().Server.ListenPort) }

func dialPort(t testing.TB, port int) *peer {
	t.Helper()
	conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	require.NoError(t, err)
	t.Cleanup(func() {
		if err := conn.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
	return &peer{t: t, conn: conn, in: bufio.NewReader(conn)}
}

func (p *peer) localAddr() string { return p.conn.LocalAddr().String() }

func (p *peer) localAddrPort() netip.AddrPort { return netip.MustParseAddrPort(p.localAddr()) }

// send writes a request and returns its opaque.
func (p *peer) send(cmd *codec.Command) int32 {
	p.t.Helper()
	if cmd.Opaque == 0 {
		cmd.Opaque = atomic.AddInt32(&p.opaque, 1) + 1000
	}
	if cmd.Version == 0 {
		cmd.Version = codec.CurrentVersion
	}
	frame, err := codec.AppendFrame(nil, cmd)
	require.NoError(p.t, err)
	p.write(frame)
	return cmd.Opaque
}

func (p *peer) write(frame []byte) {
	p.t.Helper()
	_, err := p.conn.Write(frame)
	require.NoError(p.t, err)
}

// read returns the next frame.
func (p *peer) read() *codec.Command {
	p.t.Helper()
	require.NoError(p.t, p.conn.SetReadDeadline(time.Now().Add(answerTimeout)))
	cmd, err := readFrame(p.in)
	require.NoError(p.t, err)
	return cmd
}

func readFrame(in io.Reader) (*codec.Command, error) {
	frame := make([]byte, 4)
	if _, err := io.ReadFull(in, frame); err != nil {
		return nil, err
	}
	frame = append(frame, make([]byte, binary.BigEndian.Uint32(frame))...)
	if _, err := io.ReadFull(in, frame[4:]); err != nil {
		return nil, err
	}
	f, _, err := codec.ParseFrame(frame, codec.DefaultMaxFrameBytes)
	if err != nil {
		return nil, err
	}
	cmd := &codec.Command{}
	return cmd, cmd.Decode(f)
}

// answer returns the answer to opaque; requests of the broker are put aside.
func (p *peer) answer(opaque int32) *codec.Command {
	p.t.Helper()
	for {
		cmd := p.read()
		if !cmd.IsResponse() {
			p.pushed = append(p.pushed, cmd)
			continue
		}
		require.Equal(p.t, opaque, cmd.Opaque)
		require.EqualValues(p.t, codec.FlagResponse, cmd.Flag)
		require.Equal(p.t, codec.LanguageJava, cmd.Language)
		require.Equal(p.t, codec.CurrentVersion, cmd.Version)
		return cmd
	}
}

// push returns the next request of the broker.
func (p *peer) push() *codec.Command {
	p.t.Helper()
	if len(p.pushed) > 0 {
		cmd := p.pushed[0]
		p.pushed = p.pushed[1:]
		return cmd
	}
	cmd := p.read()
	require.False(p.t, cmd.IsResponse(), "answer to %d instead of a push", cmd.Opaque)
	return cmd
}

// call sends a request and returns the answer.
func (p *peer) call(cmd *codec.Command) *codec.Command {
	p.t.Helper()
	return p.answer(p.send(cmd))
}

// do is call with a typed header.
func (p *peer) do(code int32, header codec.CustomHeader, body []byte) *codec.Command {
	p.t.Helper()
	return p.call(&codec.Command{Code: code, Header: header, Body: body})
}

// requireAnswer compares code and remark.
func requireAnswer(t testing.TB, resp *codec.Command, code int32, remark string) {
	t.Helper()
	require.Equal(t, remark, resp.Remark)
	require.Equal(t, codec.ResponseCodeName(code), codec.ResponseCodeName(resp.Code))
}

// fields is the ext map of an answer.
func fields(cmd *codec.Command) map[string]string {
	if cmd.Ext == nil {
		return nil
	}
	m := map[string]string{}
	for _, f := range cmd.Ext {
		m[f.Key] = f.Value
	}
	return m
}

// sendHeader is a send of version 2 to queue 0 of topic.
func sendHeader(topic string) *codec.SendMessageRequestHeader {
	return &codec.SendMessageRequestHeader{
		ProducerGroup: "pg", Topic: topic, DefaultTopic: codec.AutoCreateTopicKeyTopic, DefaultTopicQueueNums: 4,
		BornTimestampMs: time.Now().UnixMilli(), Properties: "UNIQ_KEY\x01AAAA\x02WAIT\x01true\x02TAGS\x01a",
	}
}

func (p *peer) sendV2(h *codec.SendMessageRequestHeader, body string) *codec.Command {
	p.t.Helper()
	return p.do(codec.SendMessageV2, (*codec.SendMessageRequestHeaderV2)(h), []byte(body))
}

// pullHeader is a pull of queue 0 of topic with the subscription "*".
func pullHeader(group, topic string, offset int64) *codec.PullMessageRequestHeader {
	return &codec.PullMessageRequestHeader{
		ConsumerGroup: group, Topic: topic, QueueOffset: offset, MaxMsgNums: 32, SysFlag: codec.PullFlagSubscription,
		SuspendTimeoutMs: 15000, Subscription: "*",
	}
}

// putMessages stores n messages and waits until they can be pulled.
func putMessages(t testing.TB, b *Controller, p *peer, topic string, n int) {
	t.Helper()
	before := b.store.MaxOffsetInQueue(topic, 0)
	for i := range n {
		requireAnswer(t, p.sendV2(sendHeader(topic), "hello"+strconv.Itoa(i)), codec.Success, "")
	}
	require.Eventually(t, func() bool { return b.store.MaxOffsetInQueue(topic, 0) == before+int64(n) }, answerTimeout, time.Millisecond)
}

// requireDispatched waits until what is stored can be pulled.
func requireDispatched(t testing.TB, b *Controller) {
	t.Helper()
	require.Eventually(t, func() bool { return b.store.DispatchBehindBytes() == 0 }, answerTimeout, time.Millisecond)
}
