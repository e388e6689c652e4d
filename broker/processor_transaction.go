package broker

import (
	"net/netip"
	"time"

	"github.com/boostermq/booster/broker/transaction"
	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/remoting"
)

// transactionProcessor serves the ends of transactions (Java:
// EndTransactionProcessor, and 323 of AdminBrokerProcessor). What they do is in
// package broker/transaction.
type transactionProcessor struct{ b *Controller }

// endTransaction serves 37 END_TRANSACTION, mostly one-way: see
// transaction.Service.End. A producer that does not know yet gets no answer.
func (p *transactionProcessor) endTransaction(r *remoting.Request) {
	var h codec.EndTransactionRequestHeader
	if err := h.DecodeFields(r.Ext); err != nil {
		r.ReplyCode(codec.SystemError, err.Error())
		return
	}
	answer := p.b.transactions.End(&h)
	if answer == nil {
		r.ReplyNone()
		return
	}
	if answer.Code != codec.Success {
		p.b.log.Info("transaction not ended", "group", h.ProducerGroup, "client", r.Channel.RemoteAddr(), "msgId", h.MsgID, "err", answer.Remark)
	}
	r.ReplyCode(answer.Code, answer.Remark)
}

// resumeCheckHalfMessage serves 323 RESUME_CHECK_HALF_MESSAGE: a half message
// that was given up is checked again.
func (p *transactionProcessor) resumeCheckHalfMessage(r *remoting.Request) {
	var h codec.ResumeCheckHalfMessageRequestHeader
	if err := h.DecodeFields(r.Ext); err != nil {
		r.ReplyCode(codec.SystemError, err.Error())
		return
	}
	answer := p.b.transactions.Resume(h.MsgID)
	r.ReplyCode(answer.Code, answer.Remark)
}

// wireTransactions makes the service of the half messages.
func (b *Controller) wireTransactions() {
	b.transactions = transaction.New(transaction.Options{
		Config:    func() transaction.Config { return transactionConfig(b.Config()) },
		StoreHost: func() netip.AddrPort { return b.settings.Load().storeHost },
		Offsets:   b.offsets,
		AvailableChannel: func(group string) transaction.Channel {
			if ch := b.producers.AvailableChannel(group); ch != nil {
				return ch
			}
			return nil // not a Channel that holds nil
		},
		EnsureTopic: func(topic string) {
			b.topics.CreateInSendMessageBack(topic, 1, codec.PermRead|codec.PermWrite, 0)
		},
		Committed: b.countAppended,
		Log:       b.logOf("transaction"),
	})
}

func transactionConfig(c *Config) transaction.Config {
	return transaction.Config{
		TimeOut:         time.Duration(c.Broker.TransactionTimeOut) * time.Millisecond,
		CheckInterval:   time.Duration(max(1, c.Broker.TransactionCheckInterval)) * time.Millisecond,
		CheckMax:        c.Broker.TransactionCheckMax,
		FileReserved:    time.Duration(c.Store.FileReservedTime) * time.Hour,
		MaxMessageBytes: c.Store.MaxMessageSize,
		Slave:           c.IsSlave(),
	}
}
