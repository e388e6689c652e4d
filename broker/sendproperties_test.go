package broker

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSentProperties(t *testing.T) {
	var p sentProperties
	f := func(props, want, wantWait string, wantNoWait, wantDelay, wantHalf bool) {
		t.Helper()
		p.render(props, "C1")
		require.Equal(t, want, p.String())
		require.Equal(t, []any{wantWait, wantNoWait, wantDelay, wantHalf}, []any{p.wait, p.noWait(), p.delay, p.half})
	}
	f("", "CLUSTER\x01C1", "", false, false, false)
	f("WAIT\x01true", "CLUSTER\x01C1", "true", false, false, false)
	f("WAIT\x01", "CLUSTER\x01C1", "", false, false, false)
	f("KEYS\x01k\x02WAIT\x01true\x02TAGS\x01a", "KEYS\x01k\x02TAGS\x01a\x02CLUSTER\x01C1", "true", false, false, false)
	f("KEYS\x01k\x02WAIT\x01false\x02", "KEYS\x01k\x02CLUSTER\x01C1", "false", true, false, false)
	f("WAIT\x01TRUE\x02KEYS\x01k", "KEYS\x01k\x02CLUSTER\x01C1", "TRUE", false, false, false)
	f("KEYS\x01WAIT\x02TAGS\x01a\x02", "KEYS\x01WAIT\x02TAGS\x01a\x02CLUSTER\x01C1", "", false, false, false)
	f("AWAIT\x01x\x02WAIT2\x01x\x02WAI\x01T", "AWAIT\x01x\x02WAIT2\x01x\x02WAI\x01T\x02CLUSTER\x01C1", "", false, false, false)
	f("CLUSTER\x01other\x02TAGS\x01a", "TAGS\x01a\x02CLUSTER\x01C1", "", false, false, false)
	f("CLUSTER\x01other\x02WAIT\x01true\x02CLUSTER\x01another", "CLUSTER\x01C1", "true", false, false, false)
	f("DELAY\x013\x02WAIT\x01true", "DELAY\x013\x02CLUSTER\x01C1", "true", false, true, false)
	f("DELAY\x010", "DELAY\x010\x02CLUSTER\x01C1", "", false, false, false)
	f("DELAY\x01-1", "DELAY\x01-1\x02CLUSTER\x01C1", "", false, false, false)
	f("DELAY\x01soon", "DELAY\x01soon\x02CLUSTER\x01C1", "", false, false, false)
	f("DELAY\x013\x02DELAY\x010", "DELAY\x013\x02DELAY\x010\x02CLUSTER\x01C1", "", false, false, false)
	f("KEYS\x01DELAY\x02X_DELAY\x013", "KEYS\x01DELAY\x02X_DELAY\x013\x02CLUSTER\x01C1", "", false, false, false)
	f("TRAN_MSG\x01True\x02PGROUP\x01pg", "TRAN_MSG\x01True\x02PGROUP\x01pg\x02CLUSTER\x01C1", "", false, false, true)
	f("TRAN_MSG\x01false", "TRAN_MSG\x01false\x02CLUSTER\x01C1", "", false, false, false)
	f("\x02\x02\x01\x02", "\x02\x02\x01\x02CLUSTER\x01C1", "", false, false, false)

	p.render("DELAY\x013\x02WAIT\x01false\x02TAGS\x01a", "C1")
	p.keepWait()
	require.Equal(t, "DELAY\x013\x02TAGS\x01a\x02CLUSTER\x01C1\x02WAIT\x01false", p.String())
	p.set("DELAY", "")
	require.Equal(t, "TAGS\x01a\x02CLUSTER\x01C1\x02WAIT\x01false", p.String())
	p.set("TAGS", "b")
	require.Equal(t, "CLUSTER\x01C1\x02WAIT\x01false\x02TAGS\x01b", p.String())
	p.render("A\x01b", "C1")
	p.keepWait()
	require.Equal(t, "A\x01b\x02CLUSTER\x01C1", p.String(), "no WAIT, none is kept")
}
