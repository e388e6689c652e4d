package command

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
	"github.com/boostermq/booster/internal/mqadmin"
)

var topicRoute = &Command{
	Name: "topicRoute", Text: "Examine topic route info",
	Options: []Option{
		required("t", "topic", "topic name"),
		flag("l", "list", "Use list format to print data"),
	},
	Run: runTopicRoute,
}

func runTopicRoute(ctx context.Context, c *Call) error {
	route, err := c.Admin.TopicRoute(ctx, c.Text("t", ""))
	if err != nil {
		return err
	}
	if c.Has("l") {
		c.printRouteList(route)
		return nil
	}
	text, err := fastjson.MarshalPretty(&route)
	if err != nil {
		return err
	}
	c.printf("%s\n", text)
	return nil
}

// printRouteList prints one line a broker, and the sums.
func (c *Call) printRouteList(route codec.TopicRouteData) {
	const line = "%-45s %-32s %-50s %-10v %-11v %-5v\n"
	c.printf(line, "#ClusterName", "#BrokerName", "#BrokerAddrs", "#ReadQueue", "#WriteQueue", "#Perm")
	queues := slices.SortedFunc(slices.Values(route.QueueDatas), func(x, y codec.QueueData) int { return cmp.Compare(x.BrokerName, y.BrokerName) })
	var read, write int32
	for _, q := range queues {
		broker, _ := mqadmin.RouteBroker(route, q.BrokerName) // a line without addresses, as in Java, when it is not there
		c.printf(line, broker.Cluster, q.BrokerName, addrsText(broker), q.ReadQueueNums, q.WriteQueueNums, q.Perm)
		read, write = read+q.ReadQueueNums, write+q.WriteQueueNums
	}
	c.printf("%s\n", strings.Repeat("-", 158))
	c.printf(line, "Total:", fmt.Sprint(len(route.BrokerDatas)), "", read, write, "")
}

// addrsText is the members of a broker as Java prints a map: {0=ip:port, 1=ip:port}.
func addrsText(b codec.BrokerData) string {
	var members []string
	for _, id := range mqadmin.BrokerIDs(b) {
		members = append(members, fmt.Sprintf("%d=%s", id, b.BrokerAddrs[id]))
	}
	return "{" + strings.Join(members, ", ") + "}"
}

var topicStatus = &Command{
	Name: "topicStatus", Text: "Examine topic Status info",
	Options: []Option{
		required("t", "topic", "topic name"),
	},
	Run: runTopicStatus,
}

func runTopicStatus(ctx context.Context, c *Call) error {
	stats, err := c.Admin.TopicStats(ctx, c.Text("t", ""))
	if err != nil {
		return err
	}
	const line = "%-32s  %-4v  %-20v  %-20v    %s\n"
	c.printf(line, "#Broker Name", "#QID", "#Min Offset", "#Max Offset", "#Last Updated")
	for _, mq := range slices.SortedFunc(maps.Keys(stats.OffsetTable), mqadmin.CompareQueues) {
		o := stats.OffsetTable[mq]
		c.printf(line, front(mq.BrokerName, 32), mq.QueueID, o.MinOffset, o.MaxOffset, timeTextMs(o.LastUpdateTimestamp))
	}
	return nil
}

var topicClusterList = &Command{
	Name: "topicClusterList", Text: "get cluster info for topic",
	Options: []Option{
		required("t", "topic", "topic name"),
	},
	Run: runTopicClusterList,
}

func runTopicClusterList(ctx context.Context, c *Call) error {
	clusters, err := c.Admin.ClustersOfTopic(ctx, c.Text("t", ""))
	if err != nil {
		return err
	}
	for _, cluster := range clusters {
		c.printf("%s\n", cluster)
	}
	return nil
}

var topicList = &Command{
	Name: "topicList", Text: "Fetch all topic list from name server",
	Options: []Option{
		flag("c", "clusterModel", "clusterModel"),
	},
	Run: runTopicList,
}

func runTopicList(ctx context.Context, c *Call) error {
	topics, err := c.Admin.TopicList(ctx)
	if err != nil {
		return err
	}
	topics = slices.Sorted(slices.Values(topics))
	if c.Has("c") {
		return c.printTopicsOfClusters(ctx, topics)
	}
	for _, topic := range topics {
		c.printf("%s\n", topic)
	}
	return nil
}

// printTopicsOfClusters prints one line for each cluster of a topic and each group that consumes it.
func (c *Call) printTopicsOfClusters(ctx context.Context, topics []string) error {
	c.printf("%-20s  %-48s  %-48s\n", "#Cluster Name", "#Topic", "#Consumer Group")
	for _, topic := range topics {
		if isRetryOrDLQ(topic) {
			continue
		}
		clusters, err := c.Admin.ClustersOfTopic(ctx, topic)
		if err != nil && !mqadmin.HasCode(err, codec.TopicNotExist) { // unregistered meanwhile
			return err
		}
		groups, err := c.Admin.TopicConsumers(ctx, topic)
		if err != nil && !mqadmin.HasCode(err, codec.TopicNotExist) {
			return err
		}
		if len(groups) == 0 {
			groups = []string{""}
		}
		for _, group := range slices.Sorted(slices.Values(groups)) {
			c.printf("%-20s  %-64s  %-64s\n", front(strings.Join(clusters, ","), 20), front(topic, 64), front(group, 64))
		}
	}
	return nil
}

var allocateMQ = &Command{
	Name: "allocateMQ", Text: "Allocate MQ",
	Options: []Option{
		required("t", "topic", "topic name"),
		required("i", "ipList", "ipList"),
	},
	Run: runAllocateMQ,
}

// allocation is the queues of each address (Java: RebalanceResult).
type allocation struct {
	Result map[string][]codec.MessageQueue `json:"result,always"`
}

// runAllocateMQ shows which queues each of some consumers would get. Queues and
// consumers are dealt out in their order, as consumers do; Java's mqadmin deals
// in the order of a hash table.
func runAllocateMQ(ctx context.Context, c *Call) error {
	topic := c.Text("t", "")
	route, err := c.Admin.TopicRoute(ctx, topic)
	if err != nil {
		return err
	}
	queues := readQueues(route, topic)
	consumers := strings.Split(c.Text("i", ""), ",")
	result := allocation{Result: map[string][]codec.MessageQueue{}}
	for i, consumer := range consumers {
		result.Result[consumer] = allocateAveragely(queues, i, len(consumers))
	}
	text, err := fastjson.Marshal(&result)
	if err != nil {
		return err
	}
	c.printf("%s\n", text)
	return nil
}

// readQueues returns the queues of a topic that consumers read, sorted.
func readQueues(route codec.TopicRouteData, topic string) []codec.MessageQueue {
	var queues []codec.MessageQueue
	for _, q := range route.QueueDatas {
		if !codec.IsReadable(q.Perm) {
			continue
		}
		for id := range q.ReadQueueNums {
			queues = append(queues, codec.MessageQueue{Topic: topic, BrokerName: q.BrokerName, QueueID: id})
		}
	}
	slices.SortFunc(queues, mqadmin.CompareQueues)
	return queues
}

// allocateAveragely gives consumer i of n its queues: neighbours, and the first
// consumers one more when it does not come out even (Java: AllocateMessageQueueAveragely).
func allocateAveragely(queues []codec.MessageQueue, i, n int) []codec.MessageQueue {
	size, more := len(queues)/n, len(queues)%n
	from := i*size + min(i, more)
	if i < more {
		size++
	}
	return slices.Clone(queues[from : from+size])
}
