package io.boostermq.interop;

import java.util.Map;
import org.apache.rocketmq.client.QueryResult;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.message.MessageQueue;

/** The MQAdmin part of a producer: messages by id and by key, offsets and times of a queue. */
@SuppressWarnings("deprecation")
final class ProducerQueries {
    ProducerQueries(Agent agent) {
        agent.register("producer.view", args -> Agent.fields("message",
            Messages.describe(Producers.find(args).viewMessage(args.str("topic"), args.str("msgId")))));
        agent.register("producer.query", this::query);
        agent.register("producer.offsets", this::offsets);
    }

    private Map<String, Object> query(Args args) throws Exception {
        QueryResult r = Producers.find(args).queryMessage(args.str("topic"), args.str("key"), args.integer("max", 32),
            args.num("beginMs", 0), args.num("endMs", Long.MAX_VALUE));
        return Agent.fields("messages", Messages.describeAll(r.getMessageList()),
            "indexLastUpdateMs", r.getIndexLastUpdateTimestamp());
    }

    private Map<String, Object> offsets(Args args) throws Exception {
        DefaultMQProducer p = Producers.find(args);
        MessageQueue q = PullConsumers.queue(args);
        return Agent.fields("minOffset", p.minOffset(q), "maxOffset", p.maxOffset(q), "earliestMs", p.earliestMsgStoreTime(q),
            "searchOffset", p.searchOffset(q, args.num("timestampMs", 0)));
    }
}
