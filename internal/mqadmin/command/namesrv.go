package command

var updateKvConfig = &Command{
	Name: "updateKvConfig", Text: "Create or update KV config.",
	Options: []Option{
		required("s", "namespace", "set the namespace"),
		required("v", "value", "set the key value"),
		required("k", "key", "set the key name"),
	},
}

var deleteKvConfig = &Command{
	Name: "deleteKvConfig", Text: "Delete KV config.",
	Options: []Option{
		required("s", "namespace", "set the namespace"),
		required("k", "key", "set the key name"),
	},
}

var wipeWritePerm = &Command{
	Name: "wipeWritePerm", Text: "Wipe write perm of broker in all name server you defined in the -n param",
	Options: []Option{
		required("b", "brokerName", "broker name"),
	},
}

var addWritePerm = &Command{
	Name: "addWritePerm", Text: "Add write perm of broker in all name server you defined in the -n param",
	Options: []Option{
		required("b", "brokerName", "broker name"),
	},
}

var updateNamesrvConfig = &Command{
	Name: "updateNamesrvConfig", Text: "Update configs of name server.",
	Options: []Option{
		required("v", "value", "config value"),
		required("k", "key", "config key"),
	},
}

var getNamesrvConfig = &Command{
	Name: "getNamesrvConfig", Text: "Get configs of name server.",
}
