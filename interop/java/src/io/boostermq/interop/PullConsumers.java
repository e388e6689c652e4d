package io.boostermq.interop;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.rocketmq.client.QueryResult;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.consumer.PullResult;
import org.apache.rocketmq.client.consumer.PullStatus;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/**
 * DefaultMQPullConsumer and the look-ups it offers: offsets, messages by id and by key. With "emit" the agent pulls all queues
 * of the topic all the time, from where the group is, every message is an event "msg", and then the group is behind it.
 */
@SuppressWarnings("deprecation")
final class PullConsumers {
    private static final long PAUSE_MS = 100;

    private final Agent agent;
    private final Map<String, DefaultMQPullConsumer> byName = new ConcurrentHashMap<>();
    private final Map<String, Thread> pulling = new ConcurrentHashMap<>();

    PullConsumers(Agent agent) {
        this.agent = agent;
        agent.register("pull.start", this::start);
        agent.register("pull.stop", this::stop);
        agent.register("pull.queues", args ->
            Agent.fields("queues", Messages.describe(find(args).fetchSubscribeMessageQueues(args.str("topic")))));
        agent.register("pull", this::pull);
        agent.register("pull.offsets", this::offsets);
        agent.register("pull.commit", this::commit);
        agent.register("pull.committed", args ->
            Agent.fields("offset", find(args).fetchConsumeOffset(queue(args), true)));
        agent.register("view", args ->
            Agent.fields("message", Messages.describe(find(args).viewMessage(args.str("topic"), args.str("msgId")))));
        agent.register("query", this::query);
    }

    private DefaultMQPullConsumer find(Args args) {
        DefaultMQPullConsumer c = byName.get(args.str("name"));
        if (c == null) {
            throw new IllegalArgumentException("no such pull consumer: " + args.str("name"));
        }
        return c;
    }

    static MessageQueue queue(Args args) {
        return new MessageQueue(args.str("topic"), args.str("brokerName"), args.integer("queueId", 0));
    }

    private Map<String, Object> start(Args args) throws Exception {
        String name = args.str("name", args.str("group"));
        DefaultMQPullConsumer c = new DefaultMQPullConsumer(args.str("group"), Compat.credentials(args));
        Compat.configure(c, args, name);
        c.start();
        byName.put(name, c);
        if (args.bool("emit", false)) {
            Thread puller = new Thread(() -> pullAll(name, c, args.str("topic")));
            pulling.put(name, puller);
            puller.start();
        }
        return Agent.fields("clientId", c.buildMQClientId());
    }

    private Map<String, Object> stop(Args args) throws InterruptedException {
        DefaultMQPullConsumer c = find(args);
        byName.remove(args.str("name"));
        Thread puller = pulling.remove(args.str("name"));
        if (puller != null) {
            puller.join();
        }
        c.shutdown();
        return Agent.fields();
    }

    private void pullAll(String name, DefaultMQPullConsumer c, String topic) {
        Map<MessageQueue, Long> next = new HashMap<>();
        while (byName.get(name) == c) {
            try {
                for (MessageQueue q : c.fetchSubscribeMessageQueues(topic)) {
                    if (!next.containsKey(q)) {
                        next.put(q, Math.max(0, c.fetchConsumeOffset(q, true)));
                    }
                    PullResult r = c.pull(q, "*", next.get(q), 32);
                    if (r.getPullStatus() == PullStatus.FOUND) {
                        for (MessageExt m : r.getMsgFoundList()) {
                            Map<String, Object> f = Messages.describe(m);
                            f.put("name", name);
                            agent.emit("msg", f);
                        }
                        next.put(q, r.getNextBeginOffset());
                        commit(c, q, r.getNextBeginOffset());
                    }
                }
            } catch (Exception away) {
                System.err.println(name + ": " + away); // the broker is away: again, from where we are
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(PAUSE_MS));
        }
    }

    private static void commit(DefaultMQPullConsumer c, MessageQueue q, long offset) throws MQClientException {
        c.updateConsumeOffset(q, offset);
        c.getDefaultMQPullConsumerImpl().getOffsetStore().persist(q);
    }

    private Map<String, Object> pull(Args args) throws Exception {
        DefaultMQPullConsumer c = find(args);
        MessageQueue q = queue(args);
        String expression = args.str("expression", "*");
        PullResult r = args.bool("block", false)
            ? c.pullBlockIfNotFound(q, expression, args.num("offset", 0), args.integer("max", 32))
            : c.pull(q, expression, args.num("offset", 0), args.integer("max", 32));
        return Agent.fields("status", r.getPullStatus().name(), "nextBeginOffset", r.getNextBeginOffset(),
            "minOffset", r.getMinOffset(), "maxOffset", r.getMaxOffset(),
            "messages", Messages.describeAll(r.getMsgFoundList()));
    }

    private Map<String, Object> offsets(Args args) throws Exception {
        DefaultMQPullConsumer c = find(args);
        MessageQueue q = queue(args);
        Map<String, Object> f = Agent.fields("minOffset", c.minOffset(q), "maxOffset", c.maxOffset(q),
            "earliestMs", c.earliestMsgStoreTime(q));
        if (args.has("timestampMs")) {
            f.put("searchOffset", c.searchOffset(q, args.num("timestampMs", 0)));
        }
        return f;
    }

    private Map<String, Object> commit(Args args) throws Exception {
        commit(find(args), queue(args), args.num("offset", 0));
        return Agent.fields();
    }

    private Map<String, Object> query(Args args) throws Exception {
        QueryResult r = find(args).queryMessage(args.str("topic"), args.str("key"), args.integer("max", 32),
            args.num("beginMs", 0), args.num("endMs", Long.MAX_VALUE));
        return Agent.fields("messages", Messages.describeAll(r.getMessageList()));
    }
}
