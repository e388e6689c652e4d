package properties

import "strings"

// Rewrite returns original with the given keys set and everything else kept
// byte for byte: comments, blank lines, order, unknown keys. A key that is
// there keeps its line and its spelling up to the value (of duplicates the
// last one, which is the one that counts, is changed); a new key is appended.
// Of several changes of one key the last wins. Pair.Line is ignored.
//
// Law: if original parses, the result parses to the same pairs with the changes applied.
func Rewrite(original []byte, changes []Pair) []byte {
	src, newline := string(original), lineEnd(original)
	edits, fresh := planRewrite(rewriteLines(original), changes)
	var out strings.Builder
	out.Grow(len(src) + 64*len(changes))
	pos := 0
	for _, e := range edits {
		out.WriteString(src[pos:e.valueStart])
		out.WriteString(e.render())
		pos = e.end
	}
	out.WriteString(src[pos:])
	if len(fresh) > 0 {
		out.WriteString(rewriteJoint(src, newline))
	}
	for _, c := range fresh {
		out.WriteString(escapeKey(c.Key) + "=" + escapeValue(c.Value) + newline)
	}
	return []byte(out.String())
}

// edit replaces source[valueStart:end] by prefix and the escaped value.
type edit struct {
	key             string
	valueStart, end int
	prefix          string
	needsSign       bool // only blanks stand between key and value
	value           string
	changed         bool
}

func (e edit) render() string {
	value := escapeValue(e.value)
	if e.needsSign && (e.prefix != "" || strings.HasPrefix(value, "=") || strings.HasPrefix(value, ":")) {
		return "=" + value
	}
	return e.prefix + value
}

// rewriteLines returns for every line with a key how its value would be replaced.
func rewriteLines(original []byte) []edit {
	var lines []edit
	decode := decoder(original)
	for r := newLineReader(original); r.next(); {
		l := r.line
		if l.comment {
			continue
		}
		key, err := unescape(decode(l.text[:l.keyEnd]), l.number)
		if err != nil {
			continue // Parse refuses this text; here the line is only carried along
		}
		lines = append(lines, rewriteEdit(r.src, l, key))
	}
	return lines
}

// rewriteEdit says which bytes of l are its value. A line whose key part is
// spread over natural lines is replaced as a whole.
func rewriteEdit(src string, l logicalLine, key string) edit {
	e := edit{key: key, valueStart: l.textStart + l.valueStart, end: l.end}
	if !strings.HasPrefix(src[l.textStart:l.end], l.text[:l.valueStart]) {
		e.valueStart, e.prefix = l.textStart, escapeKey(key)+"="
		return e
	}
	if separator := l.text[l.keyEnd:l.valueStart]; !strings.ContainsAny(separator, "=:") {
		e.needsSign = true
		if separator == "" {
			e.prefix = "="
		}
	}
	return e
}

func planRewrite(lines []edit, changes []Pair) (edits []edit, fresh []Pair) {
	index := map[string]int{} // the last line of a key is the one that counts
	for i, e := range lines {
		index[e.key] = i
	}
	freshIndex := map[string]int{}
	for _, c := range changes {
		if i, ok := index[c.Key]; ok {
			lines[i].value, lines[i].changed = c.Value, true
		} else if i, ok := freshIndex[c.Key]; ok {
			fresh[i].Value = c.Value
		} else {
			freshIndex[c.Key] = len(fresh)
			fresh = append(fresh, c)
		}
	}
	for _, e := range lines {
		if e.changed {
			edits = append(edits, e)
		}
	}
	return edits, fresh
}

// lineEnd is the line end the text uses, "\n" when it has none.
func lineEnd(text []byte) string {
	src := string(text)
	if end, next := naturalLine(src, 0); next > end {
		return src[end:next]
	}
	return "\n"
}

// rewriteJoint is what must stand between src and an appended line: nothing, or
// what ends the last line; an empty line when that one asks for continuation.
func rewriteJoint(src, newline string) string {
	if src == "" || src == byteOrderMark {
		return ""
	}
	body := strings.TrimSuffix(strings.TrimSuffix(src, "\n"), "\r")
	joint := newline
	if body != src {
		joint = ""
	}
	if lastLine := body[strings.LastIndexAny(body, "\r\n")+1:]; endsInBackslash(lastLine) {
		joint += newline
	}
	return joint
}
