package io.boostermq.interop;

import java.util.Collections;
import java.util.List;
import java.util.Map;

/** The arguments of one command, typed. Absent arguments take the given default. */
final class Args {
    private final Map<String, Object> fields;

    Args(Map<String, Object> fields) {
        this.fields = fields;
    }

    boolean has(String key) {
        return fields.get(key) != null;
    }

    String str(String key) {
        Object v = fields.get(key);
        if (v == null) {
            throw new IllegalArgumentException("argument " + key + " is missing");
        }
        return v.toString();
    }

    String str(String key, String absent) {
        return has(key) ? str(key) : absent;
    }

    long num(String key, long absent) {
        return has(key) ? ((Number) fields.get(key)).longValue() : absent;
    }

    int integer(String key, int absent) {
        return (int) num(key, absent);
    }

    boolean bool(String key, boolean absent) {
        return has(key) ? (Boolean) fields.get(key) : absent;
    }

    @SuppressWarnings("unchecked")
    Map<String, Object> map(String key) {
        return has(key) ? (Map<String, Object>) fields.get(key) : Collections.<String, Object>emptyMap();
    }

    @SuppressWarnings("unchecked")
    List<Object> list(String key) {
        return has(key) ? (List<Object>) fields.get(key) : Collections.emptyList();
    }
}
