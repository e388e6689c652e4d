package client

import "github.com/boostermq/booster/remoting"

// The real connection offers what the managers ask for.
var _ Channel = (*remoting.Channel)(nil)
