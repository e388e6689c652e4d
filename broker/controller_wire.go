package broker

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/boostermq/booster/broker/acl"
	"github.com/boostermq/booster/broker/client"
	"github.com/boostermq/booster/broker/filter"
	"github.com/boostermq/booster/broker/longpolling"
	"github.com/boostermq/booster/broker/offset"
	"github.com/boostermq/booster/broker/schedule"
	"github.com/boostermq/booster/broker/stats"
	"github.com/boostermq/booster/broker/subscription"
	"github.com/boostermq/booster/broker/topic"
	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/remoting"
)

// maxHeldBytes bounds the memory of the pulls that wait for messages: some
// 300,000 of usual length.
const maxHeldBytes = 512 << 20

// wireManagers makes the tables. They see of the broker only what they are given.
func (b *Controller) wireManagers() error {
	c := b.Config()
	b.topics = topic.New(topic.Options{
		FS: b.opts.FS, Path: b.configFile("topics.json"), ClusterName: c.Broker.BrokerClusterName, BrokerName: c.Broker.BrokerName,
		DefaultTopicQueueNums: c.Broker.DefaultTopicQueueNums, ClusterTopicEnable: c.Broker.ClusterTopicEnable,
		BrokerTopicEnable: c.Broker.BrokerTopicEnable, TraceTopicEnable: c.Broker.TraceTopicEnable, MsgTraceTopicName: c.Broker.MsgTraceTopicName,
		AutoCreateTopicEnable: func() bool { return b.Config().Broker.AutoCreateTopicEnable }, OnChange: b.onTopicChange, Log: b.log,
	})
	b.groups = subscription.New(subscription.Options{
		FS: b.opts.FS, Path: b.configFile("subscriptionGroup.json"),
		AutoCreate: func() bool { return b.Config().Broker.AutoCreateSubscriptionGroup }, Log: b.log,
	})
	b.offsets = offset.New(offset.Options{FS: b.opts.FS, Path: b.configFile("consumerOffset.json"), Log: b.log})
	if err := b.wireFilters(); err != nil {
		return err
	}
	b.consumers = client.NewConsumerManager(client.ConsumerOptions{
		OnChange: b.notifyConsumerIDsChanged, OnRegister: b.filters.Register, OnUnregister: b.filters.Unregister, Log: b.log,
	})
	b.producers = client.NewProducerManager(b.log)
	b.locks = client.NewRebalanceLockManager(b.opts.LockMaxLive)
	b.clients = client.NewClientHousekeeping(b.producers, b.consumers, b.locks)
	b.disk = newDiskUsage(b.opts.FS, b.log, c)
	b.stats = stats.New(stats.Options{
		ClusterName: c.Broker.BrokerClusterName, EnableDetailStat: func() bool { return b.Config().Broker.EnableDetailStat },
	})
	b.storeStats = stats.NewStoreStatsService()
	b.wireACL()
	b.wireTransactions()
	return b.wireSchedule()
}

// wireACL makes the validator of accounts, with aclEnable only.
func (b *Controller) wireACL() {
	c := b.Config()
	if !c.Broker.ACLEnable {
		return
	}
	b.acl = acl.New(acl.Options{
		FS: b.opts.FS, Log: b.log, Home: c.Broker.RocketmqHome, PlainFile: b.opts.ACLPlainFile, LaxAs498: c.Booster.ACLLaxAs498,
		IgnoreWhiteAddresses: c.Booster.ACLIgnoreWhiteAddresses,
		BrokerName:           c.Broker.BrokerName, ClusterName: c.Broker.BrokerClusterName, BrokerAddr: c.BrokerAddr(),
		MessageTopic: func(physicalOffset int64) (string, bool) {
			record, ok := b.store.LookMessageByOffset(physicalOffset)
			if !ok {
				return "", false
			}
			return acl.TopicOfRecord(record)
		},
	})
}

// hooks are what every request passes before its processor, accounts first.
func (b *Controller) hooks() []remoting.RPCHook {
	if b.acl == nil {
		return b.opts.Hooks
	}
	return append([]remoting.RPCHook{b.acl}, b.opts.Hooks...)
}

// wireFilters makes the table of the expressions by which groups filter. It is
// kept whether enablePropertyFilter is on or not.
func (b *Controller) wireFilters() (err error) {
	c := &b.Config().Broker
	b.filters, err = filter.New(filter.Options{
		FS: b.opts.FS, Path: b.configFile("consumerFilter.json"), Log: b.logOf("filter"),
		MaxErrorRateOfBloomFilter: c.MaxErrorRateOfBloomFilter, ExpectConsumerNumUseFilter: c.ExpectConsumerNumUseFilter,
		CleanTimeSpanMs: func() int64 { return b.Config().Broker.FilterDataCleanTimeSpan },
	})
	return err
}

// wireSchedule makes the service of the delay levels.
func (b *Controller) wireSchedule() (err error) {
	if b.messages.levels, err = schedule.ParseLevels(b.Config().Store.MessageDelayLevel); err != nil {
		return err
	}
	b.schedule = schedule.New(schedule.Options{
		FS: b.opts.FS, Path: b.configFile("delayOffset.json"), Levels: b.messages.levels, Log: b.logOf("store"),
		FlushInterval: func() time.Duration {
			return time.Duration(b.Config().Store.FlushDelayOffsetInterval) * time.Millisecond
		},
		Delivered: b.countAppended,
	})
	return nil
}

