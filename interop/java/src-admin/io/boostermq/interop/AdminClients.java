package io.boostermq.interop;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.rocketmq.common.PlainAccessConfig;
import org.apache.rocketmq.common.admin.ConsumeStats;
import org.apache.rocketmq.common.admin.OffsetWrapper;
import org.apache.rocketmq.common.message.MessageQueue;
import org.apache.rocketmq.common.protocol.body.ConsumeMessageDirectlyResult;
import org.apache.rocketmq.common.protocol.body.ConsumerRunningInfo;
import org.apache.rocketmq.common.subscription.SubscriptionGroupConfig;
import org.apache.rocketmq.tools.admin.DefaultMQAdminExt;

/** DefaultMQAdminExt, one for every name and cluster: what consoles and scripts call. */
final class AdminClients {
    private final Map<String, DefaultMQAdminExt> byName = new ConcurrentHashMap<>();

    AdminClients(Agent agent) {
        agent.register("admin.start", this::start);
        agent.register("admin.stop", args -> {
            find(args).shutdown();
            byName.remove(args.str("name"));
            return Agent.fields();
        });
        agent.register("admin.resetOffset", args -> Agent.fields("offsets", describe(find(args).resetOffsetByTimestamp(
            args.str("topic"), args.str("group"), args.num("timestampMs", 0), args.bool("force", true)))));
        agent.register("admin.resetOffline", args -> {
            find(args).resetOffsetByTimestampOld(
                args.str("group"), args.str("topic"), args.num("timestampMs", 0), args.bool("force", true));
            return Agent.fields();
        });
        agent.register("admin.clients", this::clients);
        agent.register("admin.consumeStats", this::consumeStats);
        agent.register("admin.consumeStatus", this::consumeStatus);
        agent.register("admin.runningInfo", this::runningInfo);
        agent.register("admin.consumeDirectly", this::consumeDirectly);
        agent.register("admin.cloneOffset", args -> {
            find(args).cloneGroupOffset(args.str("from"), args.str("group"), args.str("topic"), args.bool("offline", false));
            return Agent.fields();
        });
        agent.register("admin.updateGroup", this::updateGroup);
        agent.register("admin.queryByUniqueKey", args -> Agent.fields("message",
            Messages.describe(find(args).viewMessage(args.str("topic"), args.str("msgId")))));
        agent.register("admin.query", args -> Agent.fields("messages", Messages.describeAll(find(args).queryMessage(
            args.str("topic"), args.str("key"), args.integer("max", 32), args.num("beginMs", 0),
            args.num("endMs", Long.MAX_VALUE)).getMessageList())));
        registerACL(agent);
    }

    private void registerACL(Agent agent) {
        agent.register("admin.updateAccount", this::updateAccount);
        agent.register("admin.deleteAccount", args -> {
            find(args).deletePlainAccessConfig(args.str("broker"), args.str("account"));
            return Agent.fields();
        });
        agent.register("admin.globalWhiteAddrs", args -> {
            find(args).updateGlobalWhiteAddrConfig(args.str("broker"), args.str("addrs"), args.str("file", null));
            return Agent.fields();
        });
        agent.register("admin.aclVersions", args -> {
            Map<String, Object> counters = Agent.fields();
            find(args).examineBrokerClusterAclVersionInfo(args.str("broker")).getAllAclConfigDataVersion()
                .forEach((file, version) -> counters.put(file, version.getCounter().get()));
            return Agent.fields("counters", counters);
        });
    }

    private DefaultMQAdminExt find(Args args) {
        DefaultMQAdminExt a = byName.get(args.str("name"));
        if (a == null) {
            throw new IllegalArgumentException("no such admin client: " + args.str("name"));
        }
        return a;
    }

    private Map<String, Object> start(Args args) throws Exception {
        DefaultMQAdminExt a = new DefaultMQAdminExt(Compat.credentials(args), args.num("timeoutMs", 15000));
        Compat.configure(a, args, args.str("name"));
        a.start();
        byName.put(args.str("name"), a);
        return Agent.fields();
    }

