// Package memnet is the network seam for tests: connections in memory with
// delay, bounded windows, reset and partition. It owns no clock but the time
// package and waits on channels only, so that it runs inside a testing/synctest
// bubble (create the Network or the Pipe inside the bubble that uses it).
//
// It never loses or reorders bytes of a connection: like TCP, a partition holds
// them back until it heals, a reset ends the connection.
//
// Reading order: stream.go (one direction), conn.go (a net.Conn of two
// streams), network.go (addresses, listeners, dialling).
package memnet
