package command

var clusterList = &Command{
	Name: "clusterList", Text: "List all of clusters",
	Options: []Option{
		optional("i", "interval", "specify intervals numbers, it is in seconds"),
		flag("m", "moreStats", "Print more stats"),
	},
}

var clusterRT = &Command{
	Name: "clusterRT", Text: "List All clusters Message Send RT",
	Options: []Option{
		optional("p", "print log", "print as tlog | default false"),
		optional("a", "amount", "message amount | default 100"),
		optional("s", "size", "message size | default 128 Byte"),
		optional("c", "cluster", "cluster name | default display all cluster"),
		optional("i", "interval", "print interval | default 10 seconds"),
		optional("m", "machine room", "machine room name | default noname"),
	},
}
