package mqadmin

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
)

// TestFresh: what is sent again is what the producer sent: the committed half of a transaction is no half message, a delayed
// one does not wait again, and a body stays packed the way it was.
func TestFresh(t *testing.T) {
	packed := zlibbed(t, []byte("text"))
	messages, err := decodeMessages(messageRecord(t, codec.SysFlagCompressed|codec.CompressionZlib|codec.TransactionCommitType, packed), "b")
	require.NoError(t, err)
	m := messages[0]
	m.Flag, m.ReconsumeTimes = 5, 17
	own := map[string]string{"UNIQ_KEY": "id", "KEYS": "k1 k2", "TAGS": "T", "own": "kept", "REPLY_TO_CLIENT": "c", "CORRELATION_ID": "r"}
	m.Properties = map[string]string{
		"RETRY_TOPIC": "T", "ORIGIN_MESSAGE_ID": "o", "WAIT": "false", "DELAY": "3", "REAL_TOPIC": "%RETRY%g", "REAL_QID": "0", "TRAN_MSG": "true",
		"PGROUP": "p", "__transactionId__": "id", "MIN_OFFSET": "0", "MAX_OFFSET": "9", "RECONSUME_TIME": "3", "MAX_RECONSUME_TIMES": "3",
		"CONSUME_START_TIME": "1", "MSG_REGION": "DefaultRegion", "TRACE_ON": "true", "CLUSTER": "c", "TRANSACTION_CHECK_TIMES": "1",
	}
	for name, value := range own {
		m.Properties[name] = value
	}
	require.Equal(t, Message{Topic: "Elsewhere", Flag: 5, SysFlag: codec.SysFlagCompressed | codec.CompressionZlib, Properties: own, Body: packed}, m.Fresh("Elsewhere"))
	require.Equal(t, "T", m.Properties["RETRY_TOPIC"], "the dead letter is as it was")
}
