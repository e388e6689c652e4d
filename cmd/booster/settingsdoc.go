package main

import (
	_ "embed"
	"fmt"
	"io"
	"strings"

	"github.com/boostermq/booster/broker"
	"github.com/boostermq/booster/internal/properties"
	"github.com/boostermq/booster/namesrv"
)

// settingsTable has a line a setting: name, yes or none, what it does or why it
// does nothing. namesrv:name overrules name where the name server differs. A
// test holds "yes" and "none" against the code.
//
//go:embed settings.tsv
var settingsTable string

// settingText is a line of settingsTable.
type settingText struct {
	honoured bool
	text     string
}

func settingTexts() map[string]settingText {
	texts := map[string]settingText{}
	for line := range strings.Lines(settingsTable) {
		if f := strings.SplitN(strings.TrimSpace(line), "\t", 3); len(f) == 3 {
			texts[f[0]] = settingText{f[1] == "yes", f[2]}
		}
	}
	return texts
}

const settingsHead = `# Settings

Every key of RocketMQ's broker.conf and namesrv.conf is accepted; the two spellings of 4.4.0 and later (mapedFileSize…,
mappedFileSize…) mean the same. An unknown key is logged and ignored; a wrong value stops the start with file, line and key.
"no effect" means: accepted, and the reason follows. %s shows the effective settings and where each
comes from. This page is made by %s; a test compares.
`

// writeSettingsDoc writes docs/settings.md. Defaults that depend on the machine
// are shown as "…".
func writeSettingsDoc(out io.Writer) error {
	b, n := broker.DefaultConfig(), namesrv.DefaultConfig("…")
	b.Store.StorePathRootDir = "…/store"
	if _, err := fmt.Fprintf(out, settingsHead, "`booster config print`", "`make docs`"); err != nil {
		return err
	}
	if err := writeSettings(out, "broker", b.Text()); err != nil {
		return err
	}
	return writeSettings(out, "namesrv", n.Text())
}

func writeSettings(out io.Writer, server string, text []byte) error {
	pairs, err := properties.Parse(text)
	if err != nil {
		return err
	}
	texts := settingTexts()
	var page strings.Builder
	fmt.Fprintf(&page, "\n## %s\n\n| key | default | effect | |\n|---|---|---|---|\n", server+".conf")
	for _, p := range pairs {
		t, known := texts[server+":"+p.Key]
		if !known {
			t, known = texts[p.Key]
		}
		if !known {
			return fmt.Errorf("settings.tsv says nothing about %s", p.Key)
		}
		effect := "honoured"
		if !t.honoured {
			effect = "no effect"
		}
		value := p.Value
		if byCores[p.Key] != "" {
			value = byCores[p.Key]
		}
		fmt.Fprintf(&page, "| %s | %s | %s | %s |\n", p.Key, value, effect, t.text)
	}
	_, err = io.WriteString(out, page.String())
	return err
}

// byCores are the defaults that follow the number of cores.
var byCores = map[string]string{
	"sendMessageThreadPoolNums": "min(4, cores)", "putMessageFutureThreadPoolNums": "min(4, cores)",
	"pullMessageThreadPoolNums": "16 + 2 × cores", "processReplyMessageThreadPoolNums": "16 + 2 × cores",
	"queryMessageThreadPoolNums": "8 + cores", "heartbeatThreadPoolNums": "min(32, cores)",
	"endTransactionThreadPoolNums": "8 + 2 × cores", "clientCallbackExecutorThreads": "cores",
}
