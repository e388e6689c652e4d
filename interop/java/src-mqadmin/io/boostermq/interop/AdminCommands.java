package io.boostermq.interop;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.Map;
import java.util.regex.Pattern;
import org.apache.rocketmq.common.MixAll;
import org.apache.rocketmq.tools.command.MQAdminStartup;

/**
 * mqadmin without a process for every command: op mqadmin runs one with args and answers what it prints. A command that
 * does not end by itself ends when what it printed matches the regular expression until.
 */
final class AdminCommands extends MQAdminStartup {
    private static final long POLL_MS = 10;
    private static final long UNTIL_MS = 20000;

    private volatile boolean running;

    /** What System.exit ends a command with; no command catches an Error. */
    private static final class Exit extends Error {
        private static final long serialVersionUID = 1;
    }

    AdminCommands(Agent agent) {
        System.setSecurityManager(new SecurityManager() {
            @Override
            public void checkExit(int status) {
                if (running) {
                    throw new Exit();
                }
            }

            @Override
            public void checkPermission(java.security.Permission permission) {
            }
        });
        agent.register("mqadmin", this::run);
    }

    private synchronized Map<String, Object> run(Args args) throws Exception {
        String[] argv = args.list("args").stream().map(String::valueOf).toArray(String[]::new);
        ByteArrayOutputStream output = new ByteArrayOutputStream();
        PrintStream out = System.out;
        PrintStream err = System.err;
        PrintStream both = new PrintStream(output, true, "UTF-8");
        // What a process of its own would not have: the commands and the name server of the run before.
        subCommandList.clear();
        System.clearProperty(MixAll.NAMESRV_ADDR_PROPERTY);
        System.setOut(both);
        System.setErr(both);
        running = true;
        try {
            if (args.has("until")) {
                return Agent.fields("output", runUntil(argv, Pattern.compile(args.str("until")), output));
            }
            main0(argv);
        } finally {
            running = false;
            System.setOut(out);
            System.setErr(err);
        }
        return Agent.fields("output", output.toString("UTF-8"));
    }

    private static void main0(String[] argv) {
        try {
            MQAdminStartup.main0(argv, null);
        } catch (Exit ended) {
            // It has printed why.
        }
    }

    private static String runUntil(String[] argv, Pattern until, ByteArrayOutputStream output) throws Exception {
        Thread command = new Thread(() -> main0(argv), "mqadmin");
        command.start();
        long deadlineMs = System.currentTimeMillis() + UNTIL_MS;
        String printed;
        do {
            command.join(POLL_MS);
            printed = output.toString("UTF-8");
        } while (command.isAlive() && !until.matcher(printed).find() && System.currentTimeMillis() < deadlineMs);
        command.interrupt();
        command.join(UNTIL_MS);
        if (!until.matcher(printed).find() || command.isAlive()) {
            throw new IllegalStateException("printed, and then did not end: " + output.toString("UTF-8"));
        }
        return printed;
    }
}
