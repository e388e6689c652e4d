package namesrv

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/remoting"
)

// listening starts a name server on a free port of loopback.
func listening(t *testing.T, change func(c *Config, o *Options)) *Controller {
	c, o := DefaultConfig(t.TempDir()), Options{Log: slog.New(slog.DiscardHandler)}
	c.Server.ListenPort, c.Booster.BindAddress = 0, "127.0.0.1"
	if change != nil {
		change(&c, &o)
	}
	ctl := New(c, o)
	require.NoError(t, ctl.Start(t.Context()))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		require.NoError(t, ctl.Shutdown(ctx))
	})
	return ctl
}

func dial(t *testing.T, ctl *Controller) *peer {
	conn, err := net.Dial("tcp", ctl.Addr())
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() }) // the server may have closed it first
	return &peer{t: t, conn: conn}
}

func TestControllerOverTCP(t *testing.T) {
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, before) }) // after Shutdown
	ctl := listening(t, nil)
	broker, client := dial(t, ctl), dial(t, ctl)
	broker.ok(codec.RegisterBroker, registerJSON(t, 1, topicConfig("T", 6, 4)), brokerFields("b", "h:1", "0")...)
	require.Contains(t, client.ok(codec.GetRouteInfoByTopic, "", "topic", "T"), `"0":"h:1"`)
	require.NoError(t, broker.conn.Close())
	require.Eventually(t, func() bool {
		return client.call(codec.GetRouteInfoByTopic, "", "topic", "T").Code == codec.TopicNotExist
	}, 5*time.Second, time.Millisecond)
}

func TestControllerPortTaken(t *testing.T) {
	first := listening(t, nil)
	c := first.Config()
	c.Server.ListenPort = first.server.Ports()[0]
	second := New(c, Options{Log: slog.New(slog.DiscardHandler)})
	require.ErrorContains(t, second.Start(t.Context()), "name server cannot listen on "+first.Addr())
}

type denyHook struct{}

func (denyHook) BeforeRequest(r *remoting.Request) error {
	if r.Code == codec.WipeWritePermOfBroker {
		return errors.New("denied")
	}
	return nil
}

func TestControllerHooks(t *testing.T) {
	p := dial(t, listening(t, func(_ *Config, o *Options) { o.Hooks = []remoting.RPCHook{denyHook{}} }))
	p.fails(codec.WipeWritePermOfBroker, "", codec.SystemError, "denied", "brokerName", "b")
	p.ok(codec.GetNamesrvConfig, "")
}

func TestClusterTest(t *testing.T) {
	product := listening(t, nil)
	dial(t, product).ok(codec.RegisterBroker, registerJSON(t, 1, topicConfig("T", 6, 4)), brokerFields("b", "h:1", "0")...)
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, free.Close())
	var noAddressServer atomic.Bool
	p := dial(t, listening(t, func(c *Config, o *Options) {
		c.Namesrv.ClusterTest = true
		o.ProductNamesrvAddrs = func(context.Context) ([]string, error) {
			if noAddressServer.Load() {
				return nil, errors.New("no address server")
			}
			return []string{free.Addr().String(), product.Addr()}, nil
		}
	}))
	require.Contains(t, p.ok(codec.GetRouteInfoByTopic, "", "topic", "T"), `"brokerAddrs":{0:"h:1"}`, "the second name server knows; old dialect whoever asks")
	p.fails(codec.GetRouteInfoByTopic, "", codec.TopicNotExist, "No topic route info in name server for the topic: U"+faqSuffix, "topic", "U")
	p.ok(codec.RegisterBroker, registerJSON(t, 1, topicConfig("T", 6, 4)), brokerFields("mine", "h:1", "0")...)
	require.Contains(t, p.ok(codec.GetRouteInfoByTopic, "", "topic", "T"), "mine")
	noAddressServer.Store(true)
	p.fails(codec.GetRouteInfoByTopic, "", codec.TopicNotExist, "No topic route info in name server for the topic: U"+faqSuffix, "topic", "U")
}
