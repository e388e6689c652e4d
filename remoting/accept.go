package remoting

import (
	"errors"
	"net"
	"time"
)

const (
	minAcceptBackoff = 5 * time.Millisecond
	maxAcceptBackoff = time.Second
)

// accept takes connections of one listener until it is closed. When accept(2)
// or dup(2) fails, for want of descriptors as a rule, it waits and tries
// again; open connections feel nothing.
func (s *Server) accept(ln net.Listener, routes *RouteTable) {
	defer s.acceptors.Done()
	port := localPort(ln.Addr())
	backoff := minAcceptBackoff
	for {
		conn, err := ln.Accept()
		if err == nil {
			if err = s.enroll(conn, port, routes); err == nil {
				backoff = minAcceptBackoff
				continue
			}
		}
		if errors.Is(err, net.ErrClosed) && s.ep.draining.Load() {
			return
		}
		s.ep.log.Warn("cannot accept a connection", "port", port, "error", err, "retryIn", backoff)
		select {
		case <-s.ep.stop:
			return
		case <-time.After(backoff):
			backoff = min(2*backoff, maxAcceptBackoff)
		}
	}
}

// enroll gives an accepted connection to an event loop. Above the limit it is closed at once.
func (s *Server) enroll(conn net.Conn, port int, routes *RouteTable) error {
	if limit := s.config.MaxConnections; limit > 0 && s.ep.channels.len() >= limit {
		if now := s.ep.ticks.Load(); s.refusedTick.Swap(now) != now { // one line a tick
			s.ep.log.Warn("too many connections, closing new ones", "limit", limit, "remote", conn.RemoteAddr().String())
		}
		if err := conn.Close(); err != nil {
			s.ep.log.Debug("close", "error", err)
		}
		return nil
	}
	ch := s.ep.newChannel(conn.RemoteAddr(), port, routes)
	t := &gnetTransport{ch: ch, sniffer: s.tls}
	ch.transport = t
	_, err := s.engine.EnrollContext(conn, t)
	return err
}
