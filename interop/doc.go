// Package interop holds live evidence: the official Java and Go clients, as they come from their registries, against real
// processes. `go test ./interop` runs it against Booster; with INTEROP_SERVER=java the same scenarios run against the Java
// name server and broker 4.9.7, which is how a scenario is proven right before Booster is blamed.
//
// Scenarios are the *_test.go files, named for a behaviour. main_test.go owns what they share (one name server, one broker,
// one process per client version), clients_test.go the words they are written in. Below internal: javaenv (libraries from
// Maven Central), process, agent (the clients), cluster (the servers), engine (Docker).
//
// Environment: INTEROP_SERVER booster (default) or java · INTEROP_BOOSTER a built booster to use · INTEROP_CLIENTS clients
// of the matrix, comma-separated · INTEROP_CRASHES kills per crash loop · INTEROP_KEEP=1 keeps the folder with all logs and
// stores (a failure keeps it anyway) · CI=true turns "no Java here" from a skip into a failure.
package interop
