package mqadmin

import (
	"context"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
)

// UpdateAccount sends 50 UPDATE_AND_CREATE_ACL_CONFIG.
func (a *Admin) UpdateAccount(ctx context.Context, addr string, account codec.CreateAccessConfigRequestHeader) error {
	_, err := a.invoke(ctx, addr, codec.UpdateAndCreateACLConfig, &account, nil)
	return err
}

// DeleteAccount sends 51 DELETE_ACL_CONFIG.
func (a *Admin) DeleteAccount(ctx context.Context, addr, accessKey string) error {
	_, err := a.invoke(ctx, addr, codec.DeleteACLConfig, &codec.DeleteAccessConfigRequestHeader{AccessKey: accessKey}, nil)
	return err
}

// UpdateGlobalWhiteAddrs sends 53 UPDATE_GLOBAL_WHITE_ADDRS_CONFIG. An empty
// file means the broker's default one.
func (a *Admin) UpdateGlobalWhiteAddrs(ctx context.Context, addr, addrs, file string) error {
	header := &codec.UpdateGlobalWhiteAddrsConfigRequestHeader{GlobalWhiteAddrs: addrs, ACLFileFullPath: file}
	_, err := a.invoke(ctx, addr, codec.UpdateGlobalWhiteAddrsConfig, header, nil)
	return err
}

// ACLVersions is what 52 GET_BROKER_CLUSTER_ACL_INFO tells of one broker: the
// version of each of its files.
type ACLVersions struct {
	ClusterName, BrokerName, BrokerAddr string
	Files                               map[string]codec.DataVersion
}

// ACLVersions asks for 52 GET_BROKER_CLUSTER_ACL_INFO.
func (a *Admin) ACLVersions(ctx context.Context, addr string) (ACLVersions, error) {
	resp, err := a.invoke(ctx, addr, codec.GetBrokerClusterACLInfo, nil, nil)
	if err != nil {
		return ACLVersions{}, err
	}
	var h codec.GetBrokerAclConfigResponseHeader
	if err := h.DecodeFields(resp.Ext); err != nil {
		return ACLVersions{}, err
	}
	v := ACLVersions{ClusterName: h.ClusterName, BrokerName: h.BrokerName, BrokerAddr: h.BrokerAddr}
	if h.AllACLFileVersion != "" {
		err := fastjson.Unmarshal([]byte(h.AllACLFileVersion), &v.Files)
		return v, err
	}
	var one codec.DataVersion // brokers before 4.9.1 have one file and do not name it
	err = fastjson.Unmarshal([]byte(h.Version), &one)
	v.Files = map[string]codec.DataVersion{"": one}
	return v, err
}
