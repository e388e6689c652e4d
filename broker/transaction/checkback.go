package transaction

import (
	"github.com/boostermq/booster/codec"
)

// maxAskTries is how many connections of a group are tried.
const maxAskTries = 3

// ask sends 39 CHECK_TRANSACTION_STATE about the half message m to a connection
// of its producer group, ch or the next one that takes it. false: none did.
func (c *checker) ask(m *codec.Message, group string, ch Channel) bool {
	cmd, err := c.checkRequest(m)
	if err != nil {
		c.log.Error("a transaction check cannot be sent", "queueOffset", m.QueueOffset, "err", err)
		return false
	}
	for try := 1; ch != nil; try++ {
		err := ch.InvokeOneway(cmd)
		if err == nil {
			return true
		}
		c.log.Warn("a transaction check was not sent", "queueOffset", m.QueueOffset, "group", group, "client", ch.RemoteAddr(), "err", err)
		if try == maxAskTries {
			break
		}
		ch = c.o.AvailableChannel(group)
	}
	return false
}

// checkRequest builds 39. The body is the record with its destination as topic
// and queue (spec: message-format.md §10); Java's says WAIT=false, which is in
// no stored record.
func (c *checker) checkRequest(m *codec.Message) (*codec.Command, error) {
	real := *m
	var err error
	if real.Topic, real.QueueID, err = destination(m.Properties); err != nil {
		return nil, err
	}
	props := codec.DeleteProperty(nil, m.Properties, codec.PropertyWaitStoreMsgOK)
	props = codec.AppendProperty(props, codec.PropertyWaitStoreMsgOK, "false")
	if len(props) <= codec.MaxPropertiesBytes {
		real.Properties = aliasString(props)
	}
	body, err := codec.AppendRecord(nil, &real)
	if err != nil {
		return nil, err
	}
	uniqKey, _ := codec.GetProperty(m.Properties, codec.PropertyUniqKey)
	return &codec.Command{
		Code: codec.CheckTransactionState,
		Header: &codec.CheckTransactionStateRequestHeader{
			TranStateTableOffset: m.QueueOffset, CommitLogOffset: m.CommitLogOffset, MsgID: uniqKey, TransactionID: uniqKey,
			OffsetMsgID: string(codec.AppendOffsetMsgID(nil, m.StoreHost, m.CommitLogOffset)),
		},
		Body: body,
	}, nil
}
