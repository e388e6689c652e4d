package remoting

import "sync"

// What a pool keeps. Buffers in between the two limits have a pool of their
// own, so that small answers do not sit in big buffers.
const (
	newBufferBytes   = 4 << 10
	smallBufferBytes = 64 << 10
	largeBufferBytes = 1 << 20
)

// buffer is a growing byte slice that a pool can keep without allocating.
type buffer struct{ b []byte }

// bufferPool lends buffers. Channels hold none while they are idle.
type bufferPool struct{ small, large sync.Pool }

// get returns an empty buffer with room for sizeBytes.
func (p *bufferPool) get(sizeBytes int) *buffer {
	pool := &p.small
	if sizeBytes > smallBufferBytes {
		pool = &p.large
	}
	buf, ok := pool.Get().(*buffer)
	if !ok {
		buf = &buffer{}
	}
	if cap(buf.b) < sizeBytes || buf.b == nil {
		buf.b = make([]byte, 0, max(sizeBytes, newBufferBytes))
	}
	return buf
}

// put takes a buffer back; one that grew too big is left to the garbage collector.
func (p *bufferPool) put(buf *buffer) {
	buf.b = buf.b[:0]
	switch n := cap(buf.b); {
	case n <= smallBufferBytes:
		p.small.Put(buf)
	case n <= largeBufferBytes:
		p.large.Put(buf)
	}
}
