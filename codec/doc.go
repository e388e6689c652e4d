// Package codec turns bytes into values and back: remoting frames and their
// headers, message records, properties, ids and the JSON bodies of RocketMQ.
//
// It is pure: no goroutine, no I/O, no clock, no log. Every byte layout lives
// in a file named *_format.go that opens with a picture.
//
// Reading order: requestcode.go, frame_format.go, command.go,
// header_json_format.go, header_rocketmq_format.go, headers_*.go (one struct
// per Java CommandCustomHeader), message_format.go, record_read.go, properties_format.go,
// body_*.go (one struct per Java RemotingSerializable).
//
// Law of aliasing: what is decoded from a buffer points into that buffer. It
// is valid while the buffer is; whoever keeps it longer clones it.
package codec
