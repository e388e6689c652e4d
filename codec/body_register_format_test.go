package codec

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"encoding/hex"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func newRegisterBody() *RegisterBrokerBody {
	return &RegisterBrokerBody{
		TopicConfigSerializeWrapper: TopicConfigSerializeWrapper{
			DataVersion: DataVersion{Counter: 3, Timestamp: 4},
			TopicConfigTable: map[string]*TopicConfig{
				"B": {TopicName: "B", ReadQueueNums: 1, WriteQueueNums: 2, Perm: 6, TopicFilterType: MultiTag},
				"A": {TopicName: "A", ReadQueueNums: 16, WriteQueueNums: 8, Perm: 7, TopicFilterType: SingleTag},
			},
		},
		FilterServerList: []string{"f:1"},
	}
}

const registerPlain = "\x00\x00\x00\x1b" + `{"counter":3,"timestamp":4}` + "\x00\x00\x00\x02" +
	"\x00\x00\x00\x13A 16 8 7 SINGLE_TAG" + "\x00\x00\x00\x11B 1 2 6 MULTI_TAG" + "\x00\x00\x00\x07" + `["f:1"]`

func deflate(t testing.TB, plain string) []byte {
	var out bytes.Buffer
	w := zlib.NewWriter(&out)
	_, err := io.WriteString(w, plain)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return out.Bytes()
}

func TestRegisterBodyCompressed(t *testing.T) {
	body, err := EncodeRegisterBrokerBody(newRegisterBody(), true)
	require.NoError(t, err)
	require.Equal(t, "78da", hex.EncodeToString(body[:2]), "zlib, level 9")
	plain, err := inflateRegisterBody(body)
	require.NoError(t, err)
	require.Equal(t, registerPlain, string(plain))

	for _, body := range [][]byte{body, deflate(t, registerPlain), deflate(t, registerPlain+"more")} {
		got, err := DecodeRegisterBrokerBody(body, true)
		require.NoError(t, err)
		require.Equal(t, newRegisterBody(), got)
	}
}

func TestRegisterBodyPlain(t *testing.T) {
	want := newRegisterBody()
	want.TopicConfigSerializeWrapper.TopicConfigTable["A"].Order = true
	want.TopicConfigSerializeWrapper.TopicConfigTable["A"].TopicSysFlag = 3
	body, err := EncodeRegisterBrokerBody(want, false)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(body), `{"filterServerList":["f:1"],"topicConfigSerializeWrapper":{"dataVersion":{"counter":3,"timestamp":4},"topicConfigTable":{"A":{"order":true,"perm":7,`))
	got, err := DecodeRegisterBrokerBody(body, false)
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func TestRegisterBodyAbsent(t *testing.T) {
	for _, compressed := range []bool{false, true} {
		got, err := DecodeRegisterBrokerBody(nil, compressed)
		require.NoError(t, err)
		require.Equal(t, DataVersion{}, got.TopicConfigSerializeWrapper.DataVersion)
		require.NotNil(t, got.TopicConfigSerializeWrapper.TopicConfigTable)
	}
}

// TestRegisterBodyNames: the table agrees with the names in it.
func TestRegisterBodyNames(t *testing.T) {
	got, err := DecodeRegisterBrokerBody([]byte(`{"topicConfigSerializeWrapper":{"topicConfigTable":{"a":{},"b":{"topicName":"c"},"d":null}}}`), false)
	require.NoError(t, err)
	table := got.TopicConfigSerializeWrapper.TopicConfigTable
	require.Len(t, table, 2)
	require.Equal(t, "a", table["a"].TopicName)
	require.Equal(t, "c", table["c"].TopicName)
}

func TestRegisterBodySixParts(t *testing.T) {
	topic := &TopicConfig{}
	require.NoError(t, topic.parseLine(`T 1 2 6 SINGLE_TAG {"+a":"b"}`))
	require.Equal(t, &TopicConfig{TopicName: "T", ReadQueueNums: 1, WriteQueueNums: 2, Perm: 6, TopicFilterType: SingleTag}, topic)
}

