package namesrv

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/boostermq/booster/codec"
)

// Bounds of what one registration, and all together, may bring. Anybody who can
// connect may register; the Java name server has no bounds.
const (
	maxNameChars     = 263    // %RETRY% and the longest group
	maxAddrBytes     = 280    // a host name of 253, brackets, a port
	maxQueueNums     = 65_535 // clients make one object a queue
	permMask         = codec.PermPriority | codec.PermRead | codec.PermWrite | codec.PermInherit
	maxFilterServers = 64
	maxBrokers       = 16_384    // addresses alive
	maxTopics        = 1_000_000 // in all
)

// checkName judges the name of a broker, cluster or topic. Java takes any text,
// a broker is called like its host by default, and brokers of 4.4.0 have topics
// that newer ones refuse, so the rule is wider than codec.ValidateTopic: no name
// becomes a path here. It refuses what could become one elsewhere, the
// separators of the order config, and control sequences.
func checkName(what, name string) error {
	switch {
	case strings.TrimSpace(name) == "":
		return fmt.Errorf("%s is blank", what)
	case !utf8.ValidString(name):
		return fmt.Errorf("%s is not UTF-8", what)
	case utf8.RuneCountInString(name) > maxNameChars:
		return fmt.Errorf("%s is longer than %d characters", what, maxNameChars)
	case name == "." || name == "..", strings.ContainsAny(name, `/\;:"`), strings.ContainsFunc(name, unicode.IsControl):
		return fmt.Errorf("%s %q contains illegal characters", what, name)
	}
	return nil
}

// checkAddr judges "host:port"; an IPv6 host may stand without brackets, as Java writes it.
func checkAddr(what, addr string) error {
	if len(addr) > maxAddrBytes {
		return fmt.Errorf("%s is longer than %d bytes", what, maxAddrBytes)
	}
	i := strings.LastIndexByte(addr, ':')
	if i <= 0 {
		return fmt.Errorf("%s %q is not host:port", what, addr)
	}
	if port, err := strconv.ParseUint(addr[i+1:], 10, 16); err != nil || port == 0 {
		return fmt.Errorf("%s %q has no valid port", what, addr)
	}
	for _, c := range []byte(addr[:i]) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte(".-_:[]%", c) >= 0:
		default:
			return fmt.Errorf("%s %q contains illegal characters", what, addr)
		}
	}
	return nil
}

// checkTopic judges a topic of a registration. Topics that fail are passed over,
// they do not spoil the others.
func checkTopic(t *codec.TopicConfig) error {
	switch {
	case t.ReadQueueNums < 0 || t.WriteQueueNums < 0 || t.ReadQueueNums > maxQueueNums || t.WriteQueueNums > maxQueueNums:
		return fmt.Errorf("topic %q has %d read and %d write queues", t.TopicName, t.ReadQueueNums, t.WriteQueueNums)
	case t.Perm&^permMask != 0:
		return fmt.Errorf("topic %q has perm %d", t.TopicName, t.Perm)
	}
	return checkName("topic", t.TopicName)
}
