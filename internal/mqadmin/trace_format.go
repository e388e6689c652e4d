package mqadmin

import (
	"iter"
	"strconv"
	"strings"
)

// Clients tell what they do with messages in records of their own, many of
// them in the body of one message (Java: TraceDataEncoder), as text:
//
//	+-----------+------+--------+-------+-----------+-------+------+------+-----------+-------+------+------+-------------+---------+--------------+
//	| Pub       | time | region | group | topic     | msgId | tags | keys | storeHost | bytes | cost | type | offsetMsgId | success | [clientHost] |
//	+-----------+------+--------+-------+-----------+-------+------+------+-----------+-------+------+------+-------------+---------+--------------+
//	| SubBefore | time | region | group | requestId | msgId | retries | keys | [clientHost] |
//	+-----------+------+--------+-------+-----------+---------+------+--------+------+-----+
//	| SubAfter  | requestId | msgId | cost | success | keys | [code] | [time | group]     |
//	+-----------+-----------+-------+------+---------+------+--------+--------------------+
//
// ^A is between the fields and ^B after each record. Records of other kinds
// tell of transactions. Clients of 4.4 write none of the fields in brackets.
const (
	traceRecordEnd = "\x02"
	traceFieldEnd  = "\x01"
)

// Trace is one thing that happened to a message.
type Trace struct {
	Sent       bool // else consumed
	Group      string
	ClientHost string
	TimeMs     int64
	CostMs     int64
	Success    bool
}

// traceRecords returns the fields of every record in messages of a trace topic.
func traceRecords(messages []StoredMessage) iter.Seq2[StoredMessage, []string] {
	return func(yield func(StoredMessage, []string) bool) {
		for _, m := range messages {
			for record := range strings.SplitSeq(string(m.Body), traceRecordEnd) {
				if !yield(m, strings.Split(record, traceFieldEnd)) {
					return
				}
			}
		}
	}
}

// decodeTraces returns what messages tell of the one with that id. Records that
// are not what they should be are left out: anybody may write into the topic.
func decodeTraces(messages []StoredMessage, id string) []Trace {
	begun := map[string]Trace{} // by requestId, often told in another message than the end
	for _, f := range traceRecords(messages) {
		if f[0] == "SubBefore" && len(f) >= 8 && f[5] == id {
			if timeMs, err := strconv.ParseInt(f[1], 10, 64); err == nil {
				begun[f[4]] = Trace{TimeMs: timeMs, Group: f[3]}
			}
		}
	}
	var traces []Trace
	for m, f := range traceRecords(messages) {
		t, ok := Trace{ClientHost: m.BornHost.Addr().String(), TimeMs: m.StoreTimestampMs}, true
		number := func(text string) int64 {
			n, err := strconv.ParseInt(text, 10, 64)
			ok = ok && err == nil
			return n
		}
		switch {
		case f[0] == "Pub" && len(f) >= 14 && f[5] == id:
			t.Sent, t.TimeMs, t.Group, t.CostMs, t.Success = true, number(f[1]), f[3], number(f[10]), f[13] == "true"
		case f[0] == "SubAfter" && len(f) >= 6 && f[2] == id:
			if before, is := begun[f[1]]; is {
				t.TimeMs, t.Group = before.TimeMs, before.Group
			}
			if t.CostMs, t.Success = number(f[3]), f[4] == "true"; len(f) >= 9 {
				t.TimeMs, t.Group = number(f[7]), f[8]
			}
		default:
			continue
		}
		if ok {
			traces = append(traces, t)
		}
	}
	return traces
}
