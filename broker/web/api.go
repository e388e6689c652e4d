package web

import (
	"net/http"
	"slices"
	"strings"

	"github.com/boostermq/booster/broker/view"
	"github.com/boostermq/booster/codec"
)

// overview is what the first tab shows.
type overview struct {
	Cluster       string       `json:"cluster"`
	Broker        string       `json:"broker"`
	BrokerID      int64        `json:"brokerId"`
	Addr          string       `json:"addr"`
	Role          string       `json:"role"`
	FlushDiskType string       `json:"flushDiskType"`
	Readable      bool         `json:"readable"`
	Writeable     bool         `json:"writeable"`
	Version       string       `json:"version"`
	NameServers   []string     `json:"nameServers"`
	NotReady      string       `json:"notReady"`
	NowMs         int64        `json:"nowMs"`
	BootMs        int64        `json:"bootMs"`
	Put           rate         `json:"put"`
	Get           rate         `json:"get"`
	Store         storeState   `json:"store"`
	Counts        overviewSums `json:"counts"`
	History       []moment     `json:"history"`
	HideMessages  string       `json:"hideMessages"`
}

// moment is a point of the chart.
type moment struct {
	AtMs int64   `json:"atMs"`
	Put  float64 `json:"put"`
	Get  float64 `json:"get"`
}

type rate struct {
	Total     int64   `json:"total"`
	PerSecond float64 `json:"perSecond"`
}

type storeState struct {
	MinOffset           int64   `json:"minOffset"`
	MaxOffset           int64   `json:"maxOffset"`
	DispatchBehindBytes int64   `json:"dispatchBehindBytes"`
	FlushBehindBytes    int64   `json:"flushBehindBytes"`
	EarliestMs          int64   `json:"earliestMs"`
	DiskRatio           float64 `json:"diskRatio"`
	DiskFree            uint64  `json:"diskFree"`
	PutLatency99        float64 `json:"putLatency99"`
	PutFailed           int64   `json:"putFailed"`
}

type overviewSums struct {
	Topics       int   `json:"topics"`
	Groups       int   `json:"groups"`
	OnlineGroups int   `json:"onlineGroups"`
	Consumers    int   `json:"consumers"`
	Producers    int   `json:"producers"`
	Lag          int64 `json:"lag"`
	DeadLetters  int64 `json:"deadLetters"`
	HalfMessages int64 `json:"halfMessages"`
	HeldPulls    int   `json:"heldPulls"`
}

func (a *api) overview(v *view.Broker, _ *http.Request) (any, error) {
	return overview{
		Cluster: v.Cluster, Broker: v.Name, BrokerID: v.ID, Addr: v.Addr, Role: v.Role, FlushDiskType: v.FlushDiskType,
		Readable: codec.IsReadable(v.Permission), Writeable: codec.IsWriteable(v.Permission),
		Version: v.VersionDesc, NameServers: v.NameServers, NotReady: a.o.NotReady(), NowMs: v.AtMs, BootMs: v.Store.BootMs,
		Put: rate{v.Put.Total, v.Put.PerSecond}, Get: rate{v.Get.Total, v.Get.PerSecond},
		Store: storeState{
			MinOffset: v.Store.MinOffset, MaxOffset: v.Store.MaxOffset, DispatchBehindBytes: v.Store.DispatchBehindBytes,
			FlushBehindBytes: v.Store.FlushBehindBytes, EarliestMs: v.Store.EarliestMs, DiskRatio: v.Store.CommitLogDiskRatio,
			DiskFree: v.Store.Disk.Avail, PutLatency99: v.Store.PutLatency99, PutFailed: v.Store.PutFailed,
		},
		Counts: sums(v), History: history(v), HideMessages: a.o.HideMessages,
	}, nil
}

func history(v *view.Broker) []moment {
	moments := make([]moment, 0, len(v.Store.History))
	for _, m := range v.Store.History {
		moments = append(moments, moment{m.AtMs, m.PutPerSecond, m.GetPerSecond})
	}
	return moments
}

