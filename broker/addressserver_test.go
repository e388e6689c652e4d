package broker

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
)

// TestAddressServer: with fetchNamesrvAddrByAddressServer the broker registers with the name servers that the address
// server names, and keeps them while it answers nonsense.
func TestAddressServer(t *testing.T) {
	first, second := startNameServer(t), startNameServer(t)
	var answer atomic.Value
	answer.Store("  " + first.addr() + "\n")
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/rocketmq/mine" {
			w.WriteHeader(http.StatusNotFound)
		}
		io.WriteString(w, answer.Load().(string)) // the broker may hang up on too long an answer
	}))
	defer web.Close()
	domain := strings.TrimPrefix(web.URL, "http://")
	b := startBroker(t, func(c *Config) {
		c.Broker.FetchNamesrvAddrByAddressServer = true
		c.Booster.RmqAddressServerDomain, c.Booster.RmqAddressServerSubGroup = domain, "mine"
	})
	require.Len(t, first.of(codec.RegisterBroker), 1)

	s := newAddressServer(domain, "mine")
	for _, bad := range []string{"", "no port", "a:b;c", strings.Repeat("x", 2*maxAddressServerBytes)} {
		answer.Store(bad)
		b.followAddressServer(t.Context(), s)
		_, err := s.fetch(t.Context())
		require.Error(t, err, "%.20q", bad)
	}
	_, err := newAddressServer(domain, "other").fetch(t.Context())
	require.ErrorContains(t, err, "404")
	require.Empty(t, second.of(codec.RegisterBroker))

	answer.Store(first.addr() + ";" + second.addr())
	b.followAddressServer(t.Context(), s)
	require.Eventually(t, func() bool { return len(second.of(codec.RegisterBroker)) > 0 }, answerTimeout, time.Millisecond, "registered there at once")
	require.Equal(t, "http://jmenv.tbsite.net:8080/rocketmq/nsaddr", newAddressServer("jmenv.tbsite.net", "nsaddr").url)
}
