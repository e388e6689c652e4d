package io.boostermq.interop;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyContext;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.RequestCallback;
import org.apache.rocketmq.client.utils.MessageUtil;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;

/**
 * Request–reply, which clients before 4.6 do not have. A replier answers "re: " and the request's body at once; a request
 * whose body begins with "hold" it keeps until "replier.reply" names its msgId.
 */
final class Requests {
    private final Agent agent;
    private final Map<String, Replier> repliers = new ConcurrentHashMap<>();

    Requests(Agent agent) {
        this.agent = agent;
        agent.register("request", this::request);
        agent.register("replier.start", this::start);
        agent.register("replier.stop", args -> {
            Replier r = repliers.remove(args.str("name"));
            r.consumer.shutdown();
            r.producer.shutdown();
            return Agent.fields();
        });
        agent.register("replier.reply", args -> {
            Replier r = repliers.get(args.str("name"));
            return Agent.fields("result", r.reply(r.held.remove(args.str("msgId"))));
        });
    }

    /** Waits for the reply in the producer's thread, or with mode async in its callback. */
    private Map<String, Object> request(Args args) throws Exception {
        DefaultMQProducer p = Producers.find(args);
        Message m = Messages.build(args, 0);
        long timeoutMs = args.num("timeoutMs", 3000);
        if (!args.str("mode", "sync").equals("async")) {
            return describe(p.request(m, timeoutMs));
        }
        CompletableFuture<Message> reply = new CompletableFuture<>();
        p.request(m, new RequestCallback() {
            @Override
            public void onSuccess(Message message) {
                if (message != null) { // the client also calls when the request is sent, with nothing
                    reply.complete(message);
                }
            }

            @Override
            public void onException(Throwable e) {
                reply.completeExceptionally(e);
            }
        }, timeoutMs);
        try {
            return describe(reply.get());
        } catch (ExecutionException e) {
            throw (Exception) e.getCause();
        }
    }

    private static Map<String, Object> describe(Message reply) {
        return Agent.fields("message", Messages.describe((MessageExt) reply));
    }

    private Map<String, Object> start(Args args) throws Exception {
        Replier r = new Replier(args);
        r.producer.start();
        r.consumer.start();
        repliers.put(r.name, r);
        return Agent.fields();
    }

    private final class Replier implements MessageListenerConcurrently {
        private final String name;
        private final DefaultMQPushConsumer consumer;
        private final DefaultMQProducer producer;
        private final Map<String, MessageExt> held = new ConcurrentHashMap<>();

        Replier(Args args) throws Exception {
            name = args.str("name", args.str("group"));
            producer = new DefaultMQProducer(name + "-replies");
            Compat.configure(producer, args, name);
            consumer = new DefaultMQPushConsumer(args.str("group"));
            Compat.configure(consumer, args, name);
            consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
            consumer.subscribe(args.str("topic"), "*");
            consumer.registerMessageListener(this);
        }

        @Override
        public ConsumeConcurrentlyStatus consumeMessage(List<MessageExt> msgs, ConsumeConcurrentlyContext context) {
            for (MessageExt m : msgs) {
                Map<String, Object> f = Messages.describe(m);
                f.put("name", name);
                if (text(m).startsWith("hold")) {
                    held.put(m.getMsgId(), m);
                } else {
                    f.put("reply", reply(m));
                }
                agent.emit("msg", f);
            }
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        }

        /** What the client says of sending the reply. */
        private Map<String, Object> reply(MessageExt request) {
            try {
                Message reply = MessageUtil.createReplyMessage(request, ("re: " + text(request)).getBytes(StandardCharsets.UTF_8));
                return Messages.describe(producer.send(reply), reply);
            } catch (Exception e) {
                return Agent.error(e);
            }
        }

        private String text(Message m) {
            return new String(m.getBody(), StandardCharsets.UTF_8);
        }
    }
}
