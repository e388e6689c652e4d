package io.boostermq.interop;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.Map;
import org.apache.rocketmq.tools.command.MQAdminStartup;

/** mqadmin without a process for every command: op mqadmin runs one with args and answers what it prints. */
final class AdminCommands {
    AdminCommands(Agent agent) {
        agent.register("mqadmin", this::run);
    }

    private synchronized Map<String, Object> run(Args args) throws Exception {
        String[] argv = args.list("args").stream().map(String::valueOf).toArray(String[]::new);
        ByteArrayOutputStream output = new ByteArrayOutputStream();
        PrintStream out = System.out;
        PrintStream err = System.err;
        PrintStream both = new PrintStream(output, true, "UTF-8");
        System.setOut(both);
        System.setErr(both);
        try {
            MQAdminStartup.main0(argv, null);
        } finally {
            System.setOut(out);
            System.setErr(err);
        }
        return Agent.fields("output", output.toString("UTF-8"));
    }
}
