package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
	"github.com/boostermq/booster/internal/mqadmin"
)

func runQueryMsgByID(ctx context.Context, c *Call) error {
	for id := range strings.SplitSeq(c.Text("i", ""), ",") {
		id = strings.TrimSpace(id)
		m, err := c.Admin.ViewMessage(ctx, id)
		if err != nil {
			return err
		}
		switch {
		case c.Has("g") && c.Has("d"):
			err = c.consumeDirectly(ctx, m)
		case c.Bool("s", false):
			err = c.resend(ctx, id, m)
		default:
			err = c.printDetail(ctx, m, true)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// resend sends a message again, as it is.
func (c *Call) resend(ctx context.Context, id string, m mqadmin.StoredMessage) error {
	queues, masters, err := c.Admin.WriteQueues(ctx, m.Topic)
	if err != nil {
		return err
	}
	c.printf("prepare resend msg. originalMsgId=%s", id)
	mq := queues[int(m.CommitLogOffset)%len(queues)]
	result, err := c.Admin.Send(ctx, masters[mq.BrokerName], "ReSendMsgById", mq, mqadmin.Message{Topic: m.Topic, Flag: m.Flag, Properties: m.Properties, Body: m.Body})
	if err == nil {
		c.printf("%s", result)
	}
	return err
}

func (c *Call) consumeDirectly(ctx context.Context, m mqadmin.StoredMessage) error {
	r, err := c.Admin.ConsumeDirectly(ctx, c.Text("g", ""), c.Text("d", ""), m)
	if err == nil {
		c.printf("ConsumeMessageDirectlyResult [order=%t, autoCommit=%t, consumeResult=%s, remark=%s, spentTimeMills=%d]",
			r.Order, r.AutoCommit, cmp.Or(r.ConsumeResult, "null"), cmp.Or(r.Remark, "null"), r.SpentTimeMills)
	}
	return err
}

func runQueryMsgByKey(ctx context.Context, c *Call) error {
	const most = 64
	found, err := c.Admin.QueryMessages(ctx, c.Text("t", ""), c.Text("k", ""), most, false)
	if err != nil {
		return err
	}
	c.printf("%-50s %4s %40s\n", "#Message ID", "#QID", "#Offset")
	for _, m := range found {
		c.printf("%-50s %4d %40d\n", m.MsgID(), m.QueueID, m.QueueOffset)
	}
	return nil
}

func runQueryMsgByUniqueKey(ctx context.Context, c *Call) error {
	topic, id := c.Text("t", ""), c.Text("i", "")
	if !c.Has("a") || c.Has("g") && c.Has("d") {
		m, err := c.Admin.FindMessage(ctx, topic, id)
		if err != nil {
			return err
		}
		if c.Has("g") && c.Has("d") {
			return c.consumeDirectly(ctx, m)
		}
		return c.printDetail(ctx, m, false)
	}
	const most = 32
	found, err := c.Admin.QueryMessages(ctx, topic, id, most, true)
	for i := 0; i < len(found) && err == nil; i++ {
		err = c.printDetail(ctx, found[i], false)
	}
	return err
}

func runQueryMsgByOffset(ctx context.Context, c *Call) error {
	mq := codec.MessageQueue{Topic: c.Text("t", ""), BrokerName: c.Text("b", ""), QueueID: c.Int32("i", 0)}
	addr, err := c.addrOfBroker(ctx, mq.Topic, mq.BrokerName)
	if err != nil {
		return err
	}
	offset := int64(c.Int("o", 0))
	r, err := c.Admin.Pull(ctx, addr, mqadmin.ToolsGroup, mq, codec.SubscribeAll, offset, 1)
	if err != nil {
		return err
	}
	if len(r.Messages) == 0 {
		return fmt.Errorf("no message at offset %d of %s: %s", offset, queueText(mq), r.Status)
	}
	return c.printDetail(ctx, r.Messages[0], true)
}

// addrOfBroker returns the address of a broker of the topic.
func (c *Call) addrOfBroker(ctx context.Context, topic, name string) (string, error) {
	route, err := c.Admin.TopicRoute(ctx, topic)
	if err != nil {
		return "", err
	}
	broker, _ := mqadmin.RouteBroker(route, name)
	if addr := mqadmin.BrokerAddr(broker); addr != "" {
		return addr, nil
	}
	return "", fmt.Errorf("topic %s has no broker %s", topic, name)
}

func runQueryCq(ctx context.Context, c *Call) error {
	topic, addr := c.Text("t", ""), c.Text("b", "")
	if addr == "" {
		route, err := c.Admin.TopicRoute(ctx, topic)
		if err != nil {
			return err
		}
		if len(route.BrokerDatas) == 0 {
			return errors.New("no topic route data")
		}
		addr = mqadmin.BrokerAddr(mqadmin.SortedBrokers(route)[0])
	}
	body, err := c.Admin.ConsumeQueue(ctx, addr, &codec.QueryConsumeQueueRequestHeader{
		Topic: topic, QueueID: c.Int32("q", 0), Index: int64(c.Int("i", 0)), Count: c.Int32("c", 10), ConsumerGroup: c.Text("g", "")})
	if err != nil {
		return err
	}
	const rule = "======================================\n"
	if body.SubscriptionData != nil {
		text, err := fastjson.MarshalPretty(body.SubscriptionData)
		if err != nil {
			return err
		}
		c.printf("Subscription data: \n%s\n%sFilter data: \n%s\n%s", text, rule, cmp.Or(body.FilterData, "null"), rule)
	}
	c.printf("Queue data: \nmax: %d, min: %d\n%s", body.MaxQueueIndex, body.MinQueueIndex, rule)
	for i, d := range body.QueueData {
		c.printf("idx: %d\nConsumeQueueData{physicOffset=%d, physicSize=%d, tagsCode=%d, extendDataJson='%s', bitMap='%s', eval=%t, msg='%s'}\n%s",
			c.Int("i", 0)+i, d.PhysicOffset, d.PhysicSize, d.TagsCode, cmp.Or(d.ExtendDataJSON, "null"), cmp.Or(d.BitMap, "null"), d.Eval, cmp.Or(d.Msg, "null"), rule)
	}
	return nil
}
