package main

import (
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
)

// TestPageIsFresh: docs/codes.md is what `make docs` writes.
func TestPageIsFresh(t *testing.T) {
	want, err := render()
	require.NoError(t, err)
	got, err := os.ReadFile("../../docs/codes.md")
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "make docs writes it anew")
}

// TestEveryCodeIsAnswered: what 4.9.8 answers is answered here, on the same
// ports; what nobody answers there nobody answers here, but for what clients of
// 5.x need; nothing is answered that the table does not know.
func TestEveryCodeIsAnswered(t *testing.T) {
	all, err := facts()
	require.NoError(t, err)
	served := tables()
	known := map[int32]bool{}
	for _, f := range all {
		require.False(t, known[f.code], "%d is there twice", f.code)
		known[f.code] = true
		onBroker, onMain := slices.Contains(f.servers, "broker"), slices.Contains(f.servers, "broker main port")
		if f.code == codec.LitePullMessage {
			onMain = true // 5.x pulls with it from a broker of any version
		}
		for i, want := range []bool{onBroker || onMain, onBroker, slices.Contains(f.servers, "name server")} {
			_, got := served[i].codes[f.code]
			require.Equal(t, want, got, "%d %s on the %s", f.code, f.name, served[i].server)
		}
	}
	for _, s := range served {
		for code := range s.codes {
			require.True(t, known[code], "%d of the %s is not in the table", code, s.server)
		}
	}
}

// TestTableKnowsTheConstants: the table and the constants of codec name the
// same codes.
func TestTableKnowsTheConstants(t *testing.T) {
	all, err := facts()
	require.NoError(t, err)
	names := map[int32]string{}
	for _, f := range all {
		names[f.code] = f.name
	}
	for code := range int32(1000) {
		if name := codec.RequestCodeName(code); name != strconv.Itoa(int(code)) {
			require.Equal(t, names[code], name, code)
			delete(names, code)
		}
	}
	require.Equal(t, map[int32]string{54: "GET_BROKER_CLUSTER_ACL_CONFIG"}, names, "removed from RocketMQ: it gave away secrets")
}

func TestHandlerName(t *testing.T) {
	served := tables()
	require.Equal(t, "broker.sendProcessor.sendMessage", served[0].codes[codec.SendMessageV2])
	require.Equal(t, "acl.Manager.DeleteACLConfig", served[1].codes[codec.DeleteACLConfig])
	require.Equal(t, "namesrv.processor.updateConfig", served[2].codes[codec.UpdateNamesrvConfig])
}
