package schedule

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// TestEveryLevel: each level of a list delays by its time to the millisecond; over a clean stop in the middle nothing is
// lost and nothing comes twice, after a crash nothing is lost.
func TestEveryLevel(t *testing.T) {
	for name, list := range map[string]string{
		"default":    defaultLevels,
		"all units":  "1d 2s 90m 3h 0s 7m",
		"descending": "1h 30m 1s",
		"above 18":   strings.TrimSpace(strings.Repeat("3s 1m ", 15)),
	} {
		for _, restart := range []string{"none", "clean", "crash"} {
			t.Run(name+" "+restart, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { requireEveryLevel(t, list, restart) })
			})
		}
	}
}

// requireEveryLevel sends one message to each level, a second apart, restarts every ten minutes, and compares times.
func requireEveryLevel(t *testing.T, list, restart string) {
	w := newWorld(t, list, nil)
	due := make(map[string]int64)
	for i, delayMs := range parseLevels(t, list).delayMs {
		due[fmt.Sprint("L", i+1)] = time.Now().UnixMilli() + delayMs
		w.store.send(t, message("T", 0, fmt.Sprint("L", i+1), i+1))
		time.Sleep(time.Second)
		synctest.Wait()
	}
	for range 6 * 25 {
		w.restart(t, restart)
		time.Sleep(10 * time.Minute)
		synctest.Wait()
	}
	first, times := make(map[string]int64), make(map[string]int)
	for _, text := range w.store.delivered(t, "T", 0) {
		body, at, _ := strings.Cut(text, "@")
		ms, err := strconv.ParseInt(at, 10, 64)
		require.NoError(t, err)
		if times[body]++; times[body] == 1 {
			first[body] = ms
		}
	}
	require.Equal(t, due, first)
	for body, n := range times {
		require.True(t, n == 1 || restart == "crash", "%s came %d times", body, n)
	}
}

// restart ends the service, in a crash without a last word to delayOffset.json, and starts one on what is left.
func (w *world) restart(t *testing.T, how string) {
	switch how {
	case "none":
		return
	case "clean":
		w.stop(t)
	case "crash":
		w.Shutdown()
	}
	w.start(t)
}
