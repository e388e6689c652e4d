package main

import (
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestLockMaxLive: the life of queue locks is set as for a Java broker, with its system property, in milliseconds.
func TestLockMaxLive(t *testing.T) {
	t.Setenv("JAVA_OPT", "")
	t.Setenv("JAVA_OPT_EXT", "")
	d, err := lockMaxLive(slog.Default())
	require.NoError(t, err)
	require.Zero(t, d)
	t.Setenv("JAVA_OPT_EXT", "-Xmx1g -Drocketmq.broker.rebalance.lockMaxLiveTime=1500 -Dother=1")
	d, err = lockMaxLive(slog.Default())
	require.NoError(t, err)
	require.Equal(t, 1500*time.Millisecond, d)
	t.Setenv("JAVA_OPT_EXT", "-Drocketmq.broker.rebalance.lockMaxLiveTime=soon")
	_, err = lockMaxLive(slog.Default())
	require.ErrorContains(t, err, "lockMaxLiveTime")
}
