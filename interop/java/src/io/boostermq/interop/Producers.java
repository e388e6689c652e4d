package io.boostermq.interop;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.LocalTransactionState;
import org.apache.rocketmq.client.producer.MessageQueueSelector;
import org.apache.rocketmq.client.producer.SendCallback;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.TransactionListener;
import org.apache.rocketmq.client.producer.TransactionMQProducer;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/** DefaultMQProducer and TransactionMQProducer. */
final class Producers {
    private final Agent agent;
    static final Map<String, DefaultMQProducer> BY_NAME = new ConcurrentHashMap<>();

    Producers(Agent agent) {
        this.agent = agent;
        agent.register("producer.start", this::start);
        agent.register("producer.stop", this::stop);
        agent.register("producer.queues", this::queues);
        agent.register("producer.createTopic", this::createTopic);
        agent.register("send", this::send);
        agent.register("sendInTransaction", this::sendInTransaction);
    }

    static DefaultMQProducer find(Args args) {
        DefaultMQProducer p = BY_NAME.get(args.str("name"));
        if (p == null) {
            throw new IllegalArgumentException("no such producer: " + args.str("name"));
        }
        return p;
    }

    private Map<String, Object> start(Args args) throws Exception {
        String group = args.str("group");
        String name = args.str("name", group);
        DefaultMQProducer p;
        if (args.bool("transaction", false)) {
            TransactionMQProducer t = new TransactionMQProducer(group, Compat.credentials(args));
            t.setTransactionListener(new Decisions(name));
            p = t;
        } else {
            p = new DefaultMQProducer(group, Compat.credentials(args), args.bool("trace", false), null);
        }
        Compat.configure(p, args, name);
        if (args.has("timeoutMs")) {
            p.setSendMsgTimeout(args.integer("timeoutMs", 3000));
        }
        if (args.has("compressOverBytes")) {
            p.setCompressMsgBodyOverHowmuch(args.integer("compressOverBytes", 4096));
        }
        if (args.has("maxMessageSizeBytes")) {
            p.setMaxMessageSize(args.integer("maxMessageSizeBytes", 4194304));
        }
        if (args.has("retries")) {
            p.setRetryTimesWhenSendFailed(args.integer("retries", 2));
            p.setRetryTimesWhenSendAsyncFailed(args.integer("retries", 2));
        }
        if (args.has("defaultTopicQueueNums")) {
            p.setDefaultTopicQueueNums(args.integer("defaultTopicQueueNums", 4));
        }
        p.start();
        BY_NAME.put(name, p);
        return Agent.fields("clientId", p.buildMQClientId());
    }

    private Map<String, Object> stop(Args args) {
        find(args).shutdown();
        BY_NAME.remove(args.str("name"));
        return Agent.fields();
    }

    private Map<String, Object> queues(Args args) throws Exception {
        return Agent.fields("queues", Messages.describe(find(args).fetchPublishMessageQueues(args.str("topic"))));
    }

    private Map<String, Object> createTopic(Args args) throws Exception {
        DefaultMQProducer p = find(args);
        Object[] values = {args.str("key", "TBW102"), args.str("topic"), args.integer("queueNums", 4)};
        try {
            p.getClass().getMethod("createTopic", String.class, String.class, int.class).invoke(p, values);
        } catch (NoSuchMethodException since5) {
            p.getClass().getMethod("createTopic", String.class, String.class, int.class, Map.class)
                .invoke(p, values[0], values[1], values[2], Collections.emptyMap());
        } catch (java.lang.reflect.InvocationTargetException e) {
            throw (Exception) e.getCause();
        }
        return Agent.fields();
    }

    /** Sends count messages one after the other; mode sync, async (callbacks), oneway or batch (one request for all). */
    private Map<String, Object> send(Args args) throws Exception {
        DefaultMQProducer p = find(args);
        int count = args.integer("count", 1);
        Object[] results = new Object[count];
        switch (args.str("mode", "sync")) {
            case "async":
                sendAsync(p, args, results);
                break;
            case "oneway":
                for (int i = 0; i < count; i++) {
                    sendOneway(p, args, Messages.build(args, i));
                    results[i] = Agent.fields("status", "ONEWAY");
                }
                break;
            case "batch":
                results = new Object[] {sendBatch(p, args, count)};
                break;
            default:
                for (int i = 0; i < count; i++) {
                    results[i] = sendSync(p, args, Messages.build(args, i));
                }
        }
        return Agent.fields("results", Arrays.asList(results));
    }

