package web

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/boostermq/booster/broker/view"
	"github.com/boostermq/booster/codec"
)

// groupItem is a line of the list of groups.
type groupItem struct {
	Name        string   `json:"name"`
	Online      bool     `json:"online"`
	Clients     int      `json:"clients"`
	Model       string   `json:"model"`
	ConsumeType string   `json:"consumeType"`
	Lag         int64    `json:"lag"`
	LatencyMs   int64    `json:"latencyMs"`
	Get         rate     `json:"get"`
	Topics      []string `json:"topics"` // the first few, without the retry topic
	TopicCount  int      `json:"topicCount"`
}

const topicsNamed = 3

// groups lists those whose name contains q, the one that is behind most first.
func (a *api) groups(v *view.Broker, r *http.Request) (any, error) {
	q := strings.ToLower(r.FormValue("q"))
	var all []groupItem
	for i := range v.Groups {
		if g := &v.Groups[i]; strings.Contains(strings.ToLower(g.Name), q) {
			all = append(all, groupLine(g))
		}
	}
	slices.SortStableFunc(all, func(x, y groupItem) int { return cmp.Compare(y.Lag, x.Lag) })
	return cut(r, all)
}

func groupLine(g *view.Group) groupItem {
	item := groupItem{
		Name: g.Name, Online: g.Online, Clients: len(g.Clients), Model: g.MessageModel, ConsumeType: g.ConsumeType,
		Lag: g.Lag(), TopicCount: len(g.Topics), Topics: []string{},
	}
	for _, t := range g.Topics {
		item.LatencyMs = max(item.LatencyMs, t.LatencyMs)
		item.Get.Total += t.Get.Total
		item.Get.PerSecond += t.Get.PerSecond
		if len(item.Topics) < topicsNamed && !codec.IsRetryTopic(t.Topic) {
			item.Topics = append(item.Topics, t.Topic)
		}
	}
	return item
}

// groupDetail is one group with its lag per queue and its clients, maxPage of each.
type groupDetail struct {
	groupItem
	TopicList  []groupTopic `json:"topicList"`
	ClientList []clientItem `json:"clientList"`
}

type groupTopic struct {
	Topic     string       `json:"topic"`
	Lag       int64        `json:"lag"`
	LatencyMs int64        `json:"latencyMs"`
	Get       rate         `json:"get"`
	SendBack  int64        `json:"sendBack"`
	Queues    []groupQueue `json:"queues"`
	Cut       bool         `json:"cut"` // there are more queues
}

type groupQueue struct {
	ID       int32 `json:"id"`
	Consumed int64 `json:"consumed"`
	Max      int64 `json:"max"`
	Lag      int64 `json:"lag"`
}

type clientItem struct {
	ID       string `json:"id"`
	Addr     string `json:"addr"`
	Language string `json:"language"`
	Version  string `json:"version"`
}

func (a *api) group(v *view.Broker, r *http.Request) (any, error) {
	i := slices.IndexFunc(v.Groups, func(g view.Group) bool { return g.Name == r.FormValue("name") })
	if i < 0 {
		return nil, notFound("no such group is online or has offsets here")
	}
	g := &v.Groups[i]
	d := groupDetail{groupItem: groupLine(g), TopicList: []groupTopic{}, ClientList: []clientItem{}}
	for _, t := range g.Topics[:min(len(g.Topics), maxPage)] {
		d.TopicList = append(d.TopicList, queuesOf(&t))
	}
	for _, c := range g.Clients[:min(len(g.Clients), maxPage)] {
		d.ClientList = append(d.ClientList, clientItem{cutText(c.ID, maxProperty), c.Addr, c.Language, c.Version})
	}
	return d, nil
}

func queuesOf(t *view.GroupTopic) groupTopic {
	item := groupTopic{
		Topic: t.Topic, Lag: t.Lag, LatencyMs: t.LatencyMs, Get: rate{t.Get.Total, t.Get.PerSecond}, SendBack: t.SendBack.Total,
		Queues: []groupQueue{}, Cut: len(t.Queues) > maxPage,
	}
	for _, q := range t.Queues[:min(len(t.Queues), maxPage)] {
		item.Queues = append(item.Queues, groupQueue{q.ID, q.Consumed, q.Max, q.Max - q.Consumed})
	}
	return item
}
