package mqadmin

import (
	"bytes"
	"net/netip"
	"testing"

	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
)

func messageRecord(t testing.TB, sysFlag int32, body []byte) []byte {
	host := netip.MustParseAddrPort("127.0.0.1:10911")
	record, err := codec.AppendRecord(nil, &codec.Message{
		Topic: "T", Properties: "UNIQ_KEY\x01id", SysFlag: sysFlag, Body: body, BodyCRC: codec.BodyCRC(body), BornHost: host, StoreHost: host})
	require.NoError(t, err)
	return record
}

func zlibbed(t testing.TB, text []byte) []byte {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, err := w.Write(text)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

func zstded(t testing.TB, text []byte) []byte {
	w, err := zstd.NewWriter(nil)
	require.NoError(t, err)
	return w.EncodeAll(text, nil)
}

// TestDecodeMessages: bodies come as producers gave them to their clients, whichever way those compressed them.
func TestDecodeMessages(t *testing.T) {
	text := bytes.Repeat([]byte("text "), 1000)
	records := messageRecord(t, 0, text)
	records = append(records, messageRecord(t, codec.SysFlagCompressed, zlibbed(t, text))...)
	records = append(records, messageRecord(t, codec.SysFlagCompressed|codec.CompressionZlib, zlibbed(t, text))...)
	records = append(records, messageRecord(t, codec.SysFlagCompressed|codec.CompressionZstd, zstded(t, text))...)
	messages, err := decodeMessages(records, "b")
	require.NoError(t, err)
	require.Len(t, messages, 4)
	for _, m := range messages {
		require.Equal(t, text, m.Body)
		require.Equal(t, "id", m.MsgID())
		require.Equal(t, "b", m.BrokerName)
	}
}

// TestDecodeMessagesWrong: what is damaged, swells without end or is packed in an unknown way is an error.
func TestDecodeMessagesWrong(t *testing.T) {
	whole := messageRecord(t, 0, []byte("x"))
	bomb := make([]byte, maxInflated+1)
	for name, records := range map[string][]byte{
		"cut":       whole[:len(whole)-1],
		"no zlib":   messageRecord(t, codec.SysFlagCompressed, []byte("not compressed")),
		"no zstd":   messageRecord(t, codec.SysFlagCompressed|codec.CompressionZstd, []byte("not compressed")),
		"unknown":   messageRecord(t, codec.SysFlagCompressed|codec.CompressionMask, []byte("x")),
		"zlib bomb": messageRecord(t, codec.SysFlagCompressed, zlibbed(t, bomb)),
		"zstd bomb": messageRecord(t, codec.SysFlagCompressed|codec.CompressionZstd, zstded(t, bomb)),
	} {
		_, err := decodeMessages(records, "")
		require.Error(t, err, name)
	}
}

// FuzzDecodeMessages: no bytes make it fail other than by an error, or never end.
func FuzzDecodeMessages(f *testing.F) {
	f.Add(messageRecord(f, 0, []byte("x")))
	f.Add(messageRecord(f, codec.SysFlagCompressed, zlibbed(f, []byte("text"))))
	f.Add(messageRecord(f, codec.SysFlagCompressed|codec.CompressionZstd, zstded(f, []byte("text"))))
	f.Add([]byte{0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, records []byte) {
		messages, err := decodeMessages(records, "")
		require.True(t, err != nil || len(messages) > 0 || len(records) == 0)
	})
}
