package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/klauspost/compress/zlib"
	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/broker/view"
	"github.com/boostermq/booster/codec"
)

// shelf is a Messages that notes what was asked.
type shelf struct {
	asked    string
	messages []codec.Message
}

func (s *shelf) ByOffsetID(id string) []codec.Message {
	s.asked += "id " + id + ";"
	return nil
}

func (s *shelf) ByKey(topic, key string, n int) []codec.Message {
	s.asked += fmt.Sprintf("key %s %s %d;", topic, key, n)
	return s.messages
}

func (s *shelf) InQueue(topic string, queueID int32, offset int64, n int) []codec.Message {
	s.asked += fmt.Sprintf("queue %s %d %d %d;", topic, queueID, offset, n)
	return s.messages
}

// library is a broker of many topics, one of them with queues, and a group.
func library() *view.Broker {
	v := &view.Broker{Cluster: "C", Name: "b"}
	for i := range 450 {
		v.Topics = append(v.Topics, view.Topic{Name: fmt.Sprintf("T%03d", i), Kind: view.Normal})
	}
	v.Topics[7].Queues = []view.Queue{{ID: 0, Min: 100, Max: 110}, {ID: 1, Min: 0, Max: 5000}}
	v.Topics = append(v.Topics, view.Topic{Name: "%DLQ%g", Kind: view.DLQ, Messages: 2, Offset: 3}, view.Topic{Name: "TBW102", Kind: view.System})
	v.Groups = []view.Group{{Name: "g", Topics: []view.GroupTopic{{Topic: "T007", Lag: 10}}}, {Name: "late", Topics: []view.GroupTopic{{Topic: "T007", Lag: 99}}}}
	return v
}

func server(s *shelf, change func(o *Options)) http.Handler {
	o := Options{Look: library, Messages: s, NotReady: func() string { return "starting" }, Log: slog.New(slog.DiscardHandler)}
	if change != nil {
		change(&o)
	}
	return Handler(o)
}

// ask returns status and answer of a request.
func ask(t *testing.T, h http.Handler, path string, answer any) int {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	require.Equal(t, "application/json; charset=utf-8", w.Header().Get("Content-Type"), path)
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), answer), w.Body.String())
	return w.Code
}

func refusalOf(t *testing.T, h http.Handler, path string) (int, string) {
	t.Helper()
	var e errorBody
	return ask(t, h, path, &e), e.Error
}

// TestPages: answers are bounded whatever is asked for, and nothing wrong is guessed at.
func TestPages(t *testing.T) {
	h := server(&shelf{}, nil)
	for query, want := range map[string]struct{ items, total, first int }{
		"": {50, 452, 0}, "size=10&page=2": {10, 452, 20}, "size=100000": {200, 452, 0}, "size=0": {1, 452, 0}, "size=200&page=2": {52, 452, 400},
		"page=9": {2, 452, 450}, "page=99999999999": {0, 452, -1}, "q=t00": {10, 10, 0}, "q=t00&kind=dlq": {0, 0, -1},
	} {
		var p page[topicItem]
		require.Equal(t, 200, ask(t, h, "/api/topics?"+query, &p), query)
		require.Equal(t, want.total, p.Total, query)
		require.Len(t, p.Items, want.items, query)
		require.NotNil(t, p.Items, query)
		if want.first >= 0 && want.first < 450 {
			require.Equal(t, fmt.Sprintf("T%03d", want.first), p.Items[0].Name, query)
		}
	}
	for _, query := range []string{"page=-1", "size=x", "page=1.5", "size=99999999999999999999"} {
		status, text := refusalOf(t, h, "/api/topics?"+query)
		require.Equal(t, 400, status, query)
		require.Contains(t, text, "is no number that is 0 or more")
	}
	var groups page[groupItem]
	require.Equal(t, 200, ask(t, h, "/api/groups", &groups))
	require.Equal(t, "late", groups.Items[0].Name, "who is behind most comes first")
	status, _ := refusalOf(t, h, "/api/topic?name=nope")
	require.Equal(t, 404, status)
	status, _ = refusalOf(t, h, "/api/group?name=nope")
	require.Equal(t, 404, status)
	var dlq page[dlqItem]
	require.Equal(t, 200, ask(t, h, "/api/dlq", &dlq))
	require.Equal(t, []dlqItem{{Group: "g", Topic: "%DLQ%g", Messages: 2, Total: 3}}, dlq.Items)
}

