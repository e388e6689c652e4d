package namesrv

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
)

// recorded is one frame between a client or broker and a Java 4.9.8 name server.
type recorded struct {
	Peer        string `json:"peer"`
	Conn        int    `json:"conn"`
	Opaque      int32  `json:"opaque"`
	Type        string `json:"type"`
	RequestCode int32  `json:"request_code"`
	Frame       []byte `json:"frame_b64"`

	line int
}

func (r *recorded) command(t testing.TB) *codec.Command {
	f, n, err := codec.ParseFrame(r.Frame, codec.DefaultMaxFrameBytes)
	require.NoError(t, err)
	require.Len(t, r.Frame, n)
	var c codec.Command
	require.NoError(t, c.Decode(f))
	return &c
}

func readRecording(t testing.TB, path string) []*recorded {
	file, err := os.Open(path)
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	unzip, err := gzip.NewReader(file)
	require.NoError(t, err)
	var frames []*recorded
	lines := bufio.NewScanner(unzip)
	lines.Buffer(nil, 1<<24)
	for n := 1; lines.Scan(); n++ {
		r := &recorded{line: n}
		require.NoError(t, json.Unmarshal(lines.Bytes(), r))
		if r.Peer == "namesrv" {
			frames = append(frames, r)
		}
	}
	require.NoError(t, lines.Err())
	return frames
}

// registersItself are the recordings that hold the registrations of their
// broker. In the others the broker had registered before, so what an answer
// shows is put into the tables before its request is replayed.
var registersItself = map[string]bool{"java-4.9.8-broker-namesrv-slave": true, "java-4.9.8-adminext": true}

// TestReplayRecordedFrames sends what real clients and brokers sent to a Java
// name server and compares the answers: code, ext, remark and body.
func TestReplayRecordedFrames(t *testing.T) {
	paths, err := filepath.Glob("../compat/frames/*.jsonl.gz")
	require.NoError(t, err)
	require.NotEmpty(t, paths, "compat/frames is not there")
	compared := map[int32]int{}
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".jsonl.gz")
		frames := readRecording(t, path)
		if len(frames) == 0 {
			continue // a recording of a broker's HA port
		}
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := &replay{t: t, s: newMemServer(t, nil), peers: map[int]*peer{}, seed: !registersItself[name]}
				r.run(frames, compared)
			})
		})
	}
	for _, code := range []int32{100, 101, 102, 103, 104, 105, 106, 205, 206, 216, 219, 224, 304, 311, 312, 313, 318, 322, 327} {
		require.NotZero(t, compared[code], "no recording compares %d", code)
	}
}

type replay struct {
	t     *testing.T
	s     *memServer
	peers map[int]*peer // by connection of the recording
	seed  bool
}

func (r *replay) run(frames []*recorded, compared map[int32]int) {
	type key struct {
		conn   int
		opaque int32
	}
	answers := map[key]*recorded{}
	for _, f := range frames {
		if f.Type == "response" {
			answers[key{f.Conn, f.Opaque}] = f
		}
	}
	for _, f := range frames {
		if f.Type == "response" {
			continue
		}
		p := r.peers[f.Conn]
		if p == nil {
			p = r.s.connect()
			r.peers[f.Conn] = p
		}
		req := f.command(r.t)
		answer := answers[key{f.Conn, f.Opaque}]
		if r.seed && answer != nil {
			r.prepare(req, answer.command(r.t))
		}
		p.send(f.Frame)
		if f.Type == "oneway" {
			synctest.Wait() // requests of other connections may overtake
			continue
		}
		got := p.receive()
		if answer == nil {
			r.checkUnanswered(req, got)
			continue
		}
		r.compare(fmt.Sprintf("line %d, code %d", f.line, req.Code), req, answer.command(r.t), got)
		compared[req.Code]++
	}
}

// checkUnanswered judges answers to what Java did not answer, or what was not recorded.
func (r *replay) checkUnanswered(req, got *codec.Command) {
	switch req.Code {
	case codec.GetNamesrvConfig: // holds paths, left out of the recording
		require.Equal(r.t, codec.Success, got.Code)
		require.Contains(r.t, string(got.Body), "listenPort=")
	case 10, 34, 107, 999:
		require.Equal(r.t, codec.RequestCodeNotSupported, got.Code)
		require.Equal(r.t, fmt.Sprintf(" request type %d not supported", req.Code), got.Remark)
	}
}

