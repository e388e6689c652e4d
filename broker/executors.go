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
		send:           newExecutor("send", c.SendMessageThreadPoolNums, c.SendThreadPoolQueueCapacity, 0, c),
		pull:           newExecutor("pull", c.PullMessageThreadPoolNums, c.PullThreadPoolQueueCapacity, c.WaitTimeMillsInPullQueue, c),
		reply:          newExecutor("reply", c.ProcessReplyMessageThreadPoolNums, c.ReplyThreadPoolQueueCapacity, 0, c),
		query:          newExecutor("query", c.QueryMessageThreadPoolNums, c.QueryThreadPoolQueueCapacity, 0, c),
		heartbeat:      newExecutor("heartbeat", c.HeartbeatThreadPoolNums, c.HeartbeatThreadPoolQueueCapacity, c.WaitTimeMillsInHeartbeatQueue, c),
		clientManage:   newExecutor("clientManage", c.ClientManageThreadPoolNums, c.ClientManagerThreadPoolQueueCapacity, 0, c),
		consumerManage: newExecutor("consumerManage", c.ConsumerManageThreadPoolNums, c.ConsumerManagerThreadPoolQueueCapacity, 0, c),
		endTransaction: newExecutor("endTransaction", c.EndTransactionThreadPoolNums, c.EndTransactionPoolQueueCapacity, c.WaitTimeMillsInTransactionQueue, c),
		admin:          newExecutor("adminBroker", c.AdminBrokerThreadPoolNums, unbounded, 0, c),
	}
}

// newExecutor makes a pool; requests that waited longer than waitMs are
// answered [TIMEOUT_CLEAN_QUEUE] while brokerFastFailureEnable. 0 = any time.
func newExecutor(name string, workers, capacity int, waitMs int64, c *BrokerConfig) *remoting.Executor {
	e := remoting.NewExecutor(name, max(1, workers), max(1, capacity))
	if c.BrokerFastFailureEnable && waitMs > 0 {
		e.SetMaxQueueWait(time.Duration(waitMs) * time.Millisecond)
	}
	return e
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
