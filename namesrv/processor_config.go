package namesrv

import (
	"errors"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/remoting"
)

// updateConfig serves 318 UPDATE_NAMESRV_CONFIG.
//
// Behavior: merges the properties text of the body into the settings and writes
// them to configStorePath. No body: code 0. Not a properties text: code 1
// `string2Properties error`. A key of the black list, which is fixed at start:
// code 16. Unknown keys are ignored.
//
// Differences from Java: listenPort, bindAddress, metricsAddr and logDir are on the black list. A
// value of the wrong type is refused with code 1. An existing file keeps its
// comments and unknown lines. When the file cannot be written the settings are
// in use all the same, as in Java, and the remark of code 0 says so.
func (p *processor) updateConfig(r *remoting.Request) {
	if len(r.Body) == 0 {
		replyOK(r)
		return
	}
	before := p.config.get().Namesrv.OrderMessageEnable
	err := p.config.update(r.Body)
	if before != p.config.get().Namesrv.OrderMessageEnable {
		p.routes.OrderConfChanged("")
	}
	switch {
	case errors.Is(err, errBlackList):
		r.ReplyCode(codec.NoPermission, err.Error())
	case errors.Is(err, errNotPersisted):
		r.ReplyCode(codec.Success, err.Error())
	case err != nil:
		replyError(r, err)
	default:
		p.log.Info("settings are updated", "by", r.Channel.RemoteAddr())
		replyOK(r)
	}
}

// getConfig serves 319 GET_NAMESRV_CONFIG.
//
// Behavior: all settings as key=value lines.
//
// Differences from Java: in the order of -p.
func (p *processor) getConfig(r *remoting.Request) {
	replyBody(r, p.config.get().Text(), nil)
}
