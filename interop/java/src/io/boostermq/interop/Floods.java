package io.boostermq.interop;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendCallback;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.client.producer.TransactionMQProducer;
import org.apache.rocketmq.common.message.Message;

/**
 * Sends without end until told to stop, and tells every acknowledgement: what crash loops need. Thread i sends messages
 * with keys name-i-0, name-i-1, …, pauseMs between the sends; a failed send is not repeated, its fate is unknown. Plain and
 * delayed messages of thread i go to queue i only, with mode async in a callback the thread waits for. With count there are
 * that many in one batch; batches and transactions choose their queue themselves. A transaction producer commits, leaves undecided until it is asked, and rolls back in turn.
 */
final class Floods {
    private static final long PAUSE_AFTER_ERROR_MS = 20;
    private static final long CALLBACK_MS = 10000;

    // What becomes of the transactions, in turn.
    private static final String[] LOCAL = {"COMMIT_MESSAGE", "COMMIT_MESSAGE", "UNKNOW", "ROLLBACK_MESSAGE", "UNKNOW"};
    private static final String[] CHECK =
        {"COMMIT_MESSAGE", "COMMIT_MESSAGE", "COMMIT_MESSAGE", "ROLLBACK_MESSAGE", "ROLLBACK_MESSAGE"};

    private final Agent agent;
    private final Map<String, Flood> floods = new ConcurrentHashMap<>();

    Floods(Agent agent) {
        this.agent = agent;
        agent.register("flood.start", this::start);
        agent.register("flood.stop", this::stop);
    }

    private Map<String, Object> start(Args args) {
        Flood f = new Flood(Producers.find(args), args);
        floods.put(args.str("name"), f);
        for (int i = 0; i < args.integer("threads", 4); i++) {
            int number = i;
            Thread t = new Thread(() -> f.run(number));
            f.threads.add(t);
            t.start();
        }
        return Agent.fields();
    }

    private Map<String, Object> stop(Args args) throws InterruptedException {
        Flood f = floods.remove(args.str("name"));
        f.stopped.set(true);
        for (Thread t : f.threads) {
            t.join();
        }
        return Agent.fields("acked", f.acked.get(), "failed", f.failed.get(), "lastError", f.lastError);
    }

    private final class Flood {
        final DefaultMQProducer producer;
        final Args args;
        final String name;
        final AtomicBoolean stopped = new AtomicBoolean();
        final List<Thread> threads = new ArrayList<>();
        final AtomicLong acked = new AtomicLong();
        final AtomicLong failed = new AtomicLong();
        volatile String lastError = "";

        Flood(DefaultMQProducer producer, Args args) {
            this.producer = producer;
            this.args = args;
            this.name = args.str("name");
        }

        void run(int thread) {
            int count = args.integer("count", 1);
            for (long seq = 0; !stopped.get(); seq += count) {
                List<Message> messages = new ArrayList<>();
                for (int i = 0; i < count; i++) {
                    messages.add(message(thread, seq + i));
                }
                send(messages, thread);
                pause(args.num("pauseMs", 0));
            }
        }

        private Message message(int thread, long seq) {
            byte[] body = new byte[args.integer("size", 100)];
            Arrays.fill(body, "x".getBytes(StandardCharsets.UTF_8)[0]);
            Message m = new Message(args.str("topic"), body);
            m.setKeys(name + "-" + thread + "-" + seq);
            m.putUserProperty("seq", String.valueOf(seq));
            if (args.has("delayLevel")) {
                m.setDelayTimeLevel(args.integer("delayLevel", 0));
            }
            if (producer instanceof TransactionMQProducer) {
                m.putUserProperty("local", LOCAL[(int) (seq % LOCAL.length)]);
                m.putUserProperty("check", CHECK[(int) (seq % CHECK.length)]);
            }
            return m;
        }

        private void send(List<Message> messages, int thread) {
            try {
                SendResult r = sendAs(messages, thread);
                // A slave that is missing or late is no loss here: the master has the message.
                if (r.getSendStatus() == SendStatus.FLUSH_DISK_TIMEOUT) {
                    throw new IllegalStateException(r.toString());
                }
                acked.addAndGet(messages.size());
                for (int i = 0; i < messages.size(); i++) {
                    agent.emit("acked", Agent.fields("name", name, "key", messages.get(i).getKeys(),
                        "queueId", r.getMessageQueue().getQueueId(), "queueOffset", r.getQueueOffset() + i,
                        "msgId", r.getMsgId(), "status", r.getSendStatus().name()));
                }
            } catch (Exception e) {
                failed.incrementAndGet();
                lastError = e.toString();
                pause(PAUSE_AFTER_ERROR_MS);
            }
        }

        private SendResult sendAs(List<Message> messages, int thread) throws Exception {
            if (producer instanceof TransactionMQProducer) {
                return producer.sendMessageInTransaction(messages.get(0), null);
            }
            if (messages.size() > 1) {
                return producer.send(messages);
            }
            if (args.str("mode", "sync").equals("async")) {
                return sendAsync(messages.get(0), thread);
            }
            return producer.send(messages.get(0), Producers.selector(args), thread);
        }

        private SendResult sendAsync(Message m, int thread) throws Exception {
            CompletableFuture<SendResult> result = new CompletableFuture<>();
            producer.send(m, Producers.selector(args), thread, new SendCallback() {
                @Override
                public void onSuccess(SendResult r) {
                    result.complete(r);
                }

                @Override
                public void onException(Throwable e) {
                    result.completeExceptionally(e);
                }
            });
            return result.get(CALLBACK_MS, TimeUnit.MILLISECONDS);
        }

        private void pause(long ms) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(ms));
        }
    }
}
