package broker

import (
	"log/slog"
	"sync"

	"github.com/boostermq/booster/broker/client"
	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
	"github.com/boostermq/booster/remoting"
)

// statusCollector gathers the answers of a group's clients to 221 and answers
// 223 after the last one. Answers arrive on event loops: they are read on pool.
type statusCollector struct {
	r    *remoting.Request
	log  *slog.Logger
	pool *remoting.Executor

	mu      sync.Mutex
	missing int
	bodies  map[string][]byte // by client id
}

// newStatusCollector awaits n answers; with none it answers at once.
func newStatusCollector(r *remoting.Request, log *slog.Logger, pool *remoting.Executor, n int) *statusCollector {
	c := &statusCollector{r: r, log: log, pool: pool, missing: n, bodies: make(map[string][]byte, n)}
	if n == 0 {
		c.reply()
	}
	return c
}

// add takes the answer of one client, or why there is none. It does not wait.
func (c *statusCollector) add(clientID string, resp *codec.Command, err error) {
	c.mu.Lock()
	switch {
	case err != nil:
		c.log.Warn("a consumer did not tell its status", "clientId", clientID, "err", err)
	case resp.Code != codec.Success:
		c.log.Warn("a consumer did not tell its status", "clientId", clientID, "code", resp.Code, "remark", resp.Remark)
	default:
		c.bodies[clientID] = resp.Body
	}
	c.missing--
	last := c.missing == 0
	c.mu.Unlock()
	if last && !c.pool.Execute(c.reply) {
		c.r.ReplyCode(codec.SystemBusy, remarkOverload)
	}
}

// reply answers; nothing is added any more.
func (c *statusCollector) reply() {
	table := make(map[string]map[codec.MessageQueue]int64, len(c.bodies))
	for clientID, text := range c.bodies {
		var body codec.GetConsumerStatusBody
		if err := fastjson.Unmarshal(text, &body); err != nil {
			c.log.Warn("the status a consumer told cannot be read", "clientId", clientID, "err", err)
			continue
		}
		table[clientID] = body.MessageQueueTable
	}
	replyJSONRemark(c.r, remarkNotSet, &codec.GetConsumerStatusBody{ConsumerTable: table})
}

// pushOffsets pushes 220 RESET_CONSUMER_CLIENT_OFFSET to clients; those of
// language CPP read the table as a list.
func (b *Controller) pushOffsets(h *codec.ResetOffsetRequestHeader, clients []*client.ClientChannelInfo, offsets map[codec.MessageQueue]int64) error {
	table, err := fastjson.Marshal(&codec.ResetOffsetBody{OffsetTable: offsets})
	if err != nil {
		return err
	}
	var forC codec.ResetOffsetBodyForC
	for mq, offset := range offsets {
		forC.OffsetTable = append(forC.OffsetTable, codec.MessageQueueForC{Topic: mq.Topic, BrokerName: mq.BrokerName, QueueID: mq.QueueID, Offset: offset})
	}
	list, err := fastjson.Marshal(&forC)
	if err != nil {
		return err
	}
	header := &codec.ResetOffsetRequestHeader{Topic: h.Topic, Group: h.Group, TimestampMs: h.TimestampMs}
	for _, c := range clients {
		cmd := &codec.Command{Code: codec.ResetConsumerClientOffset, Header: header, Body: table}
		if c.Language == codec.LanguageCPP {
			cmd.Body = list
		}
		if err := c.Channel.InvokeOneway(cmd); err != nil {
			b.log.Warn("a consumer was not told of the reset of its offsets", "group", h.Group, "topic", h.Topic, "clientId", c.ClientID, "err", err)
		}
	}
	return nil
}
