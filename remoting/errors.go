package remoting

import "errors"

// What callers branch on.
var (
	// ErrChannelClosed: the connection is gone (Java: RemotingSendRequestException).
	ErrChannelClosed = errors.New("remoting: channel is closed")
	// ErrTimeout: no answer in time (Java: RemotingTimeoutException).
	ErrTimeout = errors.New("remoting: no answer in time")
	// ErrTooManyRequests: the peer leaves too many of our requests or bytes
	// unread (Java: RemotingTooMuchRequestException).
	ErrTooManyRequests = errors.New("remoting: the peer does not keep up")
	// ErrClosed: the Server, Client or Executor was shut down.
	ErrClosed = errors.New("remoting: closed")

	errInvalidFrame = errors.New("remoting: invalid frame")
)
