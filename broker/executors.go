package broker

import (
	"context"
	"errors"
	"time"

	"github.com/boostermq/booster/remoting"
)

// executors are the pools of the route table (spec broker.md §1).
type executors struct {
	send           *remoting.Executor // sends that must wait; others run on the event loops
	pull           *remoting.Executor
	reply          *remoting.Executor
	query          *remoting.Executor
	heartbeat      *remoting.Executor
	clientManage   *remoting.Executor
	consumerManage *remoting.Executor
	endTransaction *remoting.Executor
	admin          *remoting.Executor
}

// unbounded stands for Java's unbounded queues, which a flood must not fill memory with.
const unbounded = 1000000

func newExecutors(c *BrokerConfig) executors {
	return executors{
		send:           remoting.NewExecutor("send", c.SendMessageThreadPoolNums, c.SendThreadPoolQueueCapacity),
		pull:           remoting.NewExecutor("pull", c.PullMessageThreadPoolNums, c.PullThreadPoolQueueCapacity),
		reply:          remoting.NewExecutor("reply", c.ProcessReplyMessageThreadPoolNums, c.ReplyThreadPoolQueueCapacity),
		query:          remoting.NewExecutor("query", c.QueryMessageThreadPoolNums, c.QueryThreadPoolQueueCapacity),
		heartbeat:      remoting.NewExecutor("heartbeat", c.HeartbeatThreadPoolNums, c.HeartbeatThreadPoolQueueCapacity),
		clientManage:   remoting.NewExecutor("clientManage", c.ClientManageThreadPoolNums, c.ClientManagerThreadPoolQueueCapacity),
		consumerManage: remoting.NewExecutor("consumerManage", c.ConsumerManageThreadPoolNums, c.ConsumerManagerThreadPoolQueueCapacity),
		endTransaction: remoting.NewExecutor("endTransaction", c.EndTransactionThreadPoolNums, c.EndTransactionPoolQueueCapacity),
		admin:          remoting.NewExecutor("adminBroker", c.AdminBrokerThreadPoolNums, unbounded),
	}
}

// applyConfig says how long requests may wait in the queues before they are
// answered [TIMEOUT_CLEAN_QUEUE]: any time without brokerFastFailureEnable.
func (e *executors) applyConfig(c *BrokerConfig) {
	for pool, waitMs := range map[*remoting.Executor]int64{
		e.pull: c.WaitTimeMillsInPullQueue, e.heartbeat: c.WaitTimeMillsInHeartbeatQueue, e.endTransaction: c.WaitTimeMillsInTransactionQueue,
	} {
		if !c.BrokerFastFailureEnable {
			waitMs = 0
		}
		pool.SetMaxQueueWait(time.Duration(waitMs) * time.Millisecond)
	}
}

func (e *executors) all() []*remoting.Executor {
	return []*remoting.Executor{e.send, e.pull, e.reply, e.query, e.heartbeat, e.clientManage, e.consumerManage, e.endTransaction, e.admin}
}

// shutdown takes no more work and waits for what is under way.
func (e *executors) shutdown(ctx context.Context) error {
	var errs []error
	for _, pool := range e.all() {
		pool.Shutdown()
	}
	for _, pool := range e.all() {
		errs = append(errs, pool.Wait(ctx))
	}
	return errors.Join(errs...)
}
