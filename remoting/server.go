package remoting

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/panjf2000/gnet/v2"

	"github.com/boostermq/booster/codec"
)

// ServerConfig says how a Server works (Java: NettyServerConfig). Zero values
// stand for the defaults in brackets.
type ServerConfig struct {
	Name   string   // for the log
	Addrs  []string // "host:port" of each listener; an empty host is all interfaces
	Routes func(localPort int) *RouteTable

	MaxIdle        time.Duration // a connection without read and write is closed [120 s; below 0: never]
	MaxFrameBytes  int           // whole frames, both directions [16 MiB]
	MaxOutBytes    int           // unread answers of one connection before it is closed [64 MiB]
	HighWaterBytes int           // unread answers of one connection before its requests wait [8 MiB]
	MaxConnections int           // further ones are closed at once [no limit]
	EventLoops     int           // [half of GOMAXPROCS, 1 to 4]
	TLS            *TLSConfig    // [connections with TLS are closed]

	Hooks     []RPCHook
	OnConnect func(*Channel) // on the channel's event loop: must not block
	OnClose   func(*Channel) // likewise; once per channel, after its last request was dispatched
	BatchEnd  func()         // after the requests of one wake-up were dispatched, before their answers leave
	Log       *slog.Logger   // [none]
}

// Server accepts connections and runs their requests (Java: NettyRemotingServer).
type Server struct {
	config      ServerConfig
	ep          *endpoint
	tls         *tlsServer
	engine      *gnet.Client
	listeners   []net.Listener
	acceptors   sync.WaitGroup
	refusedTick atomic.Int64
	shutdown    sync.Once
}

// NewServer returns a server that does nothing yet. ServeConn works without Start.
func NewServer(config ServerConfig) *Server {
	ep := &endpoint{
		name: config.Name, log: config.Log, hooks: config.Hooks, batchEnd: config.BatchEnd,
		onConnect: config.OnConnect, onClose: config.OnClose,
		maxFrameBytes:  orDefault(config.MaxFrameBytes, codec.DefaultMaxFrameBytes),
		maxOutBytes:    orDefault(config.MaxOutBytes, defaultMaxOutBytes),
		highWaterBytes: orDefault(config.HighWaterBytes, defaultHighWaterBytes),
	}
	ep.init(config.MaxIdle)
	s := &Server{config: config, ep: ep, tls: newTLSServer(config.TLS, ep)}
	s.refusedTick.Store(-1)
	return s
}

// Start listens on all addresses and returns. On error nothing listens.
func (s *Server) Start() error {
	if err := s.tls.load(); err != nil {
		return err
	}
	for _, addr := range s.config.Addrs {
		listen := net.ListenConfig{KeepAlive: -1} // as Java: idle connections are found by MaxIdle
		ln, err := listen.Listen(context.Background(), "tcp", addr)
		if err != nil {
			return errors.Join(fmt.Errorf("remoting: listen on %s: %w", addr, err), s.closeListeners())
		}
		s.listeners = append(s.listeners, ln)
	}
	engine, err := s.newEventLoops()
	if err != nil {
		return errors.Join(err, s.closeListeners())
	}
	s.engine = engine
	s.tls.watch()
	for _, ln := range s.listeners {
		s.acceptors.Add(1)
		go s.accept(ln, s.routes(localPort(ln.Addr())))
	}
	return nil
}

func (s *Server) routes(port int) *RouteTable {
	if s.config.Routes == nil {
		return nil
	}
	return s.config.Routes(port)
}

// Ports returns the ports it listens on, in the order of Addrs.
func (s *Server) Ports() []int {
	ports := make([]int, len(s.listeners))
	for i, ln := range s.listeners {
		ports[i] = localPort(ln.Addr())
	}
	return ports
}

// Connections returns how many channels are open.
func (s *Server) Connections() int { return s.ep.channels.len() }

// ServeConn runs one connection on the calling goroutine and returns when it
// has ended: connections that no event loop can poll (memory, TLS).
func (s *Server) ServeConn(conn net.Conn) {
	port := localPort(conn.LocalAddr())
	ch := s.ep.newChannel(conn.RemoteAddr(), port, s.routes(port))
	newNetTransport(ch, conn, true).serve()
}

// Shutdown stops accepting and dispatching, waits for the answers of the
// requests that run, writes them and closes all connections. When ctx ends
// first, connections are closed as they are and ctx's error is returned. Parked
// requests (held pulls) count as running: answer them before.
func (s *Server) Shutdown(ctx context.Context) error {
	var err error
	s.shutdown.Do(func() { err = s.shutdownOnce(ctx) })
	return err
}

func (s *Server) shutdownOnce(ctx context.Context) error {
	s.ep.draining.Store(true)
	err := s.closeListeners()
	close(s.ep.stop)
	s.acceptors.Wait()
	s.ep.channels.refuse()
	err = errors.Join(err, waitUntil(ctx, "requests still run", func() bool { return s.unanswered() == 0 }))
	for _, ch := range s.ep.channels.snapshot() {
		ch.closeWhenFlushed()
	}
	err = errors.Join(err, waitUntil(ctx, "answers are not read", func() bool { return s.ep.channels.len() == 0 }))
	for _, ch := range s.ep.channels.snapshot() {
		ch.Close()
	}
	err = errors.Join(err, s.stopEventLoops(), s.stopTLS())
	s.ep.keepers.Wait()
	return err
}

// stopGrace is how long a processor may hold its event loop up at the end.
const stopGrace = 5 * time.Second

func (s *Server) stopEventLoops() error {
	if s.engine == nil {
		return nil
	}
	stopped := make(chan error, 1)
	go func() { stopped <- s.engine.Stop() }()
	select {
	case err := <-stopped:
		return err
	case <-time.After(stopGrace):
		return fmt.Errorf("remoting: an event loop is blocked for %v", stopGrace)
	}
}

// stopTLS waits for the goroutines of connections with TLS, which are closed.
func (s *Server) stopTLS() error {
	stopped := make(chan struct{})
	go func() {
		s.tls.running.Wait()
		close(stopped)
	}()
	select {
	case <-stopped:
		return nil
	case <-time.After(stopGrace):
		return fmt.Errorf("remoting: a connection with TLS is blocked for %v", stopGrace)
	}
}

func (s *Server) closeListeners() error {
	var err error
	for _, ln := range s.listeners {
		err = errors.Join(err, ln.Close())
	}
	return err
}

// unanswered counts the two-way requests of open channels that run.
func (s *Server) unanswered() int {
	n := 0
	for _, ch := range s.ep.channels.snapshot() {
		n += int(ch.unanswered.Load())
	}
	return n
}

const waitInterval = 2 * time.Millisecond

// waitUntil polls until done or the end of ctx, whose error says what was waited for.
func waitUntil(ctx context.Context, what string, done func() bool) error {
	ticker := time.NewTicker(waitInterval)
	defer ticker.Stop()
	for !done() {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return fmt.Errorf("remoting: %s: %w", what, ctx.Err())
		}
	}
	return nil
}
