package mqadmin

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/boostermq/booster/codec"
)

// Masters returns the master addresses of a cluster, in the order of the
// broker names (Java: CommandUtil.fetchMasterAddrByClusterName).
func (a *Admin) Masters(ctx context.Context, cluster string) ([]string, error) {
	brokers, err := a.Brokers(ctx, cluster)
	if err != nil {
		return nil, err
	}
	masters := MastersOf(brokers)
	if len(masters) == 0 {
		return nil, fmt.Errorf("cluster %s has no master", cluster)
	}
	return masters, nil
}

// MastersOf returns the master addresses of some brokers.
func MastersOf(brokers []codec.BrokerData) []string {
	var masters []string
	for _, b := range brokers {
		if addr, ok := b.BrokerAddrs[codec.MasterID]; ok {
			masters = append(masters, addr)
		}
	}
	return masters
}

// Members returns the addresses of all members of a cluster's brokers, by name
// and id (Java: CommandUtil.fetchMasterAndSlaveAddrByClusterName).
func (a *Admin) Members(ctx context.Context, cluster string) ([]string, error) {
	brokers, err := a.Brokers(ctx, cluster)
	return MembersOf(brokers), err
}

// MembersOf returns the addresses of all members of some brokers.
func MembersOf(brokers []codec.BrokerData) []string {
	var addrs []string
	for _, b := range brokers {
		for _, id := range BrokerIDs(b) {
			addrs = append(addrs, b.BrokerAddrs[id])
		}
	}
	return addrs
}

// Brokers returns the brokers of a cluster by name.
func (a *Admin) Brokers(ctx context.Context, cluster string) ([]codec.BrokerData, error) {
	info, err := a.ClusterInfo(ctx)
	if err != nil {
		return nil, err
	}
	brokers := BrokersOf(info, cluster)
	if len(brokers) == 0 {
		return nil, fmt.Errorf("cluster %s does not exist, the name server knows %v", cluster, Clusters(info))
	}
	return brokers, nil
}

// Clusters returns the names of the clusters, sorted.
func Clusters(info codec.ClusterInfo) []string {
	return slices.Sorted(maps.Keys(info.ClusterAddrTable))
}

// BrokersOf returns the brokers of a cluster that have an address, by name.
func BrokersOf(info codec.ClusterInfo, cluster string) []codec.BrokerData {
	var brokers []codec.BrokerData
	for _, name := range slices.Sorted(slices.Values(info.ClusterAddrTable[cluster])) {
		if b, ok := info.BrokerAddrTable[name]; ok && len(b.BrokerAddrs) > 0 {
			brokers = append(brokers, b)
		}
	}
	return brokers
}

// BrokerIDs returns the ids of a broker's members, the master's first.
func BrokerIDs(b codec.BrokerData) []int64 { return slices.Sorted(maps.Keys(b.BrokerAddrs)) }

// BrokerAddr returns the address to ask a broker at: its master's, else that of
// the member with the lowest id; "" when it has none.
func BrokerAddr(b codec.BrokerData) string {
	if ids := BrokerIDs(b); len(ids) > 0 {
		return b.BrokerAddrs[ids[0]]
	}
	return ""
}

// BrokerNameByAddr returns the name of the broker that one of its members
// serves at addr (Java: CommandUtil.fetchBrokerNameByAddr).
func (a *Admin) BrokerNameByAddr(ctx context.Context, addr string) (string, error) {
	info, err := a.ClusterInfo(ctx)
	if err != nil {
		return "", err
	}
	for _, name := range slices.Sorted(maps.Keys(info.BrokerAddrTable)) {
		for _, member := range info.BrokerAddrTable[name].BrokerAddrs {
			if member == addr {
				return name, nil
			}
		}
	}
	return "", fmt.Errorf("no broker at %s is registered", addr)
}

// ClustersOfTopic returns the clusters whose brokers have the topic, sorted
// (Java: getTopicClusterList).
func (a *Admin) ClustersOfTopic(ctx context.Context, topic string) ([]string, error) {
	info, err := a.ClusterInfo(ctx)
	if err != nil {
		return nil, err
	}
	route, err := a.TopicRoute(ctx, topic)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(Clusters(info), func(cluster string) bool {
		return !slices.ContainsFunc(route.BrokerDatas, func(b codec.BrokerData) bool {
			return slices.Contains(info.ClusterAddrTable[cluster], b.BrokerName)
		})
	}), nil
}

// eachBroker runs call for every broker of a topic's route, by name.
func (a *Admin) eachBroker(ctx context.Context, topic string, call func(addr string) error) error {
	route, err := a.TopicRoute(ctx, topic)
	if err != nil {
		return err
	}
	for _, b := range SortedBrokers(route) {
		if addr := BrokerAddr(b); addr != "" {
			if err := call(addr); err != nil {
				return err
			}
		}
	}
	return nil
}

// firstBroker runs call for the brokers of a topic's route, by name, until one
// has an answer; else the last error counts.
func (a *Admin) firstBroker(ctx context.Context, topic string, call func(addr string) error) error {
	route, err := a.TopicRoute(ctx, topic)
	if err != nil {
		return err
	}
	err = fmt.Errorf("no broker of topic %s has an address", topic)
	for _, b := range SortedBrokers(route) {
		if addr := BrokerAddr(b); addr != "" {
			if err = call(addr); err == nil {
				break
			}
		}
	}
	return err
}

// RouteBroker returns the broker of that name in a route.
func RouteBroker(route codec.TopicRouteData, name string) (b codec.BrokerData, found bool) {
	i := slices.IndexFunc(route.BrokerDatas, func(b codec.BrokerData) bool { return b.BrokerName == name })
	if i < 0 {
		return codec.BrokerData{}, false
	}
	return route.BrokerDatas[i], true
}

// SortedBrokers returns the brokers of a route by name.
func SortedBrokers(route codec.TopicRouteData) []codec.BrokerData {
	return slices.SortedFunc(slices.Values(route.BrokerDatas), func(x, y codec.BrokerData) int {
		return strings.Compare(x.BrokerName, y.BrokerName)
	})
}

// CompareQueues orders queues by topic, broker and id (Java: MessageQueue.compareTo).
func CompareQueues(x, y codec.MessageQueue) int {
	if c := strings.Compare(x.Topic, y.Topic); c != 0 {
		return c
	}
	if c := strings.Compare(x.BrokerName, y.BrokerName); c != 0 {
		return c
	}
	return int(x.QueueID) - int(y.QueueID)
}
