package codec

import (
	"bufio"
	"compress/gzip"
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// header310 is the header of a 310 as Java 4.9.8 sent it.
const header310 = `{"code":310,"extFields":{"a":"j49sendSendPG","b":"j49sendSendTopic","c":"TBW102","d":"4","e":"3","f":"0","g":"1795350201434","h":"0","i":"KEYS\u0001key0\u0002up\u0001v0\u0002UNIQ_KEY\u0001FD0000000000000000000000000000025A744E0E2F2A6ECE1C590000\u0002WAIT\u0001true\u0002TAGS\u0001TagA","j":"0","k":"false","m":"false","n":"broker-a"},"flag":0,"language":"JAVA","opaque":5,"serializeTypeCurrentRPC":"JSON","version":409}`

// realFrames returns frames of two recordings: JSON and binary, requests and answers.
func realFrames(tb testing.TB) (frames [][]byte) {
	for _, name := range []string{"java-4.9.8-rmqserialize-send", "go-2.1.2-send"} {
		file, err := os.Open("../compat/frames/" + name + ".jsonl.gz")
		require.NoError(tb, err)
		unzip, err := gzip.NewReader(file)
		require.NoError(tb, err)
		lines := bufio.NewScanner(unzip)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			var line struct {
				Frame []byte `json:"frame_b64"`
			}
			require.NoError(tb, json.Unmarshal(lines.Bytes(), &line))
			frames = append(frames, line.Frame)
		}
		require.NoError(tb, lines.Err())
		require.NoError(tb, file.Close())
	}
	return frames
}

func unhex(tb testing.TB, s string) []byte {
	tb.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	require.NoError(tb, err)
	return b
}

// frameCases were encoded by Java 4.9.7.
var frameCases = []struct {
	name, hex string
	command   Command
}{
	{"binary", "0000002f 01000027 0136 09 0199 fffffffb 00000002 00000003 72c3a9 0000000f 0001 61 00000001 31 0001 62 00000000 424f4459",
		Command{
			Code: 310, Language: LanguageGo, Version: 409, Opaque: -5, Flag: 2, Remark: "ré", Serialize: SerializeROCKETMQ,
			Ext: Fields{{"a", "1"}, {"b", ""}}, Body: []byte("BODY"),
		}},
	{"json", "00000096 0000008e" + hex.EncodeToString([]byte(
		`{"code":310,"extFields":{"a":"1","b":""},"flag":2,"language":"GO","opaque":-5,"remark":"ré","serializeTypeCurrentRPC":"JSON","version":409}BODY`)),
		Command{
			Code: 310, Language: LanguageGo, Version: 409, Opaque: -5, Flag: 2, Remark: "ré", Serialize: SerializeJSON,
			Ext: Fields{{"a", "1"}, {"b", ""}}, Body: []byte("BODY"),
		}},
	{"json without anything", "00000062 0000005e" + hex.EncodeToString([]byte(
		`{"code":34,"flag":0,"language":"JAVA","opaque":0,"serializeTypeCurrentRPC":"JSON","version":0}`)),
		Command{Code: 34}},
	{"json, empty map", "00000071 0000006d" + hex.EncodeToString([]byte(
		`{"code":34,"extFields":{},"flag":0,"language":"JAVA","opaque":0,"serializeTypeCurrentRPC":"JSON","version":0}`)),
		Command{Code: 34, Ext: Fields{}}},
	{"binary without anything", "00000019 01000015 0022 00 0000 00000000 00000000 00000000 00000000",
		Command{Code: 34, Serialize: SerializeROCKETMQ}},
}

func TestFrame(t *testing.T) {
	for _, tc := range frameCases {
		t.Run(tc.name, func(t *testing.T) {
			want := unhex(t, tc.hex)
			want[3], want[7] = byte(len(want)-4), byte(len(want)-8-len(tc.command.Body))
			got, err := AppendFrame([]byte("before"), &tc.command)
			require.NoError(t, err)
			require.Equal(t, "before"+string(want), string(got))

			f, n, err := ParseFrame(append(want, "next"...), DefaultMaxFrameBytes)
			require.NoError(t, err)
			require.Equal(t, len(want), n)
			var c Command
			require.NoError(t, c.Decode(f))
			require.Equal(t, tc.command.Clone(), c.Clone())
			require.Equal(t, tc.command.Ext == nil, c.Ext == nil)
			for cut := range len(want) {
				_, n, err := ParseFrame(want[:cut], DefaultMaxFrameBytes)
				require.NoError(t, err)
				require.Zero(t, n)
			}
		})
	}
}

func TestFrameRefused(t *testing.T) {
	cases := []struct {
		name, hex string
		err       error
	}{
		{"negative length", "ffffffff", ErrFrameCorrupt},
		{"length below 4", "00000003", ErrFrameCorrupt},
		{"one byte over the limit", "00fffffd", ErrFrameTooLarge},
		{"header beyond the frame", "00000006 00000003", ErrFrameCorrupt},
		{"serialize type 2", "00000006 02000002", ErrFrameCorrupt},
	}
	for _, tc := range cases {
		_, n, err := ParseFrame(unhex(t, tc.hex), DefaultMaxFrameBytes)
		require.ErrorIs(t, err, tc.err, tc.name)
		require.Zero(t, n)
	}
	_, n, err := ParseFrame(unhex(t, "00fffffc 00000002"), DefaultMaxFrameBytes)
	require.NoError(t, err, "a frame of exactly the limit")
	require.Zero(t, n)
}

