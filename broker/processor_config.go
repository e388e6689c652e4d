package broker

import (
	"errors"
	"strings"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
	"github.com/boostermq/booster/remoting"
	"github.com/boostermq/booster/store"
)

// updateBrokerConfig serves 25 UPDATE_BROKER_CONFIG.
//
// Behavior: merges the properties text of the body into the settings and writes
// them to the -c file. No body: code 0. Not a properties text: code 1
// `string2Properties error`. One key that may not be changed remotely: code 16
// for the whole. Unknown keys are ignored. brokerPermission raises the version
// of the topics and registers the broker before the answer.
//
// Differences from Java: configuration_rules.go says which keys are refused,
// more than Java's black list, and which take effect at the next start; those
// are named in the remark of code 0. A wrong value is refused with code 1. The
// file keeps its comments and unknown lines. When it cannot be written the
// settings are in use all the same, as in Java, and the remark of code 0 says so.
func (p *adminProcessor) updateBrokerConfig(r *remoting.Request) {
	if len(r.Body) == 0 {
		r.ReplyCode(codec.Success, "")
		return
	}
	u, err := p.b.conf.update(r.Body, p.b.useConfig)
	switch {
	case errors.Is(err, errBlackList):
		p.b.log.Warn("an update of protected settings was refused", "by", r.Channel.RemoteAddr())
		r.ReplyCode(codec.NoPermission, err.Error())
		return
	case err != nil:
		r.ReplyCode(codec.SystemError, err.Error())
		return
	}
	p.b.log.Info("settings are updated", "keys", u.keys, "by", r.Channel.RemoteAddr())
	p.b.followUpdate(u)
	switch {
	case u.notPersisted != nil:
		r.ReplyCode(codec.Success, u.notPersisted.Error())
	case len(u.late) > 0:
		r.ReplyCode(codec.Success, "takes effect at the next start: "+strings.Join(u.late, ", "))
	default:
		r.ReplyCode(codec.Success, "")
	}
}

// getBrokerConfig serves 26 GET_BROKER_CONFIG: all settings as key=value lines;
// ext version is the data version of the configuration, which 25 raises.
func (p *adminProcessor) getBrokerConfig(r *remoting.Request) {
	version, err := fastjson.Marshal(p.b.conf.version.Load())
	if err != nil {
		replyRefused(r, codec.SystemError, err.Error())
		return
	}
	r.Reply(&codec.Command{
		Code: codec.Success, Header: &codec.GetBrokerConfigResponseHeader{Version: string(version)}, Body: p.b.Config().Text(),
	})
}

// useConfig puts updated settings into use. The store looks at them first; what
// it refuses changes nothing.
func (b *Controller) useConfig(u *configUpdate) error {
	if err := b.store.UpdateConfig(func(c *store.Config) { *c = u.next.Store }); err != nil {
		return err
	}
	b.applyConfig(u.next, b.settings.Load().storeHost)
	return nil
}

// followUpdate does what some settings ask for once when they change.
func (b *Controller) followUpdate(u *configUpdate) {
	if u.has("autoCreateTopicEnable") {
		b.topics.FollowAutoCreateTopicEnable()
	}
	if trace := &u.next.Broker; u.has("traceTopicEnable") && trace.TraceTopicEnable {
		b.topics.CreateInSendMessageBack(trace.MsgTraceTopicName, 1, codec.PermRead|codec.PermWrite, 0)
	}
	if !u.has("brokerPermission") {
		return
	}
	if err := b.topics.NextDataVersion(); err != nil {
		b.log.Error("topics not written; the next change tries again", "err", err)
	}
	b.registerBrokerAll(b.background, true)
}
