package command

import (
	"context"
	"errors"
	"fmt"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/mqadmin"
)

// resender sends dead letters again, one after the other.
type resender struct {
	c      *Call
	queues map[string]*writeQueues // by topic
	sent   int
}

// writeQueues are the queues of a topic, which are sent to in turn.
type writeQueues struct {
	queues  []codec.MessageQueue
	masters map[string]string
	next    int
}

const dlqResendLine = "%-40s  %-24s  %10v  %-40s  %s\n"

// runDLQResend sends what the options choose. It works without a consumer, and
// leaves the dead letters where they are: a second time sends them a second time.
func runDLQResend(ctx context.Context, c *Call) error {
	if !c.Has("a") && !c.Has("i") && !c.Has("k") && !c.Has("b") && !c.Has("e") && !c.Has("q") && !c.Has("o") {
		return errors.New("say which dead letters: with -i, -k, -b, -e, -q, -o, or -a for all")
	}
	if c.Has("d") && c.Has("r") {
		return errors.New("either -d or -r")
	}
	r := &resender{c: c, queues: map[string]*writeQueues{}}
	c.printf(dlqResendLine, "#Message ID", "#Queue", "#Offset", "#Sent To", "#Result")
	err := c.eachDeadLetter(ctx, func(m mqadmin.StoredMessage) error {
		if err := r.resend(ctx, m); err != nil {
			return fmt.Errorf("resending dead letter %s of queue %s offset %d: %w; to go on with it: -q %[2]s -o %[3]d-", printable(m.MsgID()), deadQueueOf(m), m.QueueOffset, err)
		}
		return nil
	})
	word := "resent"
	if c.Has("y") {
		word = "would be resent"
	}
	c.printf("%d dead letters of group %s %s\n", r.sent, c.Text("g", ""), word)
	return err
}

func (r *resender) resend(ctx context.Context, m mqadmin.StoredMessage) error {
	from := m.Properties[codec.PropertyRetryTopic]
	topic := r.c.Text("d", from)
	if topic == "" {
		return errors.New("it does not tell the topic it came from, so -d must")
	}
	if r.c.Has("r") {
		topic = codec.RetryTopic(r.c.Text("g", ""))
	}
	to, err := r.to(ctx, topic)
	if err != nil {
		return err
	}
	mq, result := to.queues[to.next%len(to.queues)], "DRY RUN"
	to.next++
	fresh := m.Fresh(topic)
	if r.c.Has("r") { // under which consumers get what comes by the retry topic
		fresh.Properties[codec.PropertyRetryTopic] = from
	}
	if !r.c.Has("y") {
		answer, err := r.c.Admin.Send(ctx, to.masters[mq.BrokerName], "TOOLS_PRODUCER", mq, fresh)
		if err != nil {
			return err
		}
		mq, result = answer.Queue, answer.Status
	}
	r.sent++
	r.c.printf(dlqResendLine, printable(m.MsgID()), deadQueueOf(m), m.QueueOffset, printable(topic)+" "+deadQueue(mq.BrokerName, mq.QueueID), result)
	return nil
}

// to returns the queues of a topic.
func (r *resender) to(ctx context.Context, topic string) (*writeQueues, error) {
	if to := r.queues[topic]; to != nil {
		return to, nil
	}
	queues, masters, err := r.c.Admin.WriteQueues(ctx, topic)
	if err != nil {
		return nil, fmt.Errorf("topic %s: %w", printable(topic), err)
	}
	r.queues[topic] = &writeQueues{queues: queues, masters: masters}
	return r.queues[topic], nil
}
