// Package metrics serves what a broker counts to Prometheus, under two families
// of names: those of rocketmq-exporter, so that its dashboards and alert rules
// go on working without it, and those of RocketMQ 5.x.
//
// It counts nothing itself. A scrape takes one look at the broker (broker/view)
// and renders it: what is gone from the broker is gone from the next answer.
// Only what clients alone know is asked of them in the background (ClientPoll).
//
// Laws:
//   - A scrape takes no lock that a send or a pull holds for longer than a copy.
//   - A name has at most CardinalityLimit series; how many were left out is a
//     metric itself, and logged when it begins.
//   - A group that was offline and did not move for IdleGroup is left out.
//   - Labels come from outside: they are cut, and what is no UTF-8 in
//     them is replaced.
//
// What RocketMQ 5.x has and this does not, because a 4.x broker has nothing true
// to say: pop_*, timer_*, lite_*, consumer_inflight_messages,
// consumer_ready_messages and consumer_queueing_latency (positions of pulls are
// not kept here), message_type (not counted apart), and the latency histograms
// of requests, which would cost each request two looks at the clock.
//
// Reading order: collector.go, sink.go, exporter.go, brokeruntime.go, native.go,
// clientpoll.go.
package metrics
