package schedule

import (
	"strconv"
	"strings"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/store"
)

// Levels are the delay levels of a broker. The zero value delays nothing.
type Levels struct {
	delayMs []int64 // of level i+1
}

// ParseLevels reads messageDelayLevel, "1s 5s … 2h".
func ParseLevels(text string) (Levels, error) {
	delayMs, err := store.ParseDelayLevels(text)
	return Levels{delayMs}, err
}

// Max is the highest level.
func (l Levels) Max() int { return len(l.delayMs) }

// Substitute makes m a record of the schedule topic when it has a delay level
// (property DELAY > 0) and is no half message, and returns whether it did. A
// level above the highest becomes the highest, in the property too (spec:
// store.md §9).
//
// The new properties are built in *scratch, whose content is lost and which
// m.Properties must not lie in; m keeps them. Allocates nothing when *scratch
// is large enough, unless m has been through here before.
func (l Levels) Substitute(m *codec.Message, scratch *[]byte) bool {
	asked := delayLevel(m)
	if asked <= 0 || l.Max() == 0 {
		return false
	}
	level := min(asked, l.Max())
	props := without(without(m.Properties, codec.PropertyRealTopic), codec.PropertyRealQueueID)
	if level != asked {
		props = without(props, codec.PropertyDelayTimeLevel)
	}
	b := append((*scratch)[:0], props...)
	if level != asked {
		b = appendIntProperty(b, codec.PropertyDelayTimeLevel, level)
	}
	b = codec.AppendProperty(b, codec.PropertyRealTopic, m.Topic)
	b = appendIntProperty(b, codec.PropertyRealQueueID, int(m.QueueID))
	*scratch = b
	m.Properties = aliasString(b)
	m.Topic, m.QueueID = codec.ScheduleTopic, int32(level-1)
	return true
}

// delayLevel is the level m asks for, 0 when it asks for none, for no number,
// or is a message that delays do not apply to.
func delayLevel(m *codec.Message) int {
	if !strings.Contains(m.Properties, codec.PropertyDelayTimeLevel) {
		return 0 // nearly all messages
	}
	if t := codec.TransactionType(m.SysFlag); t == codec.TransactionPreparedType || t == codec.TransactionRollbackType {
		return 0
	}
	text, _ := codec.GetProperty(m.Properties, codec.PropertyDelayTimeLevel)
	if text == "" {
		return 0
	}
	level, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return level
}

// without is props without the property name; it allocates only when that is there.
func without(props, name string) string {
	if !strings.Contains(props, name) {
		return props
	}
	if _, found := codec.GetProperty(props, name); !found {
		return props
	}
	return string(codec.DeleteProperty(nil, props, name))
}

// appendIntProperty is codec.AppendProperty of a number, without making its string.
func appendIntProperty(dst []byte, name string, value int) []byte {
	dst = codec.AppendProperty(dst, name, "0")
	return strconv.AppendInt(dst[:len(dst)-1], int64(value), 10)
}
