package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"path"
	"runtime/debug"
	"strconv"
	"strings"
)

// minMemoryLimit is the lowest limit that leaves the collector anything to do
// but run: heaps of a JVM may be wished smaller.
const minMemoryLimit = 64 << 20

// limitMemory turns what the environment says about a JVM's heap and the limit
// of the control group into the limit of this process, and says which. "" =
// there is no limit. GOMEMLIMIT, when set, is the limit and nothing else is asked.
// What is too little, or no size at all, is told on standard error.
func limitMemory(o javaOptions) string {
	if text := os.Getenv("GOMEMLIMIT"); text != "" {
		return "memory limit GOMEMLIMIT=" + text
	}
	limit, why, advice := chooseMemoryLimit(o, controlGroupLimit(os.ReadFile))
	printLine(os.Stderr, advice)
	if limit == 0 {
		return ""
	}
	debug.SetMemoryLimit(limit)
	return fmt.Sprintf("memory limit %d MiB (%s)", limit>>20, why)
}

// chooseMemoryLimit is the smaller one of the wished heap and nine tenths of
// the control group's limit; the rest is for what is mapped and for the kernel.
// advice says what to do when something is wrong with them.
func chooseMemoryLimit(o javaOptions, group int64) (limit int64, why, advice string) {
	limit, why = o.maxHeap, o.heapSource
	if o.wrongHeap != "" {
		advice = o.wrongHeap + " is no size of a heap and is passed over: give bytes, or a number with k, m, g or t"
	}
	if limit > 0 && limit < minMemoryLimit {
		advice = fmt.Sprintf("%s is too little memory and %d MiB are used: give at least those", why, minMemoryLimit>>20)
		limit = minMemoryLimit
	}
	if share := group / 10 * 9; share > 0 && (limit == 0 || share < limit) {
		limit, why = share, fmt.Sprintf("90 %% of the control group's %d MiB", group>>20)
	}
	if limit > 0 && limit < minMemoryLimit {
		limit, advice = minMemoryLimit, fmt.Sprintf("the control group's %d MiB are too little memory and the kernel may end this: give at least %d MiB",
			group>>20, minMemoryLimit/9*10>>20+1)
	}
	return limit, why, advice
}

// controlGroupLimit is the smallest memory limit of the control groups this
// process is in; 0 = none. Both versions of the kernel's interface are asked.
func controlGroupLimit(readFile func(string) ([]byte, error)) int64 {
	limit := int64(0)
	lower := func(file string) {
		text, err := readFile(file)
		if err != nil {
			return // no such group or no such controller
		}
		n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64) // "max" = none
		if err == nil && n > 0 && n < math.MaxInt64>>1 && (limit == 0 || n < limit) {
			limit = n
		}
	}
	groups, err := readFile("/proc/self/cgroup")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(groups)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3) // id:controllers:path
		if len(parts) < 3 {
			continue
		}
		root, file := "", ""
		switch {
		case parts[1] == "":
			root, file = "/sys/fs/cgroup", "memory.max"
		case strings.Contains(","+parts[1]+",", ",memory,"):
			root, file = "/sys/fs/cgroup/memory", "memory.limit_in_bytes"
		default:
			continue
		}
		for dir := path.Clean("/" + parts[2]); ; dir = path.Dir(dir) {
			lower(path.Join(root, dir, file)) // inside a container the path may not exist, its root does
			if dir == "/" {
				break
			}
		}
	}
	return limit
}

// printLine prints a line that may be empty: then nothing.
func printLine(out io.Writer, line string) {
	if line != "" {
		fmt.Fprintln(out, line)
	}
}
