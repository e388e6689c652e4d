package acl

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
)

// declaredCodes reads the request codes from where they are declared.
func declaredCodes(t *testing.T) map[int32]string {
	file, err := parser.ParseFile(token.NewFileSet(), "../../codec/requestcode.go", nil, 0)
	require.NoError(t, err)
	codes := map[int32]string{}
	for _, d := range file.Decls {
		decl, ok := d.(*ast.GenDecl)
		if !ok || decl.Tok != token.CONST {
			continue
		}
		for _, s := range decl.Specs {
			spec := s.(*ast.ValueSpec)
			value, err := strconv.Atoi(spec.Values[0].(*ast.BasicLit).Value)
			require.NoError(t, err)
			codes[int32(value)] = spec.Names[0].Name
		}
	}
	require.Greater(t, len(codes), 90)
	return codes
}

// TestEveryCodeIsDecided: one row for each declared code, none for others.
func TestEveryCodeIsDecided(t *testing.T) {
	declared, decided := declaredCodes(t), map[int32]bool{}
	for _, d := range decisions() {
		require.Falsef(t, decided[d.code], "code %d twice", d.code)
		require.Containsf(t, declared, d.code, "code %d is not declared", d.code)
		decided[d.code] = true
	}
	for code, name := range declared {
		require.Truef(t, decided[code], "%d %s has no row in decisions.go", code, name)
	}
}

// TestAdminCodes: what only administrators may do, with and without aclLaxAs498.
func TestAdminCodes(t *testing.T) {
	adminOf := func(lax bool) map[int32]bool {
		codes := map[int32]bool{}
		for code, r := range rules(lax) {
			if r.admin {
				codes[code] = true
				require.Nil(t, r.check)
			}
		}
		return codes
	}
	require.Equal(t, set(17, 25, 200, 207, 215), adminOf(true))
	require.Equal(t, set(17, 25, 200, 207, 215, 50, 51, 53, 222, 314, 306, 316, 329, 308, 323, 100, 102, 103, 104, 205, 216, 318, 327,
		27, 209, 210, 211, 212, 213, 301, 302), adminOf(false))
}

func set(codes ...int32) map[int32]bool {
	s := map[int32]bool{}
	for _, c := range codes {
		s[c] = true
	}
	return s
}

const needsFile = `accounts:
- accessKey: plain001
  secretKey: secret01
  topicPerms: [P=PUB, S=SUB, PS=PUB|SUB, D=DENY]
  groupPerms: [G=SUB, GP=PUB]
`

// messages are the topics of the messages at some offsets.
var messages = map[int64]string{100: "S", 200: "P", 300: "D", 400: "%RETRY%G", 500: "%RETRY%H"}

const (
	denyTopic = "No default permission for topic:"
	denyGroup = "No default permission for group:"
)

// need is a request and what becomes of it now and as 4.9.8 does; lax "=" is the same.
type need struct {
	code      int32
	pairs     []string
	want, lax string
}

func kv(pairs ...string) []string { return pairs }

