package io.boostermq.interop;

import com.alibaba.fastjson.JSON;
import com.alibaba.fastjson.serializer.SerializerFeature;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.apache.rocketmq.client.ClientConfig;
import org.apache.rocketmq.client.QueryResult;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.consumer.PullResult;
import org.apache.rocketmq.client.consumer.PullStatus;
import org.apache.rocketmq.client.impl.factory.MQClientInstance;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;
import org.apache.rocketmq.remoting.RPCHook;
import org.apache.rocketmq.remoting.RemotingClient;
import org.apache.rocketmq.remoting.protocol.RemotingCommand;
import org.apache.rocketmq.tools.admin.DefaultMQAdminExt;

/**
 * What the consoles do behind their pages: DefaultMQAdminExt, any method of it, requests of their own, and the producer and
 * the pull consumer which they make for one action. The versions they have know less than the other agents need, so this
 * stands alone.
 */
@SuppressWarnings("deprecation")
final class Consoles {
    private static final long RAW_TIMEOUT_MS = 3000;
    private static final int PULL_BATCH = 32;

    /** An admin client and the settings it was made with. */
    private static final class Console {
        final Args settings;
        final DefaultMQAdminExt admin;

        Console(Args settings, DefaultMQAdminExt admin) {
            this.settings = settings;
            this.admin = admin;
        }
    }

    private final Map<String, Console> byName = new ConcurrentHashMap<>();
    private final AtomicLong clients = new AtomicLong();

    Consoles(Agent agent) {
        agent.register("console.start", this::start);
        agent.register("console.stop", args -> {
            byName.remove(args.str("name")).admin.shutdown();
            return Agent.fields();
        });
        agent.register("console.call", args -> Agent.fields("result",
            plain(call(find(args).admin, args.str("method"), args.list("args")))));
        agent.register("console.trackDetail", args -> Agent.fields("result", plain(find(args).admin.messageTrackDetail(
            find(args).admin.viewMessage(args.str("topic"), args.str("msgId"))))));
        agent.register("console.ask", this::ask);
        agent.register("console.systemTopics", this::systemTopics);
        agent.register("console.send", this::send);
        agent.register("console.read", this::read);
    }

    private Console find(Args args) {
        Console c = byName.get(args.str("name"));
        if (c == null) {
            throw new IllegalArgumentException("no such console: " + args.str("name"));
        }
        return c;
    }

    private Map<String, Object> start(Args args) throws Exception {
        RPCHook hook = Compat.credentials(args);
        DefaultMQAdminExt admin = configured(args, () -> new DefaultMQAdminExt(hook, args.num("timeoutMs", 15000)));
        admin.start();
        byName.put(args.str("name"), new Console(args, admin));
        return Agent.fields("vip", admin.isVipChannelEnabled());
    }

    /**
     * Makes a client as the consoles do: the pages for name servers and the VIP channel set system properties, which a client
     * reads when it is made.
     */
    private synchronized <T extends ClientConfig> T configured(Args settings, Supplier<T> make) {
        System.setProperty("rocketmq.namesrv.addr", settings.str("namesrv"));
        System.setProperty("com.rocketmq.sendMessageWithVIPChannel", String.valueOf(settings.bool("vip", true)));
        T client = make.get();
        client.setInstanceName(settings.str("name") + "-" + clients.incrementAndGet());
        return client;
    }

    /** Calls the method of that name which has so many parameters. */
    private static Object call(Object target, String name, List<Object> args) throws Exception {
        for (Method m : target.getClass().getDeclaredMethods()) {
            if (m.getName().equals(name) && m.getParameterCount() == args.size()) {
                Type[] types = m.getGenericParameterTypes();
                Object[] values = new Object[types.length];
                for (int i = 0; i < values.length; i++) {
                    values[i] = types[i] == String.class ? args.get(i) : JSON.parseObject(Json.write(args.get(i)), types[i]);
                }
                try {
                    return m.invoke(target, values);
                } catch (InvocationTargetException e) {
                    throw e.getCause() instanceof Exception ? (Exception) e.getCause() : e;
                }
            }
        }
        throw new NoSuchMethodException(name + " with " + args.size() + " arguments");
    }

