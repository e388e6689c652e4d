package io.boostermq.interop;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/** Messages between the protocol and the client: building them from arguments, describing what came back. */
final class Messages {
    /** Characters of a body repeated in an event; the whole body is told by length and sha1. */
    private static final int TEXT_PREFIX = 64;

    private Messages() {
    }

    /** Message number i of a send command; "%d" in text and keys stands for i. */
    static Message build(Args args, int i) {
        Message m = new Message(args.str("topic"), body(args, i));
        if (args.has("tags")) {
            m.setTags(args.str("tags"));
        }
        if (args.has("keys")) {
            m.setKeys(numbered(args.str("keys"), i));
        }
        if (args.has("flag")) {
            m.setFlag(args.integer("flag", 0));
        }
        if (args.has("delayLevel")) {
            m.setDelayTimeLevel(args.integer("delayLevel", 0));
        }
        if (args.has("waitStoreMsgOK")) {
            m.setWaitStoreMsgOK(args.bool("waitStoreMsgOK", true));
        }
        for (Map.Entry<String, Object> e : args.map("properties").entrySet()) {
            m.putUserProperty(e.getKey(), numbered(String.valueOf(e.getValue()), i));
        }
        return m;
    }

    /** body: base64, or text, or size with fill "random" (default, incompressible) or "text" (compressible). */
    private static byte[] body(Args args, int i) {
        if (args.has("base64")) {
            return Base64.getDecoder().decode(args.str("base64"));
        }
        if (args.has("size")) {
            byte[] b = new byte[args.integer("size", 0)];
            if (args.str("fill", "random").equals("text")) {
                Arrays.fill(b, (byte) 'x');
            } else {
                new Random(args.num("seed", 1) + i).nextBytes(b);
            }
            return b;
        }
        return numbered(args.str("text", ""), i).getBytes(StandardCharsets.UTF_8);
    }

    static String numbered(String text, int i) {
        return text.replace("%d", String.valueOf(i));
    }

    static Map<String, Object> describe(SendResult r, Message m) {
        Map<String, Object> f = Agent.fields("status", r.getSendStatus().name(), "msgId", r.getMsgId(),
            "offsetMsgId", r.getOffsetMsgId(), "queueOffset", r.getQueueOffset(), "transactionId", r.getTransactionId());
        MessageQueue q = r.getMessageQueue();
        if (q != null) {
            f.putAll(describe(q));
        }
        f.put("sha1", sha1(m.getBody()));
        f.put("length", m.getBody().length);
        return f;
    }

    static Map<String, Object> describe(MessageQueue q) {
        return Agent.fields("topic", q.getTopic(), "brokerName", q.getBrokerName(), "queueId", q.getQueueId());
    }

    static List<Object> describe(Collection<MessageQueue> queues) {
        List<Object> l = new ArrayList<>();
        for (MessageQueue q : queues) {
            l.add(describe(q));
        }
        return l;
    }

    static Map<String, Object> describe(MessageExt m) {
        byte[] body = m.getBody() == null ? new byte[0] : m.getBody();
        String text = new String(body, 0, Math.min(body.length, TEXT_PREFIX * 4), StandardCharsets.UTF_8);
        return Agent.fields("topic", m.getTopic(), "queueId", m.getQueueId(), "queueOffset", m.getQueueOffset(),
            "msgId", m.getMsgId(), "offsetMsgId", offsetMsgId(m), "keys", m.getKeys(), "tags", m.getTags(),
            "sha1", sha1(body), "length", body.length,
            "text", text.substring(0, Math.min(text.length(), TEXT_PREFIX)),
            "properties", m.getProperties(), "reconsumeTimes", m.getReconsumeTimes(), "flag", m.getFlag(),
            "sysFlag", m.getSysFlag(), "bornHost", address(m.getBornHost()), "storeHost", address(m.getStoreHost()),
            "bornTimestampMs", m.getBornTimestamp(), "storeTimestampMs", m.getStoreTimestamp(),
            "commitLogOffset", m.getCommitLogOffset(), "storeSize", m.getStoreSize(),
            "preparedTransactionOffset", m.getPreparedTransactionOffset());
    }

    static List<Object> describeAll(Collection<MessageExt> messages) {
        List<Object> l = new ArrayList<>();
        if (messages != null) {
            for (MessageExt m : messages) {
                l.add(describe(m));
            }
        }
        return l;
    }

    /** The id of the place: address and commit log offset, whichever id getMsgId shows. */
    private static String offsetMsgId(MessageExt m) {
        java.net.InetSocketAddress a = (java.net.InetSocketAddress) m.getStoreHost();
        boolean v6 = a.getAddress() instanceof java.net.Inet6Address;
        java.nio.ByteBuffer id = java.nio.ByteBuffer.allocate(v6 ? 28 : 16);
        id.put(a.getAddress().getAddress()).putInt(a.getPort()).putLong(m.getCommitLogOffset());
        StringBuilder sb = new StringBuilder();
        for (byte b : id.array()) {
            sb.append(String.format("%02X", b));
        }
        return sb.toString();
    }

    private static String address(java.net.SocketAddress a) {
        if (!(a instanceof java.net.InetSocketAddress)) {
            return String.valueOf(a);
        }
        java.net.InetSocketAddress i = (java.net.InetSocketAddress) a;
        return i.getAddress().getHostAddress() + ":" + i.getPort();
    }

    static String sha1(byte[] b) {
        try {
            StringBuilder sb = new StringBuilder();
            for (byte x : MessageDigest.getInstance("SHA-1").digest(b)) {
                sb.append(String.format("%02x", x));
            }
            return sb.toString();
        } catch (java.security.NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
