package broker

import (
	"strings"

	"github.com/boostermq/booster/broker/schedule"
	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/store"
)

// messageWriter appends messages which the broker makes itself, sent back or
// replies. A delay level parks them like a send's; a property TRAN_MSG does not
// make them half messages: it stays in committed ones.
type messageWriter struct {
	store  *store.MessageStore // set by Start
	levels schedule.Levels
}

// PutMessage is the store's, for messages that may have a delay level. It
// modifies m. CommitPending is the caller's affair.
func (w *messageWriter) PutMessage(m *codec.Message, cb store.PutCallback) {
	var scratch []byte
	w.levels.Substitute(m, &scratch)
	w.store.PutMessage(m, cb)
}

// countAppended counts a message the broker stored by itself: one that was
// delayed, committed, sent back or a reply. Java's store counts them too.
func (b *Controller) countAppended(topic string, queueID int32, sizeBytes int) {
	b.stats.Put(topic, queueID).Add(1, sizeBytes)
	b.storeStats.Appended(sizeBytes)
}

// property is codec.GetProperty behind a search of the bare name: most messages
// have none of the names that matter here.
func property(props, name string) (string, bool) {
	if !strings.Contains(props, name) {
		return "", false
	}
	return codec.GetProperty(props, name)
}
