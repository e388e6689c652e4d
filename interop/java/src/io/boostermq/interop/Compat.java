package io.boostermq.interop;

import java.lang.reflect.Method;
import java.util.Map;
import org.apache.rocketmq.client.ClientConfig;
import org.apache.rocketmq.common.MQVersion;
import org.apache.rocketmq.remoting.RPCHook;

/** What differs between the client versions, reached by reflection. */
final class Compat {
    private Compat() {
    }

    static String clientVersion() {
        return String.valueOf(MQVersion.getVersionDesc(MQVersion.CURRENT_VERSION));
    }

    /** Sets the message model; its enum moved to another package in 5.x. */
    static void setMessageModel(Object consumer, String model) throws Exception {
        for (Method m : consumer.getClass().getMethods()) {
            if (m.getName().equals("setMessageModel")) {
                @SuppressWarnings({"unchecked", "rawtypes"})
                Object value = Enum.valueOf((Class<Enum>) m.getParameterTypes()[0], model);
                m.invoke(consumer, value);
                return;
            }
        }
        throw new NoSuchMethodException("setMessageModel");
    }

    /** The hook that signs requests, null without accessKey. Its library is not in the class path of every version. */
    static RPCHook credentials(Args args) throws ReflectiveOperationException {
        if (!args.has("accessKey")) {
            return null;
        }
        Class<?> session = Class.forName("org.apache.rocketmq.acl.common.SessionCredentials");
        Object keys = session.getConstructor(String.class, String.class)
            .newInstance(args.str("accessKey"), args.str("secretKey"));
        return (RPCHook) Class.forName("org.apache.rocketmq.acl.common.AclClientRPCHook")
            .getConstructor(session).newInstance(keys);
    }

    /** Calls a public method without parameters; null when the object has none of that name. */
    static Object call(Object target, String name) {
        try {
            return target.getClass().getMethod(name).invoke(target);
        } catch (ReflectiveOperationException absent) {
            return null;
        }
    }

    /**
     * Settings which producers and consumers share. Without instanceName every client gets its own connection and
     * client id, because one process talks to many clusters; "DEFAULT" leaves the client's own choice.
     */
    static void configure(ClientConfig config, Args args, String name) {
        config.setNamesrvAddr(args.str("namesrv"));
        String instance = args.str("instanceName", name);
        if (!instance.equals("DEFAULT")) {
            config.setInstanceName(instance);
        }
        if (args.has("vip")) {
            config.setVipChannelEnabled(args.bool("vip", false));
        }
        if (args.has("pollNameServerIntervalMs")) {
            set(config, "setPollNameServerInterval", args.integer("pollNameServerIntervalMs", 30000));
        }
        if (args.has("heartbeatIntervalMs")) {
            config.setHeartbeatBrokerInterval(args.integer("heartbeatIntervalMs", 30000));
        }
        if (args.has("unitName")) {
            config.setUnitName(args.str("unitName"));
        }
        if (args.has("namespace")) {
            set(config, "setNamespace", args.str("namespace"));
        }
        for (Map.Entry<String, Object> e : args.map("set").entrySet()) {
            set(config, "set" + e.getKey(), e.getValue());
        }
    }

    /** Calls a setter that not every version has, of a Boolean, an Integer or a String. */
    private static void set(Object target, String name, Object value) {
        try {
            Class<?> type = value instanceof Boolean ? boolean.class : value instanceof Integer ? int.class : String.class;
            target.getClass().getMethod(name, type).invoke(target, value);
        } catch (ReflectiveOperationException e) {
            throw new IllegalArgumentException(name, e);
        }
    }
}
