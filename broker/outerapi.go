package broker

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"log/slog"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
	"github.com/boostermq/booster/remoting"
)

// nameServerTimeout bounds the small requests: unregister, query data version.
const nameServerTimeout = 3 * time.Second

// BrokerOuterAPI speaks to all name servers (Java: BrokerOuterAPI). Every call
// goes to all of them in parallel; one that is down delays or harms nobody but
// the caller's own wait, which its context bounds.
type BrokerOuterAPI struct {
	client     *remoting.Client
	lookupHost func(ctx context.Context, host string) ([]string, error)
	log        *slog.Logger

	mu struct {
		sync.Mutex
		names    []string            // host:port as configured
		resolved map[string][]string // last good answer of the resolver, by name
		failing  map[string]bool     // names and addresses that were complained of
	}
}

// BrokerIdentity is what a broker calls itself towards name servers.
type BrokerIdentity struct {
	ClusterName, BrokerName, BrokerAddr, HAServerAddr string
	BrokerID                                          int64
}

// RegisterResult is one name server's answer to a registration.
type RegisterResult struct {
	NameServer   string
	HAServerAddr string            // of the master; "" when this is the master
	MasterAddr   string            // likewise
	OrderTable   map[string]string // KV table ORDER_TOPIC_CONFIG by topic; nil when the server has none
}

func newBrokerOuterAPI(client *remoting.Client, log *slog.Logger) *BrokerOuterAPI {
	a := &BrokerOuterAPI{client: client, lookupHost: net.DefaultResolver.LookupHost, log: log}
	a.mu.failing = make(map[string]bool)
	return a
}

// UpdateNameServers replaces the list of name servers (host:port) and tells
// whether that is another one.
func (a *BrokerOuterAPI) UpdateNameServers(names []string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if slices.Equal(a.mu.names, names) {
		return false
	}
	a.mu.names = slices.Clone(names)
	return true
}

// HasNameServers tells whether there is anybody to register with.
func (a *BrokerOuterAPI) HasNameServers() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.mu.names) > 0
}

// RegisterBroker sends 103 REGISTER_BROKER to every name server and returns the
// answers that came. With oneway nothing is awaited and no result comes back.
func (a *BrokerOuterAPI) RegisterBroker(ctx context.Context, id BrokerIdentity, body codec.RegisterBrokerBody, compressed, oneway bool) ([]RegisterResult, error) {
	data, err := codec.EncodeRegisterBrokerBody(&body, compressed)
	if err != nil {
		return nil, err
	}
	header := &codec.RegisterBrokerRequestHeader{
		BrokerName: id.BrokerName, BrokerAddr: id.BrokerAddr, ClusterName: id.ClusterName, HAServerAddr: id.HAServerAddr,
		BrokerID: id.BrokerID, Compressed: compressed, BodyCRC32: int32(crc32.ChecksumIEEE(data) & 0x7FFFFFFF),
	}
	var mu sync.Mutex
	var results []RegisterResult
	err = a.each(ctx, func(ctx context.Context, addr string) error {
		cmd := &codec.Command{Code: codec.RegisterBroker, Header: header, Body: data}
		if oneway {
			return a.client.InvokeOneway(ctx, addr, cmd)
		}
		resp, err := a.invoke(ctx, addr, cmd)
		if err != nil {
			return err
		}
		result, err := decodeRegisterResult(addr, resp)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		results = append(results, result)
		return nil
	})
	return results, err
}

// UnregisterBroker sends 104 UNREGISTER_BROKER to every name server.
func (a *BrokerOuterAPI) UnregisterBroker(ctx context.Context, id BrokerIdentity) error {
	header := &codec.UnRegisterBrokerRequestHeader{
		BrokerName: id.BrokerName, BrokerAddr: id.BrokerAddr, ClusterName: id.ClusterName, BrokerID: id.BrokerID,
	}
	ctx, cancel := context.WithTimeout(ctx, nameServerTimeout)
	defer cancel()
	return a.each(ctx, func(ctx context.Context, addr string) error {
		_, err := a.invoke(ctx, addr, &codec.Command{Code: codec.UnregisterBroker, Header: header})
		return err
	})
}

