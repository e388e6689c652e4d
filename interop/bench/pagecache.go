package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// pageCache keeps the memory of the machine as that of a broker which has run for days is: full of cached pages, so that a
// new page comes from reclaim. On a machine just started pages are untouched, and where its host takes free pages back and
// provides them again one by one, each costs several microseconds, more than all a broker does with the messages on it.
type pageCache struct {
	holes *os.File // sparse: reading it fills pages and no disk
	chunk []byte
}

func newPageCache(dir string) (*pageCache, error) {
	f, err := os.Create(filepath.Join(dir, "holes"))
	if err != nil {
		return nil, err
	}
	return &pageCache{holes: f, chunk: make([]byte, 1<<20)}, f.Truncate(1 << 42)
}

// fill reads holes until less than a 64th of the memory is free, or as much as the memory was read.
func (c *pageCache) fill() error {
	total, err := memInfo("MemTotal:")
	if err != nil {
		return err
	}
	for read := int64(0); read < 2*total; {
		free, err := memInfo("MemFree:")
		if err != nil || free < total/64 {
			return err
		}
		for range 64 {
			n, err := io.ReadFull(c.holes, c.chunk)
			if err != nil {
				return err
			}
			read += int64(n)
		}
	}
	return nil
}

func (c *pageCache) close() error { return c.holes.Close() }

// memInfo is a figure of /proc/meminfo, in bytes.
func memInfo(key string) (n int64, err error) {
	f, err := os.Open("/proc/meminfo")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), key); ok {
			_, err := fmt.Sscan(rest, &n)
			return n << 10, err
		}
	}
	return 0, fmt.Errorf("/proc/meminfo has no %s", key)
}
