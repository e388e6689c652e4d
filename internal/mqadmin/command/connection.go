package command

import (
	"context"
	"maps"
	"slices"

	"github.com/boostermq/booster/codec"
)

var consumerConnection = &Command{
	Name: "consumerConnection", Text: "Query consumer's socket connection, client version and subscription",
	Options: []Option{
		optional("b", "brokerAddr", "broker address"),
		required("g", "consumerGroup", "consumer group name"),
	},
	Run: runConsumerConnection,
}

func runConsumerConnection(ctx context.Context, c *Call) error {
	cc, err := c.consumerConnection(ctx, c.Text("g", ""))
	if err != nil {
		return err
	}
	const line = "%-36s %-22s %-10s %s\n"
	c.printf(line, "#ClientId", "#ClientAddr", "#Language", "#Version")
	for _, conn := range cc.ConnectionSet {
		c.printf(line, conn.ClientID, conn.ClientAddr, conn.Language, codec.VersionDesc(conn.Version))
	}
	c.printf("\nBelow is subscription:\n%-20s %s\n", "#Topic", "#SubExpression")
	for _, topic := range slices.Sorted(maps.Keys(cc.SubscriptionTable)) {
		c.printf("%-20s %s\n", topic, cc.SubscriptionTable[topic].SubString)
	}
	c.printf("\nConsumeType: %s\nMessageModel: %s\nConsumeFromWhere: %s\n", cc.ConsumeType, cc.MessageModel, cc.ConsumeFromWhere)
	return nil
}

// consumerConnection asks the broker of -b, or one that the group is connected to.
func (c *Call) consumerConnection(ctx context.Context, group string) (codec.ConsumerConnection, error) {
	if c.Has("b") {
		return c.Admin.ConsumerConnectionAt(ctx, c.Text("b", ""), group)
	}
	return c.Admin.ConsumerConnection(ctx, group)
}

var producerConnection = &Command{
	Name: "producerConnection", Text: "Query producer's socket connection and client version",
	Options: []Option{
		required("t", "topic", "topic name"),
		required("g", "producerGroup", "producer group name"),
	},
	Run: runProducerConnection,
}

func runProducerConnection(ctx context.Context, c *Call) error {
	pc, err := c.Admin.ProducerConnection(ctx, c.Text("g", ""), c.Text("t", ""))
	if err != nil {
		return err
	}
	for i, conn := range pc.ConnectionSet {
		c.printf("%04d  %-32s %-22s %-8s %s\n", i+1, conn.ClientID, conn.ClientAddr, conn.Language, codec.VersionDesc(conn.Version))
	}
	return nil
}

var producer = &Command{
	Name: "producer", Text: "Query producer's instances, connection, status, etc.",
	Options: []Option{
		required("b", "broker", "broker address"),
	},
	Run: runProducer,
}

func runProducer(ctx context.Context, c *Call) error {
	table, err := c.Admin.Producers(ctx, c.Text("b", ""))
	if err != nil {
		return err
	}
	for _, group := range slices.Sorted(maps.Keys(table.Data)) {
		if len(table.Data[group]) == 0 {
			c.printf("producer group (%s) instances are empty\n", group)
		}
		for _, p := range table.Data[group] {
			c.printf("producer group (%s) instance : clientId=%s,remoteIP=%s, language=%s, version=%d, lastUpdateTimestamp=%d\n",
				group, p.ClientID, p.RemoteIP, p.Language, p.Version, p.LastUpdateTimestamp)
		}
	}
	return nil
}
