package acl

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
)

func TestParseSample(t *testing.T) {
	text, err := os.ReadFile("testdata/plain_acl.after-mqadmin.yml")
	require.NoError(t, err)
	cfg, warnings, err := parseFile("f.yml", text)
	require.NoError(t, err)
	require.Empty(t, warnings)
	require.Equal(t, &codec.DataVersion{Counter: 4, Timestamp: 1795350958118}, cfg.version)
	require.Len(t, cfg.white.patterns, 2)
	require.Len(t, cfg.accounts, 3)
	a := cfg.accounts[0]
	require.Equal(t, "RocketMQ", a.accessKey)
	require.Equal(t, "12345678", a.secretKey)
	require.Equal(t, addressList{}, a.white)
	require.False(t, a.admin)
	require.Equal(t, Deny, a.defaultTopic)
	require.Equal(t, Sub, a.defaultGroup)
	require.Equal(t, map[string]Perm{"TopicDenied": Deny, "aclSendTopic": Pub | Sub, "aclPushTopic": Pub | Sub, "RMQ_SYS_TRACE_TOPIC": Pub | Sub}, a.topics)
	require.Equal(t, map[string]Perm{"aclPushCG": Sub}, a.groups)
	require.Equal(t, 5, a.line)
	require.True(t, cfg.accounts[1].admin)
	require.False(t, cfg.accounts[1].explicit())
	require.Len(t, cfg.accounts[2].white.patterns, 1)
	require.Equal(t, Pub, cfg.accounts[2].defaultTopic)
}

const oneAccount = "accounts:\n- accessKey: someKey1\n  secretKey: secret01\n"

// TestParseProblems: file and line of what stops a start.
func TestParseProblems(t *testing.T) {
	for _, row := range []struct{ text, want string }{
		{"accounts:\n- accessKey: abc\n  secretKey: secret01\n", `f.yml:2: account "abc": accessKey is missing or not longer than 6`},
		{"accounts:\n- accessKey: sixsix\n  secretKey: secret01\n", `f.yml:2: account "sixsix": accessKey is missing or not longer than 6`},
		{"accounts:\n- accessKey: someKey1\n", `f.yml:2: account "someKey1": secretKey is missing or not longer than 6`},
		{"accounts:\n- accessKey: someKey1\n  secretKey: ~\n", `f.yml:2: account "someKey1": secretKey is missing or not longer than 6`},
		{oneAccount + "  admin: perhaps\n", "f.yml:4: admin is neither true nor false"},
		{oneAccount + "  admin: [true]\n", "f.yml:4: admin is no single value"},
		{oneAccount + "  topicPerms:\n  - T\n", `f.yml:5: topicPerms: "T" has not the form name=PERM`},
		{oneAccount + "  topicPerms:\n  - a=b=c\n", `f.yml:5: topicPerms: "a=b=c" has not the form name=PERM`},
		{oneAccount + "  topicPerms:\n  - =PUB\n", `f.yml:5: topicPerms: "=PUB" has not the form name=PERM`},
		{oneAccount + "  topicPerms: T=PUB\n", "f.yml:4: topicPerms is no list"},
		{oneAccount + "  groupPerms:\n  - {a: b}\n", "f.yml:5: groupPerms is no single value"},
		{oneAccount + "  whiteRemoteAddress: 10.1.*\n", `f.yml:4: whiteRemoteAddress: no such form of address: "10.1.*"`},
		{oneAccount + "  secretKey: other001\n", `f.yml:4: key "secretKey" occurs twice`},
		{"globalWhiteRemoteAddresses:\n- 10.1.1.1\n- nonsense\n" + oneAccount, `f.yml:3: globalWhiteRemoteAddresses: no such form of address: "nonsense"`},
		{"globalWhiteRemoteAddresses: 10.1.1.1\n", "f.yml:1: globalWhiteRemoteAddresses is no list"},
		{"accounts: {}\n", "f.yml:1: accounts is no list"},
		{"accounts:\n- just text\n", "f.yml:2: an account is no mapping of keys to values"},
		{"- accounts\n", "f.yml:1: the file is no mapping of keys to values"},
		{"? [a]\n: b\n", "f.yml:1: a key of the file is no plain word"},
		{"base: &b\n  accessKey: someKey1\naccounts:\n- <<: *b\n  secretKey: secret01\n", "f.yml:4: a key of an account is no plain word"},
		{"accounts: !!javax.script.ScriptEngineManager []\n", "f.yml:1: accounts is no list"},
		{"accounts:\n- accessKey: !evil someKey1\n  secretKey: secret01\n", `f.yml:2: accessKey has the tag "!evil"`},
		{oneAccount + "---\naccounts: []\n", "f.yml:4: a second document in one file"},
		{"accounts:\n- accessKey: 'someKey1\n", "f.yml:2: no YAML: found unexpected end of stream"},
		{"x: 1\na: b: c\n", "f.yml:2: no YAML: mapping values are not allowed in this context"},
		{"a: *nobody\n", "f.yml: no YAML: unknown anchor 'nobody' referenced"},
		{"\xff\xfe\xff", "f.yml: no YAML: incomplete UTF-16 character"},
		{"accounts:\n- accessKey: a\n- accessKey: b\n", "f.yml:2: account \"a\": accessKey is missing or not longer than 6\nf.yml:3: account \"b\": accessKey is missing or not longer than 6"},
	} {
		_, _, err := parseFile("f.yml", []byte(row.text))
		require.EqualError(t, err, row.want, row.text)
	}
}

