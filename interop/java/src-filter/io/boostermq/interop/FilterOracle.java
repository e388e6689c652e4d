package io.boostermq.interop;

import java.io.BufferedOutputStream;
import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import org.apache.rocketmq.broker.filter.MessageEvaluationContext;
import org.apache.rocketmq.common.message.MessageDecoder;
import org.apache.rocketmq.filter.FilterFactory;
import org.apache.rocketmq.filter.expression.Expression;
import org.apache.rocketmq.filter.parser.SelectorParser;
import org.apache.rocketmq.filter.util.BloomFilter;

/**
 * Answers what the official filter library says. One question a line, one answer a line; texts are in Base64.
 *
 * <pre>
 * sql    expression  properties…     → ok  tree  verdict…   or   bad  message
 * bloom  f  n  key                   → k  m  [positions]
 * </pre>
 *
 * A verdict is TRUE, FALSE, NULL, ERROR or the class of anything else. It ends when stdin ends.
 */
public final class FilterOracle {
    public static void main(String[] argv) throws Exception {
        PrintStream answers = new PrintStream(
            new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), 1 << 16), false, "UTF-8");
        System.setOut(System.err); // whatever a library prints must not mix with the answers
        BufferedReader questions = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line; (line = questions.readLine()) != null; ) {
            String[] f = line.split("\t", -1);
            answers.print((f[0].equals("bloom") ? bloom(f) : sql(f)) + "\n");
        }
        answers.flush();
    }

    private static String bloom(String[] f) {
        BloomFilter b = BloomFilter.createByFn(Integer.parseInt(f[1]), Integer.parseInt(f[2]));
        return b.getK() + "\t" + b.getM() + "\t" + Arrays.toString(b.calcBitPositions(decode(f[3])));
    }

    private static String sql(String[] f) {
        SelectorParser.clearCache();
        Expression expression;
        try {
            expression = FilterFactory.INSTANCE.get("SQL92").compile(decode(f[1]));
        } catch (Throwable t) {
            return "bad\t" + encode(t.getMessage());
        }
        StringBuilder answer = new StringBuilder("ok\t" + encode(expression.toString()));
        for (int i = 2; i < f.length; i++) {
            answer.append('\t').append(verdict(expression, decode(f[i])));
        }
        return answer.toString();
    }

    private static String verdict(Expression expression, String properties) {
        try {
            Object v = expression.evaluate(new MessageEvaluationContext(MessageDecoder.string2messageProperties(properties)));
            if (v == null) {
                return "NULL";
            }
            return v instanceof Boolean ? v.toString().toUpperCase() : v.getClass().getName();
        } catch (Throwable t) {
            return "ERROR";
        }
    }

    private static String decode(String base64) {
        return new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8);
    }

    private static String encode(String text) {
        return Base64.getEncoder().encodeToString(String.valueOf(text).getBytes(StandardCharsets.UTF_8));
    }
}
