// Command bench measures Booster and the Java broker side by side in one run:
// the same settings, the same load from one generator of raw remoting frames,
// one after the other, and prints the ratios. Absolute numbers of a shared
// machine mean little; ratios of one run are what counts.
//
//	go run ./interop/bench [-d 5s] [-warm 3s] [-only REGEXP] [-kinds booster,java]
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// row is what one mode measured on one server.
type row struct {
	result
	cpuPerMessage time.Duration
	privateBytes  int64
	residentBytes int64
}

// sheet is everything measured of one kind.
type sheet struct {
	kind       string
	rows       map[string]row
	startUp    time.Duration
	afterStart int64
	underLoad  int64 // highest private memory seen after a mode
	resident   int64
	floor      result // just after sendsAtRate, of a process that only answers
}

func main() {
	d := flag.Duration("d", 5*time.Second, "how long each mode is measured")
	warm := flag.Duration("warm", 4*time.Second, "warm-up before each mode")
	only := flag.String("only", "", "regular expression of the modes to run")
	kinds := flag.String("kinds", "booster,java", "what to measure, in this order")
	answers := flag.String("answer", "", "only answer requests at this address (the bench starts itself so)")
	flag.Parse()
	do := func() error { return run(*d, *warm, *only, strings.Split(*kinds, ",")) }
	if *answers != "" {
		do = func() error { return serveAnswers(*answers) }
	}
	if err := do(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(d, warm time.Duration, only string, kinds []string) error {
	pattern, err := regexp.Compile(only)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "booster-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	pages, err := newPageCache(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pages.close()) }()
	sheets := make([]*sheet, len(kinds))
	for i, kind := range kinds {
		l, err := newLauncher(kind)
		if err != nil {
			return err
		}
		if sheets[i], err = measure(l, dir, pages, pattern, d, warm); err != nil {
			return fmt.Errorf("%s: %w", l.kind(), err)
		}
	}
	fmt.Print(table(sheets, pattern))
	return err
}

// measure starts l once a flush setting and runs the modes of that setting.
func measure(l launcher, dir string, pages *pageCache, pattern *regexp.Regexp, d, warm time.Duration) (*sheet, error) {
	sh := &sheet{kind: l.kind(), rows: map[string]row{}}
	for i, flush := range []string{asyncFlush, syncFlush} {
		if !wanted(pattern, flush) {
			continue
		}
		s, err := start(l, settings{dir: dir, flushDisk: flush, basePort: 21000 + 100*i})
		if err != nil {
			return nil, err
		}
		if flush == asyncFlush || sh.startUp == 0 {
			sh.startUp, sh.afterStart = s.startUp, s.afterStart
		}
		err = measureModes(s, sh, flush, pages, pattern, d, warm)
		s.stop()
		if err != nil {
			return nil, err
		}
	}
	return sh, nil
}

func measureModes(s *server, sh *sheet, flush string, pages *pageCache, pattern *regexp.Regexp, d, warm time.Duration) error {
	for i, m := range modes {
		if m.flushDisk != flush || !pattern.MatchString(m.name) {
			continue
		}
		topic := fmt.Sprintf("Bench%d", i)
		if _, err := sends(128, 1, 1, 1)(s, topic, 50*time.Millisecond); err != nil { // creates the topic
			return fmt.Errorf("%s: %w", m.name, err)
		}
		if strings.HasPrefix(m.name, "pull") {
			topic += "Backlog"
			if err := fill(s, topic, backlog); err != nil {
				return fmt.Errorf("%s: %w", m.name, err)
			}
		}
		unix.Sync() // what earlier modes left to write back is not what is measured
		if err := pages.fill(); err != nil {
			return fmt.Errorf("fill the page cache: %w", err)
		}
		if _, err := m.run(s, topic, warm); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		before := cpuOf(s.brokerPID)
		r, err := m.run(s, topic, d)
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		used := cpuOf(s.brokerPID) - before
		got := row{result: r, cpuPerMessage: used / time.Duration(max(r.messages, 1)), privateBytes: privateBytes(s.brokerPID), residentBytes: residentBytes(s.brokerPID)}
		sh.rows[m.name] = got
		sh.underLoad, sh.resident = max(sh.underLoad, got.privateBytes), max(sh.resident, got.residentBytes)
		fmt.Fprintf(os.Stderr, "%-8s %-38s %9.0f/s  %v CPU a message  p50 %v p99.9 %v\n", s.kind, m.name, r.perSecond(), got.cpuPerMessage, r.quantile(.5), r.quantile(.999))
		if m.name == sendsAtRate {
			if sh.floor, err = measureFloor(d); err != nil {
				return fmt.Errorf("%s: the floor: %w", m.name, err)
			}
		}
	}
	return nil
}

func wanted(pattern *regexp.Regexp, flush string) bool {
	for _, m := range modes {
		if m.flushDisk == flush && pattern.MatchString(m.name) {
			return true
		}
	}
	return false
}