    private static List<Object> describe(Map<MessageQueue, Long> offsets) {
        List<Object> l = new ArrayList<>();
        for (Map.Entry<MessageQueue, Long> e : offsets.entrySet()) {
            Map<String, Object> f = Messages.describe(e.getKey());
            f.put("offset", e.getValue());
            l.add(f);
        }
        return l;
    }

    private Map<String, Object> consumeStats(Args args) throws Exception {
        ConsumeStats stats = find(args).examineConsumeStats(args.str("group"), args.str("topic"));
        List<Object> l = new ArrayList<>();
        for (Map.Entry<MessageQueue, OffsetWrapper> e : stats.getOffsetTable().entrySet()) {
            Map<String, Object> f = Messages.describe(e.getKey());
            f.put("offset", e.getValue().getConsumerOffset());
            l.add(f);
        }
        return Agent.fields("offsets", l);
    }

    private Map<String, Object> clients(Args args) throws Exception {
        List<Object> ids = new ArrayList<>();
        find(args).examineConsumerConnectionInfo(args.str("group")).getConnectionSet().forEach(c -> ids.add(c.getClientId()));
        return Agent.fields("clientIds", ids);
    }

    private Map<String, Object> consumeStatus(Args args) throws Exception {
        Map<String, Object> clients = Agent.fields();
        find(args).getConsumeStatus(args.str("topic"), args.str("group"), args.str("clientId", ""))
            .forEach((clientId, offsets) -> clients.put(clientId, describe(offsets)));
        return Agent.fields("clients", clients);
    }

    private Map<String, Object> runningInfo(Args args) throws Exception {
        ConsumerRunningInfo info = find(args).getConsumerRunningInfo(args.str("group"), args.str("clientId"), args.bool("jstack", false));
        List<Object> topics = new ArrayList<>();
        info.getSubscriptionSet().forEach(s -> topics.add(s.getTopic()));
        return Agent.fields("topics", topics, "queues", Messages.describe(info.getMqTable().keySet()),
            "properties", info.getProperties(), "jstack", info.getJstack());
    }

    private Map<String, Object> consumeDirectly(Args args) throws Exception {
        ConsumeMessageDirectlyResult r = find(args).consumeMessageDirectly(
            args.str("group"), args.str("clientId"), args.str("topic"), args.str("msgId"));
        return Agent.fields("result", r.getConsumeResult().name(), "order", r.isOrder(), "remark", r.getRemark());
    }

    private Map<String, Object> updateAccount(Args args) throws Exception {
        PlainAccessConfig c = new PlainAccessConfig();
        c.setAccessKey(args.str("account"));
        c.setSecretKey(args.str("secret"));
        c.setAdmin(args.bool("admin", false));
        c.setWhiteRemoteAddress(args.str("whiteRemoteAddress", null));
        c.setDefaultTopicPerm(args.str("defaultTopicPerm", null));
        c.setDefaultGroupPerm(args.str("defaultGroupPerm", null));
        c.setTopicPerms(texts(args, "topicPerms"));
        c.setGroupPerms(texts(args, "groupPerms"));
        find(args).createAndUpdatePlainAccessConfig(args.str("broker"), c);
        return Agent.fields();
    }

    private static List<String> texts(Args args, String key) {
        List<String> l = new ArrayList<>();
        args.list(key).forEach(text -> l.add(text.toString()));
        return l.isEmpty() ? null : l;
    }

    private Map<String, Object> updateGroup(Args args) throws Exception {
        SubscriptionGroupConfig c = new SubscriptionGroupConfig();
        c.setGroupName(args.str("group"));
        c.setRetryMaxTimes(args.integer("retryMaxTimes", 16));
        c.setRetryQueueNums(args.integer("retryQueueNums", 1));
        find(args).createAndUpdateSubscriptionGroupConfig(args.str("broker"), c);
        return Agent.fields();
    }
}
