package store

import (
	"math"

	"golang.org/x/sys/unix"
)

// physicalMemoryBytes is the RAM of the machine, MaxInt64 when it cannot be told.
func physicalMemoryBytes() int64 {
	var info unix.Sysinfo_t
	if err := unix.Sysinfo(&info); err != nil {
		return math.MaxInt64
	}
	return int64(uint64(info.Totalram) * uint64(info.Unit))
}

// inMemoryBytes is how far back the log is taken to be in the page cache.
func (s *MessageStore) inMemoryBytes(cfg *Config) int64 {
	return s.memoryBytes / 100 * int64(cfg.AccessMessageInMemoryMaxRatio)
}
