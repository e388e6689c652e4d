package io.boostermq.interop;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.rocketmq.client.consumer.DefaultLitePullConsumer;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/**
 * DefaultLitePullConsumer, which clients before 4.6 do not have. With "assign" it takes all queues, else it subscribes. With
 * "emit" the agent polls all the time, and every message is an event "msg".
 */
final class LitePullConsumers {
    private static final long POLL_MS = 200;

    private final Agent agent;
    private final Map<String, Thread> polling = new ConcurrentHashMap<>();
    private final Map<String, DefaultLitePullConsumer> byName = new ConcurrentHashMap<>();

    LitePullConsumers(Agent agent) {
        this.agent = agent;
        agent.register("litepull.start", this::start);
        agent.register("litepull.stop", args -> {
            DefaultLitePullConsumer c = find(args);
            byName.remove(args.str("name"));
            Thread poller = polling.remove(args.str("name"));
            if (poller != null) {
                poller.join();
            }
            c.shutdown();
            return Agent.fields();
        });
        agent.register("litepull.queues", args -> Agent.fields("queues", Messages.describe(find(args).assignment())));
        agent.register("litepull.poll", args ->
            Agent.fields("messages", Messages.describeAll(find(args).poll(args.num("timeoutMs", 1000)))));
        agent.register("litepull.seek", args -> {
            find(args).seek(PullConsumers.queue(args), args.num("offset", 0));
            return Agent.fields();
        });
        agent.register("litepull.commit", args -> {
            find(args).commitSync();
            return Agent.fields();
        });
        agent.register("litepull.committed", args ->
            Agent.fields("offset", find(args).committed(PullConsumers.queue(args))));
        agent.register("litepull.offsetForTimestamp", args -> Agent.fields("offset",
            find(args).offsetForTimestamp(PullConsumers.queue(args), args.num("timestampMs", 0))));
    }

    private DefaultLitePullConsumer find(Args args) {
        DefaultLitePullConsumer c = byName.get(args.str("name"));
        if (c == null) {
            throw new IllegalArgumentException("no such lite pull consumer: " + args.str("name"));
        }
        return c;
    }

    private Map<String, Object> start(Args args) throws Exception {
        String name = args.str("name", args.str("group"));
        DefaultLitePullConsumer c = new DefaultLitePullConsumer(args.str("group"), Compat.credentials(args));
        Compat.configure(c, args, name);
        c.setAutoCommit(args.bool("autoCommit", false));
        c.setConsumeFromWhere(ConsumeFromWhere.valueOf(args.str("fromWhere", "CONSUME_FROM_FIRST_OFFSET")));
        String topic = args.str("topic");
        if (args.bool("assign", false)) {
            c.start();
            Collection<MessageQueue> queues = c.fetchMessageQueues(topic);
            List<MessageQueue> plain = new ArrayList<>();
            for (MessageQueue q : queues) {
                plain.add(new MessageQueue(q.getTopic(), q.getBrokerName(), q.getQueueId()));
            }
            c.assign(plain);
        } else {
            c.subscribe(topic, args.str("expression", "*"));
            c.start();
        }
        byName.put(name, c);
        if (args.bool("emit", false)) {
            Thread poller = new Thread(() -> poll(name, c));
            polling.put(name, poller);
            poller.start();
        }
        return Agent.fields("clientId", c.buildMQClientId());
    }

    private void poll(String name, DefaultLitePullConsumer c) {
        while (byName.get(name) == c) {
            for (MessageExt m : c.poll(POLL_MS)) {
                Map<String, Object> f = Messages.describe(m);
                f.put("name", name);
                agent.emit("msg", f);
            }
        }
    }
}
