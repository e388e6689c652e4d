package interop

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/interop/internal/agent"
)

// TestSendModes: sync, async, one-way and batch sends all arrive, once, in dense queues.
func TestSendModes(t *testing.T) {
	t.Parallel()
	s := shared(t)
	for _, kind := range matrix() {
		for _, mode := range []string{"sync", "async", "oneway", "batch"} {
			t.Run(kind+" "+mode, func(t *testing.T) {
				t.Parallel()
				topic := newTopic(t, s.namesrv.Addr, "Send-"+mode, 4)
				p := startProducer(t, kind, s.namesrv.Addr, nil)
				sent := p.send(agent.Args{"topic": topic, "mode": mode, "keys": "k%d", "tags": "T", "text": "%d", "count": 60})
				reader := startPuller(t, agent.Java497, s.namesrv.Addr, topic)
				var msgs []agent.Message
				eventually(t, "60 messages", func() bool { msgs = reader.readAll(); return len(msgs) >= 60 })
				keys := make(map[string]bool)
				for _, m := range msgs {
					keys[m.Keys] = true
				}
				require.Len(t, keys, 60)
				require.Len(t, msgs, 60)
				if mode == "sync" || mode == "async" {
					requireDelivered(t, sent, msgs)
				}
			})
		}
	}
}

// TestBodies: bodies of all sizes arrive untouched in every client, compressed by the producer or not.
func TestBodies(t *testing.T) {
	t.Parallel()
	s := shared(t)
	for _, from := range matrix() {
		t.Run(from, func(t *testing.T) {
			t.Parallel()
			topic := newTopic(t, s.namesrv.Addr, "Bodies", 1)
			sent := sendBodies(startProducer(t, from, s.namesrv.Addr, nil), topic)
			for _, to := range matrix() {
				t.Run(to, func(t *testing.T) {
					t.Parallel()
					c := startConsumer(t, to, s.namesrv.Addr, agent.Args{"topic": topic})
					requireDelivered(t, sent, c.awaitAndStop(len(sent)))
				})
			}
		})
	}
}

// sendBodies sends incompressible and compressible bodies around the borders: 4 KiB is where clients begin to compress, 4 MiB
// is the largest body.
func sendBodies(p *producer, topic string) []agent.SendResult {
	p.t.Helper()
	var sent []agent.SendResult
	for i, size := range []int{1, 4095, 4096, 65536, 1 << 20, 4<<20 - 4096} {
		sent = append(sent, p.send(agent.Args{"topic": topic, "size": size, "seed": i})...)
	}
	for _, size := range []int{4096, 1 << 20, 4 << 20} {
		sent = append(sent, p.send(agent.Args{"topic": topic, "size": size, "fill": "text"})...)
	}
	return sent
}

// TestBodyLimits: what is too large is refused by the client or by the broker, and nothing is stored. An empty body is
// refused by the Java clients themselves; the Go client sends it, and it arrives.
func TestBodyLimits(t *testing.T) {
	t.Parallel()
	s := shared(t)
	const messageIllegal = 13 // ResponseCode.MESSAGE_ILLEGAL
	for _, kind := range matrix() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			topic := newTopic(t, s.namesrv.Addr, "Limits", 1)
			args := agent.Args{"retries": 0, "compressOverBytes": 100 << 20, "maxMessageSizeBytes": 16 << 20}
			p := startProducer(t, kind, s.namesrv.Addr, args)
			large := p.trySend(agent.Args{"topic": topic, "size": 4<<20 + 1})[0]
			require.NotEmpty(t, large.Error)
			empty := p.trySend(agent.Args{"topic": topic, "size": 0})[0]
			msgs := startPuller(t, agent.Java497, s.namesrv.Addr, topic).readAll()
			if kind == agent.Go212 {
				require.Equal(t, "SEND_OK", empty.Status)
				requireDelivered(t, []agent.SendResult{empty}, msgs)
				return
			}
			require.Equal(t, messageIllegal, large.Code, large.Error)
			require.Equal(t, messageIllegal, empty.Code, empty.Error)
			require.Empty(t, msgs)
		})
	}
}

// TestChinese: text beyond ASCII in body, keys, tags and properties, found by its key as well. The Go client subscribes to
// all tags: it hashes the bytes of a tag where everybody else hashes its UTF-16 units, so no broker can match the two.
func TestChinese(t *testing.T) {
	t.Parallel()
	s := shared(t)
	const (
		body, tag     = "你好，世界 – 消息 %d 🚀", "标签"
		property, key = "订单", "键"
	)
	for _, from := range matrix() {
		t.Run(from, func(t *testing.T) {
			t.Parallel()
			topic := newTopic(t, s.namesrv.Addr, "Chinese", 2)
			sent := startProducer(t, from, s.namesrv.Addr, nil).send(agent.Args{"topic": topic, "tags": tag, "keys": key + "%d",
				"text": body, "count": 10, "properties": agent.Args{property: "值%d"}})
			for _, to := range matrix() {
				t.Run(to, func(t *testing.T) {
					t.Parallel()
					expression := tag
					if to == agent.Go212 {
						expression = "*"
					}
					c := startConsumer(t, to, s.namesrv.Addr, agent.Args{"topic": topic, "expression": expression})
					msgs := c.awaitAndStop(len(sent))
					requireDelivered(t, sent, msgs)
					texts := make(map[string]agent.Message)
					for _, m := range msgs {
						texts[m.Text] = m
					}
					for i := range sent {
						m := texts[fmt.Sprintf(body, i)]
						require.Equal(t, tag, m.Tags)
						require.Equal(t, fmt.Sprint(key, i), m.Keys)
						require.Equal(t, fmt.Sprint("值", i), m.Properties[property])
					}
				})
			}
			for _, by := range []string{agent.Java440, agent.Java497} {
				found := startPuller(t, by, s.namesrv.Addr, topic).query(key + "7")
				require.Len(t, found, 1)
				require.Equal(t, fmt.Sprintf(body, 7), found[0].Text)
			}
		})
	}
}
