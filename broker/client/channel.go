package client

import (
	"context"
	"strings"
	"time"

	"github.com/boostermq/booster/codec"
)

// Channel is a connection of a client: what *remoting.Channel offers. Two
// channels are the same when they are ==.
type Channel interface {
	ID() uint64
	RemoteAddr() string // "ip:port"
	Alive() bool
	Close()
	InvokeOneway(cmd *codec.Command) error
	InvokeAsync(cmd *codec.Command, timeout time.Duration, done func(resp *codec.Command, err error))
	Invoke(ctx context.Context, cmd *codec.Command) (*codec.Command, error)
}

// ClientChannelInfo is one client on one connection (Java: ClientChannelInfo).
type ClientChannelInfo struct {
	Channel               Channel
	ClientID              string
	Language              codec.LanguageCode
	Version               int32
	LastUpdateTimestampMs int64 // of the last heart-beat; set by the managers
}

// owned returns info with strings of its own and the time of now.
func (info ClientChannelInfo) owned(nowMs int64) *ClientChannelInfo {
	info.ClientID = strings.Clone(info.ClientID)
	info.LastUpdateTimestampMs = nowMs
	return &info
}

func nowMs() int64 { return time.Now().UnixMilli() }
