package client

import (
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/boostermq/booster/codec"
)

// ProducerManager knows the producer groups that are online (Java: ProducerManager).
type ProducerManager struct {
	log *slog.Logger

	mu     sync.RWMutex
	groups map[string]*producerGroup
	// byChannel[ch] contains g ⇔ groups[g].clients contains ch.
	byChannel map[Channel][]string
	byClient  map[string]Channel // client id → its connection, the last one heard of
}

type producerGroup struct {
	name    string
	clients map[Channel]*ClientChannelInfo
	order   []Channel // the keys of clients, for AvailableChannel
	turn    int       // index in order of the next to be asked
}

// NewProducerManager returns a manager that knows nobody. log nil = slog.Default().
func NewProducerManager(log *slog.Logger) *ProducerManager {
	if log == nil {
		log = slog.Default()
	}
	return &ProducerManager{
		log: log, groups: make(map[string]*producerGroup),
		byChannel: make(map[Channel][]string), byClient: make(map[string]Channel),
	}
}

// Register takes over one producer group of a heart-beat (Java: registerProducer).
// The strings may alias the request.
func (m *ProducerManager) Register(group string, info ClientChannelInfo) {
	now := nowMs()
	m.mu.Lock()
	g := m.groups[group]
	if g == nil {
		g = &producerGroup{name: strings.Clone(group), clients: make(map[Channel]*ClientChannelInfo)}
		m.groups[g.name] = g
	}
	old := g.clients[info.Channel]
	if old != nil && old.ClientID == info.ClientID {
		info.ClientID = old.ClientID
		touched := info
		touched.LastUpdateTimestampMs = now
		g.clients[info.Channel] = &touched
	} else {
		g.clients[info.Channel] = info.owned(now)
	}
	if old == nil {
		g.order = append(g.order, info.Channel)
		m.byChannel[info.Channel] = append(m.byChannel[info.Channel], g.name)
	}
	if m.byClient[info.ClientID] != info.Channel {
		m.byClient[g.clients[info.Channel].ClientID] = info.Channel
	}
	if old != nil && old.ClientID != info.ClientID {
		m.forgetClient(old.ClientID, info.Channel)
	}
	m.mu.Unlock()

	if old == nil {
		m.log.Info("producer joined", "group", g.name, "clientId", info.ClientID, "client", info.Channel.RemoteAddr(), "version", codec.VersionDesc(info.Version))
	}
	if !info.Channel.Alive() { // its close event may have come before the entry
		m.ChannelClosed(info.Channel)
	}
}

// Unregister removes the connection ch from group (code 35).
func (m *ProducerManager) Unregister(group string, ch Channel) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.removeLocked(group, ch)
}

// ChannelClosed removes the connection ch from all its groups (Java:
// doChannelCloseEvent). It returns whether it was in any.
func (m *ProducerManager) ChannelClosed(ch Channel) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	groups := slices.Clone(m.byChannel[ch])
	for _, group := range groups {
		m.removeLocked(group, ch)
	}
	return len(groups) > 0
}

// removeLocked takes ch out of group. m.mu is held for writing.
func (m *ProducerManager) removeLocked(group string, ch Channel) {
	g := m.groups[group]
	if g == nil || g.clients[ch] == nil {
		return
	}
	clientID := g.clients[ch].ClientID
	m.log.Info("producer left", "group", group, "clientId", clientID, "client", ch.RemoteAddr(), "remain", len(g.clients)-1)
	delete(g.clients, ch)
	g.order = slices.DeleteFunc(g.order, func(c Channel) bool { return c == ch })
	if len(g.clients) == 0 {
		delete(m.groups, group)
	}
	if rest := slices.DeleteFunc(m.byChannel[ch], func(name string) bool { return name == group }); len(rest) > 0 {
		m.byChannel[ch] = rest
	} else {
		delete(m.byChannel, ch)
	}
	m.forgetClient(clientID, ch)
}

// forgetClient forgets where clientID is when that is ch and ch has it in no
// group any more. Java also forgets a client that has moved to a new connection.
// m.mu is held for writing.
func (m *ProducerManager) forgetClient(clientID string, ch Channel) {
	if m.byClient[clientID] != ch {
		return
	}
	for _, group := range m.byChannel[ch] {
		if m.groups[group].clients[ch].ClientID == clientID {
			return
		}
	}
	delete(m.byClient, clientID)
}

// ScanNotActive closes the connections without a heart-beat for ChannelExpiry
// and removes them (Java: scanNotActiveChannel).
func (m *ProducerManager) ScanNotActive() {
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
		m.log.Warn("producer expired: no heart-beat", "group", e.group, "clientId", e.info.ClientID, "client", e.info.Channel.RemoteAddr())
		e.info.Channel.Close()
		m.Unregister(e.group, e.info.Channel)
	}
}

// FindChannel returns the connection of clientID, for replies (code 326); nil
// when it has none (Java: findChannel).
func (m *ProducerManager) FindChannel(clientID string) Channel {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.byClient[clientID]
}

// AvailableChannel returns a connection of group that is alive, another one at
// each call, for transaction checks (code 39); nil when there is none (Java:
// getAvailableChannel).
func (m *ProducerManager) AvailableChannel(group string) Channel {
	m.mu.Lock()
	defer m.mu.Unlock()
	g := m.groups[group]
	if g == nil {
		return nil
	}
	for range g.order {
		g.turn = (g.turn + 1) % len(g.order)
		if ch := g.order[g.turn]; ch.Alive() {
			return ch
		}
	}
	return nil
}

// GroupClients returns the clients of group sorted by id (code 204), nil when
// it is not online. They are shared: do not modify them.
func (m *ProducerManager) GroupClients(group string) []*ClientChannelInfo {
	m.mu.RLock()
	defer m.mu.RUnlock()
	g := m.groups[group]
	if g == nil {
		return nil
	}
	return slices.SortedFunc(maps.Values(g.clients), compareClients)
}

// Snapshot returns the clients of all groups (code 328). They are shared: do
// not modify them.
func (m *ProducerManager) Snapshot() map[string][]*ClientChannelInfo {
	m.mu.RLock()
	defer m.mu.RUnlock()
	all := make(map[string][]*ClientChannelInfo, len(m.groups))
	for name, g := range m.groups {
		all[name] = slices.SortedFunc(maps.Values(g.clients), compareClients)
	}
	return all
}

// Counts returns how many groups and connections are known.
func (m *ProducerManager) Counts() (groups, channels int) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return len(m.groups), len(m.byChannel)
}
