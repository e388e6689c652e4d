// Package acl decides who may do what (aclEnable=true; Java: rocketmq-acl, its
// PlainAccessValidator and PlainPermissionManager). It owns conf/plain_acl.yml
// and the .yml and .yaml files below conf/acl: accounts with their secrets,
// permissions and white-listed addresses.
//
// It never sees the Controller, opens no connection and knows nothing of what a
// request does once it is let through.
//
// Laws:
//   - What is in force is an immutable snapshot that is replaced as a whole. A
//     request is judged by one snapshot, and anew each time: nothing is kept
//     per connection.
//   - A file that cannot be read whole and without doubt is not used: at the
//     start it stops the start with file:line, later the last good state stays
//     in force and the log says why.
//   - The signature is computed over the strings received, not over rendered
//     ones, and compared in constant time.
//   - Names are taken from a request as its processor takes them: the last of
//     equal keys. What cannot be decoded is refused.
//   - A secret is in no log, and in no answer but to the one who sent it.
//
// Locks: Manager.mu, a leaf: who reads or writes the files and builds the next
// snapshot. Requests take no lock.
//
// Reading order: manager.go, files.go, parse.go, parse_account.go, address.go,
// validator.go, signature.go, decisions.go (request code → what is needed),
// needs.go, then update.go, edit.go, replace.go and processors.go.
package acl
