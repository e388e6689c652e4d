package main

import (
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/boostermq/booster/internal/properties"
)

// systemProperties returns those whose key begins with prefix, from where Java's
// scripts get them: -Dkey=value in JAVA_OPT and JAVA_OPT_EXT.
func systemProperties(prefix string) []properties.Pair {
	var pairs []properties.Pair
	for _, option := range strings.Fields(os.Getenv("JAVA_OPT") + " " + os.Getenv("JAVA_OPT_EXT")) {
		if key, value, ok := strings.Cut(strings.TrimPrefix(option, "-D"), "="); ok && strings.HasPrefix(option, "-D"+prefix) {
			pairs = append(pairs, properties.Pair{Key: key, Value: value})
		}
	}
	return pairs
}

// lockMaxLive is how long the queue locks of orderly consumers live, 0 when no
// system property says so.
func lockMaxLive(log *slog.Logger) (time.Duration, error) {
	var rebalance struct {
		LockMaxLiveTimeMs int64 `prop:"rocketmq.broker.rebalance.lockMaxLiveTime"`
	}
	unknown, err := properties.Apply(systemProperties("rocketmq.broker.rebalance."), &rebalance)
	warnUnknown(log, "JAVA_OPT", unknown)
	if err != nil {
		return 0, fmt.Errorf("JAVA_OPT: %w", err)
	}
	return time.Duration(rebalance.LockMaxLiveTimeMs) * time.Millisecond, nil
}
