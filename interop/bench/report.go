package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// table renders the sheets as Markdown: the median of the rounds and, with two sheets (Booster, Java), the median of the ratios
// of the rounds, of CPU and p99.9 also the lowest and the highest.
func table(sheets []*sheet, pattern *regexp.Regexp) string {
	var b strings.Builder
	if len(sheets) == 1 {
		b.WriteString("| mode | messages/s | CPU a message | p50 | p99 | p99.9 |\n|---|---|---|---|---|---|\n")
	} else {
		b.WriteString("| mode | messages/s Booster · Java · ratio | CPU a message Booster · Java · Java/Booster | p50 | p99 | p99.9 (ratio) |\n|---|---|---|---|---|---|\n")
	}
	for _, m := range modes {
		if !pattern.MatchString(m.name) {
			continue
		}
		ours := sheets[0].rows[m.name]
		if len(sheets) == 1 {
			fmt.Fprintf(&b, "| %s | %.0f | %s | %s | %s | %s |\n", m.name, median(ours, row.perSecond), us(median(ours, row.cpu)),
				us(median(ours, row.p50)), us(median(ours, row.p99)), us(median(ours, row.p999)))
			continue
		}
		java := sheets[1].rows[m.name]
		both := func(of func(row) float64) string { return us(median(ours, of)) + " · " + us(median(java, of)) }
		fmt.Fprintf(&b, "| %s | %.0f · %.0f · **%.1f×** | %s · %s | %s | %s | %s (%s) |\n", m.name,
			median(ours, row.perSecond), median(java, row.perSecond), ratios(ours, java, row.perSecond)[len(ours)/2],
			both(row.cpu), spread(ratios(java, ours, row.cpu)), both(row.p50), both(row.p99), both(row.p999), spread(ratios(java, ours, row.p999)))
	}
	b.WriteString("\n")
	for _, sh := range sheets {
		if len(sh.floors) > 0 {
			fmt.Fprintf(&b, "%s to a process that only answers, beside %s: p50 %s, p99 %s, p99.9 %s\n\n", sendsAtRate, sh.kind,
				us(median(sh.floors, result.p50)), us(median(sh.floors, result.p99)), us(median(sh.floors, result.p999)))
		}
	}
	line := func(name string, value func(*sheet) float64, unit string) {
		fmt.Fprintf(&b, "%s: %.1f %s", name, value(sheets[0]), unit)
		if len(sheets) > 1 {
			fmt.Fprintf(&b, " · Java %.1f %s · **%.1f×**", value(sheets[1]), unit, value(sheets[1])/value(sheets[0]))
		}
		b.WriteString("\n\n")
	}
	line("start-up of name server and broker", func(s *sheet) float64 { return float64(s.startUp) / 1e6 }, "ms")
	line("private memory after start, both processes", func(s *sheet) float64 { return float64(s.afterStart) / (1 << 20) }, "MiB")
	line("private memory of the broker under load (highest)", func(s *sheet) float64 { return float64(s.underLoad) / (1 << 20) }, "MiB")
	line("resident memory of the broker under load, mapped files included", func(s *sheet) float64 { return float64(s.resident) / (1 << 20) }, "MiB")
	return b.String()
}

// Times are in nanoseconds.
func (r row) cpu() float64     { return float64(r.cpuPerMessage) }
func (r result) p50() float64  { return float64(r.quantile(.5)) }
func (r result) p99() float64  { return float64(r.quantile(.99)) }
func (r result) p999() float64 { return float64(r.quantile(.999)) }

// median of a figure over the rounds.
func median[T any](rounds []T, of func(T) float64) float64 {
	values := make([]float64, len(rounds))
	for i, r := range rounds {
		values[i] = of(r)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// ratios of a figure, round by round, sorted.
func ratios(a, b []row, of func(row) float64) []float64 {
	list := make([]float64, len(a))
	for i := range a {
		list[i] = of(a[i]) / max(of(b[i]), 1)
	}
	slices.Sort(list)
	return list
}

// spread renders the median of sorted ratios with the lowest and the highest.
func spread(r []float64) string {
	return fmt.Sprintf("**%.1f×** %.1f–%.1f", r[len(r)/2], r[0], r[len(r)-1])
}

func us(nanoseconds float64) string {
	d := time.Duration(nanoseconds)
	if d >= 10*time.Millisecond {
		return fmt.Sprintf("%.1f ms", nanoseconds/1e6)
	}
	if d < 10*time.Microsecond {
		return fmt.Sprintf("%.2f µs", nanoseconds/1e3)
	}
	return fmt.Sprintf("%.1f µs", nanoseconds/1e3)
}
