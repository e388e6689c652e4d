// Package javaenv prepares what is official and written in Java: the client libraries in several versions and the 4.9.7
// servers and tools, the oracle, with our agent compiled against each. Libraries come from Maven Central by exact version
// (interop/java/pom-*.xml) into git-ignored folders; a stamp makes that a matter of once.
//
// Reading order: javaenv.go (what one asks for), prepare.go (how it gets there), find.go (JDK, Maven, this repository).
package javaenv

import (
	"os"
	"path/filepath"
)

// The versions there are.
const (
	Client440 = "client-4.4.0"
	Client497 = "client-4.9.7"
	Client533 = "client-5.3.3"
	// Server440 has the servers that users of the 4.4.0 image run.
	Server440 = "server-4.4.0"
	// Server497 has the name server, the broker and mqadmin.
	Server497 = "server-4.9.7"
	// ToolsNG and ToolsDashboard have DefaultMQAdminExt as rocketmq-console-ng 1.0.0 and rocketmq-dashboard 1.0.0 do.
	ToolsNG        = "tools-4.0.0-incubating"
	ToolsDashboard = "tools-4.9.0"
)

// Main classes of the programs.
const (
	MainAgent      = "io.boostermq.interop.Agent"
	MainQuickstart = "io.boostermq.interop.QuickstartProducer"
	MainNamesrv    = "org.apache.rocketmq.namesrv.NamesrvStartup"
	MainBroker     = "org.apache.rocketmq.broker.BrokerStartup"
)

// opens is what the 4.x code reaches for inside a JDK 17.
var opens = []string{
	"--add-opens=java.base/java.nio=ALL-UNNAMED",
	"--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
	"--add-opens=java.base/java.lang=ALL-UNNAMED",
	"--add-opens=java.base/jdk.internal.ref=ALL-UNNAMED",
	"--add-exports=java.base/jdk.internal.ref=ALL-UNNAMED",
}

// Env is a prepared class path.
type Env struct {
	java      string
	classPath string
	// Home is the folder for ROCKETMQ_HOME: it holds conf/logback_*.xml. Nothing is written to it.
	Home string
}

// Prepare makes the libraries and the agent's classes of one of the versions above ready. The first call on
// a machine downloads; it is safe to call from several processes at once. The error says what to install when Java or Maven
// are missing.
func Prepare(version string) (*Env, error) {
	root, err := Root()
	if err != nil {
		return nil, err
	}
	p := preparation{dir: filepath.Join(root, "interop", "java"), version: version}
	if p.tools, err = findTools(); err != nil {
		return nil, err
	}
	if err := p.run(); err != nil {
		return nil, err
	}
	return &Env{java: p.tools.java, classPath: p.classPath(), Home: filepath.Join(p.dir, "home")}, nil
}

// Command returns the program and arguments which run a main class with a small heap. userHome becomes user.home: clients
// keep their logs and the offsets of broadcasting consumers there, servers whatever is not configured otherwise.
func (e *Env) Command(userHome string, jvmFlags []string, mainClass string, args ...string) []string {
	c := []string{e.java, "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto",
		"-Duser.home=" + userHome, "-Dfile.encoding=UTF-8"}
	c = append(c, opens...)
	c = append(c, jvmFlags...)
	c = append(c, "-cp", e.classPath, mainClass)
	return append(c, args...)
}

// Environ is the environment for Command: this process's without what would change a client's or server's behaviour.
func (e *Env) Environ(userHome string) []string {
	return append(CleanEnviron(), "HOME="+userHome, "ROCKETMQ_HOME="+e.Home)
}

// CleanEnviron is this process's environment without the variables RocketMQ and Booster obey.
func CleanEnviron() []string {
	env := os.Environ()
	kept := env[:0]
	for _, kv := range env {
		if !hasPrefix(kv, "ROCKETMQ_", "NAMESRV_ADDR", "JAVA_TOOL_OPTIONS", "JAVA_OPT") {
			kept = append(kept, kv)
		}
	}
	return kept
}