func sums(v *view.Broker) overviewSums {
	s := overviewSums{Groups: len(v.Groups), HalfMessages: v.Transactions.Half, HeldPulls: v.HeldPulls}
	for _, t := range v.Topics {
		switch t.Kind {
		case view.Normal:
			s.Topics++
		case view.DLQ:
			s.DeadLetters += t.Messages
		}
	}
	for _, g := range v.Groups {
		if g.Online {
			s.OnlineGroups++
		}
		s.Consumers += len(g.Clients)
		s.Lag += g.Lag()
	}
	for _, p := range v.Producers {
		s.Producers += len(p.Clients)
	}
	return s
}

// topicItem is a line of the list of topics.
type topicItem struct {
	Name     string    `json:"name"`
	Kind     view.Kind `json:"kind"`
	Queues   int       `json:"queues"`
	Perm     string    `json:"perm"`
	Order    bool      `json:"order"`
	Messages int64     `json:"messages"`
	Put      rate      `json:"put"`
	Bytes    rate      `json:"bytes"`
	Groups   int       `json:"groups"`
}

// topics lists those whose name contains q; kind=normal, retry, dlq or system leaves the others out.
func (a *api) topics(v *view.Broker, r *http.Request) (any, error) {
	readers := map[string]int{}
	for _, g := range v.Groups {
		for _, t := range g.Topics {
			readers[t.Topic]++
		}
	}
	kind, q := view.Kind(r.FormValue("kind")), strings.ToLower(r.FormValue("q"))
	var all []topicItem
	for _, t := range v.Topics {
		if kind != "" && kind != t.Kind || !strings.Contains(strings.ToLower(t.Name), q) {
			continue
		}
		all = append(all, itemOf(&t, readers[t.Name]))
	}
	return cut(r, all)
}

func itemOf(t *view.Topic, groups int) topicItem {
	return topicItem{
		Name: t.Name, Kind: t.Kind, Queues: len(t.Queues), Perm: permText(t.Perm), Order: t.Order, Messages: t.Messages,
		Put: rate{t.Put.Total, t.Put.PerSecond}, Bytes: rate{t.PutBytes.Total, t.PutBytes.PerSecond}, Groups: groups,
	}
}

func permText(perm int32) string {
	text := ""
	if codec.IsReadable(perm) {
		text += "R"
	}
	if codec.IsWriteable(perm) {
		text += "W"
	}
	return text
}

// topicDetail is one topic with its queues and who reads it.
type topicDetail struct {
	topicItem
	QueueList page[queueItem]   `json:"queueList"`
	Readers   []groupTopicBrief `json:"readers"` // maxPage of them
}

type queueItem struct {
	ID  int32 `json:"id"`
	Min int64 `json:"min"`
	Max int64 `json:"max"`
}

type groupTopicBrief struct {
	Group     string `json:"group"`
	Online    bool   `json:"online"`
	Broadcast bool   `json:"broadcast"`
	Lag       int64  `json:"lag"`
	LatencyMs int64  `json:"latencyMs"`
	Get       rate   `json:"get"`
}

func (a *api) topic(v *view.Broker, r *http.Request) (any, error) {
	name := r.FormValue("name")
	i := slices.IndexFunc(v.Topics, func(t view.Topic) bool { return t.Name == name })
	if i < 0 {
		return nil, notFound("there is no such topic here")
	}
	readers := []groupTopicBrief{}
	for _, g := range v.Groups {
		for _, t := range g.Topics {
			if t.Topic == name && len(readers) < maxPage {
				readers = append(readers, groupTopicBrief{g.Name, g.Online, g.Broadcast(), t.Lag, t.LatencyMs, rate{t.Get.Total, t.Get.PerSecond}})
			}
		}
	}
	t := &v.Topics[i]
	queues := make([]queueItem, 0, len(t.Queues))
	for _, q := range t.Queues {
		queues = append(queues, queueItem(q))
	}
	list, err := cut(r, queues)
	return topicDetail{itemOf(t, len(readers)), list, readers}, err
}
