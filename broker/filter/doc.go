// Package filter owns SQL92 filter expressions (Java: org.apache.rocketmq.filter
// and org.apache.rocketmq.broker.filter): it compiles and evaluates them, keeps
// which group filters which topic by which expression in
// config/consumerFilter.json, and has the bloom filter whose bit maps package
// store keeps in consumequeue_ext.
//
// It reads no messages: it is given their properties text.
//
// Laws:
//   - An expression has the verdict of Java's filter library on every message,
//     and what Java refuses is refused with Java's text: what clients rely on is
//     the behaviour, oddities included (what follows a complete expression is
//     ignored; "+" is taken only when an operand follows). Only what is too long
//     or too deep is refused here and not there.
//   - A bit map never refuses a message that the expression in use would take,
//     whenever filters came, died, were replaced or lost by a crash.
//   - An Expression and a ConsumerFilterData are immutable: shared by pulls,
//     held pulls and the dispatch of messages.
//   - Evaluation is bounded by the expression and the text, cannot panic, and
//     allocates nothing for up to maxSlots property names. Only TRUE matches:
//     FALSE, unknown (NULL) and an evaluation error do not.
//   - What is kept is cloned: names and expressions may come from a frame.
//
// Locks, all leaves: Manager.mu (the tables), Manager.persistMu (who writes the
// file), cache.mu.
//
// Reading order: expression.go (what one asks for), token.go, lexer.go,
// parser.go, parser_error.go, node.go, build.go, evaluate.go, value.go,
// number.go; then bloomfilter.go, bitsarray.go, murmur3.go; then
// consumerfilterdata.go, manager.go, persist.go, messagefilter.go.
package filter
