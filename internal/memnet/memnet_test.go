package memnet

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestBytesArriveInOrderThenEOF(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := Pipe()
		go func() {
			for _, s := range []string{"one ", "two ", "three"} {
				_, err := a.Write([]byte(s))
				require.NoError(t, err)
			}
			require.NoError(t, a.Close())
		}()
		got, err := io.ReadAll(b)
		require.NoError(t, err)
		require.Equal(t, "one two three", string(got))
		_, err = a.Read(make([]byte, 1))
		require.ErrorIs(t, err, net.ErrClosed)
		_, err = b.Write([]byte("x"))
		require.ErrorIs(t, err, syscall.EPIPE)
	})
}

func TestDelayTakesFakeTimeAndKeepsOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := Pipe()
		start := time.Now()
		a.SetDelay(100 * time.Millisecond)
		_, err := a.Write([]byte("slow"))
		require.NoError(t, err)
		a.SetDelay(0)
		_, err = a.Write([]byte("fast"))
		require.NoError(t, err)
		buf := make([]byte, 8)
		_, err = io.ReadFull(b, buf)
		require.NoError(t, err)
		require.Equal(t, "slowfast", string(buf))
		require.Equal(t, 100*time.Millisecond, time.Since(start))
	})
}

func TestWindowBlocksTheWriter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := Pipe()
		a.SetWindow(10)
		require.NoError(t, a.SetWriteDeadline(time.Now().Add(time.Second)))
		n, err := a.Write(make([]byte, 25))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.Equal(t, 10, n)
		require.NoError(t, a.SetWriteDeadline(time.Time{}))
		go func() {
			_, err := a.Write(make([]byte, 15))
			require.NoError(t, err)
		}()
		_, err = io.ReadFull(b, make([]byte, 25))
		require.NoError(t, err)
	})
}

func TestReadDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, b := Pipe()
		require.NoError(t, b.SetReadDeadline(time.Now().Add(time.Minute)))
		_, err := b.Read(make([]byte, 1))
		var ne net.Error
		require.True(t, errors.As(err, &ne) && ne.Timeout())
	})
}

func TestResetReachesBothEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := Pipe()
		errs := make(chan error)
		go func() { _, err := b.Read(make([]byte, 1)); errs <- err }()
		synctest.Wait()
		a.Reset()
		require.ErrorIs(t, <-errs, syscall.ECONNRESET)
		_, err := a.Write([]byte("x"))
		require.ErrorIs(t, err, syscall.ECONNRESET)
	})
}

func TestPartitionHoldsBytesAndDials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New()
		const addr = "10.1.1.1:9876"
		_, err := n.Dial(t.Context(), addr)
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
		l, err := n.Listen(addr)
		require.NoError(t, err)
		_, err = n.Listen(addr)
		require.ErrorIs(t, err, syscall.EADDRINUSE)
		c, err := n.Dial(t.Context(), addr)
		require.NoError(t, err)
		s, err := l.Accept()
		require.NoError(t, err)
		require.Equal(t, addr, s.LocalAddr().String())

		n.Partition(addr)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		_, err = n.Dial(ctx, addr)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		_, err = c.Write([]byte("held"))
		require.NoError(t, err)
		require.NoError(t, s.SetReadDeadline(time.Now().Add(time.Second)))
		_, err = s.Read(make([]byte, 4))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)

		n.Heal(addr)
		require.NoError(t, s.SetReadDeadline(time.Time{}))
		buf := make([]byte, 4)
		_, err = io.ReadFull(s, buf)
		require.NoError(t, err)
		require.Equal(t, "held", string(buf))
		require.NoError(t, l.Close())
		_, err = l.Accept()
		require.ErrorIs(t, err, net.ErrClosed)
		n.Reset(addr)
		_, err = c.Read(buf)
		require.ErrorIs(t, err, syscall.ECONNRESET)
	})
}
