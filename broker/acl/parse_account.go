package acl

import (
	"regexp"
	"strings"
	"unicode/utf16"

	"go.yaml.in/yaml/v3"

	"github.com/boostermq/booster/codec"
)

// keyMinLength: access key and secret key must be longer (Java: AclConstants).
const keyMinLength = 6

// account is one entry of accounts (Java: PlainAccessResource). It does not
// change once it is in a snapshot.
type account struct {
	accessKey    string
	secretKey    string
	white        addressList // peers that need no signature
	admin        bool
	defaultTopic Perm
	defaultGroup Perm
	topics       map[string]Perm
	groups       map[string]Perm

	path string // of its file
	line int

	signers signerPool
}

// explicit tells that the account has permissions of its own for some topic or
// group; then even an administrator is held to them.
func (a *account) explicit() bool { return len(a.topics)+len(a.groups) > 0 }

func (a *account) topicPerm(topic string) Perm {
	if p, ok := a.topics[topic]; ok {
		return p
	}
	return a.defaultTopic
}

func (a *account) groupPerm(group string) Perm {
	if p, ok := a.groups[group]; ok {
		return p
	}
	return a.defaultGroup
}

// accounts reads the list of accounts. Of two with the same access key the first wins.
func (p *fileParser) accounts(cfg *fileConfig, n *yaml.Node) {
	lines := map[string]int{}
	for _, item := range p.list(n, keyAccounts) {
		a := p.account(item)
		if a == nil {
			continue
		}
		if first, twice := lines[a.accessKey]; twice {
			p.warn(a.line, "account %.100q is there in line %d already: this one is ignored", a.accessKey, first)
			continue
		}
		lines[a.accessKey] = a.line
		cfg.accounts = append(cfg.accounts, a)
	}
}

// account reads one entry; nil when something is wrong with it.
func (p *fileParser) account(n *yaml.Node) *account {
	before := len(p.problems)
	a := &account{
		path: p.path, line: n.Line, defaultTopic: Deny, defaultGroup: Deny,
		topics: map[string]Perm{}, groups: map[string]Perm{},
	}
	p.eachKey(n, "an account", func(key string, line int, value *yaml.Node) {
		switch key {
		case keyAccessKey:
			a.accessKey = p.credential(value, key)
		case keySecretKey:
			a.secretKey = p.credential(value, key)
		case keyWhiteAddr:
			p.address(&a.white, value, key)
		case keyAdmin:
			a.admin = p.boolean(value, key)
		case keyDefaultTopicPerm:
			a.defaultTopic = p.defaultPerm(value, key)
		case keyDefaultGroupPerm:
			a.defaultGroup = p.defaultPerm(value, key)
		case keyTopicPerms:
			p.resourcePerms(value, key, a.setTopicPerm)
		case keyGroupPerms:
			p.resourcePerms(value, key, a.setGroupPerm)
		default:
			p.warn(line, "unknown key %.100q is ignored", key)
		}
	})
	if len(p.problems) > before || p.budget <= 0 {
		return nil
	}
	switch {
	case !longEnough(a.accessKey):
		p.fail(n.Line, "account %.100q: %s is missing or not longer than %d", a.accessKey, keyAccessKey, keyMinLength)
		return nil
	case !longEnough(a.secretKey):
		p.fail(n.Line, "account %.100q: %s is missing or not longer than %d", a.accessKey, keySecretKey, keyMinLength)
		return nil
	}
	a.signers.init(a.secretKey)
	return a
}

// longEnough counts as Java's String.length does.
func longEnough(key string) bool {
	units := 0
	for _, r := range key {
		if units += max(1, utf16.RuneLen(r)); units > keyMinLength {
			return true
		}
	}
	return false
}

// javaKeepsNumber matches the unquoted numbers that 4.9.8 reads as the text they are written as.
var javaKeepsNumber = regexp.MustCompile(`^(0|[1-9][0-9]*)$`)

// credential is text with a warning where 4.9.8 would read something else.
func (p *fileParser) credential(n *yaml.Node, key string) string {
	text := p.text(n, key)
	if n = p.follow(n); n.Kind == yaml.ScalarNode && n.Style == 0 && n.ShortTag() != "!!str" && text != "" && !javaKeepsNumber.MatchString(text) {
		p.warn(n.Line, "%s is not in quotes: it is taken as it is written, 4.9.8 reads a number or a date", key)
	}
	return text
}

func (p *fileParser) boolean(n *yaml.Node, key string) bool {
	switch strings.ToLower(p.text(n, key)) {
	case "true", "yes", "on":
		return true
	case "false", "no", "off", "":
		return false
	}
	p.fail(n.Line, "%s is neither true nor false", key)
	return false
}

// defaultPerm reads a permission; null is DENY, and so is, as in 4.9.8, what is none.
func (p *fileParser) defaultPerm(n *yaml.Node, key string) Perm {
	text := strings.TrimSpace(p.text(n, key))
	perm, ok := parsePerm(text)
	if !ok && text != "" {
		p.warn(n.Line, "%s: %.100q is none of DENY, PUB, SUB, PUB|SUB, SUB|PUB and taken as DENY", key, text)
	}
	return perm
}

// resourcePerms reads a list of name=PERM.
func (p *fileParser) resourcePerms(n *yaml.Node, key string, set func(name string, perm Perm) (replaced, legal bool)) {
	for _, item := range p.list(n, key) {
		text := p.text(item, key)
		if text == "" {
			continue
		}
		name, permText, ok := splitResourcePerm(text)
		if !ok {
			p.fail(item.Line, "%s: %.200q has not the form name=PERM", key, text)
			continue
		}
		perm, known := parsePerm(permText)
		if !known {
			p.warn(item.Line, "%s: %.200q: the permission is none of DENY, PUB, SUB, PUB|SUB, SUB|PUB and taken as DENY", key, text)
		}
		replaced, legal := set(name, perm)
		if replaced {
			p.warn(item.Line, "%s: %.200q replaces an earlier entry", key, text)
		}
		if !legal {
			p.warn(item.Line, "%s: %.200q has no effect, nothing can have this name", key, text)
		}
	}
}

// splitResourcePerm splits name=PERM; both without blanks around them.
func splitResourcePerm(text string) (name, perm string, ok bool) {
	name, perm, ok = strings.Cut(text, "=")
	name, perm = strings.TrimSpace(name), strings.TrimSpace(perm)
	return name, perm, ok && name != "" && perm != "" && !strings.Contains(perm, "=")
}

// setTopicPerm takes the retry topic of a group for the group, as requests are judged.
func (a *account) setTopicPerm(topic string, perm Perm) (replaced, legal bool) {
	if group, isRetry := codec.GroupOfRetryTopic(topic); isRetry {
		return a.setGroupPerm(group, perm)
	}
	_, replaced = a.topics[topic]
	a.topics[topic] = perm
	return replaced, codec.ValidateTopic(topic) == ""
}

func (a *account) setGroupPerm(group string, perm Perm) (replaced, legal bool) {
	_, replaced = a.groups[group]
	a.groups[group] = perm
	return replaced, codec.ValidateGroup(group) == ""
}
