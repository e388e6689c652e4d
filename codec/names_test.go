package codec

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestValidateNames(t *testing.T) {
	const illegal = " contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$"
	for _, good := range []string{"a", "%RETRY%g|x-y_z9", strings.Repeat("a", 127)} {
		require.Empty(t, ValidateTopic(good))
		require.Empty(t, ValidateGroup(good))
	}
	require.Empty(t, ValidateGroup(strings.Repeat("a", 255)))
	for _, blank := range []string{"", " ", "\t "} {
		require.Equal(t, "The specified topic is blank.", ValidateTopic(blank))
		require.Equal(t, "The specified group is blank.", ValidateGroup(blank))
	}
	for _, bad := range []string{"a.b", "a/b", "../x", `a\b`, "a b", "a\x00", "ä", "a@b", "a#b", "a\n", strings.Repeat("/", 300)} {
		require.Equal(t, "The specified topic"+illegal, ValidateTopic(bad), "%q", bad)
		require.Equal(t, "The specified group"+illegal, ValidateGroup(bad), "%q", bad)
	}
	require.Equal(t, "The specified topic is longer than topic max length.", ValidateTopic(strings.Repeat("a", 128)))
	require.Equal(t, "The specified group is longer than group max length 255.", ValidateGroup(strings.Repeat("a", 256)))
}

func TestDerivedNames(t *testing.T) {
	require.True(t, IsRetryTopic(RetryTopic("g")))
	require.True(t, IsDLQTopic(DLQTopic("g")))
	require.False(t, IsRetryTopic(DLQTopic("g")))
	require.True(t, IsLMQ("%LMQ%q"))
	require.True(t, IsSystemGroup(TransConsumerGroup))
	require.Equal(t, "DefaultCluster_REPLY_TOPIC", ReplyTopic("DefaultCluster"))
	group, ok := GroupOfRetryTopic("%RETRY%g")
	require.True(t, ok)
	require.Equal(t, "g", group)
	group, ok = GroupOfDLQTopic("%DLQ%g")
	require.True(t, ok)
	require.Equal(t, "g", group)
	_, ok = GroupOfRetryTopic("g")
	require.False(t, ok)
}

func TestTagsCode(t *testing.T) {
	for s, want := range map[string]int64{ // Java's String.hashCode
		"": 0, "a": 97, "TagA": 2598919, "中文": 646394, "😀x": 54959989, "é\x00": 7223,
	} {
		require.Equal(t, want, TagsCode(s), s)
		require.EqualValues(t, want, JavaStringHash(s))
	}
	require.Negative(t, TagsCode("polygenelubricants"), "sign-extended")
	require.EqualValues(t, -1<<31, TagsCode("polygenelubricants"))
}

func TestVersionDesc(t *testing.T) {
	for version, want := range map[int32]string{
		0: "V3_0_0_SNAPSHOT", 7: "V3_0_0_BETA6_SNAPSHOT", 15: "V3_0_0_FINAL", 16: "V3_0_1_SNAPSHOT", 17: "V3_0_1",
		28: "V3_0_7_SNAPSHOT", 37: "V3_0_11", 45: "V3_0_15", 46: "V3_1_0_SNAPSHOT", 62: "V3_1_8_SNAPSHOT", 66: "V3_2_0_SNAPSHOT",
		85: "V3_2_9", 86: "V3_3_1_SNAPSHOT", 103: "V3_3_9", 104: "V3_4_1_SNAPSHOT", 121: "V3_4_9", 211: "V3_9_9",
		212: "V4_0_0_SNAPSHOT", 213: "V4_0_0", 293: "V4_4_0", 317: "V4_5_2", 393: "V4_9_0", 409: "V4_9_8", 408: "V4_9_8_SNAPSHOT",
		413: "V5_0_0", 479: "V5_3_3", 610: "V5_9_9_SNAPSHOT", 611: "V5_9_9", 612: "HIGHER_VERSION", 1 << 30: "HIGHER_VERSION",
	} {
		require.Equal(t, want, VersionDesc(version), version)
	}
	require.Equal(t, "V4_9_8", VersionDesc(CurrentVersion))
	require.NotEmpty(t, VersionDesc(-1))
}

func TestCodeNames(t *testing.T) {
	require.Equal(t, "SEND_MESSAGE_V2", RequestCodeName(310))
	require.Equal(t, "LITE_PULL_MESSAGE", RequestCodeName(361))
	require.Equal(t, "999", RequestCodeName(999))
	require.Equal(t, "PULL_OFFSET_MOVED", ResponseCodeName(21))
	require.Equal(t, "-1", ResponseCodeName(-1))
	require.Len(t, requestCodeNames, 95+3)
	require.Len(t, responseCodeNames, 37)
}

func TestLanguage(t *testing.T) {
	for l := LanguageJava; l <= LanguageRust; l++ {
		got, ok := ParseLanguage(l.String())
		require.True(t, ok)
		require.Equal(t, l, got)
	}
	for _, unknown := range []string{"", "NODE_JS", "13", "java"} {
		got, ok := ParseLanguage(unknown)
		require.False(t, ok)
		require.Equal(t, LanguageOther, got)
	}
	require.Equal(t, "OTHER", LanguageCode(200).String())
}

func TestPermAndSysFlag(t *testing.T) {
	for perm, want := range map[int32]string{0: "---", 4: "R--", 2: "-W-", 6: "RW-", 7: "RWX", 1: "--X"} {
		require.Equal(t, want, PermString(perm))
	}
	require.Equal(t, SysFlagCompressed|TransactionCommitType, WithTransactionType(SysFlagCompressed|TransactionRollbackType, TransactionCommitType))
	require.Equal(t, TransactionPreparedType, TransactionType(0x7F7))
}