// prepare brings the tables into the state that want shows.
func (r *replay) prepare(req, want *codec.Command) {
	routes := r.s.ctl.routes
	switch {
	case req.Code == codec.GetRouteInfoByTopic && want.Code == codec.TopicNotExist:
		routes.DeleteTopic(req.Ext.Get("topic"))
	case req.Code == codec.GetRouteInfoByTopic:
		var data codec.TopicRouteData
		require.NoError(r.t, fastjson.Unmarshal(want.Body, &data))
		routes.DeleteTopic(req.Ext.Get("topic"))
		for _, q := range data.QueueDatas {
			r.prepareTopics(data.BrokerDatas, &codec.TopicConfig{TopicName: req.Ext.Get("topic"),
				ReadQueueNums: q.ReadQueueNums, WriteQueueNums: q.WriteQueueNums, Perm: q.Perm, TopicSysFlag: q.TopicSysFlag})
		}
	case req.Code == codec.GetBrokerClusterInfo:
		var info codec.ClusterInfo
		require.NoError(r.t, fastjson.Unmarshal(want.Body, &info))
		for _, b := range info.BrokerAddrTable {
			r.prepareTopics([]codec.BrokerData{b})
		}
	case req.Code == codec.GetAllTopicListFromNameServer:
		r.prepareTopicList(topicList(r.t, string(want.Body)))
	case req.Code == codec.WipeWritePermOfBroker:
		r.prepareCount(want.Ext.Get("wipeTopicCount"))
	}
}

// prepareTopics registers brokers with topics, as another version of their tables.
func (r *replay) prepareTopics(brokers []codec.BrokerData, topics ...*codec.TopicConfig) {
	for _, b := range brokers {
		for id, addr := range b.BrokerAddrs {
			routes := r.s.ctl.routes
			stored, _, _ := routes.QueryDataVersion(addr, codec.DataVersion{})
			reg := &Registration{Cluster: b.Cluster, BrokerName: b.BrokerName, BrokerAddr: addr, BrokerID: id, Conn: r.s}
			_, err := routes.RegisterBroker(reg, &RegistrationBody{DataVersion: stored.Next(1), Topics: topics})
			require.NoError(r.t, err)
		}
	}
}

func (s *memServer) Close() {} // a connection of seeded brokers

func (r *replay) prepareTopicList(topics []string) {
	brokers := r.brokers()
	for _, topic := range r.s.ctl.routes.AllTopics() {
		if !slices.Contains(topics, topic) {
			r.s.ctl.routes.DeleteTopic(topic)
		}
	}
	for _, topic := range topics {
		if _, ok, err := r.s.ctl.routes.Route(topic, dialectStandard); err == nil && !ok {
			r.prepareTopics(brokers, topicConfig(topic, 6, 4))
		}
	}
}

// prepareCount makes the only broker have that many topics.
func (r *replay) prepareCount(count string) {
	for i := 0; ; i++ {
		topics := r.s.ctl.routes.AllTopics()
		switch n := fmt.Sprint(len(topics)); {
		case n == count:
			return
		case len(n) > len(count) || len(n) == len(count) && n > count:
			r.s.ctl.routes.DeleteTopic(topics[0])
		default:
			r.prepareTopics(r.brokers(), topicConfig(fmt.Sprint("filler", i), 6, 4))
		}
	}
}

func (r *replay) brokers() []codec.BrokerData {
	body, err := r.s.ctl.routes.ClusterInfo()
	require.NoError(r.t, err)
	var info codec.ClusterInfo
	require.NoError(r.t, fastjson.Unmarshal(body, &info))
	var brokers []codec.BrokerData
	for _, b := range info.BrokerAddrTable {
		brokers = append(brokers, b)
	}
	if len(brokers) == 0 { // nobody has asked for a route yet
		brokers = []codec.BrokerData{{Cluster: "DefaultCluster", BrokerName: "broker-a", BrokerAddrs: map[int64]string{0: "127.0.0.1:1"}}}
	}
	return brokers
}

// compare wants equal answers; lists of topics may come in any order.
func (r *replay) compare(at string, req, want, got *codec.Command) {
	t := r.t
	require.Equal(t, want.Code, got.Code, at)
	require.Equal(t, want.Remark, got.Remark, at)
	require.Equal(t, want.Serialize, got.Serialize, at)
	require.Equal(t, want.Flag, got.Flag, at)
	require.Equal(t, want.Language, got.Language, at)
	require.Equal(t, want.Version, got.Version, at)
	require.Equal(t, want.Ext == nil, got.Ext == nil, at)
	require.ElementsMatch(t, want.Ext, got.Ext, at)
	switch req.Code {
	case codec.GetAllTopicListFromNameServer, codec.GetTopicsByCluster, codec.GetSystemTopicListFromNS:
		require.Equal(t, topicList(t, string(want.Body)), topicList(t, string(got.Body)), at)
		require.Equal(t, brokerAddrOf(t, want.Body), brokerAddrOf(t, got.Body), at)
	default:
		require.Equal(t, string(want.Body), string(got.Body), at)
	}
}

func brokerAddrOf(t *testing.T, body []byte) string {
	var list codec.TopicList
	require.NoError(t, json.Unmarshal(body, &list))
	return list.BrokerAddr
}

var _ connection = (*memServer)(nil)
