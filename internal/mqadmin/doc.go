// Package mqadmin asks name servers and brokers what an operator wants to know
// and tells them what he wants changed (Java: DefaultMQAdminExt, MQClientAPIImpl).
// It owns one outbound client, the list of name servers and the credentials;
// it prints nothing and decides nothing: package command does.
//
// Every call takes a context and ends within Config.Timeout at the latest. An
// answer other than Success is a *ResponseError with the peer's own words.
//
// Reading order: admin.go (how a call is made), credentials.go, namesrv.go,
// lookup.go (who has which topic, who belongs to which cluster), broker.go,
// group.go, connection.go, offset.go, events.go, acl.go, producer.go,
// message.go, deadletter.go, trace_format.go.
package mqadmin
