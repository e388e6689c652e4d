package namesrv

import (
	"hash/maphash"
	"log/slog"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/remoting"
)

// processor holds what the handlers work on (Java: DefaultRequestProcessor).
type processor struct {
	routes  *RouteInfoManager
	kv      *KVConfigManager
	config  *configHolder
	log     *slog.Logger
	product *productEnv // nil unless clusterTest
	// bodySeed keys the hash that tells register bodies apart; it is secret to
	// this process, so that nobody can make two bodies look alike.
	bodySeed maphash.Seed
}

// routeTable says who serves what. What clients poll runs on the event loop: it
// reads memory only. All else may decode much or write a file and runs on pool.
// Other codes are answered 3 ` request type N not supported`, where Java's name
// server stays silent until the caller times out.
func (p *processor) routeTable(pool *remoting.Executor) *remoting.RouteTable {
	t := remoting.NewRouteTable()
	inline := func(code int32, process remoting.Processor) { t.Register(remoting.Route{Code: code, Process: process}) }
	pooled := func(code int32, process remoting.Processor) {
		t.Register(remoting.Route{Code: code, Process: process, Pool: pool})
	}
	if p.product == nil {
		inline(codec.GetRouteInfoByTopic, p.getRouteInfoByTopic) // 105
	} else {
		pooled(codec.GetRouteInfoByTopic, p.getRouteInfoClusterTest) // 105 with clusterTest=true
	}
	inline(codec.GetBrokerClusterInfo, p.getBrokerClusterInfo) // 106

	pooled(codec.PutKVConfig, p.putKVConfig)                                     // 100
	pooled(codec.GetKVConfig, p.getKVConfig)                                     // 101
	pooled(codec.DeleteKVConfig, p.deleteKVConfig)                               // 102
	pooled(codec.RegisterBroker, p.registerBroker)                               // 103
	pooled(codec.UnregisterBroker, p.unregisterBroker)                           // 104
	pooled(codec.WipeWritePermOfBroker, p.wipeWritePermOfBroker)                 // 205
	pooled(codec.GetAllTopicListFromNameServer, p.getAllTopicListFromNameserver) // 206
	pooled(codec.DeleteTopicInNamesrv, p.deleteTopicInNamesrv)                   // 216
	pooled(codec.GetKVListByNamespace, p.getKVListByNamespace)                   // 219
	pooled(codec.GetTopicsByCluster, p.getTopicsByCluster)                       // 224
	pooled(codec.GetSystemTopicListFromNS, p.getSystemTopicListFromNs)           // 304
	pooled(codec.GetUnitTopicList, p.getUnitTopicList)                           // 311
	pooled(codec.GetHasUnitSubTopicList, p.getHasUnitSubTopicList)               // 312
	pooled(codec.GetHasUnitSubUnUnitTopicList, p.getHasUnitSubUnUnitTopicList)   // 313
	pooled(codec.UpdateNamesrvConfig, p.updateConfig)                            // 318
	pooled(codec.GetNamesrvConfig, p.getConfig)                                  // 319
	pooled(codec.QueryDataVersion, p.queryDataVersion)                           // 322
	pooled(codec.AddWritePermOfBroker, p.addWritePermOfBroker)                   // 327
	return t
}

// RouteTable is the table of a name server that does not run: docs/codes.md is
// made from it.
func RouteTable() *remoting.RouteTable { return new(processor).routeTable(nil) }

// replyBody answers with body, or with code 1 when making it failed. Bodies may
// be shared with other answers, so nothing may write to them.
func replyBody(r *remoting.Request, body []byte, err error) {
	if err != nil {
		replyError(r, err)
		return
	}
	r.ReplyOwned(&codec.Command{Code: codec.Success, Body: body}, nil)
}

func replyError(r *remoting.Request, err error) { r.ReplyCode(codec.SystemError, err.Error()) }

func replyOK(r *remoting.Request) { r.ReplyCode(codec.Success, "") }
