package main

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/broker"
	"github.com/boostermq/booster/internal/properties"
	"github.com/boostermq/booster/namesrv"
)

// TestSettingsDoc: docs/settings.md is what `booster config doc` prints.
func TestSettingsDoc(t *testing.T) {
	var page bytes.Buffer
	require.NoError(t, writeSettingsDoc(&page))
	want, err := os.ReadFile("../../docs/settings.md")
	require.NoError(t, err)
	require.Equal(t, string(want), page.String(), "run make docs")
}

// TestSettingsTableIsTrue: what is said to be honoured is read somewhere, what is said to have no effect is not, and the
// table has no other lines.
func TestSettingsTableIsTrue(t *testing.T) {
	read := map[string]map[string]bool{
		"broker":  fieldsRead(t, "../../broker", "../../store", "../../internal/logging", "."),
		"namesrv": fieldsRead(t, "../../namesrv", "../../internal/logging", "."),
	}
	texts := settingTexts()
	require.Equal(t, strings.Count(settingsTable, "\n"), len(texts), "every line has three parts and another name")
	used := map[string]bool{}
	for server, config := range map[string]any{"broker": broker.Config{}, "namesrv": namesrv.Config{}} {
		for key, field := range settingFields(reflect.TypeOf(config)) {
			name := server + ":" + key
			if _, own := texts[name]; !own {
				name = key
			}
			used[name] = true
			text, known := texts[name]
			require.True(t, known, key)
			if key == "haListenPort" {
				continue // read, and always derived
			}
			assert.Equal(t, text.honoured, read[server][field], "%s of %s: %s", key, server, text.text)
			require.NotEmpty(t, text.text)
		}
	}
	for name := range texts {
		require.True(t, used[name], "settings.tsv: no setting is called %s", name)
	}
}

// settingFields maps the settings of a struct and of those in it to field names.
func settingFields(s reflect.Type) map[string]string {
	fields := map[string]string{}
	for i := range s.NumField() {
		f := s.Field(i)
		if tag, ok := f.Tag.Lookup("prop"); ok {
			key, _, _ := strings.Cut(tag, ",")
			fields[key] = f.Name
		} else if f.Type.Kind() == reflect.Struct {
			for key, name := range settingFields(f.Type) {
				fields[key] = name
			}
		}
	}
	return fields
}

// fieldsRead lists the names behind a dot that are not only assigned to.
func fieldsRead(t *testing.T, dirs ...string) map[string]bool {
	t.Helper()
	read := map[string]bool{}
	for _, dir := range dirs {
		require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			require.NoError(t, err)
			assigned := map[ast.Node]bool{}
			ast.Inspect(f, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.AssignStmt:
					for _, target := range n.Lhs {
						assigned[target] = true
					}
				case *ast.SelectorExpr:
					if !assigned[n] {
						read[n.Sel.Name] = true
					}
				}
				return true
			})
			return nil
		}))
	}
	return read
}

// usersBrokerConf is the file that users of the 4.4.0 image mount.
const usersBrokerConf = `brokerClusterName = DefaultCluster
brokerName = broker-a
brokerId = 0
deleteWhen = 04
fileReservedTime = 48
brokerRole = ASYNC_MASTER
flushDiskType = ASYNC_FLUSH
brokerIP1 = 127.0.0.1
diskMaxUsedSpaceRatio=99
`

// TestConfigPrint shows where each setting comes from: the file, the command line, the environment, the defaults.
func TestConfigPrint(t *testing.T) {
	conf := writeConf(t, usersBrokerConf+"mapedFileSizeCommitLog=1048576\n")
	cmd := program(t, "booster", "config", "print", "-c", conf, "-n", "ns:9876")
	cmd.Env = append(cmd.Env, "ROCKETMQ_HOME=/opt/rocketmq-4.4.0")
	stdout, stderr, status := outcome(t, cmd)
	require.Zero(t, status, stderr)
	for _, line := range []string{
		"brokerName=broker-a\t" + conf + " line 2\n",
		"diskMaxUsedSpaceRatio=99\t" + conf + " line 9\n",
		"mappedFileSizeCommitLog=1048576\t" + conf + " line 10\n",
		"namesrvAddr=ns:9876\tcommand line\n",
		"rocketmqHome=/opt/rocketmq-4.4.0\tderived from the environment or other settings\n",
		"maxMessageSize=4194304\tdefault\n",
	} {
		require.Contains(t, stdout, line)
	}
	stdout, _, status = outcome(t, program(t, "booster", "config", "print", "--namesrv", "-c", writeConf(t, "listenPort=19876\n")))
	require.Zero(t, status)
	require.Regexp(t, "(?m)^listenPort=19876\t.* line 1$", stdout)
}

// TestEveryKeyIsAccepted: no key of 4.4.0 or 4.9.8 is unknown, in either spelling.
func TestEveryKeyIsAccepted(t *testing.T) {
	for server, names := range map[string]map[string]string{
		"broker": new(broker.Config).SettingNames(), "namesrv": new(namesrv.Config).SettingNames(),
	} {
		keys, err := os.ReadFile(filepath.Join("testdata", server+".keys"))
		require.NoError(t, err)
		for _, key := range strings.Fields(string(keys)) {
			require.Contains(t, names, key)
		}
	}
	var c broker.Config
	unknown, err := c.Apply([]byte(usersBrokerConf))
	require.NoError(t, err)
	require.Equal(t, []properties.Pair(nil), unknown)
}
