package command

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/boostermq/booster/internal/mqadmin"
)

// drainBroker is not one of Java's.
var drainBroker = &Command{
	Name: "drainBroker", Text: "Send producers to other brokers and wait until no message comes in",
	Options: []Option{
		required("b", "brokerAddr", "Broker address"),
		flag("u", "undo", "let producers send to the broker again"),
		optional("t", "timeoutSeconds", "how long to wait at most, 0: not at all | default 120").number(),
	},
	Run: runDrainBroker,
}

const (
	// routeRefresh is how often clients ask for their routes (Java:
	// ClientConfig.pollNameServerInterval): until then they may send.
	routeRefresh = 30 * time.Second
	drainPoll    = time.Second
)

// runDrainBroker takes the write permission from a broker on all name servers,
// so that no producer finds it, and waits until no message comes in any more.
// The broker keeps its messages and consumers go on reading them. The
// permission comes back with -u, when a topic of the broker changes, and when
// the broker starts anew.
func runDrainBroker(ctx context.Context, c *Call) error {
	addr := c.Text("b", "")
	name, err := c.Admin.BrokerNameByAddr(ctx, addr)
	if err != nil {
		return err
	}
	if c.Has("u") {
		return c.changeWritePerm(ctx, name, "add", (*mqadmin.Admin).AddWritePerm)
	}
	if err := c.changeWritePerm(ctx, name, "wipe", (*mqadmin.Admin).WipeWritePerm); err != nil {
		return err
	}
	if limit := time.Duration(c.Int("t", 120)) * time.Second; limit > 0 {
		return c.awaitNoPuts(ctx, addr, limit)
	}
	return nil
}

// awaitNoPuts waits until all clients have asked for their routes again and the
// broker has taken no message for the time its TPS is counted over.
func (c *Call) awaitNoPuts(ctx context.Context, addr string, limit time.Duration) error {
	start := time.Now()
	for {
		info, err := c.Admin.RuntimeInfo(ctx, addr)
		if err != nil {
			return err
		}
		tps, waited := firstNumber(info["putTps"]), time.Since(start)
		switch {
		case tps == 0 && waited >= routeRefresh:
			c.printf("no message comes in to %s any more, after %d s\n", addr, int(waited.Seconds()))
			return nil
		case waited >= limit && tps == 0:
			return fmt.Errorf("no message came in to %s for %d s, but clients ask for their routes only every %d s", addr, int(waited.Seconds()), int(routeRefresh.Seconds()))
		case waited >= limit:
			return fmt.Errorf("broker %s still takes %.2f messages a second after %d s: producers that have not asked for their routes, "+
				"messages sent back by consumers, or delayed ones that become due", addr, tps, int(waited.Seconds()))
		}
		if !wait(ctx, min(drainPoll, limit-waited)) {
			return errors.New("stopped before the broker was drained: its write permission stays wiped")
		}
	}
}
