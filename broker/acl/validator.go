package acl

import (
	"net/netip"
	"strconv"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/remoting"
)

// Exception is why a request is not let through. Its text is the remark of the
// answer (code 1) and begins as 4.9.8's does; Java adds a place in its source.
type Exception struct{ text string }

func (e *Exception) Error() string { return "org.apache.rocketmq.acl.common.AclException: " + e.text }

// maxQuotedBytes bounds what of a peer's strings goes into an answer.
const maxQuotedBytes = 255

func refuse(text, name string) error {
	return &Exception{text + name[:min(len(name), maxQuotedBytes)]}
}

// BeforeRequest implements remoting.RPCHook.
func (m *Manager) BeforeRequest(r *remoting.Request) error {
	return m.Validate(r.Channel.Remote().Addr(), &r.Command)
}

// Validate judges a request of a peer; an error is an *Exception. It keeps
// nothing of c. Checks in 4.9.8's order: global white list, access key, white
// list of the account, signature, administrator, topics and groups.
func (m *Manager) Validate(peer netip.Addr, c *codec.Command) error {
	s := m.state.Load()
	peer = peer.Unmap().WithZone("")
	whiteLists := !m.opts.IgnoreWhiteAddresses
	if whiteLists && s.white.matches(peer) {
		return nil
	}
	accessKey := c.Ext.Get(codec.ACLAccessKey)
	if accessKey == "" {
		return refuse("No accessKey is configured", "")
	}
	a := s.accounts[accessKey]
	if a == nil {
		return refuse("No acl config for ", accessKey)
	}
	if whiteLists && a.white.matches(peer) {
		return nil
	}
	if !a.hasValidSignature(c) {
		return refuse("Check signature failed for accessKey=", accessKey)
	}
	return m.authorize(a, c)
}

// authorize tells whether the account may do what c asks for.
func (m *Manager) authorize(a *account, c *codec.Command) error {
	need := m.rules[c.Code] // of an unknown code: nothing but the signature
	if need.admin && !a.admin {
		return refuse("Need admin permission for request code="+strconv.Itoa(int(c.Code))+", but accessKey="+a.accessKey+" is not", "")
	}
	if need.check == nil || a.admin && !a.explicit() {
		return nil
	}
	return need.check(check{m, a, c})
}

// check is one request under judgement. Its methods return nil when the account
// has the permission, and for names that are empty: the processor refuses those.
type check struct {
	m *Manager
	a *account
	c *codec.Command
}

// topic asks for a permission for a topic; for a retry topic that is SUB on its group.
func (k check) topic(name string, need Perm) error {
	if group, isRetry := codec.GroupOfRetryTopic(name); isRetry {
		return k.group(group, Sub)
	}
	switch {
	case name == "", k.a.topicPerm(name).allows(need):
		return nil
	case name == codec.TraceTopic && need == Pub:
		return nil // everybody may trace
	}
	return refuse("No default permission for topic:", name)
}

// group asks for a permission for a consumer group.
func (k check) group(name string, need Perm) error {
	if name == "" || k.a.groupPerm(name).allows(need) {
		return nil
	}
	return refuse("No default permission for group:", name)
}

// message asks for a permission for the topic of the message at a physical
// offset. One that does not exist is left to the processor.
func (k check) message(commitLogOffset int64, need Perm) error {
	if k.m.opts.MessageTopic == nil {
		if k.a.admin {
			return nil
		}
		return refuse("No default permission for the message at offset ", strconv.FormatInt(commitLogOffset, 10))
	}
	topic, ok := k.m.opts.MessageTopic(commitLogOffset)
	if !ok {
		return nil
	}
	return k.topic(topic, need)
}

// TopicOfRecord returns the topic of a record of the commit log as a consumer
// knows it: that of a delayed or half message is where it is to go. The string
// aliases the record.
func TopicOfRecord(record []byte) (topic string, ok bool) {
	var v codec.DispatchView
	if status, _ := codec.ParseDispatch(record, &v); status != codec.RecordOK {
		return "", false
	}
	switch v.Topic {
	case codec.ScheduleTopic, codec.TransHalfTopic, codec.TransCheckMaxTimeTopic:
		if realTopic, has := codec.GetProperty(v.Properties, codec.PropertyRealTopic); has {
			return realTopic, true
		}
	}
	return v.Topic, true
}
