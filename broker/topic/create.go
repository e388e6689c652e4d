package topic

import (
	"fmt"
	"strings"

	"github.com/boostermq/booster/codec"
)

// CreateInSendMessage returns the config of topic, creating it after the
// template defaultTopic when it is missing (Java:
// createTopicInSendMessageMethod, spec/broker.md §3). nil when the template is
// unknown or may not be inherited. changed tells that this call created it; it
// is then on disk. sysFlag is the new topic's topicSysFlag.
func (m *Manager) CreateInSendMessage(topic, defaultTopic, remoteAddr string, clientDefaultQueueNums, sysFlag int32) (cfg *codec.TopicConfig, changed bool) {
	if cfg = m.Select(topic); cfg != nil {
		return cfg, false
	}
	if err := checkName(topic); err != nil {
		m.o.Log.Warn("topic not created", "err", err, "client", remoteAddr)
		return nil, false
	}
	template := m.template(defaultTopic)
	if template == nil || !codec.IsInherited(template.Perm) {
		m.o.Log.Warn("topic not created: no template to inherit from", "topic", topic, "defaultTopic", defaultTopic, "client", remoteAddr)
		return nil, false
	}
	return m.create(&codec.TopicConfig{
		TopicName:       strings.Clone(topic),
		ReadQueueNums:   max(0, min(clientDefaultQueueNums, template.WriteQueueNums)),
		WriteQueueNums:  max(0, min(clientDefaultQueueNums, template.WriteQueueNums)),
		Perm:            template.Perm &^ codec.PermInherit,
		TopicFilterType: template.TopicFilterType,
		TopicSysFlag:    sysFlag,
	})
}

// template returns the config new topics inherit from. A TBW102 of times when
// automatic creation was on loses its inherit bit on first use.
func (m *Manager) template(defaultTopic string) *codec.TopicConfig {
	cfg := m.Select(defaultTopic)
	if cfg == nil || defaultTopic != codec.AutoCreateTopicKeyTopic || m.o.AutoCreateTopicEnable() {
		return cfg
	}
	const rw = codec.PermRead | codec.PermWrite
	if cfg.Perm == rw {
		return cfg
	}
	next := *cfg
	next.Perm = rw
	m.change(func(table map[string]*codec.TopicConfig) bool {
		table[defaultTopic] = &next
		return true
	})
	return &next
}

// CreateInSendMessageBack returns the config of topic, creating it with exactly
// these values when it is missing: retry, dead letter and other topics the
// broker needs itself (Java: createTopicInSendMessageBackMethod and
// createTopicOfTranCheckMaxTime). nil when topic is no valid name.
func (m *Manager) CreateInSendMessageBack(topic string, queueNums, perm, sysFlag int32) (cfg *codec.TopicConfig, changed bool) {
	if cfg = m.Select(topic); cfg != nil {
		return cfg, false
	}
	if err := checkName(topic); err != nil {
		m.o.Log.Warn("topic not created", "err", err)
		return nil, false
	}
	return m.create(&codec.TopicConfig{
		TopicName:       strings.Clone(topic),
		ReadQueueNums:   queueNums,
		WriteQueueNums:  queueNums,
		Perm:            perm,
		TopicFilterType: codec.SingleTag,
		TopicSysFlag:    sysFlag,
	})
}

// create adds cfg unless another was faster.
func (m *Manager) create(cfg *codec.TopicConfig) (*codec.TopicConfig, bool) {
	created := m.change(func(table map[string]*codec.TopicConfig) bool {
		if faster := table[cfg.TopicName]; faster != nil {
			cfg = faster
			return false
		}
		table[cfg.TopicName] = cfg
		return true
	})
	if created {
		m.o.Log.Info("topic created", "topic", cfg.TopicName, "queues", cfg.WriteQueueNums, "perm", codec.PermString(cfg.Perm))
		m.persistOrLog(cfg.TopicName)
		m.notify(cfg)
	} else {
		m.persistOrLog(cfg.TopicName) // the faster one's write may be still under way
	}
	return cfg, created
}

// UpdateUnitFlag sets or clears the unit bit of a topic's sysFlag (Java: updateTopicUnitFlag).
func (m *Manager) UpdateUnitFlag(topic string, unit bool) {
	m.updateSysFlag(topic, codec.TopicFlagUnit, unit)
}

// UpdateUnitSubFlag sets or clears the unit-subscription bit of a topic's
// sysFlag (Java: updateTopicUnitSubFlag).
func (m *Manager) UpdateUnitSubFlag(topic string, hasUnitSub bool) {
	m.updateSysFlag(topic, codec.TopicFlagUnitSub, hasUnitSub)
}

func (m *Manager) updateSysFlag(topic string, bit int32, set bool) {
	var next codec.TopicConfig
	changed := m.change(func(table map[string]*codec.TopicConfig) bool {
		cfg := table[topic]
		if cfg == nil || cfg.TopicSysFlag&bit != 0 == set {
			return false
		}
		next = *cfg
		next.TopicSysFlag ^= bit
		table[topic] = &next
		return true
	})
	if changed {
		m.persistOrLog(topic)
		m.notify(&next)
	}
}

// checkName refuses what must never become a folder. The retry and dead letter
// topic of a long group may be longer than a topic may be elsewhere, so the
// bound is that of groups, 255.
func checkName(topic string) error {
	if remark := codec.ValidateGroup(topic); remark != "" {
		return fmt.Errorf("topic name %.300q: %s", topic, remark)
	}
	return nil
}

// FollowAutoCreateTopicEnable makes the template of new topics fit the setting
// after it changed.
//
// Differences from Java, where a broker that was started without the setting
// has no template and one that lost its inherit bit never gets it back.
func (m *Manager) FollowAutoCreateTopicEnable() {
	perm := int32(codec.PermRead | codec.PermWrite)
	if m.o.AutoCreateTopicEnable() {
		perm |= codec.PermInherit
	}
	next := &codec.TopicConfig{
		TopicName: codec.AutoCreateTopicKeyTopic, ReadQueueNums: m.o.DefaultTopicQueueNums, WriteQueueNums: m.o.DefaultTopicQueueNums,
		TopicFilterType: codec.SingleTag,
	}
	changed := m.change(func(table map[string]*codec.TopicConfig) bool {
		old := table[next.TopicName]
		if old == nil && !codec.IsInherited(perm) || old != nil && old.Perm == perm {
			return false
		}
		if old != nil {
			*next = *old
		}
		next.Perm = perm
		table[next.TopicName] = next
		return true
	})
	if changed {
		m.persistOrLog(next.TopicName)
		m.notify(next)
	}
}
