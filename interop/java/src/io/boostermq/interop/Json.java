package io.boostermq.interop;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Just enough JSON for the agent protocol. The client versions bring different JSON libraries, so the agent brings its own.
 * Values are Map, List, String, Long, Double, Boolean and null.
 */
final class Json {
    private final String text;
    private int at;

    private Json(String text) {
        this.text = text;
    }

    static Object parse(String text) {
        Json p = new Json(text);
        Object v = p.value();
        p.blanks();
        if (p.at != text.length()) {
            throw p.wrong("trailing text");
        }
        return v;
    }

    static String write(Object v) {
        StringBuilder sb = new StringBuilder();
        append(sb, v);
        return sb.toString();
    }

    private Object value() {
        blanks();
        if (at >= text.length()) {
            throw wrong("end of text");
        }
        char c = text.charAt(at);
        switch (c) {
            case '{':
                return object();
            case '[':
                return array();
            case '"':
                return string();
            case 't':
                return word("true", Boolean.TRUE);
            case 'f':
                return word("false", Boolean.FALSE);
            case 'n':
                return word("null", null);
            default:
                return number();
        }
    }

    private Map<String, Object> object() {
        Map<String, Object> m = new LinkedHashMap<>();
        at++;
        blanks();
        if (take('}')) {
            return m;
        }
        do {
            blanks();
            String key = string();
            blanks();
            expect(':');
            m.put(key, value());
            blanks();
        } while (take(','));
        expect('}');
        return m;
    }

    private List<Object> array() {
        List<Object> l = new ArrayList<>();
        at++;
        blanks();
        if (take(']')) {
            return l;
        }
        do {
            l.add(value());
            blanks();
        } while (take(','));
        expect(']');
        return l;
    }

    private String string() {
        expect('"');
        StringBuilder sb = new StringBuilder();
        while (at < text.length()) {
            char c = text.charAt(at++);
            if (c == '"') {
                return sb.toString();
            }
            sb.append(c == '\\' ? escape() : c);
        }
        throw wrong("string without end");
    }

    private char escape() {
        char c = text.charAt(at++);
        switch (c) {
            case 'b':
                return '\b';
            case 'f':
                return '\f';
            case 'n':
                return '\n';
            case 'r':
                return '\r';
            case 't':
                return '\t';
            case 'u':
                at += 4;
                return (char) Integer.parseInt(text.substring(at - 4, at), 16);
            default:
                return c;
        }
    }

    private Object number() {
        int from = at;
        while (at < text.length() && "+-.0123456789eE".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
        String s = text.substring(from, at);
        if (s.isEmpty()) {
            throw wrong("a value expected");
        }
        return s.matches("-?\\d+") ? (Object) Long.valueOf(s) : Double.valueOf(s);
    }

    private Object word(String w, Object v) {
        if (!text.startsWith(w, at)) {
            throw wrong(w + " expected");
        }
        at += w.length();
        return v;
    }

    private void blanks() {
        while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
            at++;
        }
    }

    private boolean take(char c) {
        if (at < text.length() && text.charAt(at) == c) {
            at++;
            return true;
        }
        return false;
    }

    private void expect(char c) {
        if (!take(c)) {
            throw wrong("'" + c + "' expected");
        }
    }

    private IllegalArgumentException wrong(String what) {
        return new IllegalArgumentException("JSON, character " + at + ": " + what);
    }

    private static void append(StringBuilder sb, Object v) {
        if (v instanceof Map) {
            char sep = '{';
            if (((Map<?, ?>) v).isEmpty()) {
                sb.append(sep);
            }
            for (Map.Entry<?, ?> e : ((Map<?, ?>) v).entrySet()) {
                sb.append(sep);
                quote(sb, String.valueOf(e.getKey()));
                sb.append(':');
                append(sb, e.getValue());
                sep = ',';
            }
            sb.append('}');
        } else if (v instanceof Iterable) {
            sb.append('[');
            String sep = "";
            for (Object o : (Iterable<?>) v) {
                sb.append(sep);
                append(sb, o);
                sep = ",";
            }
            sb.append(']');
        } else if (v == null || v instanceof Number || v instanceof Boolean) {
            sb.append(v);
        } else {
            quote(sb, v.toString());
        }
    }

    private static void quote(StringBuilder sb, String s) {
        sb.append('"');
        for (int i = 0; i < s.length(); i++) {
            char c = s.charAt(i);
            if (c == '"' || c == '\\') {
                sb.append('\\').append(c);
            } else if (c < 0x20) {
                sb.append(String.format("\\u%04x", (int) c));
            } else {
                sb.append(c);
            }
        }
        sb.append('"');
    }
}
