package acl

import (
	"context"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/memnet"
	"github.com/boostermq/booster/remoting"
)

// peer is a client of a server whose hook and processors are those of m.
type peer struct {
	t    *testing.T
	conn net.Conn
	rest []byte
}

func serve(t *testing.T, m *Manager) *peer {
	t.Helper()
	pool := remoting.NewExecutor("admin", 1, 10)
	routes := remoting.NewRouteTable()
	for code, process := range map[int32]remoting.Processor{
		codec.UpdateAndCreateACLConfig: m.UpdateAndCreateACLConfig, codec.DeleteACLConfig: m.DeleteACLConfig,
		codec.UpdateGlobalWhiteAddrsConfig: m.UpdateGlobalWhiteAddrsConfig, codec.GetBrokerClusterACLInfo: m.GetBrokerClusterACLInfo,
		codec.SendMessage: func(r *remoting.Request) { r.ReplyCode(codec.Success, "sent") },
	} {
		routes.Register(remoting.Route{Code: code, Process: process, Pool: pool})
	}
	config := remoting.ServerConfig{Name: "test", Routes: func(int) *remoting.RouteTable { return routes }}
	if m != nil {
		config.Hooks = []remoting.RPCHook{m}
	}
	s := remoting.NewServer(config)
	client, server := memnet.Pipe()
	served := make(chan struct{})
	go func() { defer close(served); s.ServeConn(server) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		require.NoError(t, client.Close())
		<-served
		require.NoError(t, s.Shutdown(ctx))
		pool.Shutdown()
	})
	return &peer{t: t, conn: client}
}

// ask sends c and returns the answer.
func (p *peer) ask(c *codec.Command) *codec.Command {
	p.t.Helper()
	c.Opaque++
	frame, err := codec.AppendFrame(nil, c)
	require.NoError(p.t, err)
	_, err = p.conn.Write(frame)
	require.NoError(p.t, err)
	for {
		f, n, err := codec.ParseFrame(p.rest, codec.DefaultMaxFrameBytes)
		require.NoError(p.t, err)
		if n > 0 {
			answer := &codec.Command{}
			require.NoError(p.t, answer.Decode(f))
			p.rest = p.rest[n:]
			return answer
		}
		b := make([]byte, 4096)
		n, err = p.conn.Read(b)
		if n == 0 {
			require.NotErrorIs(p.t, err, io.EOF)
			require.NoError(p.t, err)
		}
		p.rest = append(p.rest, b[:n]...)
	}
}

const adminFile = "accounts:\n- accessKey: admin001\n  secretKey: secret01\n  admin: true\n- accessKey: plain001\n  secretKey: secret01\n"

// TestProcessors: requests as mqadmin sends them, the answers as recorded.
func TestProcessors(t *testing.T) {
	f := loaded(t, Options{BrokerName: "broker-a", ClusterName: "DefaultCluster", BrokerAddr: "127.0.0.1:10911"}, adminFile)
	p := serve(t, f.Manager)
	as := func(accessKey string, c *codec.Command) (int32, string) {
		answer := p.ask(signed(c, accessKey, "secret01"))
		require.Nil(t, answer.Ext)
		return answer.Code, answer.Remark
	}
	for _, row := range []struct {
		c      *codec.Command
		code   int32
		remark string
	}{
		{request(50, "accessKey", "newUser01", "secretKey", "newSecret01", "admin", "false", "whiteRemoteAddress", "10.1.2.*",
			"defaultTopicPerm", "PUB", "defaultGroupPerm", "SUB", "topicPerms", "t1=DENY, t2=PUB", "groupPerms", "g1=SUB"), 0, ""},
		{request(50, "accessKey", "ab", "secretKey", "cd", "admin", "false"), 209, "The accessKey=ab and secretKey=cd cannot be null and length should longer than 6"},
		{request(50), 209, "The accessKey=null and secretKey=null cannot be null and length should longer than 6"},
		{request(51, "accessKey", "noSuchUser"), 210, "The accesskey[noSuchUser] corresponding to accessConfig has been deleted failed."},
		{request(51), 210, "The accesskey[null] corresponding to accessConfig has been deleted failed."},
		{request(53, "globalWhiteAddrs", "10.10.103.*,192.168.0.*"), 0, ""},
		{request(53, "globalWhiteAddrs", "10.10.103.*", "aclFileFullPath", "/etc/passwd.yml"), 211, "The globalWhiteAddresses[10.10.103.*] has been updated failed."},
		{request(53), 211, "The globalWhiteAddresses[null] has been updated failed."},
		{request(53, "globalWhiteAddrs", "10.10"), 211, `no such form of address: "10.10"`},
		{request(10, "topic", "t2"), 0, "sent"},
	} {
		code, remark := as("admin001", row.c)
		require.Equal(t, row.code, code, row.remark)
		require.Equal(t, row.remark, remark)
	}
	a := f.state.Load().accounts["newUser01"]
	require.Equal(t, map[string]Perm{"t1": Deny, "t2": Pub}, a.topics)
	require.Equal(t, Pub, a.defaultTopic)
	require.True(t, a.white.matches(netipAddr("10.1.2.9")))

	code, remark := as("plain001", request(51, "accessKey", "newUser01"))
	require.Equal(t, codec.SystemError, code)
	require.Equal(t, "org.apache.rocketmq.acl.common.AclException: Need admin permission for request code=51, but accessKey=plain001 is not", remark)

	code, _ = as("admin001", request(51, "accessKey", "newUser01"))
	require.Equal(t, codec.Success, code)
	require.Nil(t, f.state.Load().accounts["newUser01"])

	version := p.ask(signed(request(52), "plain001", "secret01"))
	require.Equal(t, codec.Success, version.Code)
	require.Regexp(t, `^\{"counter":3,"timestamp":\d{13}\}$`, version.Ext.Get("version"))
	require.Equal(t, `{"`+plainPath+`":`+version.Ext.Get("version")+`}`, version.Ext.Get("allAclFileVersion"))
	for key, value := range map[string]string{"brokerName": "broker-a", "brokerAddr": "127.0.0.1:10911", "clusterName": "DefaultCluster"} {
		require.Equal(t, value, version.Ext.Get(key))
	}
	log := f.log.take()
	require.NotContains(t, log, "newSecret01")
	require.NotContains(t, log, "secretKey=cd")
	require.Contains(t, log, "by=admin001")
}

// TestProcessorsWithoutACL: a broker with aclEnable=false.
func TestProcessorsWithoutACL(t *testing.T) {
	p := serve(t, nil)
	for request, want := range map[*codec.Command]int32{
		request(50, "accessKey", "newUser01", "secretKey", "newSecret01"): 209, request(51): 210, request(53): 211, request(52): 1,
	} {
		answer := p.ask(request)
		require.Equal(t, want, answer.Code)
		require.Equal(t, errDisabled.Error(), answer.Remark)
	}
}
