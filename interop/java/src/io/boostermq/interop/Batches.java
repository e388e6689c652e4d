package io.boostermq.interop;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.rocketmq.common.message.Message;

/** send(Collection) of messages which differ: op sendBatch with messages, each with the arguments of a send. */
final class Batches {
    Batches(Agent agent) {
        agent.register("sendBatch", this::send);
    }

    @SuppressWarnings("unchecked")
    private Map<String, Object> send(Args args) throws Exception {
        List<Message> all = new ArrayList<>();
        for (Object m : args.list("messages")) {
            all.add(Messages.build(new Args((Map<String, Object>) m), all.size()));
        }
        return Agent.fields("result", Messages.describe(Producers.find(args).send(all), all.get(0)));
    }
}
