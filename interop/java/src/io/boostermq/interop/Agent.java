package io.boostermq.interop;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A RocketMQ client driven from outside: commands as JSON lines on stdin, answers and events as JSON lines on stdout.
 * One process holds any number of producers and consumers. It ends when stdin ends, so it never outlives its driver.
 * The protocol is described in interop/internal/agent; the Go agent speaks the same.
 */
public final class Agent {
    /** One command: arguments in, fields of the answer out. */
    interface Op {
        Map<String, Object> run(Args args) throws Exception;
    }

    private static final String[] OPS = {"Producers", "Floods", "PushConsumers", "PullConsumers", "Batches", "ProducerQueries",
        "LitePullConsumers", "Requests", "AdminCommands", "AdminClients", "Consoles"};

    private final PrintStream out;
    private final PrintStream log = System.err; // mqadmin takes its place while it runs
    private final Map<String, Op> ops = new HashMap<>();
    private final ExecutorService workers = Executors.newCachedThreadPool();

    private Agent(PrintStream out) {
        this.out = out;
    }

    public static void main(String[] argv) throws Exception {
        // Whatever a library prints must not mix with the protocol.
        PrintStream protocol = new PrintStream(System.out, false, "UTF-8");
        System.setOut(System.err);
        Agent agent = new Agent(protocol);
        for (String ops : OPS) {
            agent.registerOptional("io.boostermq.interop." + ops);
        }
        agent.emit("ready", fields("version", Compat.clientVersion()));
        agent.serve();
        System.exit(0);
    }

    void register(String name, Op op) {
        ops.put(name, op);
    }

    /** Registers a class that was only compiled for versions which have its API. */
    private void registerOptional(String className) throws Exception {
        Class<?> c;
        try {
            c = Class.forName(className);
        } catch (ClassNotFoundException absent) {
            return;
        }
        c.getDeclaredConstructor(Agent.class).newInstance(this);
    }

    void emit(String event, Map<String, Object> fields) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("event", event);
        line.putAll(fields);
        print(line);
    }

    private void serve() throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            @SuppressWarnings("unchecked")
            Map<String, Object> command = (Map<String, Object>) Json.parse(line);
            workers.execute(() -> answer(command));
        }
    }

    private void answer(Map<String, Object> command) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("id", command.get("id"));
        try {
            Op op = ops.get(String.valueOf(command.get("op")));
            if (op == null) {
                throw new UnsupportedOperationException("no such op: " + command.get("op"));
            }
            Map<String, Object> fields = op.run(new Args(command));
            line.put("ok", true);
            line.putAll(fields);
        } catch (Throwable e) {
            e.printStackTrace(log);
            line.put("ok", false);
            line.putAll(error(e));
        }
        print(line);
    }

    private void print(Map<String, Object> line) {
        String text = Json.write(line);
        synchronized (out) {
            out.println(text);
            out.flush();
        }
    }

    /** The fields error (with its causes), errorType and (when the broker or the client gave one) code. */
    static Map<String, Object> error(Throwable e) {
        Map<String, Object> m = new LinkedHashMap<>();
        StringBuilder text = new StringBuilder(e.toString());
        for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
            text.append(" <- ").append(cause);
        }
        m.put("error", text.toString());
        m.put("errorType", e.getClass().getSimpleName());
        Object code = Compat.call(e, "getResponseCode");
        if (code instanceof Integer) {
            m.put("code", code);
        }
        return m;
    }

    static Map<String, Object> fields(Object... keysAndValues) {
        Map<String, Object> m = new LinkedHashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            m.put((String) keysAndValues[i], keysAndValues[i + 1]);
        }
        return m;
    }
}