// TestParseWarnings: what is accepted, and what is said of it.
func TestParseWarnings(t *testing.T) {
	for _, row := range []struct {
		text string
		want []string
	}{
		{"", []string{"f.yml: the file is empty"}},
		{"# nothing\n", []string{"f.yml: the file is empty"}},
		{"~\n", []string{"f.yml: the file is empty"}},
		{"accounts:\nglobalWhiteRemoteAddresses:\ndataVersion:\n", nil},
		{oneAccount + "extra: 1\n", []string{`f.yml:4: unknown key "extra" is ignored`}},
		{oneAccount + "  topicPerm: 1\n", []string{`f.yml:4: unknown key "topicPerm" is ignored`}},
		{oneAccount + "- accessKey: someKey1\n  secretKey: secret02\n", []string{`f.yml:4: account "someKey1" is there in line 2 already: this one is ignored`}},
		{oneAccount + "  defaultTopicPerm: pub\n", []string{`f.yml:4: defaultTopicPerm: "pub" is none of DENY, PUB, SUB, PUB|SUB, SUB|PUB and taken as DENY`}},
		{oneAccount + "  topicPerms: [T=PUBSUB]\n", []string{`f.yml:4: topicPerms: "T=PUBSUB": the permission is none of DENY, PUB, SUB, PUB|SUB, SUB|PUB and taken as DENY`}},
		{oneAccount + "  topicPerms: [T=PUB, T=SUB]\n", []string{`f.yml:4: topicPerms: "T=SUB" replaces an earlier entry`}},
		{oneAccount + "  topicPerms: ['*=PUB']\n", []string{`f.yml:4: topicPerms: "*=PUB" has no effect, nothing can have this name`}},
		{oneAccount + "dataVersion: 3\n", []string{"f.yml:4: dataVersion is no list of one counter and timestamp; it is ignored"}},
		{"accounts:\n- accessKey: 0123456\n  secretKey: 1.2345678\n", []string{
			"f.yml:2: accessKey is not in quotes: it is taken as it is written, 4.9.8 reads a number or a date",
			"f.yml:3: secretKey is not in quotes: it is taken as it is written, 4.9.8 reads a number or a date"}},
		{"common: &p [T=PUB]\naccounts:\n- accessKey: someKey1\n  secretKey: secret01\n  topicPerms: *p\n", []string{`f.yml:1: unknown key "common" is ignored`}},
		{oneAccount + "  admin: Yes\n  defaultGroupPerm: ' SUB '\n  topicPerms: [' T = SUB|PUB ', '%RETRY%G=SUB']\n", nil},
	} {
		_, warnings, err := parseFile("f.yml", []byte(row.text))
		require.NoError(t, err, row.text)
		require.Equal(t, row.want, warnings, row.text)
	}
}

func TestParseValues(t *testing.T) {
	cfg, _, err := parseFile("f.yml", []byte(oneAccount+"  admin: on\n  topicPerms: [' T = SUB|PUB ', '%RETRY%G=SUB', X=DENY, X=PUB]\n- accessKey: 12345678\n  secretKey: \"häßlich\"\n"))
	require.NoError(t, err)
	a, b := cfg.accounts[0], cfg.accounts[1]
	require.True(t, a.admin)
	require.Equal(t, map[string]Perm{"T": Pub | Sub, "X": Pub}, a.topics)
	require.Equal(t, map[string]Perm{"G": Sub}, a.groups)
	require.Equal(t, "12345678", b.accessKey)
	require.Equal(t, "häßlich", b.secretKey) // seven characters
}

// TestParseBounds: sizes and repeated aliases end in an error, soon.
func TestParseBounds(t *testing.T) {
	_, _, err := parseFile("f.yml", make([]byte, maxFileBytes+1))
	require.ErrorContains(t, err, "more than")

	var b strings.Builder
	b.WriteString("p: &p\n")
	for i := range 3000 {
		b.WriteString("- T" + strconv.Itoa(i) + "=PUB\n")
	}
	b.WriteString("accounts:\n")
	for i := range 3000 {
		b.WriteString("- {accessKey: someKey" + strconv.Itoa(i) + ", secretKey: secret01, topicPerms: *p}\n")
	}
	_, _, err = parseFile("f.yml", []byte(b.String()))
	require.ErrorContains(t, err, "values")

	_, _, err = parseFile("f.yml", []byte("a: "+strings.Repeat("[", 100_000)))
	require.Error(t, err)
	_, _, err = parseFile("f.yml", []byte("a: &a [*a]\naccounts: *a\n"))
	require.Error(t, err)
}

// FuzzParse: a file is refused or taken, and what is taken is sound.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/*.yml")
	require.NoError(f, err)
	require.NotEmpty(f, files)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(text)
	}
	f.Add([]byte("base: &b\n  accessKey: someKey1\naccounts:\n- <<: *b\n"))
	f.Add([]byte(oneAccount + "---\n"))
	f.Add([]byte("globalWhiteRemoteAddresses: ['10.1.2.{3,4}', *]\ndataVersion: [{counter: 1, timestamp: x}]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		cfg, warnings, err := parseFile("f.yml", text)
		require.LessOrEqual(t, len(warnings), maxFileReports)
		if err != nil {
			require.True(t, strings.HasPrefix(err.Error(), "f.yml"), err)
			return
		}
		seen := map[string]bool{}
		for _, a := range cfg.accounts {
			require.True(t, longEnough(a.accessKey) && longEnough(a.secretKey))
			require.False(t, seen[a.accessKey])
			seen[a.accessKey] = true
			require.NotZero(t, a.line)
		}
	})
}
