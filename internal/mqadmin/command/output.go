package command

import (
	"fmt"
	"strings"
	"time"

	"github.com/boostermq/booster/codec"
)

// dateTime is UtilAll.yyyy-MM-dd HH:mm:ss; with milliseconds Java puts a comma before them.
const dateTime = "2006-01-02 15:04:05"

// timeText is a time in ms as "2006-01-02 15:04:05" of the local zone.
func timeText(ms int64) string { return time.UnixMilli(ms).Format(dateTime) }

// timeTextMs is a time in ms as "2006-01-02 15:04:05,000" of the local zone; "" for none.
func timeTextMs(ms int64) string {
	if ms <= 0 {
		return ""
	}
	return fmt.Sprintf("%s,%03d", timeText(ms), ms%1000)
}

// fileName makes a file name of what a client calls itself or its messages (what
// says which): it may choose anything, but not get out of the folder.
func fileName(what, id string) (string, error) {
	name := strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(`/\:`, r) {
			return '_'
		}
		return r
	}, id)
	if name == "" || name == "." || name == ".." {
		return "", fmt.Errorf("%s %q cannot name a file", what, id)
	}
	return name, nil
}

// front cuts text to a column of width bytes (Java: UtilAll.frontStringAtLeast).
func front(text string, width int) string {
	if len(text) > width {
		return text[:width]
	}
	return text
}

// topicConfigText is what Java prints of a TopicConfig.
func topicConfigText(c codec.TopicConfig) string {
	return fmt.Sprintf("TopicConfig [topicName=%s, readQueueNums=%d, writeQueueNums=%d, perm=%s, topicFilterType=%s, topicSysFlag=%d, order=%t]",
		c.TopicName, c.ReadQueueNums, c.WriteQueueNums, codec.PermString(c.Perm), c.TopicFilterType, c.TopicSysFlag, c.Order)
}
