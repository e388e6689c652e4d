package command

var updateAclConfig = &Command{
	Name: "updateAclConfig", Text: "Update acl config yaml file in broker",
	Options: []Option{
		required("a", "accessKey", "set accessKey in acl config file"),
		either("b", "brokerAddr", "update acl config file to which broker"),
		either("c", "clusterName", "update acl config file to which cluster"),
		required("s", "secretKey", "set secretKey in acl config file"),
		optional("t", "topicPerms", "set topicPerms list,eg: topicA=DENY,topicD=SUB"),
		optional("u", "defaultGroupPerm", "set default GroupPerm in acl config file"),
		optional("w", "whiteRemoteAddress", "set white ip Address for account in acl config file"),
		optional("g", "groupPerms", "set groupPerms list,eg: groupD=DENY,groupD=SUB"),
		optional("i", "defaultTopicPerm", "set default topicPerm in acl config file"),
		optional("m", "admin", "set admin flag in acl config file"),
	},
}

var deleteAclConfig = &Command{
	Name: "deleteAclConfig", Alias: "deleteAccessConfig", Text: "Delete Acl Config Account in broker",
	Options: []Option{
		required("a", "accessKey", "set accessKey in acl config file for deleting which account"),
		either("b", "brokerAddr", "delete acl config account from which broker"),
		either("c", "clusterName", "delete acl config account from which cluster"),
	},
}

var clusterAclConfigVersion = &Command{
	Name: "clusterAclConfigVersion", Text: "List all of acl config version information in cluster",
	Options: []Option{
		either("b", "brokerAddr", "query acl config version for which broker"),
		either("c", "clusterName", "query acl config version for specified cluster"),
	},
}

var updateGlobalWhiteAddr = &Command{
	Name: "updateGlobalWhiteAddr", Text: "Update global white address for acl Config File in broker",
	Options: []Option{
		optional("p", "aclFileFullPath", "update global white address of specified acl file,eg: /xxx/plain_test.yml"),
		either("b", "brokerAddr", "update global white address to which broker"),
		either("c", "clusterName", "update global white address to which cluster"),
		required("g", "globalWhiteRemoteAddresses", "set globalWhiteRemoteAddress list,eg: 10.10.103.*,192.168.0.*"),
	},
}