// needs has at least one row for each code with a check, for each of its ways.
var needs = []need{
	{codec.SendMessage, kv("topic", "P"), "", "="},
	{codec.SendMessage, kv("topic", "S"), denyTopic + "S", "="},
	{codec.SendMessage, kv("topic", "D"), denyTopic + "D", "="},
	{codec.SendMessage, kv("topic", "X"), denyTopic + "X", "="},
	{codec.SendMessage, kv("topic", "%RETRY%G"), "", "="},
	{codec.SendMessage, kv("topic", "%RETRY%H"), denyGroup + "H", ""},
	{codec.SendMessage, kv("topic", "%RETRY%H", "group", "G"), denyGroup + "H", ""},
	{codec.SendMessage, kv("topic", "%DLQ%G"), denyTopic + "%DLQ%G", "="},
	{codec.SendMessage, kv("topic", codec.TraceTopic), "", "="},
	{codec.SendMessageV2, kv("b", "PS"), "", "="},
	{codec.SendMessageV2, kv("b", "S", "topic", "P"), denyTopic + "S", "="},
	{codec.SendMessageV2, kv("b", "P", "b", "S"), denyTopic + "S", "="},
	{codec.SendMessageV2, kv("b", "%RETRY%G", "a", "CLIENT_INNER_PRODUCER"), "", denyGroup + "CLIENT_INNER_PRODUCER"},
	{codec.SendMessageV2, kv("b", "%RETRY%H", "a", "G"), denyGroup + "H", ""},
	{codec.SendBatchMessage, kv("b", "P"), "", "="},
	{codec.SendBatchMessage, kv("b", "S"), denyTopic + "S", ""},
	{codec.SendBatchMessage, kv("b", "%RETRY%H"), denyGroup + "H", ""},
	{codec.PullMessage, kv("topic", "S", "consumerGroup", "G"), "", "="},
	{codec.PullMessage, kv("topic", "P", "consumerGroup", "G"), denyTopic + "P", "="},
	{codec.PullMessage, kv("topic", "S", "consumerGroup", "H"), denyGroup + "H", "="},
	{codec.PullMessage, kv("topic", "S", "consumerGroup", "GP"), denyGroup + "GP", "="},
	{codec.PullMessage, kv("topic", "%RETRY%G", "consumerGroup", "G"), "", "="},
	{codec.LitePullMessage, kv("topic", "P", "consumerGroup", "G"), denyTopic + "P", "="},
	{codec.QueryMessage, kv("topic", "S"), "", "="},
	{codec.QueryMessage, kv("topic", "P"), denyTopic + "P", "="},
	{codec.QueryConsumeQueue, kv("topic", "P"), denyTopic + "P", ""},
	{codec.QueryConsumerOffset, kv("topic", "S", "consumerGroup", "G"), "", "="},
	{codec.QueryConsumerOffset, kv("topic", "S", "consumerGroup", "H"), denyGroup + "H", ""},
	{codec.UpdateConsumerOffset, kv("topic", "P", "consumerGroup", "G"), denyTopic + "P", "="},
	{codec.SearchOffsetByTimestamp, kv("topic", "D"), denyTopic + "D", ""},
	{codec.SearchOffsetByTimestamp, kv("topic", "P"), "", "="},
	{codec.GetMaxOffset, kv("topic", "S"), "", "="},
	{codec.GetMaxOffset, kv("topic", "X"), denyTopic + "X", ""},
	{codec.GetMinOffset, kv("topic", "X"), denyTopic + "X", ""},
	{codec.GetEarliestMsgStoreTime, kv("topic", "X"), denyTopic + "X", ""},
	{codec.UnregisterClient, kv("producerGroup", "X"), "", "="},
	{codec.UnregisterClient, kv("consumerGroup", "H"), denyGroup + "H", "="},
	{codec.GetConsumerListByGroup, kv("consumerGroup", "H"), denyGroup + "H", "="},
	{codec.GetConsumerRunningInfo, kv("consumerGroup", "H"), denyGroup + "H", ""},
	{codec.InvokeBrokerToGetConsumerStatus, kv("topic", "S", "group", "G"), "", "="},
	{codec.InvokeBrokerToGetConsumerStatus, kv("topic", "S", "group", "H"), denyGroup + "H", ""},
	{codec.InvokeBrokerToGetConsumerStatus, kv("topic", "X", "group", "G"), denyTopic + "X", ""},
	{codec.ViewMessageByID, kv("offset", "100"), "", "="},
	{codec.ViewMessageByID, kv("offset", "200"), denyTopic + "P", ""},
	{codec.ViewMessageByID, kv("offset", "400"), "", "="},
	{codec.ViewMessageByID, kv("offset", "500"), denyGroup + "H", ""},
	{codec.ViewMessageByID, kv("offset", "7"), "", "="}, // nothing there
	{codec.ViewMessageByID, kv("offset", "x"), `codec: header field invalid: offset = "x" is no such number`, ""},
	{codec.EndTransaction, kv("commitLogOffset", "200"), "", "="},
	{codec.EndTransaction, kv("commitLogOffset", "100", "topic", "P"), denyTopic + "S", ""},
	{codec.ConsumerSendMsgBack, kv("offset", "100", "group", "G"), "", "="},
	{codec.ConsumerSendMsgBack, kv("offset", "100", "group", "H"), denyGroup + "H", "="},
	{codec.ConsumerSendMsgBack, kv("offset", "300", "group", "G"), denyTopic + "D", ""},
	{codec.ConsumerSendMsgBack, kv("offset", "400", "group", "G"), "", "="},
	{codec.ConsumeMessageDirectly, kv("consumerGroup", "G", "msgId", "7F0000010000529500000000000000C8"), denyTopic + "P", ""},
	{codec.ConsumeMessageDirectly, kv("consumerGroup", "G", "msgId", "7F000001000052950000000000000064"), "", "="},
	{codec.ConsumeMessageDirectly, kv("consumerGroup", "H", "msgId", "7F000001000052950000000000000064"), denyGroup + "H", ""},
	{codec.ConsumeMessageDirectly, kv("consumerGroup", "G"), "codec: no offset message id: 0 characters", ""},
}

