package remoting

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/panjf2000/gnet/v2"
)

// recordTypeHandshake is the first byte of every TLS connection. A frame that
// begins with it would be 352 MiB long at least.
const recordTypeHandshake = 0x16

// admit decides by the first bytes what a connection is; it is called once, on
// its event loop. False: gnet shall let go of it.
func (s *tlsServer) admit(t *gnetTransport, b []byte) bool {
	t.sniffer = nil
	encrypted := b[0] == recordTypeHandshake
	switch {
	case !encrypted && s.mode != TLSEnforcing:
		return t.receive(b)
	case !encrypted:
		s.refuse(t.ch, "a connection without TLS is closed", errors.New("tls.server.mode is enforcing"))
		return false
	case s.mode == TLSDisabled:
		s.refuse(t.ch, "a connection with TLS is closed", errors.New("TLS is disabled"))
		return false
	}
	if err := s.takeOver(t, b); err != nil {
		s.refuse(t.ch, "a connection with TLS cannot be served", err)
	}
	return false
}

// takeOver moves a connection from its event loop to a goroutine of its own,
// where crypto/tls may wait: the socket is duplicated, gnet closes its
// descriptor and hears no more of it, the channel gets another transport. That
// way an encrypted connection has the back-pressure of a socket: what the
// server does not take stays with the peer.
//
// Law: the transport changes once, here, under the out lock, on the event loop;
// tasks that the loop got before find the heir and pass on what they were for.
func (s *tlsServer) takeOver(t *gnetTransport, first []byte) error {
	conn, err := dupConn(t.conn)
	if err != nil {
		return err
	}
	ch := t.ch
	socket := &bufferedConn{TCPConn: conn, here: bytes.Clone(first), in: newReadBuffer()}
	secure := &tlsConn{tls.Server(socket, s.current.Load()), socket}
	ch.out.mu.Lock()
	t.heir = newNetTransport(ch, secure, true)
	if ch.out.mu.scheduled {
		t.heir.wake()
	}
	ch.out.mu.Unlock()
	t.conn.SetContext(nil)
	s.running.Go(func() { s.serve(t.heir, secure) })
	return nil
}

// serve is the goroutine of a connection with TLS.
func (s *tlsServer) serve(t *netTransport, conn *tlsConn) {
	if err := s.handshake(conn); err != nil {
		if t.ch.Alive() && !s.ep.draining.Load() && !errors.Is(err, net.ErrClosed) {
			s.refuse(t.ch, "TLS handshake failed", err)
		}
		t.end(err)
		return
	}
	t.ch.touch()
	t.run()
}

func (s *tlsServer) handshake(conn *tlsConn) error {
	if err := conn.SetDeadline(time.Now().Add(s.handshakeTimeout)); err != nil {
		return err
	}
	if err := conn.Handshake(); err != nil {
		return err
	}
	return conn.SetDeadline(time.Time{})
}

// dupConn returns a connection of Go's poller to the same socket. The caller
// closes gnet's.
func dupConn(c gnet.Conn) (*net.TCPConn, error) {
	fd, err := c.Dup()
	if err != nil {
		return nil, err
	}
	file := os.NewFile(uintptr(fd), "")
	conn, err := net.FileConn(file) // another duplicate
	if err = errors.Join(err, file.Close()); err != nil {
		return nil, err
	}
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("not TCP but %T", conn), conn.Close())
	}
	if err := tcp.SetKeepAlive(false); err != nil { // as on all others: see Start
		return nil, errors.Join(err, tcp.Close())
	}
	return tcp, nil
}

// tlsConn is a connection with TLS that reads batches: Read returns all records
// that are here instead of one, so that the requests in them make one batch
// with one CommitPending and one write of answers, as they do without TLS.
//
// crypto/tls does not tell whether a further Read would wait. So it is asked to
// read on while the socket below answers errNothingHere where it had to wait,
// a time-out to crypto/tls, after which reading may be continued.
type tlsConn struct {
	*tls.Conn
	socket *bufferedConn
}

// Read implements net.Conn. It may return bytes and an error.
func (c *tlsConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.socket.noWait = true
	for err == nil && n < len(b) {
		var more int
		more, err = c.Conn.Read(b[n:])
		n += more
	}
	c.socket.noWait = false
	if err == errNothingHere && n > 0 {
		err = nil
	}
	return n, err
}

var errNothingHere net.Error = nothingHere{}

type nothingHere struct{}

func (nothingHere) Error() string   { return "remoting: nothing to read without waiting" }
func (nothingHere) Timeout() bool   { return true }
func (nothingHere) Temporary() bool { return true }

// bufferedConn reads as much as there is with one system call. Its buffer
// begins with the bytes that were read before there was a bufferedConn.
type bufferedConn struct {
	*net.TCPConn
	here   []byte // read, not taken
	in     readBuffer
	read   int // bytes of the last system call
	noWait bool
}

// Read implements net.Conn.
func (c *bufferedConn) Read(b []byte) (int, error) {
	if len(c.here) == 0 {
		if c.noWait {
			return 0, errNothingHere
		}
		c.in.adapt(c.read)
		var err error
		if c.read, err = c.TCPConn.Read(c.in.b); c.read == 0 {
			return 0, err
		}
		c.here = c.in.b[:c.read]
	}
	n := copy(b, c.here)
	c.here = c.here[n:]
	return n, nil
}
