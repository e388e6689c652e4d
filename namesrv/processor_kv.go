package namesrv

import (
	"errors"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/remoting"
)

// putKVConfig serves 100 PUT_KV_CONFIG.
//
// Behavior: sets key in namespace and writes the file. Code 1 `namespace or key
// is null` when either is missing.
//
// Differences from Java: a missing value is refused too; sizes are bounded;
// when the file cannot be written the answer is code 1 and nothing has changed.
func (p *processor) putKVConfig(r *remoting.Request) {
	namespace, hasNamespace := r.Ext.Lookup("namespace")
	key, hasKey := r.Ext.Lookup("key")
	value, hasValue := r.Ext.Lookup("value")
	switch {
	case !hasNamespace || !hasKey:
		r.ReplyCode(codec.SystemError, "namespace or key is null")
		return
	case !hasValue:
		replyError(r, errors.New("value is null"))
		return
	}
	if err := p.kv.Put(namespace, key, value); err != nil {
		replyError(r, err)
		return
	}
	p.kvChanged(namespace, key)
	p.log.Info("KV config is put", "namespace", namespace, "key", key, "by", r.Channel.RemoteAddr())
	replyOK(r)
}

// getKVConfig serves 101 GET_KV_CONFIG.
//
// Behavior: ext value; code 22 when there is none.
//
// Differences from Java: none.
func (p *processor) getKVConfig(r *remoting.Request) {
	if value, ok := p.kv.Get(r.Ext.Get("namespace"), r.Ext.Get("key")); ok {
		r.Reply(&codec.Command{Code: codec.Success, Ext: codec.Fields{{Key: "value", Value: value}}})
		return
	}
	r.Reply(&codec.Command{
		Code: codec.QueryNotFound, Header: &codec.GetKVConfigResponseHeader{},
		Remark: "No config item, Namespace: " + orNull(r, "namespace") + " Key: " + orNull(r, "key"),
	})
}

// deleteKVConfig serves 102 DELETE_KV_CONFIG.
//
// Behavior: removes key from namespace and writes the file. Code 0, also when
// it was not there.
//
// Differences from Java: code 1 when the file cannot be written.
func (p *processor) deleteKVConfig(r *remoting.Request) {
	namespace, key := r.Ext.Get("namespace"), r.Ext.Get("key")
	if err := p.kv.Delete(namespace, key); err != nil {
		replyError(r, err)
		return
	}
	p.kvChanged(namespace, key)
	p.log.Info("KV config is deleted", "namespace", namespace, "key", key, "by", r.Channel.RemoteAddr())
	replyOK(r)
}

// kvChanged tells the routes when an order config changed.
func (p *processor) kvChanged(namespace, key string) {
	if namespace == orderTopicNamespace && key != "" {
		p.routes.OrderConfChanged(key)
	}
}

// getKVListByNamespace serves 219 GET_KVLIST_BY_NAMESPACE.
//
// Behavior: all keys of namespace as KVTable; code 22 when there is no such namespace.
//
// Differences from Java: none.
func (p *processor) getKVListByNamespace(r *remoting.Request) {
	body, ok, err := p.kv.Table(r.Ext.Get("namespace"))
	if err != nil || ok {
		replyBody(r, body, err)
		return
	}
	r.ReplyCode(codec.QueryNotFound, "No config item, Namespace: "+orNull(r, "namespace"))
}