    /** A request without header to an address as it is, whatever the channel; the answer is the body as the class it is for. */
    private Map<String, Object> ask(Args args) throws Exception {
        Object impl = field(find(args).admin, "defaultMQAdminExtImpl");
        RemotingClient remoting = ((MQClientInstance) field(impl, "mqClientInstance")).getMQClientAPIImpl().getRemotingClient();
        RemotingCommand request = RemotingCommand.createRequestCommand(args.integer("code", 0), null);
        RemotingCommand response = remoting.invokeSync(args.str("addr"), request, RAW_TIMEOUT_MS);
        if (response.getCode() != 0) {
            throw new IllegalStateException(response.getCode() + " " + response.getRemark());
        }
        return Agent.fields("result", plain(JSON.parseObject(response.getBody(),
            (Type) Class.forName("org.apache.rocketmq.common.protocol.body." + args.str("body")))));
    }

    private static Object field(Object target, String name) throws ReflectiveOperationException {
        Field f = target.getClass().getDeclaredField(name);
        f.setAccessible(true);
        return f.get(target);
    }

    private DefaultMQProducer startProducer(Args args) throws Exception {
        DefaultMQProducer p = configured(find(args).settings, () -> new DefaultMQProducer("SELF_TEST_P_GROUP"));
        p.start();
        return p;
    }

    private Map<String, Object> systemTopics(Args args) throws Exception {
        DefaultMQProducer p = startProducer(args);
        try {
            return Agent.fields("result", plain(p.getDefaultMQProducerImpl().getmQClientFactory().getMQClientAPIImpl()
                .getSystemTopicList(RAW_TIMEOUT_MS)));
        } finally {
            p.shutdown();
        }
    }

    private Map<String, Object> send(Args args) throws Exception {
        DefaultMQProducer p = startProducer(args);
        try {
            List<Object> results = new ArrayList<>();
            for (int i = 0; i < args.integer("count", 1); i++) {
                Message m = Messages.build(args, i);
                SendResult r = p.send(m);
                Map<String, Object> f = Messages.describe(r, m);
                f.put("regionId", r.getRegionId());
                f.put("traceOn", r.isTraceOn());
                results.add(f);
            }
            return Agent.fields("result", results);
        } finally {
            p.shutdown();
        }
    }

    /** Reads each queue of a topic between the offsets of two times. */
    private Map<String, Object> read(Args args) throws Exception {
        DefaultMQPullConsumer c = configured(find(args).settings, () -> new DefaultMQPullConsumer("TOOLS_CONSUMER"));
        c.start();
        try {
            List<Object> found = new ArrayList<>();
            for (MessageQueue q : c.fetchSubscribeMessageQueues(args.str("topic"))) {
                long offset = c.searchOffset(q, args.num("beginMs", 0));
                long end = c.searchOffset(q, args.num("endMs", Long.MAX_VALUE));
                PullResult r;
                for (; offset <= end; offset = r.getNextBeginOffset()) {
                    r = c.pull(q, "*", offset, PULL_BATCH);
                    if (r.getPullStatus() != PullStatus.FOUND) {
                        break;
                    }
                    found.addAll(Messages.describeAll(r.getMsgFoundList()));
                }
            }
            return Agent.fields("result", found);
        } finally {
            c.shutdown();
        }
    }

    /** What a method returned, for Json: getters become fields, and keys which are objects their JSON text. */
    private static Object plain(Object v) {
        if (v instanceof MessageExt) {
            return Messages.describe((MessageExt) v);
        }
        if (v instanceof QueryResult) {
            return Messages.describeAll(((QueryResult) v).getMessageList());
        }
        return Json.parse(JSON.toJSONString(v,
            SerializerFeature.DisableCircularReferenceDetect, SerializerFeature.WriteNonStringKeyAsString));
    }
}