    private Map<String, Object> sendSync(DefaultMQProducer p, Args args, Message m) {
        byte[] original = m.getBody();
        try {
            SendResult r = selects(args) ? p.send(m, selector(args), selected(args)) : p.send(m);
            m.setBody(original);
            return Messages.describe(r, m);
        } catch (Exception e) {
            return Agent.error(e);
        }
    }

    private void sendAsync(DefaultMQProducer p, Args args, Object[] results) throws Exception {
        connect(p, args.str("topic"));
        CountDownLatch done = new CountDownLatch(results.length);
        for (int i = 0; i < results.length; i++) {
            int at = i;
            Message m = Messages.build(args, i);
            String sha1 = Messages.sha1(m.getBody());
            int length = m.getBody().length;
            SendCallback callback = new SendCallback() {
                @Override
                public void onSuccess(SendResult r) {
                    Map<String, Object> f = Messages.describe(r, m);
                    f.put("sha1", sha1);
                    f.put("length", length);
                    results[at] = f;
                    done.countDown();
                }

                @Override
                public void onException(Throwable e) {
                    results[at] = Agent.error(e);
                    done.countDown();
                }
            };
            if (selects(args)) {
                p.send(m, selector(args), selected(args), callback);
            } else {
                p.send(m, callback);
            }
        }
        if (!done.await(args.num("waitMs", 30000), TimeUnit.MILLISECONDS)) {
            throw new IllegalStateException(done.getCount() + " of " + results.length + " callbacks are missing");
        }
    }

    /**
     * Connects to the brokers of a topic before several threads need a connection at once. In 4.4.0 a thread that waited
     * for another one to connect closes the connection that one has made, with the requests on it; the client's own
     * repetition of such a send then has a timeout of 0 ms ("invokeAsync call timeout").
     */
    private static void connect(DefaultMQProducer p, String topic) throws Exception {
        for (MessageQueue q : p.fetchPublishMessageQueues(topic)) {
            p.maxOffset(q);
        }
    }

    private void sendOneway(DefaultMQProducer p, Args args, Message m) throws Exception {
        if (selects(args)) {
            p.sendOneway(m, selector(args), selected(args));
        } else {
            p.sendOneway(m);
        }
    }

    private Map<String, Object> sendBatch(DefaultMQProducer p, Args args, int count) {
        List<Message> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            all.add(Messages.build(args, i));
        }
        try {
            return Messages.describe(p.send(all), all.get(0));
        } catch (Exception e) {
            return Agent.error(e);
        }
    }

    private static boolean selects(Args args) {
        return args.has("queueId") || args.has("orderBy");
    }

    private static Object selected(Args args) {
        return args.has("queueId") ? (Object) args.integer("queueId", 0) : args.str("orderBy");
    }

    /** By queueId: that queue. By orderBy: the same queue for the same text. */
    static MessageQueueSelector selector(Args args) {
        return (queues, m, arg) -> {
            if (!(arg instanceof Integer)) {
                return queues.get(Math.floorMod(arg.hashCode(), queues.size()));
            }
            for (MessageQueue q : queues) {
                if (q.getQueueId() == (Integer) arg) {
                    return q;
                }
            }
            throw new IllegalArgumentException("no queue " + arg + " in " + queues);
        };
    }

    private Map<String, Object> sendInTransaction(Args args) throws Exception {
        TransactionMQProducer p = (TransactionMQProducer) find(args);
        List<Object> results = new ArrayList<>();
        for (int i = 0; i < args.integer("count", 1); i++) {
            Message m = Messages.build(args, i);
            // The listener decides by the message alone, also when the broker asks later.
            m.putUserProperty("local", args.str("local", "COMMIT_MESSAGE"));
            m.putUserProperty("check", args.str("check", "COMMIT_MESSAGE"));
            results.add(Messages.describe(p.sendMessageInTransaction(m, null), m));
        }
        return Agent.fields("results", results);
    }

    /** Transaction listener whose answers ride in the message's own properties. */
    private final class Decisions implements TransactionListener {
        private final String name;

        Decisions(String name) {
            this.name = name;
        }

        @Override
        public LocalTransactionState executeLocalTransaction(Message m, Object arg) {
            return LocalTransactionState.valueOf(m.getUserProperty("local"));
        }

        @Override
        public LocalTransactionState checkLocalTransaction(MessageExt m) {
            Map<String, Object> f = Messages.describe(m);
            f.put("name", name);
            agent.emit("check", f);
            return LocalTransactionState.valueOf(m.getUserProperty("check"));
        }
    }
}
