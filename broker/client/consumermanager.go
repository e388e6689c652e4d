package client

import (
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/boostermq/booster/codec"
)

// ChannelExpiry is how long a client may go without a heart-beat
// (Java: CHANNEL_EXPIRED_TIMEOUT).
const ChannelExpiry = 120 * time.Second

// ConsumerOptions is what a ConsumerManager needs. All callbacks may be nil;
// they run without locks on the goroutine that made the change, an event loop
// among others: they must not wait.
type ConsumerOptions struct {
	// OnChange hears that members of a group are gone, with the connections the
	// group has now, for 40 NOTIFY_CONSUMER_IDS_CHANGED.
	OnChange func(group string, channels []Channel)
	// OnRegister hears of every registration with its subscriptions, for the
	// filters. subs dies with the call.
	OnRegister func(group string, subs []codec.SubscriptionData)
	// OnUnregister hears that the last connection of a group is gone.
	OnUnregister func(group string)

	Log *slog.Logger // nil = slog.Default()
}

// ConsumerManager knows the consumer groups that are online (Java: ConsumerManager).
type ConsumerManager struct {
	o ConsumerOptions

	mu     sync.RWMutex
	groups map[string]*consumerGroup
	// byChannel tells which groups a connection is in, so that its end needs no
	// scan of all groups. byChannel[ch] contains g ⇔ groups[g].clients contains ch.
	byChannel map[Channel][]string
}

// NewConsumerManager returns a manager that knows nobody.
func NewConsumerManager(o ConsumerOptions) *ConsumerManager {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &ConsumerManager{o: o, groups: make(map[string]*consumerGroup), byChannel: make(map[Channel][]string)}
}

// Register takes over one consumer group of a heart-beat (Java:
// registerConsumer). data may alias the request. It returns true when the
// connection is new or the set of topics changed; a mere new version of a
// subscription is not a change. To tell the group is the caller's, after its answer.
func (m *ConsumerManager) Register(info ClientChannelInfo, data *codec.ConsumerData) bool {
	return m.register(info, data, false)
}

// RegisterWithoutSub is Register for a heart-beat that leaves the subscriptions
// out (HeartbeatData.WithoutSub): those known stay.
func (m *ConsumerManager) RegisterWithoutSub(info ClientChannelInfo, data *codec.ConsumerData) bool {
	return m.register(info, data, true)
}

func (m *ConsumerManager) register(info ClientChannelInfo, data *codec.ConsumerData, keepSubs bool) bool {
	now := nowMs()
	m.mu.Lock()
	g := m.groups[data.GroupName]
	if g == nil {
		g = &consumerGroup{name: strings.Clone(data.GroupName), clients: make(map[Channel]*ClientChannelInfo)}
		m.groups[g.name] = g
	}
	changed := g.updateChannel(info, data, now)
	joined := changed
	if changed {
		m.byChannel[info.Channel] = append(m.byChannel[info.Channel], g.name)
	}
	if !keepSubs && g.updateSubscription(data.SubscriptionDataSet) {
		changed = true
	}
	m.mu.Unlock()

	if !info.Channel.Alive() { // its close event may have come before the entry
		m.ChannelClosed(info.Channel)
		return false
	}
	if joined {
		m.o.Log.Info("consumer joined", "group", g.name, "clientId", info.ClientID, "client", info.Channel.RemoteAddr(), "version", codec.VersionDesc(info.Version))
	}
	if m.o.OnRegister != nil && !keepSubs {
		m.o.OnRegister(g.name, data.SubscriptionDataSet)
	}
	return changed
}

// Unregister removes the connection ch from group (code 35; Java:
// unregisterConsumer). OnChange is told if notify.
func (m *ConsumerManager) Unregister(group string, ch Channel, notify bool) {
	m.mu.Lock()
	change, removed := m.removeLocked(group, ch)
	m.mu.Unlock()
	if removed {
		m.tell([]groupChange{change}, notify)
	}
}

// ChannelClosed removes the connection ch from all its groups and tells the
// rest of them (Java: doChannelCloseEvent). It returns whether it was in any.
func (m *ConsumerManager) ChannelClosed(ch Channel) bool {
	m.mu.Lock()
	var changes []groupChange
	for _, group := range slices.Clone(m.byChannel[ch]) {
		if change, removed := m.removeLocked(group, ch); removed {
			changes = append(changes, change)
		}
	}
	m.mu.Unlock()
	m.tell(changes, true)
	return len(changes) > 0
}

