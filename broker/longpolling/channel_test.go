package longpolling

import "github.com/boostermq/booster/remoting"

// The real connection fits.
var _ Channel = (*remoting.Channel)(nil)
