package broker

import (
	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/remoting"
)

// cleanExpiredConsumeQueue serves 306 CLEAN_EXPIRED_CONSUMEQUEUE: queues whose
// records are all gone from the commit log are deleted.
func (p *adminProcessor) cleanExpiredConsumeQueue(r *remoting.Request) {
	cleaned := p.b.cleaner.CleanExpiredConsumeQueues()
	p.b.log.Info("expired consume queues cleaned by request", "queues", cleaned, "client", r.Channel.RemoteAddr())
	r.ReplyCode(codec.Success, "")
}

// cleanUnusedTopic serves 316 CLEAN_UNUSED_TOPIC: the queues of topics without
// a config are deleted.
func (p *adminProcessor) cleanUnusedTopic(r *remoting.Request) {
	cleaned := p.b.store.CleanUnusedTopics(func(topic string) (keep bool) {
		if keep = p.b.topics.Select(topic) != nil; !keep {
			p.b.forgetStats(topic, "")
		}
		return keep
	})
	p.b.log.Info("queues of unused topics cleaned by request", "topics", cleaned, "client", r.Channel.RemoteAddr())
	r.ReplyCode(codec.Success, "")
}

// deleteExpiredCommitLog serves 329 DELETE_EXPIRED_COMMITLOG: the next rounds of
// the cleaner delete expired files whatever the hour.
func (p *adminProcessor) deleteExpiredCommitLog(r *remoting.Request) {
	p.b.cleaner.DeleteExpiredFilesManually()
	r.ReplyCode(codec.Success, "")
}
