package remoting

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/boostermq/booster/codec"
)

const defaultConnectTimeout = 3 * time.Second

// ClientConfig says how a Client works (Java: NettyClientConfig). Zero values
// stand for the defaults in brackets.
type ClientConfig struct {
	Name           string        // for the log
	ConnectTimeout time.Duration // [3 s]
	MaxIdle        time.Duration // [120 s; below 0: never]
	MaxFrameBytes  int           // [16 MiB]
	KeepOnTimeout  bool          // keep a connection on which an answer did not come in time [closed: Java's clientCloseSocketIfTimeout]
	Routes         *RouteTable   // serves requests of the peer [all are answered with code 3]
	Hooks          []RPCHook     // see requests of the peer
	OnClose        func(*Channel)
	UseTLS         bool                                                     // [plain]
	TLS            *TLSConfig                                               // the tls.client keys [DefaultTLSConfig]
	Dial           func(ctx context.Context, addr string) (net.Conn, error) // [TCP]
	Log            *slog.Logger                                             // [none]
}

// Client sends requests to servers (Java: NettyRemotingClient): one connection
// an address, made on demand and again after it broke, one goroutine each.
type Client struct {
	config ClientConfig
	ep     *endpoint
	mu     struct {
		sync.Mutex
		peers  map[string]*peer
		closed bool
	}
	readers sync.WaitGroup
	ctx     context.Context // ends with the client
	cancel  context.CancelFunc
}

// peer is an address: its channel, or the dialling that everybody waits for.
type peer struct {
	ch      *Channel
	dialled chan struct{} // closed when the dialling ended; nil while nobody dials
	err     error         // of the last dialling
}

// NewClient returns a client without connections.
func NewClient(config ClientConfig) *Client {
	if config.ConnectTimeout <= 0 {
		config.ConnectTimeout = defaultConnectTimeout
	}
	if config.Dial == nil {
		config.Dial = func(ctx context.Context, addr string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", addr)
		}
	}
	if config.TLS == nil {
		config.TLS = new(DefaultTLSConfig())
	}
	ep := &endpoint{
		name: config.Name, log: config.Log, hooks: config.Hooks, onClose: config.OnClose,
		maxFrameBytes: orDefault(config.MaxFrameBytes, codec.DefaultMaxFrameBytes),
		maxOutBytes:   defaultMaxOutBytes, highWaterBytes: defaultHighWaterBytes,
	}
	ep.init(config.MaxIdle)
	c := &Client{config: config, ep: ep}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	c.mu.peers = map[string]*peer{}
	return c
}

// Invoke sends a request to addr ("host:port") and waits for its answer, which
// the caller owns. cmd is left as it is.
func (c *Client) Invoke(ctx context.Context, addr string, cmd *codec.Command) (*codec.Command, error) {
	ch, err := c.Channel(ctx, addr)
	if err != nil {
		return nil, err
	}
	resp, err := ch.Invoke(ctx, cmd)
	if err != nil {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) && !c.config.KeepOnTimeout {
			ch.Close() // a connection that swallows requests is better made anew
		}
		return nil, fmt.Errorf("invoke %s code %d: %w", addr, cmd.Code, err)
	}
	return resp, nil
}

// InvokeOneway sends a request that nobody answers.
func (c *Client) InvokeOneway(ctx context.Context, addr string, cmd *codec.Command) error {
	ch, err := c.Channel(ctx, addr)
	if err != nil {
		return err
	}
	if err := ch.InvokeOneway(cmd); err != nil {
		return fmt.Errorf("invoke %s code %d: %w", addr, cmd.Code, err)
	}
	return nil
}

// Channel returns the open connection to addr, which it makes if need be.
func (c *Client) Channel(ctx context.Context, addr string) (*Channel, error) {
	c.mu.Lock()
	if c.mu.closed {
		c.mu.Unlock()
		return nil, ErrClosed
	}
	p := c.mu.peers[addr]
	if p == nil {
		p = &peer{}
		c.mu.peers[addr] = p
	}
	if p.ch != nil && p.ch.Alive() {
		ch := p.ch
		c.mu.Unlock()
		return ch, nil
	}
	if p.dialled == nil {
		p.dialled = make(chan struct{})
		c.readers.Add(1)
		go c.connect(addr, p)
	}
	dialled := p.dialled
	c.mu.Unlock()
	select {
	case <-dialled:
	case <-ctx.Done():
		return nil, fmt.Errorf("connect to %s: %w: %w", addr, ErrTimeout, ctx.Err())
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if p.err != nil {
		return nil, p.err
	}
	return p.ch, nil
}

// connect dials, tells all who wait, and stays as the reader of the connection.
func (c *Client) connect(addr string, p *peer) {
	defer c.readers.Done()
	ctx, cancel := context.WithTimeout(c.ctx, c.config.ConnectTimeout)
	conn, err := c.dial(ctx, addr)
	cancel()
	if t := c.connected(addr, p, conn, err); t != nil {
		t.serve()
	}
}

// connected publishes the outcome of a dialling.
func (c *Client) connected(addr string, p *peer, conn net.Conn, err error) *netTransport {
	c.mu.Lock()
	defer c.mu.Unlock()
	defer func() {
		close(p.dialled)
		p.dialled = nil
	}()
	if err == nil && c.mu.closed {
		err = errors.Join(ErrClosed, conn.Close())
	}
	if err != nil {
		p.ch, p.err = nil, fmt.Errorf("connect to %s: %w", addr, err)
		return nil
	}
	p.ch, p.err = c.ep.newChannel(conn.RemoteAddr(), localPort(conn.LocalAddr()), c.config.Routes), nil
	return newNetTransport(p.ch, conn, false)
}

// Close closes all connections and fails what waits for answers.
func (c *Client) Close() {
	c.mu.Lock()
	if c.mu.closed {
		c.mu.Unlock()
		return
	}
	c.mu.closed = true
	c.mu.Unlock()
	c.cancel()
	close(c.ep.stop)
	c.ep.channels.refuse()
	for _, ch := range c.ep.channels.snapshot() {
		ch.Close()
	}
	c.readers.Wait()
	c.ep.keepers.Wait()
}
