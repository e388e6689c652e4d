package acl

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// ErrAddress is wrapped by the error for a white list that cannot be read.
var ErrAddress = errors.New("no such form of address")

// addressList is a white list of addresses of peers (Java:
// RemoteAddressStrategy). The zero value matches nothing. Forms:
//
//	*, *.*.*.*, *:*:*:*:*:*:*:*      every peer
//	10.1.2.3, 2001:db8::1            one address
//	10.1.2.{3,4}                     the last part is one of these
//	10.1.2.3-100, 10.1.2-3.*         a part within bounds; hexadecimal in IPv6
//	10.1.*.*, 2001:db8::*            any value of a part
//	a,b                              a or b
//
// Differences from Java: each part is judged by itself, where 4.9.8 forgets
// what stands behind the first range (there 10.*.2.* is 10.*.*.*); blanks
// around commas are accepted.
type addressList struct {
	all      bool
	exact    []netip.Addr // sorted
	patterns []addressPattern
}

// addressPattern holds one range for each of the 4 or 8 parts of an address.
type addressPattern struct {
	parts  [8]partRange
	isIPv6 bool
}

type partRange struct{ low, high uint16 }

var everyAddress = []string{"*", "*.*.*.*", "*:*:*:*:*:*:*:*"}

// add puts what text stands for into the list. An error leaves it as it was.
func (l *addressList) add(text string) error {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil
	}
	next := *l
	for _, item := range splitOutsideBraces(text) {
		if item = strings.TrimSpace(item); item == "" {
			continue
		}
		if err := next.addItem(item); err != nil {
			return fmt.Errorf("%w: %.100q", err, item)
		}
	}
	slices.SortFunc(next.exact, netip.Addr.Compare)
	*l = next
	return nil
}

// join puts the content of other into the list.
func (l *addressList) join(other *addressList) {
	l.all = l.all || other.all
	l.exact = append(slices.Clip(l.exact), other.exact...)
	slices.SortFunc(l.exact, netip.Addr.Compare)
	l.patterns = append(slices.Clip(l.patterns), other.patterns...)
}

func (l *addressList) addItem(item string) error {
	if slices.Contains(everyAddress, item) {
		l.all = true
		return nil
	}
	open := strings.IndexByte(item, '{')
	if open < 0 {
		return l.addOne(item)
	}
	prefix, inner := item[:open], item[open+1:]
	inner, closed := strings.CutSuffix(inner, "}")
	if !closed || strings.ContainsAny(inner, "{}") || prefix == "" || !strings.ContainsAny(prefix[len(prefix)-1:], ".:") {
		return ErrAddress
	}
	for _, last := range strings.Split(inner, ",") {
		if last = strings.TrimSpace(last); last == "" {
			continue
		}
		if err := l.addOne(prefix + last); err != nil {
			return err
		}
	}
	return nil
}

// addOne takes an address or a pattern without braces.
func (l *addressList) addOne(item string) error {
	if !strings.ContainsAny(item, "*-") {
		addr, err := netip.ParseAddr(item)
		if err != nil || addr.Zone() != "" {
			return ErrAddress
		}
		l.exact = append(slices.Clip(l.exact), addr.Unmap())
		return nil
	}
	p, ok := parsePattern(item)
	if !ok {
		return ErrAddress
	}
	l.patterns = append(slices.Clip(l.patterns), p)
	return nil
}

// matches tells whether the list holds addr, which has no zone and is not an
// IPv4 address in IPv6 form. An unknown peer is matched by * only.
func (l *addressList) matches(addr netip.Addr) bool {
	if l.all || !addr.IsValid() {
		return l.all
	}
	if _, found := slices.BinarySearchFunc(l.exact, addr, netip.Addr.Compare); found {
		return true
	}
	for i := range l.patterns {
		if l.patterns[i].matches(addr) {
			return true
		}
	}
	return false
}

func (p *addressPattern) matches(addr netip.Addr) bool {
	if addr.Is4() {
		b := addr.As4()
		return !p.isIPv6 && p.parts[0].holds(uint16(b[0])) && p.parts[1].holds(uint16(b[1])) &&
			p.parts[2].holds(uint16(b[2])) && p.parts[3].holds(uint16(b[3]))
	}
	if !p.isIPv6 {
		return false
	}
	b := addr.As16()
	for i := range p.parts {
		if !p.parts[i].holds(uint16(b[2*i])<<8 | uint16(b[2*i+1])) {
			return false
		}
	}
	return true
}

func (r partRange) holds(v uint16) bool { return r.low <= v && v <= r.high }

// parsePattern reads an address some of whose parts are * or low-high.
func parsePattern(item string) (p addressPattern, ok bool) {
	parts, base, top := strings.Split(item, "."), 10, uint16(255)
	if strings.Contains(item, ":") {
		parts, base, top = ipv6Parts(item), 16, 0xffff
		p.isIPv6 = true
	}
	if want := map[bool]int{false: 4, true: 8}[p.isIPv6]; len(parts) != want {
		return p, false
	}
	for i, part := range parts {
		if p.parts[i], ok = parsePart(part, base, top); !ok {
			return p, false
		}
	}
	return p, true
}

// ipv6Parts splits an address at its colons; :: stands for as many zeros as are missing.
func ipv6Parts(item string) []string {
	head, tail, short := strings.Cut(item, "::")
	if !short {
		return strings.Split(item, ":")
	}
	var left, right []string
	if head != "" {
		left = strings.Split(head, ":")
	}
	if tail != "" {
		right = strings.Split(tail, ":")
	}
	missing := 8 - len(left) - len(right)
	if missing < 1 {
		return nil
	}
	return slices.Concat(left, slices.Repeat([]string{"0"}, missing), right)
}

func parsePart(part string, base int, top uint16) (r partRange, ok bool) {
	if part == "*" {
		return partRange{0, top}, true
	}
	low, high, isRange := strings.Cut(part, "-")
	if !isRange {
		high = low
	}
	from, okLow := parseNumber(low, base, top)
	to, okHigh := parseNumber(high, base, top)
	return partRange{from, to}, okLow && okHigh && from <= to
}

// parseNumber reads plain digits; decimal ones without leading zeros, which
// some systems take as octal.
func parseNumber(text string, base int, top uint16) (uint16, bool) {
	if text == "" || len(text) > 4 || base == 10 && len(text) > 1 && text[0] == '0' {
		return 0, false
	}
	n, err := strconv.ParseUint(text, base, 16)
	return uint16(n), err == nil && uint16(n) <= top
}

// splitOutsideBraces splits at the commas that are not between { and }.
func splitOutsideBraces(text string) []string {
	var items []string
	start, depth := 0, 0
	for i := range len(text) {
		switch text[i] {
		case '{':
			depth++
		case '}':
			depth--
		case ',':
			if depth == 0 {
				items = append(items, text[start:i])
				start = i + 1
			}
		}
	}
	return append(items, text[start:])
}
