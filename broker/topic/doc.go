// Package topic owns the table of topics of a broker (Java: TopicConfigManager):
// the system topics made at boot, automatic creation by producers and by
// retries, the data version name servers compare, and config/topics.json.
//
// It never talks to name servers: Options.OnChange tells who does.
//
// Laws:
//   - The table is an immutable snapshot replaced as a whole. Select takes no
//     lock and allocates nothing; what it returns is never modified, by nobody.
//   - A name that is not a topic name never enters the table, whether it comes
//     from the wire, from a master or from the file.
//   - Methods that change the table have written topics.json when they return,
//     so they wait for the disk: not for event loops. A failed write is logged,
//     the table stays as changed, and the next Persist tries again.
//
// Locks, all leaves: mu (who builds the next snapshot), persistMu (who writes
// the file). Neither is held while taking the other.
//
// Reading order: manager.go, create.go, system.go, persist.go.
package topic
