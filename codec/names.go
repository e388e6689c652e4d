package codec

import "strings"

// Longest names in characters; group names are bounded by the client's check
// (Java: TopicValidator.TOPIC_MAX_LENGTH, Validators.CHARACTER_MAX_LENGTH).
const (
	TopicMaxLength = 127
	GroupMaxLength = 255
)

// ValidateTopic returns "" when topic is a legal name, else Java's remark for
// the client (Java: TopicValidator.validateTopic). Names become paths: this is
// the one place that decides what may.
func ValidateTopic(topic string) (remark string) {
	switch {
	case isBlank(topic):
		return "The specified topic is blank."
	case !isLegalName(topic):
		return "The specified topic contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$"
	case len(topic) > TopicMaxLength:
		return "The specified topic is longer than topic max length."
	}
	return ""
}

// ValidateGroup is ValidateTopic for group names (Java: Validators.checkGroup,
// which only clients call: the Java broker takes any text).
func ValidateGroup(group string) (remark string) {
	switch {
	case isBlank(group):
		return "The specified group is blank."
	case !isLegalName(group):
		return "The specified group contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$"
	case len(group) > GroupMaxLength:
		return "The specified group is longer than group max length 255."
	}
	return ""
}

// isBlank tells that s has no character above ' ' (Java: UtilAll.isBlank, for the blanks that occur in practice).
func isBlank(s string) bool {
	for i := range len(s) {
		if s[i] > ' ' {
			return false
		}
	}
	return true
}

func isLegalName(s string) bool {
	for i := range len(s) {
		if !legalInName[s[i]] {
			return false
		}
	}
	return len(s) > 0
}

// legalInName is the set of bytes a name may have.
var legalInName = func() (set [256]bool) {
	for _, c := range []byte("%|_-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
		set[c] = true
	}
	return set
}()

// RetryTopic returns %RETRY%group, where sent-back messages of group wait.
func RetryTopic(group string) string { return RetryGroupTopicPrefix + group }

// DLQTopic returns %DLQ%group, where messages of group end that were never consumed.
func DLQTopic(group string) string { return DLQGroupTopicPrefix + group }

// ReplyTopic returns the topic through which replies of cluster go.
func ReplyTopic(cluster string) string { return cluster + "_" + ReplyTopicPostfix }

// IsRetryTopic tells whether topic is the retry topic of some group.
func IsRetryTopic(topic string) bool { return strings.HasPrefix(topic, RetryGroupTopicPrefix) }

// IsDLQTopic tells whether topic is the dead letter topic of some group.
func IsDLQTopic(topic string) bool { return strings.HasPrefix(topic, DLQGroupTopicPrefix) }

// IsLMQ tells whether a topic or group is a light queue.
func IsLMQ(name string) bool { return strings.HasPrefix(name, LMQPrefix) }

// IsSystemGroup tells whether the broker itself uses group (Java: MixAll.isSysConsumerGroup).
func IsSystemGroup(group string) bool { return strings.HasPrefix(group, SystemGroupPrefix) }

// GroupOfRetryTopic returns the group whose retry topic this is, and whether it is one.
func GroupOfRetryTopic(topic string) (string, bool) {
	return strings.CutPrefix(topic, RetryGroupTopicPrefix)
}

// GroupOfDLQTopic returns the group whose dead letter topic this is, and whether it is one.
func GroupOfDLQTopic(topic string) (string, bool) {
	return strings.CutPrefix(topic, DLQGroupTopicPrefix)
}
