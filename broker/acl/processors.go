package acl

import (
	"errors"
	"strings"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
	"github.com/boostermq/booster/remoting"
)

// errDisabled is told by a broker without ACL. 4.9.8 answers with the text of a
// null pointer there, and 52 not at all.
var errDisabled = errors.New("ACL is off on this broker (aclEnable=false)")

// UpdateAndCreateACLConfig serves 50 UPDATE_AND_CREATE_ACL_CONFIG: creates or
// changes an account. It waits for the disk.
//
// Behavior: fields that are absent leave what there is, but secretKey must be
// there and admin absent is false. Refused → 209.
//
// Differences from Java: default permissions, addresses and names that would
// have no effect are refused; comments of the file stay.
func (m *Manager) UpdateAndCreateACLConfig(r *remoting.Request) {
	c := &AccessConfig{
		AccessKey:          r.Ext.Get("accessKey"),
		SecretKey:          r.Ext.Get("secretKey"),
		Admin:              strings.EqualFold(r.Ext.Get("admin"), "true"),
		WhiteRemoteAddress: optional(r.Ext, "whiteRemoteAddress", true),
		DefaultTopicPerm:   optional(r.Ext, "defaultTopicPerm", false),
		DefaultGroupPerm:   optional(r.Ext, "defaultGroupPerm", false),
		TopicPerms:         commaList(r.Ext.Get("topicPerms")),
		GroupPerms:         commaList(r.Ext.Get("groupPerms")),
	}
	if m == nil {
		r.ReplyCode(codec.UpdateAndCreateACLConfigFailed, errDisabled.Error())
		return
	}
	if err := m.UpdateAccessConfig(c); err != nil {
		m.refused(r, err)
		r.ReplyCode(codec.UpdateAndCreateACLConfigFailed, err.Error())
		return
	}
	m.done(r, "account", c.AccessKey)
}

// DeleteACLConfig serves 51 DELETE_ACL_CONFIG: deletes an account, 210 when
// there is none. It waits for the disk.
//
// Differences from Java: accounts with the same access key in other files, which
// had no effect, are deleted too.
func (m *Manager) DeleteACLConfig(r *remoting.Request) {
	if m == nil {
		r.ReplyCode(codec.DeleteACLConfigFailed, errDisabled.Error())
		return
	}
	accessKey := r.Ext.Get("accessKey")
	switch err := m.DeleteAccessConfig(accessKey); {
	case errors.Is(err, errCannotDelete):
		r.ReplyCode(codec.DeleteACLConfigFailed, "The accesskey["+orNull(accessKey)+"] corresponding to accessConfig has been deleted failed.")
	case err != nil:
		m.refused(r, err)
		r.ReplyCode(codec.DeleteACLConfigFailed, err.Error())
	default:
		m.done(r, "account", accessKey)
	}
}

// UpdateGlobalWhiteAddrsConfig serves 53 UPDATE_GLOBAL_WHITE_ADDRS_CONFIG:
// replaces the global white list of one file, 211 when it cannot. It waits for
// the disk. See UpdateGlobalWhiteAddrs.
func (m *Manager) UpdateGlobalWhiteAddrsConfig(r *remoting.Request) {
	if m == nil {
		r.ReplyCode(codec.UpdateGlobalWhiteAddrsConfigFailed, errDisabled.Error())
		return
	}
	addrs, has := r.Ext.Lookup("globalWhiteAddrs")
	path := r.Ext.Get("aclFileFullPath")
	err := errors.New("globalWhiteAddrs is missing")
	if has {
		err = m.UpdateGlobalWhiteAddrs(addrs, path)
	} else {
		addrs = "null"
	}
	switch {
	case err == nil:
		m.done(r, "globalWhiteAddrs", addrs)
	case !has, errors.Is(err, errNoACLFile):
		m.refused(r, err)
		r.ReplyCode(codec.UpdateGlobalWhiteAddrsConfigFailed, "The globalWhiteAddresses["+addrs+"] has been updated failed.")
	default:
		m.refused(r, err)
		r.ReplyCode(codec.UpdateGlobalWhiteAddrsConfigFailed, err.Error())
	}
}

// GetBrokerClusterACLInfo serves 52 GET_BROKER_CLUSTER_ACL_INFO: the data
// versions of the files, as JSON in ext fields.
//
// Differences from Java: with ACL off it is answered with code 1 at once; Java
// leaves the client to its time-out.
func (m *Manager) GetBrokerClusterACLInfo(r *remoting.Request) {
	if m == nil {
		r.ReplyCode(codec.SystemError, errDisabled.Error())
		return
	}
	plain, all := m.Versions()
	version, err := fastjson.Marshal(plain)
	allVersions, errAll := fastjson.Marshal(all)
	if err := errors.Join(err, errAll); err != nil {
		r.ReplyCode(codec.SystemError, err.Error())
		return
	}
	r.Reply(&codec.Command{Code: codec.Success, Header: &codec.GetBrokerAclConfigResponseHeader{
		Version: string(version), AllACLFileVersion: string(allVersions),
		BrokerName: m.opts.BrokerName, BrokerAddr: m.opts.BrokerAddr, ClusterName: m.opts.ClusterName,
	}})
}

// done answers and says who changed what.
func (m *Manager) done(r *remoting.Request, what, name string) {
	m.log.Info("ACL changed", "code", r.Code, what, name, "by", r.Ext.Get(codec.ACLAccessKey), "from", r.Channel.RemoteAddr())
	r.ReplyCode(codec.Success, "")
}

func (m *Manager) refused(r *remoting.Request, err error) {
	text := err.Error()
	if secret := r.Ext.Get("secretKey"); secret != "" {
		text = strings.ReplaceAll(text, secret, "***")
	}
	m.log.Warn("ACL not changed", "code", r.Code, "by", r.Ext.Get(codec.ACLAccessKey), "from", r.Channel.RemoteAddr(), "error", text)
}

// optional returns a field, nil when it is absent; an empty one counts as
// absent unless it means to empty something.
func optional(f codec.Fields, key string, mayBeEmpty bool) *string {
	value, has := f.Lookup(key)
	if !has || value == "" && !mayBeEmpty {
		return nil
	}
	return &value
}

// commaList splits at commas; nil when there is nothing.
func commaList(text string) (items []string) {
	for _, item := range strings.Split(text, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}