func TestFrameNotWritten(t *testing.T) {
	for _, c := range []*Command{
		{Code: 200050, Serialize: SerializeROCKETMQ},
		{Version: 1 << 15, Serialize: SerializeROCKETMQ},
		{Ext: Fields{{strings.Repeat("k", 1<<15), "v"}}, Serialize: SerializeROCKETMQ},
		{Remark: strings.Repeat("r", 1<<24)},
	} {
		got, err := AppendFrame([]byte("x"), c)
		require.Error(t, err)
		require.Equal(t, "x", string(got))
	}
}

// TestExtBounded: a frame full of tiny fields is refused, not stored.
func TestExtBounded(t *testing.T) {
	for _, s := range []SerializeType{SerializeJSON, SerializeROCKETMQ} {
		c := Command{Ext: make(Fields, maxExtFields), Serialize: s}
		for i := range c.Ext {
			c.Ext[i].Key = "k"
		}
		for range 2 {
			b, err := AppendFrame(nil, &c)
			require.NoError(t, err)
			f, _, err := ParseFrame(b, DefaultMaxFrameBytes)
			require.NoError(t, err)
			if err = new(Command).Decode(f); len(c.Ext) == maxExtFields {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, ErrHeaderCorrupt)
			}
			c.Ext = append(c.Ext, Field{Key: "k"})
		}
	}
}

// TestHeaderBeforeExt: the typed fields come first, the plain ones after them.
func TestHeaderBeforeExt(t *testing.T) {
	c := Command{Header: &GetMaxOffsetResponseHeader{Offset: 7}, Ext: Fields{{"x", "y"}}, Flag: FlagResponse, Version: CurrentVersion}
	got, err := AppendFrame(nil, &c)
	require.NoError(t, err)
	require.Equal(t, `{"code":0,"extFields":{"offset":"7","x":"y"},"flag":1,"language":"JAVA","opaque":0,"serializeTypeCurrentRPC":"JSON","version":409}`, string(got[8:]))
	require.Equal(t, Fields{{"offset", "7"}, {"x", "y"}}, c.Clone().Ext)

	empty := Command{Header: &UnregisterClientResponseHeader{}, Flag: FlagResponse}
	got, err = AppendFrame(nil, &empty)
	require.NoError(t, err)
	require.Contains(t, string(got), `"extFields":{},`)
	require.Equal(t, Fields{}, empty.Clone().Ext)
}

// TestReuse: a Command decoded again and again allocates nothing, and Detach
// keeps what was decoded before alive.
func TestReuse(t *testing.T) {
	var c Command
	f := Frame{Header: []byte(header310)}
	require.NoError(t, c.Decode(f))
	kept := c.Ext.Get("i")
	c.Detach()
	require.NoError(t, c.Decode(Frame{Header: []byte(strings.ReplaceAll(header310, "key0", "KEY9"))}))
	require.Contains(t, kept, "KEYS\x01key0\x02")
	require.Contains(t, c.Ext.Get("i"), "KEYS\x01KEY9\x02")
	require.Zero(t, testing.AllocsPerRun(10, func() {
		if err := c.Decode(f); err != nil {
			t.Error(err)
		}
	}))
}

func FuzzFrame(f *testing.F) {
	for _, b := range realFrames(f) {
		f.Add(b)
	}
	for _, tc := range frameCases {
		f.Add(unhex(f, tc.hex))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		frame, n, err := ParseFrame(b, 1<<20)
		if err != nil || n == 0 {
			return
		}
		require.LessOrEqual(t, n, len(b))
		var c, again Command
		if err := c.Decode(frame); err != nil {
			return
		}
		out, err := AppendFrame(nil, &c)
		if err != nil {
			return // a JSON header may hold a code the limits forbid
		}
		frame, n, err = ParseFrame(out, 1<<26)
		require.NoError(t, err)
		require.Equal(t, len(out), n)
		require.NoError(t, again.Decode(frame))
		twice, err := AppendFrame(nil, &again)
		require.NoError(t, err)
		require.Equal(t, out, twice)
	})
}

func BenchmarkDecode310JSON(b *testing.B) {
	f := Frame{Header: []byte(header310)}
	var c Command
	var h SendMessageRequestHeader
	b.Run("frame", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := c.Decode(f); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("frame+header", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := c.Decode(f); err != nil {
				b.Fatal(err)
			}
			if err := h.Decode(c.Code, c.Ext); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkDecode310Binary(b *testing.B) {
	var c Command
	if err := c.Decode(Frame{Header: []byte(header310)}); err != nil {
		b.Fatal(err)
	}
	c.Serialize = SerializeROCKETMQ
	frame, err := AppendFrame(nil, &c)
	require.NoError(b, err)
	f, _, err := ParseFrame(frame, DefaultMaxFrameBytes)
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		if err := c.Decode(f); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendSendResponse(b *testing.B) {
	for _, s := range []SerializeType{SerializeJSON, SerializeROCKETMQ} {
		b.Run([]string{"json", "binary"}[s], func(b *testing.B) {
			h := SendMessageResponseHeader{MsgID: "7F000001000078BF0000000000000669", QueueID: 3, QueueOffset: 123456}
			var c Command
			var dst []byte
			b.ReportAllocs()
			for b.Loop() {
				c.Reset()
				c.Opaque, c.Flag, c.Version, c.Serialize, c.Header = 4711, FlagResponse, CurrentVersion, s, &h
				c.AddExt(PropertyMsgRegion, DefaultTraceRegionID)
				c.AddExt(PropertyTraceSwitch, "true")
				var err error
				if dst, err = AppendFrame(dst[:0], &c); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
