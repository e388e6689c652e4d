// Package logging writes the log files where operators of RocketMQ look for
// them: <user home>/logs/rocketmqlogs/{broker,store,remoting,namesrv,…}.log
// (Java: logback_broker.xml, logback_namesrv.xml).
//
// Laws:
//   - Who logs never waits for a disk or a terminal: lines are rendered by the
//     caller and written by one goroutine. What its queue does not take is
//     dropped and counted.
//   - Nobody outside can flood a file: of one message (its text, whatever its
//     attributes) at most burst lines are written in a window; the next one says
//     how many were left out.
//   - Logs that cannot be written are said once on the console and stop nothing.
//
// Reading order: config.go, logs.go (what one asks for), handler.go, limiter.go,
// writer.go, file.go.
package logging
