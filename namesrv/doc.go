// Package namesrv is the name server: it learns from brokers who they are and
// which topics they have, and tells clients (Java: package namesrv).
//
// It owns the route tables and the KV configs. It never calls a broker, keeps
// nothing on disk but KV configs and its own settings, and forgets a broker
// that stays silent: a restart starts empty and fills with the next
// registrations.
//
// Reading order: routes.go (code → handler), processor_*.go (the handlers),
// routeinfo.go (the tables and registration), routeinfo_lost.go (a broker goes),
// routeinfo_query.go (what is asked), kvconfig.go, config.go, controller.go
// (what runs).
//
// Locks, all leaves, none held across a disk or a connection:
//
//	RouteInfoManager.mu    all route tables
//	KVConfigManager.write  one change at a time; readers use a snapshot
//	configHolder.write     likewise for the settings
//
// The write locks serialise changes including their fsync, so only executors
// take them; event loops read snapshots and RouteInfoManager.mu.
package namesrv
