package io.boostermq.interop;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.MessageSelector;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.ConsumeOrderlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.consumer.listener.MessageListenerOrderly;
import org.apache.rocketmq.client.consumer.rebalance.AllocateMessageQueueAveragely;
import org.apache.rocketmq.client.impl.consumer.ProcessQueue;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.MessageExt;

/** DefaultMQPushConsumer. Every delivery is an event "msg" with the consumer's name. */
final class PushConsumers {
    private static final long SETTLE_MS = 2000;

    private final Agent agent;
    private final Map<String, DefaultMQPushConsumer> byName = new ConcurrentHashMap<>();

    PushConsumers(Agent agent) {
        this.agent = agent;
        agent.register("consumer.start", this::start);
        agent.register("consumer.stop", this::stop);
        agent.register("consumer.queues", this::queues);
        agent.register("consumer.suspend", args -> {
            find(args).suspend();
            return Agent.fields();
        });
        agent.register("consumer.resume", args -> {
            find(args).resume();
            return Agent.fields();
        });
    }

    private DefaultMQPushConsumer find(Args args) {
        DefaultMQPushConsumer c = byName.get(args.str("name"));
        if (c == null) {
            throw new IllegalArgumentException("no such consumer: " + args.str("name"));
        }
        return c;
    }

    private Map<String, Object> start(Args args) throws Exception {
        String name = args.str("name", args.str("group"));
        DefaultMQPushConsumer c = new DefaultMQPushConsumer(
            args.str("group"), Compat.credentials(args), new AllocateMessageQueueAveragely(), args.bool("trace", false), null);
        Compat.configure(c, args, name);
        Compat.setMessageModel(c, args.str("model", "CLUSTERING"));
        c.setConsumeFromWhere(ConsumeFromWhere.valueOf(args.str("fromWhere", "CONSUME_FROM_FIRST_OFFSET")));
        tune(c, args);
        if (args.str("filter", "TAG").equals("SQL92")) {
            c.subscribe(args.str("topic"), MessageSelector.bySql(args.str("expression")));
        } else {
            c.subscribe(args.str("topic"), args.str("expression", "*"));
        }
        int failures = args.integer("failures", 0);
        if (args.bool("orderly", false)) {
            c.registerMessageListener((MessageListenerOrderly) (msgs, context) ->
                delivered(name, msgs, failures) ? ConsumeOrderlyStatus.SUCCESS
                    : ConsumeOrderlyStatus.SUSPEND_CURRENT_QUEUE_A_MOMENT);
        } else {
            c.registerMessageListener((MessageListenerConcurrently) (msgs, context) -> {
                if (args.has("nextDelayLevel")) {
                    context.setDelayLevelWhenNextConsume(args.integer("nextDelayLevel", 0));
                }
                return delivered(name, msgs, failures) ? ConsumeConcurrentlyStatus.CONSUME_SUCCESS
                    : ConsumeConcurrentlyStatus.RECONSUME_LATER;
            });
        }
        c.start();
        byName.put(name, c);
        return Agent.fields("clientId", c.buildMQClientId());
    }

    private static void tune(DefaultMQPushConsumer c, Args args) {
        c.setConsumeThreadMin(args.integer("threads", 4));
        c.setConsumeThreadMax(args.integer("threads", 4));
        c.setConsumeMessageBatchMaxSize(args.integer("consumeBatch", 1));
        c.setPullBatchSize(args.integer("pullBatch", 32));
        if (args.has("maxReconsumeTimes")) {
            c.setMaxReconsumeTimes(args.integer("maxReconsumeTimes", 16));
        }
        if (args.has("consumeTimestamp")) {
            c.setConsumeTimestamp(args.str("consumeTimestamp"));
        }
        if (args.has("suspendMs")) {
            c.setSuspendCurrentQueueTimeMillis(args.num("suspendMs", 1000));
        }
    }

    /** Tells the messages; false while one of them has failed fewer times than it shall. */
    private boolean delivered(String name, List<MessageExt> msgs, int failures) {
        boolean ok = true;
        for (MessageExt m : msgs) {
            Map<String, Object> f = Messages.describe(m);
            f.put("name", name);
            agent.emit("msg", f);
            ok &= m.getReconsumeTimes() >= failures;
        }
        return ok;
    }

    /** Stops without leaving a delivery half done: its offset would not be committed, and the driver has seen it. */
    private Map<String, Object> stop(Args args) throws InterruptedException {
        DefaultMQPushConsumer c = find(args);
        byName.remove(args.str("name"));
        c.suspend();
        long deadlineMs = System.currentTimeMillis() + SETTLE_MS;
        while (pending(c) > 0 && System.currentTimeMillis() < deadlineMs) {
            Thread.sleep(5);
        }
        Thread.sleep(20); // the client forgets a message just before it counts it as consumed
        c.shutdown();
        return Agent.fields();
    }

    private static long pending(DefaultMQPushConsumer c) {
        long n = 0;
        for (ProcessQueue q : c.getDefaultMQPushConsumerImpl().getRebalanceImpl().getProcessQueueTable().values()) {
            n += q.getMsgCount().get();
        }
        return n;
    }

    private Map<String, Object> queues(Args args) {
        return Agent.fields("queues", Messages.describe(
            find(args).getDefaultMQPushConsumerImpl().getRebalanceImpl().getProcessQueueTable().keySet()));
    }
}
