package mqadmin

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/internal/memnet"
	"github.com/boostermq/booster/remoting"
)

func TestParseNameServers(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{"", nil},
		{"a:9876", []string{"a:9876"}},
		{" a:9876 ; [::1]:9876;;b:1;", []string{"a:9876", "[::1]:9876", "b:1"}},
	} {
		got, err := ParseNameServers(c.text)
		require.NoError(t, err, c.text)
		require.Equal(t, c.want, got, c.text)
	}
	for _, text := range []string{"a", "a:", "a:1,b:2,c", "::1"} {
		_, err := ParseNameServers(text)
		require.ErrorContains(t, err, "is not host:port", text)
	}
}

// TestUnreachable: every way of not answering ends in time and names the address.
func TestUnreachable(t *testing.T) {
	t.Run("nobody listens", func(t *testing.T) {
		a := New(Config{NameServers: []string{"10.0.0.1:9876"}, Dial: memnet.New().Dial})
		defer a.Close()
		_, err := a.ClusterInfo(t.Context())
		require.ErrorContains(t, err, "name server 10.0.0.1:9876: connect to 10.0.0.1:9876")
	})
	t.Run("silence at connect", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			network := memnet.New()
			network.Partition("10.0.0.1:9876")
			start := time.Now()
			a := New(Config{NameServers: []string{"10.0.0.1:9876"}, Dial: network.Dial})
			_, err := a.ClusterInfo(t.Context())
			require.ErrorContains(t, err, "10.0.0.1:9876")
			require.LessOrEqual(t, time.Since(start), DefaultTimeout)
			a.Close()
		})
	})
	t.Run("silence after connect", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			network := memnet.New()
			listener, err := network.Listen("10.0.0.1:9876")
			require.NoError(t, err)
			conns := make(chan net.Conn, 1)
			go func() {
				conn, err := listener.Accept()
				if err == nil {
					conns <- conn
				}
				close(conns)
			}()
			start := time.Now()
			a := New(Config{NameServers: []string{"10.0.0.1:9876"}, Dial: network.Dial})
			_, err = a.ClusterInfo(t.Context())
			require.ErrorIs(t, err, remoting.ErrTimeout)
			require.ErrorContains(t, err, "10.0.0.1:9876")
			require.Equal(t, DefaultTimeout, time.Since(start))
			require.Equal(t, 0, strings.Count(err.Error(), "\n"), "one sentence")
			a.Close()
			require.NoError(t, (<-conns).Close())
			require.NoError(t, listener.Close())
		})
	})
	t.Run("user stops", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		a := New(Config{NameServers: []string{"10.0.0.1:9876"}, Dial: memnet.New().Dial})
		defer a.Close()
		_, err := a.ClusterInfo(ctx)
		require.Error(t, err)
	})
	_, err := New(Config{}).ClusterInfo(t.Context())
	require.ErrorIs(t, err, ErrNoNameServer)
}

// TestUniqKey: address, pid, time and counter are where tools look for them.
func TestUniqKey(t *testing.T) {
	keys := newUniqKeys()
	at := time.Date(2026, 11, 22, 12, 0, 0, 5e6, time.Local)
	first, second := keys.next(at), keys.next(at)
	require.Len(t, first, 32)
	require.Equal(t, first[:28], second[:28])
	require.Equal(t, "0001", first[28:])
	require.Equal(t, "0002", second[28:])
	ms := at.Sub(time.Date(2026, 11, 1, 0, 0, 0, 0, time.Local)).Milliseconds()
	require.Equal(t, fmt.Sprintf("%08X", ms), first[20:28])
}
