// Package view is what one look at the broker sees, in plain values: the
// controller fills it, broker/metrics and broker/web show it. Whoever looks
// twice sees two moments; nothing in a view changes after it was made.
package view

import (
	"github.com/boostermq/booster/broker/stats"
	"github.com/boostermq/booster/internal/vfs"
)

// Broker is a whole broker. Topics, groups and producers are sorted by name.
type Broker struct {
	AtMs           int64
	Cluster, Name  string
	ID             int64
	Addr           string // as clients are told
	Role           string
	FlushDiskType  string
	Permission     int32 // codec perm bits
	Version        int32
	VersionDesc    string
	AcceptSendMs   int64 // startAcceptSendRequestTimeStamp
	NameServers    []string
	Put, Get       stats.Counter // messages
	Store          Store
	Pools          []Pool
	Topics         []Topic
	Groups         []Group
	Producers      []Producers
	ConsumerGroups int // that have a configuration, online or not
	Transactions   Transactions
	HeldPulls      int
}

// Store is the state of the message store. Ratios are −1 when unknown.
type Store struct {
	stats.StoreFigures
	NotWriteable                          string // why; "" = it is
	MinOffset, MaxOffset                  int64  // of the log, bytes
	FlushBehindBytes, DispatchBehindBytes int64
	EarliestMs                            int64 // store time of the first record, −1 = there is none
	CommitLogDiskRatio, QueueDiskRatio    float64
	Disk                                  vfs.Usage // of the log's volume
	ReplicaBehindBytes                    int64     // of a slave; 0 for a master, −1 = unknown
}

// Transactions are half messages that are not ended, and how many this process ended.
type Transactions struct{ Half, Commits, Rollbacks int64 }

// Pool is an executor.
type Pool struct {
	Name       string
	Size       int // requests that wait
	Capacity   int
	HeadWaitMs int64
}

// Kind tells what a topic is for.
type Kind string

// Kinds of topics.
const (
	Normal Kind = "normal"
	Retry  Kind = "retry"
	DLQ    Kind = "dlq"
	System Kind = "system"
)

// Topic is one topic. Messages is what its queues hold, Offset the sum of their ends.
type Topic struct {
	Name                    string
	Kind                    Kind
	ReadQueues, WriteQueues int32
	Perm                    int32
	Order                   bool
	Queues                  []Queue // as many as it has for reading or writing, the greater
	Messages, Offset        int64
	Counted                 bool // something was put since the broker runs
	Put, PutBytes           stats.Counter
	SizeBuckets             stats.SizeBuckets
}

// Queue is one queue: the offsets of its first message and behind its last.
type Queue struct {
	ID       int32
	Min, Max int64
}

// Group is one consumer group: it is online, or has offsets.
type Group struct {
	Name         string
	Online       bool
	MessageModel string // "" = not known: it is not online
	ConsumeType  string
	Clients      []Client
	Topics       []GroupTopic // sorted by topic
}

// Broadcast tells that each member reads everything and keeps its own offsets.
func (g *Group) Broadcast() bool { return g.MessageModel == Broadcasting }

// Broadcasting is Java's name of that message model.
const Broadcasting = "BROADCASTING"

// GroupTopic is one group's work on one topic.
type GroupTopic struct {
	Topic         string
	Queues        []GroupQueue // of the topic, for reading
	Lag           int64        // messages not consumed, over all queues
	Consumed      int64        // sum of the offsets
	LatencyMs     int64        // age of the oldest message not consumed; 0 = there is none
	Counted       bool         // something was read since the broker runs
	Get, GetBytes stats.Counter
	SendBack      stats.Counter
}

// GroupQueue is one group's position in one queue.
type GroupQueue struct {
	ID            int32
	Max, Consumed int64
}

// Client is one connection.
type Client struct {
	ID, Addr          string
	Language, Version string
}

// Producers is one producer group that is online.
type Producers struct {
	Group   string
	Clients []Client
}

// Lag is how many messages the group has not consumed.
func (g *Group) Lag() (lag int64) {
	for _, t := range g.Topics {
		lag += t.Lag
	}
	return lag
}
