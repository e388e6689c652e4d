package remoting

import (
	"crypto/tls"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// loadVariable makes the test binary the other side of a test: a process of its
// own, so that CPU time and memory of the server are the server's alone.
const loadVariable = "BOOSTER_REMOTING_LOAD"

// load is what the other process does and, with the results, what it answers.
type load struct {
	Port     int
	Conns    int
	InFlight int    // a connection; 0: open the connections and wait for the end of stdin
	Total    int    // requests, over all connections
	Frame    []byte // the request
	TLS      bool

	CPUNs, ElapsedNs int64
}

// startLoad runs a load in a new process. wait returns its results; for idle
// connections it first tells the process to end.
func startLoad(t testing.TB, l load) (wait func() load) {
	t.Helper()
	spec, err := json.Marshal(l)
	require.NoError(t, err)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), loadVariable+"="+string(spec))
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	return func() (result load) {
		require.NoError(t, stdin.Close())
		require.NoError(t, json.NewDecoder(stdout).Decode(&result))
		require.NoError(t, cmd.Wait())
		return result
	}
}

// runLoad is the main function of the other process.
func runLoad(spec string) int {
	var l load
	if err := json.Unmarshal([]byte(spec), &l); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	start := time.Now()
	var wg sync.WaitGroup
	errs := make(chan error, l.Conns)
	if l.InFlight == 0 {
		errs <- idleConns(l)
	} else {
		for range l.Conns {
			pump := l.pump
			if l.TLS {
				pump = l.pumpTLS
			}
			wg.Go(func() { errs <- pump() })
		}
		wg.Wait()
	}
	close(errs)
	for err := range errs {
		if err != nil {
			fmt.Fprintln(os.Stderr, "load:", err)
			return 1
		}
	}
	l.CPUNs, l.ElapsedNs = cpuNs(), time.Since(start).Nanoseconds()
	if err := json.NewEncoder(os.Stdout).Encode(l); err != nil {
		return 1
	}
	return 0
}

func cpuNs() int64 {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return r.Utime.Nano() + r.Stime.Nano()
}

func dialRaw(port int) (int, error) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		return 0, err
	}
	if err := syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1); err != nil {
		return 0, err
	}
	return fd, syscall.Connect(fd, &syscall.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}})
}

func idleConns(l load) error {
	if err := raiseDescriptors(uint64(l.Conns) + 100); err != nil {
		return err
	}
	for range l.Conns {
		if _, err := dialRaw(l.Port); err != nil {
			return err
		}
	}
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

// pump keeps InFlight requests on one connection, with blocking system calls
// on a thread of its own: the cheapest client there is.
func (l load) pump() error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	fd, err := dialRaw(l.Port)
	if err != nil {
		return err
	}
	defer syscall.Close(fd)
	var window []byte
	for range l.InFlight {
		window = append(window, l.Frame...)
	}
	total := max(l.Total/l.Conns, 1)
	sent := min(l.InFlight, total)
	if err := writeRaw(fd, window[:sent*len(l.Frame)]); err != nil {
		return err
	}
	in := make([]byte, 64<<10)
	count := frameCounter{}
	for got := 0; got < total; {
		n, err := syscall.Read(fd, in)
		if err != nil || n == 0 {
			return fmt.Errorf("read %d bytes: %w", n, err)
		}
		k := count.feed(in[:n])
		got += k
		if k = min(k, total-sent); k > 0 {
			sent += k
			if err := writeRaw(fd, window[:k*len(l.Frame)]); err != nil {
				return err
			}
		}
	}
	return nil
}

// pumpTLS is pump over TLS; every request is a record of its own, as clients write them.
func (l load) pumpTLS() error {
	conn, err := tls.Dial("tcp", fmt.Sprint("127.0.0.1:", l.Port), &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		return err
	}
	defer conn.Close()
	total := max(l.Total/l.Conns, 1)
	in := make([]byte, 64<<10)
	count := frameCounter{}
	for sent, got := 0, 0; got < total; {
		for ; sent < min(got+l.InFlight, total); sent++ {
			if _, err := conn.Write(l.Frame); err != nil {
				return err
			}
		}
		n, err := conn.Read(in)
		if err != nil {
			return err
		}
		got += count.feed(in[:n])
	}
	return nil
}

func writeRaw(fd int, b []byte) error {
	for len(b) > 0 {
		n, err := syscall.Write(fd, b)
		if err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// frameCounter counts frame ends in a stream.
type frameCounter struct {
	head [4]byte
	have int // bytes of the length field that are here
	left int // bytes of the frame that are not
}

func (c *frameCounter) feed(b []byte) (frames int) {
	for len(b) > 0 {
		if c.have < 4 {
			n := copy(c.head[c.have:], b)
			c.have += n
			b = b[n:]
			if c.have == 4 {
				c.left = int(binary.BigEndian.Uint32(c.head[:]))
			}
			continue
		}
		n := min(c.left, len(b))
		b = b[n:]
		if c.left -= n; c.left == 0 {
			frames++
			c.have = 0
		}
	}
	return frames
}

// raiseDescriptors makes room for n open files.
func raiseDescriptors(n uint64) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	if limit.Cur >= n {
		return nil
	}
	limit.Cur, limit.Max = n, max(limit.Max, n)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("raise RLIMIT_NOFILE to %d: %w", n, err)
	}
	return nil
}
