package namesrv

import (
	"errors"
	"fmt"
	"hash/crc32"
	"hash/maphash"
	"slices"
	"strings"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
	"github.com/boostermq/booster/remoting"
)

// registerBodyVersion is 3.0.11: older senders register with the topic table alone.
const registerBodyVersion int32 = 37

var errCRC32 = errors.New("crc32 not match")

// registerBroker serves 103 REGISTER_BROKER.
//
// Behavior: takes in a broker's address, its topics (a master's, when their
// data version changed) and its liveness, bound to the connection. Answers a
// slave with its master's address and HA address, everybody with the order
// config of ORDER_TOPIC_CONFIG when there is one. Code 1 `crc32 not match` when
// the body is not what the sender sent. Brokers also register one-way.
//
// Differences from Java: names and addresses are judged and sizes bounded; a
// topic that fails is passed over, all else fails the request with code 1. A
// body equal to the last one is not decoded again.
func (p *processor) registerBroker(r *remoting.Request) {
	reg, h, err := p.registerHeader(r)
	if err != nil {
		replyError(r, err)
		return
	}
	res, known := p.routes.Refresh(reg)
	if !known {
		var body *RegistrationBody
		if body, err = p.registerBody(r, h); err == nil {
			res, err = p.routes.RegisterBroker(reg, body)
		}
		if err != nil {
			replyError(r, fmt.Errorf("register broker %s at %s: %w", h.BrokerName, h.BrokerAddr, err))
			return
		}
	}
	if !r.Channel.Alive() { // closed while this waited: its close handler may have run already
		p.routes.ConnectionClosed(r.Channel)
	}
	r.Reply(&codec.Command{
		Code:   codec.Success,
		Header: &codec.RegisterBrokerResponseHeader{HAServerAddr: res.HAServerAddr, MasterAddr: res.MasterAddr},
		Body:   p.kv.OrderTable(),
	})
}

// registerHeader reads and judges the header.
func (p *processor) registerHeader(r *remoting.Request) (*Registration, *codec.RegisterBrokerRequestHeader, error) {
	h := &codec.RegisterBrokerRequestHeader{}
	fields := r.Ext
	if _, ok := fields.Lookup("haServerAddr"); !ok { // not to be had from a broker without HA
		fields = append(slices.Clip(fields), codec.Field{Key: "haServerAddr"})
	}
	err := h.DecodeFields(fields)
	if err == nil && h.BodyCRC32 != 0 && crc32.ChecksumIEEE(r.Body)&0x7FFFFFFF != uint32(h.BodyCRC32) {
		err = errCRC32
	}
	if err == nil {
		err = errors.Join(checkName("brokerName", h.BrokerName), checkName("clusterName", h.ClusterName), checkAddr("brokerAddr", h.BrokerAddr))
	}
	if err == nil && h.HAServerAddr != "" {
		err = checkAddr("haServerAddr", h.HAServerAddr)
	}
	if err != nil {
		return nil, nil, err
	}
	return &Registration{
		Cluster: h.ClusterName, BrokerName: h.BrokerName, BrokerAddr: h.BrokerAddr, BrokerID: h.BrokerID,
		HAServerAddr: h.HAServerAddr, BodyHash: p.registerHash(r.Version, r.Body, h.Compressed), Conn: r.Channel,
	}, h, nil
}

// registerHash is equal for bodies that mean the same.
func (p *processor) registerHash(version int32, body []byte, compressed bool) uint64 {
	var hash maphash.Hash
	hash.SetSeed(p.bodySeed)
	form := []byte{0, 0}
	if compressed {
		form[0] = 1
	}
	if version >= registerBodyVersion {
		form[1] = 1
	}
	// Hash.Write never fails.
	hash.Write(form)
	hash.Write(body)
	return hash.Sum64()
}

// registerBody decodes the body and keeps what is usable.
func (p *processor) registerBody(r *remoting.Request, h *codec.RegisterBrokerRequestHeader) (*RegistrationBody, error) {
	decoded, err := registerDecode(r.Version, r.Body, h.Compressed)
	if err != nil {
		return nil, err
	}
	return p.registerUsable(decoded, h.BrokerName, h.BrokerAddr), nil
}

// registerUsable keeps what is usable of a body and says what it passed over.
func (p *processor) registerUsable(decoded *codec.RegisterBrokerBody, broker, addr string) *RegistrationBody {
	wrapper := &decoded.TopicConfigSerializeWrapper
	body := &RegistrationBody{
		DataVersion:   wrapper.DataVersion,
		Topics:        make([]*codec.TopicConfig, 0, len(wrapper.TopicConfigTable)),
		FilterServers: registerFilterServers(decoded.FilterServerList),
	}
	var passedOver int
	for key, t := range wrapper.TopicConfigTable {
		if t.TopicName == "" {
			t.TopicName = key
		}
		if err := checkTopic(t); err != nil {
			if passedOver++; passedOver == 1 {
				p.log.Warn("a topic is passed over", "broker", broker, "addr", addr, "error", err)
			}
			continue
		}
		body.Topics = append(body.Topics, t)
	}
	if passedOver > 1 {
		p.log.Warn("topics are passed over", "broker", broker, "addr", addr, "topics", passedOver)
	}
	return body
}

