package store

import (
	"fmt"
	"strconv"
	"strings"
)

// ParseDelayLevels reads messageDelayLevel, "1s 5s … 2h" (units s m h d), and
// returns the delay in ms of level i+1.
func ParseDelayLevels(text string) ([]int64, error) {
	units := map[byte]int64{'s': 1000, 'm': 60_000, 'h': 3_600_000, 'd': 86_400_000}
	var levels []int64
	for word := range strings.FieldsSeq(text) {
		unit, ok := units[word[len(word)-1]]
		n, err := strconv.ParseInt(word[:len(word)-1], 10, 64)
		if !ok || err != nil || n < 0 || n > 1<<36 {
			return nil, fmt.Errorf("messageDelayLevel: %q is not a number with one of the units s m h d", word)
		}
		levels = append(levels, n*unit)
	}
	return levels, nil
}

// deliverTimeMs is the tag slot of a schedule topic's entry (Java:
// ScheduleMessageService.computeDeliverTimestamp).
func deliverTimeMs(levels []int64, level string, storeMs int64) int64 {
	n, err := strconv.Atoi(level)
	if n = min(n, len(levels)); err != nil || n < 1 {
		return storeMs + 1000
	}
	return storeMs + levels[n-1]
}