// TestMessagesAsked: what is asked of the store for which question.
func TestMessagesAsked(t *testing.T) {
	for query, want := range map[string]string{
		"id=7F":                              "id 7F;",
		"id=7F&topic=T007":                   "id 7F;key T007 7F 32;",
		"topic=T007&key=k":                   "key T007 k 32;",
		"topic=T007":                         "queue T007 0 100 32;",
		"topic=T007&queue=1":                 "queue T007 1 4968 32;",
		"topic=T007&queue=1&offset=5&size=3": "queue T007 1 5 3;",
		"topic=T007&queue=1&size=9999":       "queue T007 1 4968 32;",
	} {
		s := &shelf{}
		var list messageList
		require.Equal(t, 200, ask(t, server(s, nil), "/api/messages?"+query, &list), query)
		require.Equal(t, want, s.asked, query)
		require.NotNil(t, list.Items)
	}
	for query, want := range map[string]int{
		"": 400, "key=k": 400, "topic=../etc&key=k": 400, "topic=T007&queue=-1": 400, "topic=T007&queue=2": 404, "topic=nope": 404, "topic=T007&offset=-1": 400,
	} {
		s := &shelf{}
		status, _ := refusalOf(t, server(s, nil), "/api/messages?"+query)
		require.Equal(t, want, status, query)
		require.Empty(t, s.asked)
	}
	hidden := server(&shelf{}, func(o *Options) { o.HideMessages = "not for you" })
	status, text := refusalOf(t, hidden, "/api/messages?topic=T007&key=k")
	require.Equal(t, 403, status)
	require.Equal(t, "not for you", text)
	down := server(&shelf{}, func(o *Options) { o.Look = func() *view.Broker { return nil } })
	status, text = refusalOf(t, down, "/api/topics")
	require.Equal(t, 503, status)
	require.Equal(t, "starting", text)
}

func deflated(t testing.TB, data []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zlib.NewWriter(&out)
	_, err := w.Write(data)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return out.Bytes()
}

// TestBodies: text as text, the rest in hexadecimal, and never more than the limit.
func TestBodies(t *testing.T) {
	bomb := deflated(t, make([]byte, 64<<20))
	zipped := deflated(t, []byte("hello"))
	for name, c := range map[string]struct {
		sysFlag int32
		data    []byte
		want    body
	}{
		"text":           {0, []byte("héllo"), body{Size: 6, Text: "héllo"}},
		"nothing":        {0, nil, body{}},
		"no text":        {0, []byte{0xff, 0}, body{Size: 2, Text: "ff00", Hex: true}},
		"zero bytes":     {0, []byte("a\x00"), body{Size: 2, Text: "6100", Hex: true}},
		"long":           {0, bytes.Repeat([]byte("é"), 6), body{Size: 12, Text: "éééé", Cut: true}},
		"zlib":           {codec.SysFlagCompressed, zipped, body{Size: len(zipped), Text: "hello", Note: "decompressed"}},
		"zlib, named":    {codec.SysFlagCompressed | codec.CompressionZlib, zipped, body{Size: len(zipped), Text: "hello", Note: "decompressed"}},
		"not compressed": {codec.SysFlagCompressed, []byte("plain"), body{Size: 5, Text: "plain", Note: "said to be compressed, but cannot be decompressed"}},
		"lz4":            {codec.SysFlagCompressed | codec.CompressionLZ4, []byte("x"), body{Size: 1, Text: "x", Note: "compressed by a method that is not shown"}},
		"bomb":           {codec.SysFlagCompressed, bomb, body{Size: len(bomb), Text: strings.Repeat("00", 9), Hex: true, Cut: true, Note: "decompressed"}},
	} {
		require.Equal(t, c.want, bodyOf(&codec.Message{Body: c.data, SysFlag: c.sysFlag}, 9), name)
	}
}

// TestManyProperties: an answer stays small although a message has a lot of them.
func TestManyProperties(t *testing.T) {
	var props []byte
	for i := range 500 {
		props = codec.AppendProperty(props, fmt.Sprint("k", i), strings.Repeat("v", 60))
	}
	m := codec.Message{Topic: "T", Properties: string(props), Body: bytes.Repeat([]byte("x"), 4<<20)}
	s := &shelf{messages: []codec.Message{m, m}}
	var list messageList
	require.Equal(t, 200, ask(t, server(s, nil), "/api/messages?topic=T007&key=k", &list))
	require.Len(t, list.Items[0].Properties, maxProperties)
	require.Len(t, list.Items[0].Body.Text, bodyInList)
}

// FuzzAPI: whatever is asked, and whatever lies in the store, the answer is JSON of valid text.
func FuzzAPI(f *testing.F) {
	f.Add("topics", "q=a&page=1", []byte("body"), "KEYS\x01a\x02", int32(0))
	f.Add("messages", "topic=T007&key=a", []byte{0xff}, "\xff\x01\x02\x01", codec.SysFlagCompressed)
	f.Add("messages", "id=%00&topic=T007", deflated(f, []byte("x")), "<script>\x01</script>\x02", codec.SysFlagCompressed)
	f.Add("group", "name=g", []byte(nil), "", int32(-1))
	f.Fuzz(func(t *testing.T, what, query string, data []byte, properties string, sysFlag int32) {
		if strings.ContainsAny(what, "/?#% \x00") || what == "" || what == "." || what == ".." {
			return
		}
		s := &shelf{messages: []codec.Message{{Topic: "T007", Body: data, Properties: properties, SysFlag: sysFlag}}}
		r := &http.Request{Method: http.MethodGet, URL: &url.URL{Path: "/api/" + what, RawQuery: query}, Host: "localhost"}
		w := httptest.NewRecorder()
		server(s, nil).ServeHTTP(w, r)
		if !strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") {
			return // no such address
		}
		require.True(t, json.Valid(w.Body.Bytes()))
		require.True(t, utf8.Valid(w.Body.Bytes()))
		require.False(t, bytes.ContainsAny(w.Body.Bytes(), "<>"), "markup leaves as escapes")
	})
}
