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
	pool := func(name string) *remoting.Executor { return remoting.NewExecutor(name, 1, 1) }
	e := executors{
		send: pool("send"), pull: pool("pull"), reply: pool("reply"), query: pool("query"), heartbeat: pool("heartbeat"),
		clientManage: pool("clientManage"), consumerManage: pool("consumerManage"), endTransaction: pool("endTransaction"), admin: pool("adminBroker"),
	}
	e.applyConfig(c)
	return e
}

// applyConfig sizes the pools, and says how long requests may wait in the
// queues before they are answered [TIMEOUT_CLEAN_QUEUE]: 0 = any time, as
// everywhere without brokerFastFailureEnable.
func (e *executors) applyConfig(c *BrokerConfig) {
	for _, p := range []struct {
		pool              *remoting.Executor
		workers, capacity int
		waitMs            int64
	}{
		{e.send, c.SendMessageThreadPoolNums, c.SendThreadPoolQueueCapacity, 0},
		{e.pull, c.PullMessageThreadPoolNums, c.PullThreadPoolQueueCapacity, c.WaitTimeMillsInPullQueue},
		{e.reply, c.ProcessReplyMessageThreadPoolNums, c.ReplyThreadPoolQueueCapacity, 0},
		{e.query, c.QueryMessageThreadPoolNums, c.QueryThreadPoolQueueCapacity, 0},
		{e.heartbeat, c.HeartbeatThreadPoolNums, c.HeartbeatThreadPoolQueueCapacity, c.WaitTimeMillsInHeartbeatQueue},
		{e.clientManage, c.ClientManageThreadPoolNums, c.ClientManagerThreadPoolQueueCapacity, 0},
		{e.consumerManage, c.ConsumerManageThreadPoolNums, c.ConsumerManagerThreadPoolQueueCapacity, 0},
		{e.endTransaction, c.EndTransactionThreadPoolNums, c.EndTransactionPoolQueueCapacity, c.WaitTimeMillsInTransactionQueue},
		{e.admin, c.AdminBrokerThreadPoolNums, unbounded, 0},
	} {
		p.pool.Resize(p.workers, p.capacity)
		if !c.BrokerFastFailureEnable {
			p.waitMs = 0
		}
		p.pool.SetMaxQueueWait(time.Duration(p.waitMs) * time.Millisecond)
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
