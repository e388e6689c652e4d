// Package broker is the broker: it decides what a request means, with the
// store, the managers and the name servers at hand. It owns the route table
// (code → processor → pool), the processors, the configuration and the start
// and stop order of everything that runs. It never touches bytes of a frame
// (codec, remoting) or of a store file (store).
//
// Reading order: config.go (what can be set), routes.go (code → processor),
// processor_send.go (10 310 320), processor_pull.go (11 361),
// processor_sendback.go (36), processor_reply.go (324 325),
// processor_transaction.go (37 323), controller.go (what runs, in which order), registration.go and outerapi.go (towards the
// name servers).
//
// Laws:
//   - A processor replies exactly once. On an inline route it never waits: what
//     may touch the disk there is handed to an executor first.
//   - A topic or group name from outside passes codec.ValidateTopic or
//     codec.ValidateGroup before anything is looked up, created or stored.
//   - Reading never creates a queue, a topic or a file.
package broker
