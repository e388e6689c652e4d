package client

import (
	"strings"
	"sync"
	"time"

	"github.com/boostermq/booster/codec"
)

// LockMaxLive is how long a lock lives without renewal
// (Java: rocketmq.broker.rebalance.lockMaxLiveTime).
const LockMaxLive = 60 * time.Second

// RebalanceLockManager knows which client of an orderly group holds which queue
// (Java: RebalanceLockManager). Locks outlive the connection of their holder:
// it may still be at work on what it pulled, and come back.
type RebalanceLockManager struct {
	maxLiveMs int64

	mu     sync.Mutex
	groups map[string]map[codec.MessageQueue]lockEntry
}

type lockEntry struct {
	clientID     string
	lastUpdateMs int64
}

// NewRebalanceLockManager returns a manager without locks; maxLive 0 = LockMaxLive.
func NewRebalanceLockManager(maxLive time.Duration) *RebalanceLockManager {
	if maxLive <= 0 {
		maxLive = LockMaxLive
	}
	return &RebalanceLockManager{maxLiveMs: maxLive.Milliseconds(), groups: make(map[string]map[codec.MessageQueue]lockEntry)}
}

// TryLockBatch takes or renews the locks of clientID on mqs and returns those
// it holds now, each once, in the order asked (code 41). The strings may alias
// the request.
func (m *RebalanceLockManager) TryLockBatch(group string, mqs []codec.MessageQueue, clientID string) []codec.MessageQueue {
	now := nowMs()
	held := make([]codec.MessageQueue, 0, len(mqs))
	taken := make(map[codec.MessageQueue]struct{}, len(mqs))
	m.mu.Lock()
	defer m.mu.Unlock()
	locks := m.groups[group]
	for _, mq := range mqs {
		old, locked := locks[mq]
		if locked && old.clientID != clientID && !m.expired(old, now) {
			continue
		}
		if locks == nil {
			locks = make(map[codec.MessageQueue]lockEntry)
			m.groups[strings.Clone(group)] = locks
		}
		if !locked { // else the key in the table stays and owns its strings
			mq = codec.MessageQueue{Topic: strings.Clone(mq.Topic), BrokerName: strings.Clone(mq.BrokerName), QueueID: mq.QueueID}
		}
		locks[mq] = lockEntry{clientID: intern(old.clientID, clientID), lastUpdateMs: now}
		if _, repeated := taken[mq]; !repeated {
			taken[mq] = struct{}{}
			held = append(held, mq)
		}
	}
	return held
}

// UnlockBatch gives back those of mqs that clientID holds (code 42).
func (m *RebalanceLockManager) UnlockBatch(group string, mqs []codec.MessageQueue, clientID string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	locks := m.groups[group]
	for _, mq := range mqs {
		if lock, ok := locks[mq]; ok && lock.clientID == clientID {
			delete(locks, mq)
		}
	}
	if len(locks) == 0 {
		delete(m.groups, group)
	}
}

// Holder returns the client that holds mq, "" when nobody does.
func (m *RebalanceLockManager) Holder(group string, mq codec.MessageQueue) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	lock, ok := m.groups[group][mq]
	if !ok || m.expired(lock, nowMs()) {
		return ""
	}
	return lock.clientID
}

// ScanExpired forgets expired locks. Java keeps them for ever.
func (m *RebalanceLockManager) ScanExpired() {
	now := nowMs()
	m.mu.Lock()
	defer m.mu.Unlock()
	for group, locks := range m.groups {
		for mq, lock := range locks {
			if m.expired(lock, now) {
				delete(locks, mq)
			}
		}
		if len(locks) == 0 {
			delete(m.groups, group)
		}
	}
}

func (m *RebalanceLockManager) expired(lock lockEntry, nowMs int64) bool {
	return nowMs-lock.lastUpdateMs > m.maxLiveMs
}
