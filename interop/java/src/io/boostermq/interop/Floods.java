package io.boostermq.interop;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.common.message.Message;

/**
 * Sends without end until told to stop, and tells every acknowledgement: what crash loops need. Thread i sends to queue i
 * only, one message after the other with keys name-i-0, name-i-1, …, pauseMs between them; a failed send is not repeated,
 * its fate is unknown.
 */
final class Floods {
    private static final long PAUSE_AFTER_ERROR_MS = 20;

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
            int queueId = i;
            Thread t = new Thread(() -> f.run(queueId));
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

        void run(int queueId) {
            byte[] body = new byte[args.integer("size", 100)];
            Arrays.fill(body, "x".getBytes(StandardCharsets.UTF_8)[0]);
            for (long seq = 0; !stopped.get(); seq++) {
                Message m = new Message(args.str("topic"), body);
                m.setKeys(name + "-" + queueId + "-" + seq);
                m.putUserProperty("seq", String.valueOf(seq));
                send(m, queueId);
                pause(args.num("pauseMs", 0));
            }
        }

        private void send(Message m, int queueId) {
            try {
                SendResult r = producer.send(m, Producers.selector(args), queueId);
                // A slave that is missing or late is no loss here: the master has the message.
                if (r.getSendStatus() == SendStatus.FLUSH_DISK_TIMEOUT) {
                    throw new IllegalStateException(r.toString());
                }
                acked.incrementAndGet();
                agent.emit("acked", Agent.fields("name", name, "key", m.getKeys(), "queueId", queueId,
                    "queueOffset", r.getQueueOffset(), "msgId", r.getMsgId(), "status", r.getSendStatus().name()));
            } catch (Exception e) {
                failed.incrementAndGet();
                lastError = e.toString();
                pause(PAUSE_AFTER_ERROR_MS);
            }
        }

        private void pause(long ms) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(ms));
        }
    }
}
