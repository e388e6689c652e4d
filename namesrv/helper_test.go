package namesrv

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
	"github.com/boostermq/booster/internal/memnet"
)

// memServer is a name server that is reached over memory connections. Within a
// synctest bubble its time is the bubble's.
type memServer struct {
	t   *testing.T
	ctl *Controller
	dir string
}

func newMemServer(t *testing.T, change func(c *Config, o *Options)) *memServer {
	dir := t.TempDir()
	c, o := DefaultConfig(dir), Options{Log: slog.New(slog.DiscardHandler)}
	if change != nil {
		change(&c, &o)
	}
	s := &memServer{t: t, ctl: New(c, o), dir: dir}
	require.NoError(t, s.ctl.kv.Load())
	s.ctl.startBase(s.ctl.config.get())
	s.ctl.done.Go(s.ctl.housekeeping)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		require.NoError(t, s.ctl.Shutdown(ctx))
	})
	return s
}

func (s *memServer) configPath() string { return filepath.Join(s.dir, "namesrv", "namesrv.properties") }

// connect returns a new connection.
func (s *memServer) connect() *peer {
	client, server := memnet.Pipe()
	go s.ctl.server.ServeConn(server)
	s.t.Cleanup(func() { require.NoError(s.t, client.Close()) })
	return &peer{t: s.t, conn: client}
}

// peer is a client of a test: one question at a time.
type peer struct {
	t    *testing.T
	conn net.Conn
	in   []byte
	last int32
}

// call sends a request with fields "key", "value", … and returns the answer.
func (p *peer) call(code int32, body string, fields ...string) *codec.Command {
	return p.callAs(codec.CurrentVersion, code, body, fields...)
}

func (p *peer) callAs(version, code int32, body string, fields ...string) *codec.Command {
	p.last++
	c := &codec.Command{Code: code, Version: version, Opaque: p.last}
	for i := 0; i < len(fields); i += 2 {
		c.Ext = append(c.Ext, codec.Field{Key: fields[i], Value: fields[i+1]})
	}
	if body != "" {
		c.Body = []byte(body)
	}
	frame, err := codec.AppendFrame(nil, c)
	require.NoError(p.t, err)
	p.send(frame)
	resp := p.receive()
	require.Equal(p.t, c.Opaque, resp.Opaque)
	return resp
}

func (p *peer) send(frame []byte) {
	_, err := p.conn.Write(frame)
	require.NoError(p.t, err)
}

func (p *peer) receive() *codec.Command {
	for {
		f, n, err := codec.ParseFrame(p.in, codec.DefaultMaxFrameBytes)
		require.NoError(p.t, err)
		if n > 0 {
			var c codec.Command
			require.NoError(p.t, c.Decode(f))
			p.in = p.in[n:]
			return c.Clone()
		}
		buf := make([]byte, 64<<10)
		k, err := p.conn.Read(buf)
		if k == 0 {
			require.NoError(p.t, err)
		}
		p.in = append(p.in, buf[:k]...)
	}
}

// closed waits for the end of the connection.
func (p *peer) closed() {
	_, err := p.conn.Read(make([]byte, 1))
	require.ErrorIs(p.t, err, io.EOF)
}

// ok is call for requests that succeed; it returns the body.
func (p *peer) ok(code int32, body string, fields ...string) string {
	p.t.Helper()
	resp := p.call(code, body, fields...)
	require.Equal(p.t, codec.Success, resp.Code, resp.Remark)
	require.Empty(p.t, resp.Remark)
	return string(resp.Body)
}

// fails is call for requests that are refused.
func (p *peer) fails(code int32, body string, want int32, remark string, fields ...string) {
	p.t.Helper()
	resp := p.call(code, body, fields...)
	require.Equal(p.t, want, resp.Code)
	require.Equal(p.t, remark, resp.Remark)
	require.Empty(p.t, resp.Body)
}

// brokerFields are the header of 103 and, with more than it needs, of 104 and 322.
func brokerFields(name, addr string, id string) []string {
	return []string{"brokerName", name, "brokerAddr", addr, "clusterName", "C", "haServerAddr", addr[:len(addr)-1] + "9", "brokerId", id}
}

func registerJSON(t *testing.T, version int64, topics ...*codec.TopicConfig) string {
	b, err := fastjson.Marshal(registerBodyOf(version, topics...))
	require.NoError(t, err)
	return string(b)
}

func registerBodyOf(version int64, topics ...*codec.TopicConfig) *codec.RegisterBrokerBody {
	b := &codec.RegisterBrokerBody{}
	w := &b.TopicConfigSerializeWrapper
	w.DataVersion = codec.DataVersion{Counter: version, Timestamp: 1}
	w.TopicConfigTable = map[string]*codec.TopicConfig{}
	for _, topic := range topics {
		w.TopicConfigTable[topic.TopicName] = topic
	}
	return b
}

// topicList returns the sorted topics of a TopicList body.
func topicList(t *testing.T, body string) []string {
	var list codec.TopicList
	require.NoError(t, json.Unmarshal([]byte(body), &list))
	slices.Sort(list.TopicList)
	return list.TopicList
}
