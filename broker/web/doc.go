// Package web is the page for people who have no console: cluster, topics,
// groups with their lag, messages and dead letters, as plain HTML with the JSON
// it reads below /api/. Nothing is built and nothing comes from elsewhere: the
// files of assets/ are part of the program.
//
// Laws:
//   - Nothing here changes anything; what changes things is mqadmin's.
//   - Answers are bounded: lists have pages, bodies are cut.
//   - Names, properties and bodies come from outside: they leave as JSON strings
//     and become text nodes, never markup.
//
// Reading order: handler.go, api.go, groups.go, messages.go, body.go.
package web
