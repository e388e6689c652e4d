// Package remoting carries frames between sockets and processors: the gnet
// event loops, channels, executors, hooks and the outbound client. It knows
// frames and codes, never what a code means.
//
// An event loop never waits: a processor on a route without a pool runs on the
// event loop and must not block; all others run on their executor.
//
// The way of a request: eventloop.go (or netconn.go) reads bytes → frames.go
// cuts them into frames → dispatch.go finds the route and runs the processor →
// request.go Reply → outbuffer.go collects the answers of one batch → one
// write. The way of a response to a request of ours: dispatch.go → futures.go.
//
// TLS: the first byte of a connection decides. One that begins with TLS leaves
// its event loop for a goroutine of its own (tls_conn.go) and is from then on
// served like a connection of ServeConn; all others never hear of it.
//
// Reading order: server.go, accept.go, eventloop.go, frames.go, dispatch.go,
// routetable.go, request.go, channel.go, outbuffer.go, futures.go, executor.go,
// endpoint.go, netconn.go, client.go; tls_config.go, tls_conn.go, tls_server.go,
// tls_files.go, tls_client.go.
//
// Locks, all leaves except where noted: Channel.out (held while the transport
// is woken, which may take gnet's or Go's scheduler locks but none of ours),
// Channel.futures, channelSet, Executor.mu, Client.mu, refusals. Nothing of ours that can
// call back (processors, hooks, done functions, OnConnect, OnClose) runs under
// any of them.
package remoting
