package remoting

import (
	"fmt"
	"maps"
	"slices"
)

// Processor answers requests (Java: NettyRequestProcessor). It calls r.Reply
// exactly once, now or later, from any goroutine; where Java writes nothing it
// calls r.ReplyNone. For one-way requests both are no-ops.
type Processor func(r *Request)

// Route says who serves a request code (Java: registerProcessor). With Pool
// nil Process runs on the event loop: it must not block, and r's strings and
// body die when it returns unless r.Retain was called (r itself lives until
// Reply). With a Pool the request owns its bytes.
type Route struct {
	Code    int32
	Process Processor
	Pool    *Executor
}

// RouteTable maps request codes to routes (Java: processorTable). It is filled
// before the server starts and only read afterwards.
type RouteTable struct {
	routes   map[int32]*Route
	fallback *Route
}

// NewRouteTable returns an empty table.
func NewRouteTable() *RouteTable { return &RouteTable{routes: map[int32]*Route{}} }

// Register adds a route. It panics on a code that is taken or a route without
// Process: both are errors of the programmer, found at start.
func (t *RouteTable) Register(r Route) {
	if t.routes[r.Code] != nil || r.Process == nil {
		panic(fmt.Sprintf("remoting: route %d is registered twice or has no processor", r.Code))
	}
	t.routes[r.Code] = &r
}

// SetDefault serves all codes that have no route (Java: registerDefaultProcessor).
func (t *RouteTable) SetDefault(r Route) { t.fallback = &r }

// Without returns a copy that lacks some codes; the default route, if any, serves them.
func (t *RouteTable) Without(codes ...int32) *RouteTable {
	c := &RouteTable{routes: maps.Clone(t.routes), fallback: t.fallback}
	for _, code := range codes {
		delete(c.routes, code)
	}
	return c
}

// Routes returns the codes' own routes in the order of their codes.
func (t *RouteTable) Routes() []Route {
	routes := make([]Route, 0, len(t.routes))
	for _, code := range slices.Sorted(maps.Keys(t.routes)) {
		routes = append(routes, *t.routes[code])
	}
	return routes
}

// Codes returns how many codes have a route of their own.
func (t *RouteTable) Codes() int { return len(t.routes) }

// find returns the route of a code, nil when nobody serves it.
func (t *RouteTable) find(code int32) *Route {
	if t == nil {
		return nil
	}
	if r := t.routes[code]; r != nil {
		return r
	}
	return t.fallback
}
