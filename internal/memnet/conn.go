package memnet

import (
	"net"
	"time"
)

// Conn is one end of a connection in memory. It is safe for one reader, any
// number of writers and the fault methods at the same time.
type Conn struct {
	in, out       *stream
	local, remote net.Addr
}

var _ net.Conn = (*Conn)(nil)

// Pipe returns both ends of a connection between two made-up TCP addresses.
func Pipe() (client, server *Conn) {
	return pipe(
		&net.TCPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 40001},
		&net.TCPAddr{IP: net.IPv4(10, 0, 0, 2), Port: 10911},
	)
}

func pipe(clientAddr, serverAddr net.Addr) (client, server *Conn) {
	up, down := newStream(), newStream()
	client = &Conn{in: down, out: up, local: clientAddr, remote: serverAddr}
	server = &Conn{in: up, out: down, local: serverAddr, remote: clientAddr}
	return client, server
}

// Read implements net.Conn.
func (c *Conn) Read(b []byte) (int, error) {
	n, err := c.in.read(b)
	return n, c.wrap("read", err)
}

// Write implements net.Conn; it waits while the window is full.
func (c *Conn) Write(b []byte) (int, error) {
	n, err := c.out.write(b)
	return n, c.wrap("write", err)
}

// Close ends both directions; the peer reads what was written before, then io.EOF.
func (c *Conn) Close() error {
	c.out.finish()
	c.in.change(func() { c.in.mu.abandoned = true })
	return nil
}

// CloseWrite ends the direction away from this end only.
func (c *Conn) CloseWrite() error {
	c.out.finish()
	return nil
}

// Reset ends the connection at once at both ends with ECONNRESET; bytes on the way are lost.
func (c *Conn) Reset() {
	c.in.reset()
	c.out.reset()
}

// SetDelay lets bytes written from now on, in both directions, take d to arrive.
func (c *Conn) SetDelay(d time.Duration) {
	for _, s := range []*stream{c.in, c.out} {
		s.change(func() { s.mu.delay = d })
	}
}

// SetWindow bounds how many bytes a writer of either end may be ahead of the reader.
func (c *Conn) SetWindow(sizeBytes int) {
	for _, s := range []*stream{c.in, c.out} {
		s.change(func() { s.mu.windowBytes = sizeBytes })
	}
}

// SetPartitioned holds back (true) or lets go (false) all bytes of both
// directions, the end of the stream included.
func (c *Conn) SetPartitioned(partitioned bool) {
	for _, s := range []*stream{c.in, c.out} {
		s.change(func() { s.mu.frozen = partitioned })
	}
}

// LocalAddr implements net.Conn.
func (c *Conn) LocalAddr() net.Addr { return c.local }

// RemoteAddr implements net.Conn.
func (c *Conn) RemoteAddr() net.Addr { return c.remote }

// SetDeadline implements net.Conn.
func (c *Conn) SetDeadline(t time.Time) error {
	if err := c.SetReadDeadline(t); err != nil {
		return err
	}
	return c.SetWriteDeadline(t)
}

// SetReadDeadline implements net.Conn.
func (c *Conn) SetReadDeadline(t time.Time) error {
	c.in.change(func() { c.in.mu.readUntil = t })
	return nil
}

// SetWriteDeadline implements net.Conn.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	c.out.change(func() { c.out.mu.writeUntil = t })
	return nil
}

// wrap gives errors the form of the net package; io.EOF stays bare.
func (c *Conn) wrap(op string, err error) error {
	if err == nil || isEOF(err) {
		return err
	}
	return &net.OpError{Op: op, Net: "mem", Source: c.local, Addr: c.remote, Err: err}
}
