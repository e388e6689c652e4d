package main

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// table renders the sheets as Markdown; with two of them (Booster, Java) each figure has its ratio.
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
			fmt.Fprintf(&b, "| %s | %.0f | %s | %s | %s | %s |\n", m.name, ours.perSecond(), us(ours.cpuPerMessage), us(ours.quantile(.5)), us(ours.quantile(.99)), us(ours.quantile(.999)))
			continue
		}
		java := sheets[1].rows[m.name]
		fmt.Fprintf(&b, "| %s | %.0f · %.0f · **%.1f×** | %s · %s · **%.1f×** | %s · %s | %s · %s | %s · %s (**%.1f×**) |\n", m.name,
			ours.perSecond(), java.perSecond(), ours.perSecond()/java.perSecond(),
			us(ours.cpuPerMessage), us(java.cpuPerMessage), over(java.cpuPerMessage, ours.cpuPerMessage),
			us(ours.quantile(.5)), us(java.quantile(.5)), us(ours.quantile(.99)), us(java.quantile(.99)),
			us(ours.quantile(.999)), us(java.quantile(.999)), over(java.quantile(.999), ours.quantile(.999)))
	}
	b.WriteString("\n")
	for _, sh := range sheets {
		if sh.floor.messages > 0 {
			fmt.Fprintf(&b, "%s to a process that only answers, beside %s: p50 %s, p99 %s, p99.9 %s\n\n", sendsAtRate, sh.kind,
				us(sh.floor.quantile(.5)), us(sh.floor.quantile(.99)), us(sh.floor.quantile(.999)))
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

func us(d time.Duration) string {
	if d >= 10*time.Millisecond {
		return fmt.Sprintf("%.1f ms", float64(d)/1e6)
	}
	if d < 10*time.Microsecond {
		return fmt.Sprintf("%.2f µs", float64(d)/1e3)
	}
	return fmt.Sprintf("%.1f µs", float64(d)/1e3)
}

func over(a, b time.Duration) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}