// ScanNotActive closes the connections without a heart-beat for ChannelExpiry
// and removes them (Java: scanNotActiveChannel).
//
// Differences from Java: the rest of the group is told, as after any other end
// of a connection.
func (m *ConsumerManager) ScanNotActive() {
	oldest := nowMs() - ChannelExpiry.Milliseconds()
	type expired struct {
		group string
		info  *ClientChannelInfo
	}
	var all []expired
	m.mu.RLock()
	for name, g := range m.groups {
		for _, info := range g.clients {
			if info.LastUpdateTimestampMs < oldest {
				all = append(all, expired{name, info})
			}
		}
	}
	m.mu.RUnlock()
	for _, e := range all {
		m.o.Log.Warn("consumer expired: no heart-beat", "group", e.group, "clientId", e.info.ClientID, "client", e.info.Channel.RemoteAddr())
		e.info.Channel.Close()
		m.Unregister(e.group, e.info.Channel, true)
	}
}

// groupChange is what is left of a group after a removal.
type groupChange struct {
	group    string
	gone     *ClientChannelInfo
	channels []Channel
}

// removeLocked takes ch out of group, and the group out of the table when it
// was the last. m.mu is held for writing.
func (m *ConsumerManager) removeLocked(group string, ch Channel) (change groupChange, removed bool) {
	g := m.groups[group]
	if g == nil || g.clients[ch] == nil {
		return groupChange{}, false
	}
	gone := g.clients[ch]
	delete(g.clients, ch)
	g.lastUpdateMs = nowMs()
	if rest := slices.DeleteFunc(m.byChannel[ch], func(name string) bool { return name == group }); len(rest) > 0 {
		m.byChannel[ch] = rest
	} else {
		delete(m.byChannel, ch)
	}
	if len(g.clients) == 0 {
		delete(m.groups, group)
	}
	return groupChange{g.name, gone, g.channels()}, true
}

func (m *ConsumerManager) tell(changes []groupChange, notify bool) {
	for _, c := range changes {
		m.o.Log.Info("consumer left", "group", c.group, "clientId", c.gone.ClientID, "client", c.gone.Channel.RemoteAddr(), "remain", len(c.channels))
		switch {
		case len(c.channels) == 0:
			if m.o.OnUnregister != nil {
				m.o.OnUnregister(c.group)
			}
		case notify && m.o.OnChange != nil:
			m.o.OnChange(c.group, c.channels)
		}
	}
}

// Group returns a snapshot of group, nil when it is not online (Java:
// getConsumerGroupInfo). For pulls there is FindSubscriptionData and Model.
func (m *ConsumerManager) Group(group string) *ConsumerGroupInfo {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if g := m.groups[group]; g != nil {
		return g.snapshot()
	}
	return nil
}

// FindSubscriptionData returns what group wants of topic and the group's
// message model; online is false when the group has no connection, sub is nil
// when it does not subscribe topic. sub is shared: do not modify it. It
// allocates nothing.
func (m *ConsumerManager) FindSubscriptionData(group, topic string) (sub *codec.SubscriptionData, messageModel string, online bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	g := m.groups[group]
	if g == nil {
		return nil, "", false
	}
	return g.subscriptions[topic], g.messageModel, true
}

// FindChannel returns the connection of clientID in group, nil when it has none
// (Java: findChannel).
func (m *ConsumerManager) FindChannel(group, clientID string) *ClientChannelInfo {
	if g := m.Group(group); g != nil {
		return g.FindChannel(clientID)
	}
	return nil
}

// QueryTopicConsumeByWho returns the groups online that subscribe topic, sorted.
func (m *ConsumerManager) QueryTopicConsumeByWho(topic string) []string {
	var groups []string
	m.mu.RLock()
	for name, g := range m.groups {
		if g.subscriptions[topic] != nil {
			groups = append(groups, name)
		}
	}
	m.mu.RUnlock()
	slices.Sort(groups)
	return groups
}

// Groups returns the groups online, sorted.
func (m *ConsumerManager) Groups() []string {
	m.mu.RLock()
	groups := make([]string, 0, len(m.groups))
	for name := range m.groups {
		groups = append(groups, name)
	}
	m.mu.RUnlock()
	slices.Sort(groups)
	return groups
}

// Counts returns how many groups and connections are known.
func (m *ConsumerManager) Counts() (groups, channels int) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return len(m.groups), len(m.byChannel)
}