// NeedRegister sends 322 QUERY_DATA_VERSION to every name server; true when one
// of them knows another version than ours or does not answer.
func (a *BrokerOuterAPI) NeedRegister(ctx context.Context, id BrokerIdentity, version codec.DataVersion) bool {
	body, err := fastjson.Marshal(&version)
	if err != nil {
		a.log.Error("encode data version", "err", err)
		return true
	}
	header := &codec.QueryDataVersionRequestHeader{
		BrokerName: id.BrokerName, BrokerAddr: id.BrokerAddr, ClusterName: id.ClusterName, BrokerID: id.BrokerID,
	}
	var mu sync.Mutex
	changed := false
	err = a.each(ctx, func(ctx context.Context, addr string) error {
		resp, err := a.invoke(ctx, addr, &codec.Command{Code: codec.QueryDataVersion, Header: header, Body: body})
		if err != nil {
			return err
		}
		var h codec.QueryDataVersionResponseHeader
		if err := h.DecodeFields(resp.Ext); err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		changed = changed || h.Changed
		return nil
	})
	return changed || err != nil
}

// invoke calls one name server; an answer other than Success is an error.
func (a *BrokerOuterAPI) invoke(ctx context.Context, addr string, cmd *codec.Command) (*codec.Command, error) {
	resp, err := a.client.Invoke(ctx, addr, cmd)
	if err != nil {
		return nil, err
	}
	if resp.Code != codec.Success {
		return nil, fmt.Errorf("code %d %s", resp.Code, resp.Remark)
	}
	return resp, nil
}

// note logs that a name server, or its name, stops or begins to work: once, not
// at each of the attempts that go on meanwhile.
func (a *BrokerOuterAPI) note(name string, err error) {
	a.mu.Lock()
	was := a.mu.failing[name]
	if err != nil {
		a.mu.failing[name] = true
	} else {
		delete(a.mu.failing, name)
	}
	a.mu.Unlock()
	switch {
	case err != nil && !was:
		a.log.Warn("name server not reached, trying again", "addr", name, "err", err)
	case err == nil && was:
		a.log.Info("name server reached", "addr", name)
	}
}

// each runs call for every address in parallel and waits for all. Failures are
// noted by address and joined.
func (a *BrokerOuterAPI) each(ctx context.Context, call func(ctx context.Context, addr string) error) error {
	addrs := a.resolve(ctx)
	errs := make([]error, len(addrs))
	var wg sync.WaitGroup
	for i, addr := range addrs {
		wg.Go(func() {
			err := call(ctx, addr)
			if err != nil {
				errs[i] = fmt.Errorf("name server %s: %w", addr, err)
			}
			a.note(addr, err)
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// resolve turns the configured names into addresses, DNS names into all of
// their addresses, asked anew each time. A name that does not resolve in time
// keeps what it resolved to last.
func (a *BrokerOuterAPI) resolve(ctx context.Context) []string {
	a.mu.Lock()
	names, last := a.mu.names, a.mu.resolved
	a.mu.Unlock()

	found := make([][]string, len(names))
	var wg sync.WaitGroup
	for i, name := range names {
		wg.Go(func() {
			hosts, err := a.lookup(ctx, name, len(last[name]) > 0)
			if a.note("the host of "+name, err); err != nil {
				hosts = last[name]
			}
			found[i] = hosts
		})
	}
	wg.Wait()

	resolved := make(map[string][]string, len(names))
	var addrs []string
	for i, name := range names {
		resolved[name] = found[i]
		for _, addr := range found[i] {
			if !slices.Contains(addrs, addr) {
				addrs = append(addrs, addr)
			}
		}
	}
	a.mu.Lock()
	a.mu.resolved = resolved
	a.mu.Unlock()
	return addrs
}

// lookup resolves one host:port. With a former answer at hand it waits less.
func (a *BrokerOuterAPI) lookup(ctx context.Context, name string, hasFormer bool) ([]string, error) {
	host, port, err := net.SplitHostPort(name)
	if err != nil {
		return nil, err
	}
	if net.ParseIP(host) != nil {
		return []string{name}, nil
	}
	timeout := nameServerTimeout
	if hasFormer {
		timeout = time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	ips, err := a.lookupHost(ctx, host)
	if err != nil {
		return nil, err
	}
	out := make([]string, len(ips))
	for i, ip := range ips {
		out[i] = net.JoinHostPort(ip, port)
	}
	return out, nil
}

func (a *BrokerOuterAPI) close() { a.client.Close() }

func decodeRegisterResult(addr string, resp *codec.Command) (RegisterResult, error) {
	var h codec.RegisterBrokerResponseHeader
	if err := h.DecodeFields(resp.Ext); err != nil {
		return RegisterResult{}, err
	}
	result := RegisterResult{NameServer: addr, HAServerAddr: h.HAServerAddr, MasterAddr: h.MasterAddr}
	if len(resp.Body) == 0 {
		return result, nil
	}
	var table codec.KVTable
	if err := fastjson.Unmarshal(resp.Body, &table); err != nil {
		return RegisterResult{}, fmt.Errorf("order table: %w", err)
	}
	result.OrderTable = table.Table
	return result, nil
}