func TestNeeds(t *testing.T) {
	topicOf := func(offset int64) (string, bool) { topic, ok := messages[offset]; return topic, ok }
	now := loaded(t, Options{MessageTopic: topicOf}, needsFile)
	lax := loaded(t, Options{MessageTopic: topicOf, LaxAs498: true}, needsFile)
	require.Contains(t, lax.log.take(), "aclLaxAs498")
	covered := map[int32]bool{codec.HeartBeat: true, codec.LockBatchMQ: true, codec.UnlockBatchMQ: true} // below
	for _, row := range needs {
		covered[row.code] = true
		c := signed(request(row.code, row.pairs...), "plain001", "secret01")
		name := codec.RequestCodeName(row.code)
		t.Run(name, func(t *testing.T) {
			requireRefused(t, row.want, now.Validate(elsewhere, c))
			if row.lax == "=" {
				row.lax = row.want
			}
			requireRefused(t, row.lax, lax.Validate(elsewhere, c))
		})
	}
	for _, d := range decisions() {
		require.Truef(t, covered[d.code] || d.now.check == nil && d.as498.check == nil, "no test of %d", d.code)
	}
}

func TestNeedsOfBodies(t *testing.T) {
	now, lax := loaded(t, Options{}, needsFile), loaded(t, Options{LaxAs498: true}, needsFile)
	beat := func(group string, topics ...string) codec.HeartbeatData {
		data := codec.HeartbeatData{ClientID: "c", ProducerDataSet: []codec.ProducerData{{GroupName: "anything"}}}
		consumer := codec.ConsumerData{GroupName: group}
		for _, topic := range topics {
			consumer.SubscriptionDataSet = append(consumer.SubscriptionDataSet, codec.SubscriptionData{Topic: topic})
		}
		data.ConsumerDataSet = []codec.ConsumerData{{GroupName: "G"}, consumer}
		return data
	}
	lock := func(group, topic string) codec.LockBatchRequestBody {
		return codec.LockBatchRequestBody{ConsumerGroup: group, MQSet: []codec.MessageQueue{{Topic: "S"}, {Topic: topic}}}
	}
	for _, row := range []struct {
		code      int32
		body      any
		want, lax string
	}{
		{codec.HeartBeat, beat("G", "S", "%RETRY%G"), "", "="},
		{codec.HeartBeat, beat("H", "S"), denyGroup + "H", "="},
		{codec.HeartBeat, beat("G", "S", "P"), denyTopic + "P", "="},
		{codec.HeartBeat, beat("G", "%RETRY%H"), denyGroup + "H", "="},
		{codec.LockBatchMQ, lock("G", "PS"), "", "="},
		{codec.LockBatchMQ, lock("H", "PS"), denyGroup + "H", ""},
		{codec.LockBatchMQ, lock("G", "P"), denyTopic + "P", ""},
		{codec.UnlockBatchMQ, lock("G", "P"), denyTopic + "P", ""},
	} {
		c := request(row.code)
		var err error
		c.Body, err = fastjson.Marshal(row.body)
		require.NoError(t, err)
		signed(c, "plain001", "secret01")
		requireRefused(t, row.want, now.Validate(elsewhere, c))
		if row.lax == "=" {
			row.lax = row.want
		}
		requireRefused(t, row.lax, lax.Validate(elsewhere, c))
	}
	for _, code := range []int32{codec.HeartBeat, codec.LockBatchMQ} {
		c := request(code)
		c.Body = []byte(`{"consumerDataSet":[`)
		require.ErrorContains(t, now.Validate(elsewhere, signed(c, "plain001", "secret01")), "AclException: request body: ")
	}
}

// TestNeedsWithoutMessageTopic: what hangs on a message is then for administrators.
func TestNeedsWithoutMessageTopic(t *testing.T) {
	f := loaded(t, Options{}, needsFile+"- accessKey: admin002\n  secretKey: secret01\n  admin: true\n  topicPerms: [T=PUB]\n")
	c := func() *codec.Command { return request(codec.ViewMessageByID, "offset", "100") }
	requireRefused(t, "No default permission for the message at offset 100", f.Validate(elsewhere, signed(c(), "plain001", "secret01")))
	requireRefused(t, "", f.Validate(elsewhere, signed(c(), "admin002", "secret01")))
}

func TestPermAllows(t *testing.T) {
	for _, row := range []struct {
		owned, need Perm
		want        bool
	}{
		{Pub, Pub, true}, {Pub, Sub, false}, {Pub | Sub, Sub, true}, {Deny, Pub, false}, {Deny | Pub, Pub, false},
		{Pub, Any, true}, {Sub, Any, true}, {Deny, Any, false}, {0, Pub, false}, {0, Any, false},
	} {
		require.Equal(t, row.want, row.owned.allows(row.need))
	}
}
