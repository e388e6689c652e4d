package command

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/mqadmin"
)

var sendMsgStatus = &Command{
	Name: "sendMsgStatus", Text: "send msg to broker.",
	Options: []Option{
		required("b", "brokerName", "Broker Name"),
		optional("s", "messageSize", "Message Size, Default: 128").number(),
		optional("c", "count", "send message count, Default: 50").number(),
	},
	Run: runSendMsgStatus,
}

// runSendMsgStatus sends messages to the topic that has the broker's name and
// prints how long each took. The first one, which makes the connection, does not count.
func runSendMsgStatus(ctx context.Context, c *Call) error {
	p := prober{c: c, group: "PID_SMSC_" + fmt.Sprint(time.Now().UnixMilli()), topic: c.Text("b", "")}
	p.body = probeBody(c.Int("s", 128))
	for i := range c.Int("c", 50) + 1 {
		result, took, err := p.send(ctx, i)
		if err != nil {
			return err
		}
		if i > 0 {
			c.printf("rt=%dms, SendResult=%s\n", took.Milliseconds(), result)
		}
	}
	return nil
}

var clusterRT = &Command{
	Name: "clusterRT", Text: "List All clusters Message Send RT",
	Options: []Option{
		optional("p", "print log", "print as tlog | default false").boolean(),
		optional("a", "amount", "message amount | default 100").number(),
		optional("s", "size", "message size | default 128 Byte").number(),
		optional("c", "cluster", "cluster name | default display all cluster"),
		optional("i", "interval", "print interval | default 10 seconds").number(),
		optional("m", "machine room", "machine room name | default noname"),
	},
	Run: runClusterRT,
}

// runClusterRT sends messages to every broker of a cluster, or of all, and
// prints how long one takes on average, again and again.
func runClusterRT(ctx context.Context, c *Call) error {
	info, err := c.Admin.ClusterInfo(ctx)
	if err != nil {
		return err
	}
	clusters := mqadmin.Clusters(info)
	if c.Has("c") {
		clusters = []string{c.Text("c", "")}
	}
	amount, asLog := c.Int("a", 100), c.Bool("p", false)
	if amount < 2 {
		return errors.New("option -a: the first message is not timed, at least 2 are needed")
	}
	if !asLog {
		c.printf("%-24s  %-24s  %-4s  %-8s  %-8s\n", "#Cluster Name", "#Broker Name", "#RT", "#successCount", "#failCount")
	}
	for {
		for _, cluster := range clusters {
			brokers := mqadmin.BrokersOf(info, cluster)
			if len(brokers) == 0 {
				return fmt.Errorf("cluster [%s] not exist", cluster)
			}
			for _, b := range brokers {
				c.printRT(ctx, cluster, b.BrokerName, amount, asLog)
			}
		}
		if !wait(ctx, time.Duration(c.Int("i", 10))*time.Second) {
			return nil
		}
	}
}

// printRT times amount messages to one broker.
func (c *Call) printRT(ctx context.Context, cluster, broker string, amount int, asLog bool) {
	p := prober{c: c, group: fmt.Sprint(time.Now().UnixMilli()), topic: broker, body: probeBody(c.Int("s", 128))}
	var all time.Duration
	failed := 0
	for i := range amount {
		_, took, err := p.send(ctx, i)
		if err != nil {
			failed++
		}
		if i > 0 {
			all += took
		}
	}
	if ctx.Err() != nil {
		return // stopped in the middle
	}
	ms := float64(all.Milliseconds()) / float64(amount-1)
	if asLog {
		c.printf("%s|%s|%s|%s|%.0f\n", time.Now().In(logZone).Format(dateTime), c.Text("m", "noname"), cluster, broker, math.Round(ms))
		return
	}
	c.printf("%-24s  %-24s  %-8.2f  %-16d  %-16d\n", cluster, broker, ms, amount-failed, failed)
}

// logZone is the zone of the times that clusterRT -p prints, wherever it runs.
var logZone = time.FixedZone("GMT+8", 8*60*60)

// prober sends to the queues of a topic in turn. The route is asked once it worked.
type prober struct {
	c       *Call
	group   string
	topic   string
	body    []byte
	queues  []codec.MessageQueue
	masters map[string]string
}

// send sends message number i and tells how long it took.
func (p *prober) send(ctx context.Context, i int) (mqadmin.SendResult, time.Duration, error) {
	start := time.Now()
	if len(p.queues) == 0 {
		var err error
		if p.queues, p.masters, err = p.c.Admin.WriteQueues(ctx, p.topic); err != nil {
			return mqadmin.SendResult{}, time.Since(start), err
		}
	}
	mq := p.queues[i%len(p.queues)]
	result, err := p.c.Admin.Send(ctx, p.masters[mq.BrokerName], p.group, mq, mqadmin.Message{Topic: p.topic, Body: p.body})
	return result, time.Since(start), err
}

func probeBody(size int) []byte { return []byte(strings.Repeat("a", max(size, 0))) }
