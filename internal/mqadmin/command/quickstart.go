package command

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/mqadmin"
)

// quickstartMessages is how many messages the producer sends.
const quickstartMessages = 1000

// quickstartProducer is no command of mqadmin, but is run as they are.
var quickstartProducer = &Command{Name: "quickstart", Run: runQuickstartProducer}

// QuickstartProducer is the Producer of RocketMQ's quick start, which people
// run in a container to see whether all is well. It returns the exit status.
// At the first failure it ends; Java's goes on with the next message.
func QuickstartProducer(ctx context.Context, env Env) int {
	if err := quickstartProducer.run(ctx, nil, env); err != nil {
		fmt.Fprintf(env.Err, "Producer: %v\n", err)
		return 1
	}
	return 0
}

func runQuickstartProducer(ctx context.Context, c *Call) error {
	const topic = "TopicTest"
	queues, masters, err := c.Admin.WriteQueues(ctx, topic)
	var refused *mqadmin.ResponseError
	if errors.As(err, &refused) && refused.Code == codec.TopicNotExist { // the broker makes the topic at the first message
		queues, masters, err = c.Admin.WriteQueues(ctx, codec.AutoCreateTopicKeyTopic)
		queues = slices.DeleteFunc(queues, func(mq codec.MessageQueue) bool { return mq.QueueID >= mqadmin.DefaultTopicQueueNums })
	}
	if err != nil {
		return err
	}
	if len(queues) == 0 {
		return fmt.Errorf("no broker takes messages of topic %s", topic)
	}
	for i := range quickstartMessages {
		mq := queues[i%len(queues)]
		mq.Topic = topic
		m := mqadmin.Message{Topic: topic, Properties: map[string]string{codec.PropertyTags: "TagA"}, Body: fmt.Appendf(nil, "Hello RocketMQ %d", i)}
		r, err := c.Admin.Send(ctx, masters[mq.BrokerName], "please_rename_unique_group_name", mq, m)
		if err != nil {
			return err
		}
		c.printf("%s\n", r)
	}
	return nil
}