func TestRegisterBodyRefuses(t *testing.T) {
	version := registerPlain[:4+0x1b]
	sized := func(n int, text string) string {
		return string(binary.BigEndian.AppendUint32(nil, uint32(n))) + text
	}
	line := func(text string) string { return version + sized(1, sized(len(text), text)) + sized(2, "[]") }
	for name, plain := range map[string]string{
		"empty": "", "version cut": version[:10], "negative length": sized(-1, "{}"), "version no JSON": sized(1, "x") + sized(0, sized(2, "[]")),
		"no count": version, "count lies": version + sized(1<<30, strings.Repeat("\x00\x00\x00\x09t 1 1 6 X", 3)), "count negative": version + sized(-1, ""),
		"topic cut": version + sized(1, sized(100, "A 16 8 7 SINGLE_TAG")), "parts": line("A 16 8 SINGLE_TAG"), "many parts": line("A 16 8 7 SINGLE_TAG x y"), "no name": line(" 16 8 7 SINGLE_TAG"),
		"number": line("A x 8 7 SINGLE_TAG"), "big number": line("A 99999999999 8 7 SINGLE_TAG"), "type": line("A 16 8 7 SINGLE"),
		"no filters": registerPlain[:len(registerPlain)-11], "filters cut": registerPlain[:len(registerPlain)-1], "filters no JSON": registerPlain[:len(registerPlain)-1] + "}",
	} {
		got, err := DecodeRegisterBrokerBody(deflate(t, plain), true)
		require.ErrorIs(t, err, errRegisterBody, name)
		require.Nil(t, got, name)
	}
	good := deflate(t, registerPlain)
	for name, body := range map[string][]byte{
		"no zlib": []byte(registerPlain), "torn": good[:len(good)-5], "checksum": append(bytes.Clone(good[:len(good)-1]), good[len(good)-1]^1), "one byte": {0x78},
	} {
		_, err := DecodeRegisterBrokerBody(body, true)
		require.ErrorIs(t, err, errRegisterBody, name)
	}
	_, err := DecodeRegisterBrokerBody([]byte(`{`), false)
	require.ErrorIs(t, err, errRegisterBody)
}

// TestRegisterBodyBomb: a small body does not become a large one.
func TestRegisterBodyBomb(t *testing.T) {
	_, err := DecodeRegisterBrokerBody(deflate(t, strings.Repeat("\x00", MaxRegisterBodyBytes+1)), true)
	require.ErrorContains(t, err, "inflates to more than 67108864 bytes")
}

func TestRegisterBodyUnwritable(t *testing.T) {
	for _, topic := range []*TopicConfig{nil, {}, {TopicName: "a b"}} {
		_, err := EncodeRegisterBrokerBody(&RegisterBrokerBody{TopicConfigSerializeWrapper: TopicConfigSerializeWrapper{
			TopicConfigTable: map[string]*TopicConfig{"a": topic}}}, true)
		require.ErrorIs(t, err, errRegisterBody)
	}
}

func FuzzRegisterBody(f *testing.F) {
	f.Add(deflate(f, registerPlain), true)
	plain, err := EncodeRegisterBrokerBody(newRegisterBody(), false)
	require.NoError(f, err)
	f.Add(plain, false)
	f.Add([]byte{}, true)
	f.Fuzz(func(t *testing.T, body []byte, compressed bool) {
		b, err := DecodeRegisterBrokerBody(body, compressed)
		checkRegisterBody(t, b, err, compressed)
	})
}

// FuzzRegisterParts fuzzes behind the inflating.
func FuzzRegisterParts(f *testing.F) {
	f.Add([]byte(registerPlain))
	f.Fuzz(func(t *testing.T, plain []byte) {
		b := &RegisterBrokerBody{FilterServerList: []string{}}
		checkRegisterBody(t, b, b.decodeParts(plain), true)
	})
}

func checkRegisterBody(t *testing.T, b *RegisterBrokerBody, err error, compressed bool) {
	if err != nil {
		return
	}
	again, err := EncodeRegisterBrokerBody(b, compressed)
	if err != nil {
		require.ErrorIs(t, err, errRegisterBody) // a plain body may hold names that the compressed form cannot
		return
	}
	back, err := DecodeRegisterBrokerBody(again, compressed)
	require.NoError(t, err)
	require.Equal(t, b, back)
}
