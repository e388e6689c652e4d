package broker

import (
	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
	"github.com/boostermq/booster/remoting"
)

// adminProcessor serves what tools ask of the broker as a whole (Java: parts of
// AdminBrokerProcessor).
type adminProcessor struct{ b *Controller }

// getBrokerRuntimeInfo serves 28 GET_BROKER_RUNTIME_INFO: see runtimeinfo.go.
func (p *adminProcessor) getBrokerRuntimeInfo(r *remoting.Request) {
	body, err := fastjson.Marshal(&codec.KVTable{Table: p.b.runtimeInfo()})
	if err != nil {
		r.ReplyCode(codec.SystemError, err.Error())
		return
	}
	replyBody(r, body)
}