// registerDecode decodes a body from a sender of version. FilterServerList is
// nil when the sender says nothing about filter servers.
func registerDecode(version int32, body []byte, compressed bool) (*codec.RegisterBrokerBody, error) {
	if version >= registerBodyVersion {
		decoded, err := codec.DecodeRegisterBrokerBody(body, compressed)
		if err == nil && decoded.FilterServerList == nil {
			decoded.FilterServerList = []string{}
		}
		return decoded, err
	}
	decoded := &codec.RegisterBrokerBody{}
	if len(body) == 0 {
		return decoded, nil
	}
	err := fastjson.Unmarshal(body, &decoded.TopicConfigSerializeWrapper)
	return decoded, err
}

// registerFilterServers keeps at most maxFilterServers valid addresses; nil stays nil.
func registerFilterServers(list []string) []string {
	if list == nil {
		return nil
	}
	servers := []string{}
	for _, s := range list[:min(len(list), maxFilterServers)] {
		if checkAddr("filter server", s) == nil {
			servers = append(servers, strings.Clone(s))
		}
	}
	return servers
}

// unregisterBroker serves 104 UNREGISTER_BROKER.
//
// Behavior: forgets the broker that the header names; with the last address of
// a broker name go its queues. Code 0, also for one that is not there.
//
// Differences from Java: obeyed only while name and id stand for that address,
// see RouteInfoManager.UnregisterBroker.
func (p *processor) unregisterBroker(r *remoting.Request) {
	var h codec.UnRegisterBrokerRequestHeader
	if err := h.DecodeFields(r.Ext); err != nil {
		replyError(r, err)
		return
	}
	p.routes.UnregisterBroker(h.ClusterName, h.BrokerAddr, h.BrokerName, h.BrokerID)
	replyOK(r)
}

// queryDataVersion serves 322 QUERY_DATA_VERSION.
//
// Behavior: says whether the topics of the broker at brokerAddr differ from the
// version in the body, and answers the version known here, if any. When they do
// not differ it counts as a sign of life: brokers with forceRegister=false send
// nothing else.
//
// Differences from Java: none.
func (p *processor) queryDataVersion(r *remoting.Request) {
	var h codec.QueryDataVersionRequestHeader
	var version codec.DataVersion
	err := h.DecodeFields(r.Ext)
	if err == nil {
		err = fastjson.Unmarshal(r.Body, &version)
	}
	if err != nil {
		replyError(r, err)
		return
	}
	stored, known, changed := p.routes.QueryDataVersion(h.BrokerAddr, version)
	resp := &codec.Command{Code: codec.Success, Header: &codec.QueryDataVersionResponseHeader{Changed: changed}}
	if known {
		if resp.Body, err = fastjson.Marshal(stored); err != nil {
			replyError(r, err)
			return
		}
	}
	r.Reply(resp)
}

// wipeWritePermOfBroker serves 205 WIPE_WRITE_PERM_OF_BROKER.
//
// Behavior: takes the write bit from all topics of brokerName in the routes, so
// that producers leave it within 30 s; answers how many topics that are. It
// lasts until the broker registers a changed topic table.
//
// Differences from Java: none.
func (p *processor) wipeWritePermOfBroker(r *remoting.Request) {
	name := r.Ext.Get("brokerName")
	count := p.routes.WipeWritePerm(name)
	p.log.Info("write permission is wiped", "broker", name, "topics", count, "by", r.Channel.RemoteAddr())
	r.Reply(&codec.Command{Code: codec.Success, Header: &codec.WipeWritePermOfBrokerResponseHeader{WipeTopicCount: int32(count)}})
}

// addWritePermOfBroker serves 327 ADD_WRITE_PERM_OF_BROKER.
//
// Behavior: sets perm to read and write on all topics of brokerName; answers how many.
//
// Differences from Java: none.
func (p *processor) addWritePermOfBroker(r *remoting.Request) {
	name := r.Ext.Get("brokerName")
	count := p.routes.AddWritePerm(name)
	p.log.Info("write permission is added", "broker", name, "topics", count, "by", r.Channel.RemoteAddr())
	r.Reply(&codec.Command{Code: codec.Success, Header: &codec.AddWritePermOfBrokerResponseHeader{AddTopicCount: int32(count)}})
}
