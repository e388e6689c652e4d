// Command bench measures Booster and the Java broker side by side in one run:
// the same settings and the same load from one generator of raw remoting
// frames, by turns. While one kind is measured the other is stopped by SIGSTOP.
// Absolute numbers of a shared machine mean little, and it is another machine a
// minute later: what counts is the median of the ratios of the rounds.
//
//	go run ./interop/bench [-rounds 3] [-d 3s] [-warm 2s] [-only REGEXP] [-kinds booster,java]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// plan is what to measure.
type plan struct {
	kinds   []string
	modes   *regexp.Regexp
	rounds  int
	d, warm time.Duration // of one turn
}

// row is what one turn of a mode measured on one server.
type row struct {
	result
	cpuPerMessage time.Duration
	privateBytes  int64
	residentBytes int64
}

// sheet is everything measured of one kind.
type sheet struct {
	kind       string
	rows       map[string][]row // by mode, one a round
	startUp    time.Duration
	afterStart int64
	underLoad  int64 // highest private memory seen after a mode
	resident   int64
	floors     []result // just after each turn of sendsAtRate, of a process that only answers
}

func main() {
	var p plan
	flag.IntVar(&p.rounds, "rounds", 3, "turns of each mode and kind")
	flag.DurationVar(&p.d, "d", 3*time.Second, "how long a turn is measured")
	flag.DurationVar(&p.warm, "warm", 2*time.Second, "warm-up before each turn")
	only := flag.String("only", "", "regular expression of the modes to run")
	kinds := flag.String("kinds", "booster,java", "what to measure, in this order")
	answers := flag.String("answer", "", "only answer requests at this address (the bench starts itself so)")
	flag.Parse()
	p.kinds = strings.Split(*kinds, ",")
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the second signal ends the bench at once
	var err error
	if *answers != "" {
		err = serveAnswers(ctx, *answers)
	} else if p.modes, err = regexp.Compile(*only); err == nil {
		err = run(ctx, p)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, p plan) (err error) {
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
	sheets := make([]*sheet, len(p.kinds))
	for i, kind := range p.kinds {
		sheets[i] = &sheet{kind: kind, rows: map[string][]row{}}
	}
	for i, flush := range []string{asyncFlush, syncFlush} {
		if list := p.wanted(flush); len(list) > 0 {
			if err := p.measure(ctx, sheets, list, settings{dir: dir, flushDisk: flush, basePort: 21000 + 100*i}, pages); err != nil {
				return err
			}
		}
	}
	fmt.Print(table(sheets, p.modes))
	return nil
}

// wanted is the modes of a flush setting that are to run.
func (p *plan) wanted(flush string) (list []mode) {
	for _, m := range modes {
		if m.flushDisk == flush && p.modes.MatchString(m.name) {
			list = append(list, m)
		}
	}
	return list
}

// measure starts one server of each kind and gives them their turns.
func (p *plan) measure(ctx context.Context, sheets []*sheet, list []mode, at settings, pages *pageCache) error {
	servers := make([]*server, len(sheets))
	for i, sh := range sheets {
		l, err := newLauncher(sh.kind)
		if err != nil {
			return err
		}
		s, err := start(l, at)
		if err != nil {
			return err
		}
		defer s.stop()
		if sh.startUp == 0 {
			sh.startUp, sh.afterStart = s.startUp, s.afterStart
		}
		s.signal(unix.SIGSTOP)
		servers[i], at.basePort = s, at.basePort+20
	}
	for round := range p.rounds + 1 { // the first is not counted: a JVM compiles for half a minute
		for n, m := range list {
			for i, s := range servers {
				s.signal(unix.SIGCONT)
				counted := sheets[i]
				if round == 0 {
					counted = nil
				}
				if err := p.turn(s, counted, m, fmt.Sprintf("Bench%d-%d", n, round), pages); err != nil {
					return fmt.Errorf("%s: %s: %w", s.kind, m.name, err)
				}
				s.signal(unix.SIGSTOP)
				if err := ctx.Err(); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// turn measures one mode on one server, which then holds messages of topic. Without a sheet it only warms up.
func (p *plan) turn(s *server, sh *sheet, m mode, topic string, pages *pageCache) error {
	if _, err := sends(128, 1, 1, 1)(s, topic, 50*time.Millisecond); err != nil { // creates the topic
		return err
	}
	if strings.HasPrefix(m.name, "pull") {
		topic += "-backlog"
		if err := fill(s, topic, backlog); err != nil {
			return err
		}
	}
	unix.Sync() // what earlier turns left to write back is not what is measured
	if err := pages.fill(); err != nil {
		return fmt.Errorf("fill the page cache: %w", err)
	}
	warm := p.warm
	if sh == nil {
		warm += p.d
	}
	if _, err := m.run(s, topic, warm); err != nil {
		return err
	}
	if sh == nil {
		return nil
	}
	before := cpuOf(s.brokerPID)
	r, err := m.run(s, topic, p.d)
	if err != nil {
		return err
	}
	used := cpuOf(s.brokerPID) - before
	got := row{result: r, cpuPerMessage: used / time.Duration(max(r.messages, 1)), privateBytes: privateBytes(s.brokerPID), residentBytes: residentBytes(s.brokerPID)}
	sh.rows[m.name] = append(sh.rows[m.name], got)
	sh.underLoad, sh.resident = max(sh.underLoad, got.privateBytes), max(sh.resident, got.residentBytes)
	fmt.Fprintf(os.Stderr, "%-8s %-38s %9.0f/s  %v CPU a message  p50 %v p99.9 %v\n", s.kind, m.name, r.perSecond(), got.cpuPerMessage, r.quantile(.5), r.quantile(.999))
	if m.name == sendsAtRate {
		floor, err := measureFloor(p.d)
		if err != nil {
			return fmt.Errorf("the floor: %w", err)
		}
		sh.floors = append(sh.floors, floor)
	}
	return nil
}