// wireProcessors makes pools, processors, routes, the server and the client.
func (b *Controller) wireProcessors() {
	c := b.Config()
	e := &b.executors
	for _, pool := range e.all() {
		pool.SetLog(b.log)
	}
	pull := newPullProcessor(b, e.pull)
	b.processors = processors{
		send: newSendProcessor(b, e.send), pull: pull, query: &queryProcessor{b}, client: &clientProcessor{b}, offset: newOffsetProcessor(b),
		sendBack: &sendBackProcessor{b}, reply: &replyProcessor{b: b}, transaction: &transactionProcessor{b}, lock: &lockProcessor{b}, topic: &topicProcessor{b}, group: &groupProcessor{b}, admin: &adminProcessor{b},
	}
	b.hold = longpolling.New(longpolling.Options{
		MaxOffset: func(topic string, queueID int32) int64 {
			b.store.DispatchSoon() // the asker waits
			return b.store.MaxOffsetInQueue(topic, queueID)
		},
		Wake: pull.wake, Drop: pull.drop, Interval: b.holdInterval, MaxHeldBytes: maxHeldBytes,
	})
	main, fast := b.routeTables()
	listenPort := c.Server.ListenPort
	b.server = remoting.NewServer(remoting.ServerConfig{
		Name:  "broker",
		Addrs: []string{hostPort(c.Booster.BindAddress, listenPort), hostPort(c.Booster.BindAddress, listenPort-2)},
		Routes: func(localPort int) *remoting.RouteTable {
			if localPort == listenPort-2 {
				return fast
			}
			return main
		},
		MaxIdle:  time.Duration(c.Server.ServerChannelMaxIdleTimeSeconds) * time.Second,
		TLS:      b.opts.TLS,
		Hooks:    b.hooks(),
		OnClose:  func(ch *remoting.Channel) { b.clients.ChannelClosed(ch) },
		BatchEnd: func() { b.store.CommitPending() },
		Log:      b.logOf("remoting"),
	})
}

// newOuterAPI makes the client towards name servers.
func (b *Controller) newOuterAPI(c *Config) *BrokerOuterAPI {
	outer := newBrokerOuterAPI(remoting.NewClient(remoting.ClientConfig{
		UseTLS: b.opts.TLS != nil && (c.Client.UseTLS || b.opts.TLS.UseTLS()), TLS: b.opts.TLS,
		Name: "broker outer", ConnectTimeout: time.Duration(c.Client.ConnectTimeoutMillis) * time.Millisecond, Log: b.logOf("remoting"),
	}), b.log)
	if b.opts.LookupHost != nil {
		outer.lookupHost = b.opts.LookupHost
	}
	return outer
}

// holdInterval is the pause between two looks at the held pulls.
func (b *Controller) holdInterval() time.Duration {
	c := &b.Config().Broker
	if c.LongPollingEnable {
		return longpolling.CheckInterval
	}
	return time.Duration(max(1, c.ShortPollingTimeMills)) * time.Millisecond
}

// Arriving implements store.ArrivingListener: held pulls hear of a message, and
// the delay levels of theirs.
func (b *Controller) Arriving(topic string, queueID int32, nextOffset, tagsCode, storeTimestampMs int64, bitMap []byte, properties string) {
	if topic == codec.ScheduleTopic {
		b.schedule.Arriving(queueID)
	}
	b.hold.NotifyMessageArriving(topic, queueID, nextOffset, tagsCode, storeTimestampMs, bitMap, properties)
}

// AppendBitMap implements store.BitMapper.
func (b *Controller) AppendBitMap(dst []byte, topic, properties string, storeTimestampMs int64) []byte {
	if !b.Config().Broker.EnableCalcFilterBitMap {
		return dst
	}
	return b.filters.AppendBitMap(dst, topic, properties, storeTimestampMs)
}

// awaited tells the store that somebody waits for what Arriving tells.
func (b *Controller) awaited() bool { return b.hold.Held() > 0 }

// storeHost is the address that is stored in messages and is a part of their
// ids: brokerIP1:listenPort, a name resolved once.
func (b *Controller) storeHost(c *Config) (netip.AddrPort, error) {
	host := strings.TrimSuffix(strings.TrimPrefix(c.Broker.BrokerIP1, "["), "]")
	port := uint16(c.Server.ListenPort)
	if ip, err := netip.ParseAddr(host); err == nil {
		return netip.AddrPortFrom(ip.Unmap().WithZone(""), port), nil
	}
	lookup := b.opts.LookupHost
	if lookup == nil {
		lookup = net.DefaultResolver.LookupHost
	}
	ctx, cancel := context.WithTimeout(context.Background(), nameServerTimeout)
	defer cancel()
	hosts, err := lookup(ctx, host)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("brokerIP1=%s: %w", host, err)
	}
	for _, h := range hosts {
		if ip, err := netip.ParseAddr(h); err == nil {
			return netip.AddrPortFrom(ip.Unmap().WithZone(""), port), nil
		}
	}
	return netip.AddrPort{}, fmt.Errorf("brokerIP1=%s has no address", host)
}

// pickPort chooses a free listen port whose VIP port is free too.
func (c *Config) pickPort() error {
	var last error
	for range 20 {
		vip, err := net.Listen("tcp", hostPort(c.Booster.BindAddress, 0))
		if err != nil {
			return fmt.Errorf("choose a port: %w", err)
		}
		port := vip.Addr().(*net.TCPAddr).Port + 2
		main, err := net.Listen("tcp", hostPort(c.Booster.BindAddress, port))
		if err == nil {
			err = main.Close()
		}
		if closeErr := vip.Close(); err == nil {
			err = closeErr
		}
		if err == nil {
			c.Server.ListenPort, c.Store.HAListenPort = port, port+1
			return nil
		}
		last = err
	}
	return fmt.Errorf("choose a port: %w", last)
}
