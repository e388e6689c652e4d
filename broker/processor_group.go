package broker

import (
	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/remoting"
)

// groupProcessor serves the table of consumer groups (Java: parts of
// AdminBrokerProcessor).
type groupProcessor struct{ b *Controller }

// updateAndCreateGroup serves 200 UPDATE_AND_CREATE_SUBSCRIPTIONGROUP; the body
// is a SubscriptionGroupConfig, keys that are absent have Java's defaults.
func (p *groupProcessor) updateAndCreateGroup(r *remoting.Request) {
	if refusedPlain(r, p.checkRole()) {
		return
	}
	config := &codec.SubscriptionGroupConfig{}
	config.SetDefaults()
	if !decodeBody(r, config) || refusedPlain(r, checkGroup(config.GroupName)) {
		return
	}
	if err := p.b.groups.Update(config); err != nil {
		r.ReplyCode(codec.SystemError, err.Error())
		return
	}
	p.b.log.Info("subscription group set by request", "group", config.GroupName, "client", r.Channel.RemoteAddr())
	r.ReplyCode(codec.Success, "")
}

// deleteGroup serves 207 DELETE_SUBSCRIPTIONGROUP; with removeOffset the
// group's offsets go too.
func (p *groupProcessor) deleteGroup(r *remoting.Request) {
	var h codec.DeleteSubscriptionGroupRequestHeader
	if err := h.DecodeFields(r.Ext); err != nil {
		r.ReplyCode(codec.SystemError, err.Error())
		return
	}
	if refusedPlain(r, p.checkRole()) || refusedPlain(r, checkGroup(h.GroupName)) {
		return
	}
	p.b.groups.Delete(h.GroupName)
	p.b.log.Info("subscription group deleted by request", "group", h.GroupName, "withOffsets", h.RemoveOffset, "client", r.Channel.RemoteAddr())
	if h.RemoveOffset {
		p.b.offsets.RemoveGroup(h.GroupName)
	}
	p.b.forgetStats("", h.GroupName)
	r.ReplyCode(codec.Success, "")
}

// getAllGroupConfig serves 201 GET_ALL_SUBSCRIPTIONGROUP_CONFIG:
// subscriptionGroup.json, compact.
func (p *groupProcessor) getAllGroupConfig(r *remoting.Request) {
	body, err := p.b.groups.Encode()
	if err != nil {
		r.ReplyCode(codec.SystemError, err.Error())
		return
	}
	replyBody(r, body)
}

func (p *groupProcessor) checkRole() *Refusal {
	if p.b.Config().IsSlave() {
		return &Refusal{codec.SystemError, remarkSlaveRefuses}
	}
	return nil
}
